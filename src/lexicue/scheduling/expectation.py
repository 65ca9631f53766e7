"""How long answers will be, and how far those under way are, learned from those that came back.

The KV cache holds prompt and answer, and nobody knows an answer's length before it is there. It is
expected to be the mean of those that came back, of the longer ones once this one must be longer
than the others: so one that goes on and on is expected to go on. How far the sum over the requests
in flight may be off follows from the deviation of single answers (`Progress.variance`).

Lengths are learned as shares of ``max_tokens``, which is set by the size of the chunk: so chunks of
other sizes, and halves of one, teach the same.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import deque
from collections.abc import Hashable
from itertools import accumulate
from math import inf
from typing import NamedTuple

__all__ = ["AnswerLengths", "Answers", "Asked", "Progress"]

_UNKNOWN_TOKENS = 600
"""An answer of which nothing is known, not even ``max_tokens``: the design note's estimate."""

_FEW = 6
"""Answers before the mean is trusted: the first to come back are the short ones. Until then the
longest is taken for the k-th part short of what there is, ``longest · (1 + 1/k)``, as one guesses
at the highest number from a few numbers drawn."""

_LONGER = 1.25
"""An answer longer than any so far is expected to take this many times what it has."""

_FAR_LONGER = 4.0
"""Times what is expected, where no ``max_tokens`` bounds it: the bound of what surely fits."""

_KEPT = 64
"""Answers remembered; a new video's text or another chunk size shows within as many."""

_PACES = 16
"""Answers whose pace is remembered: fewer, for the pace follows the load."""

_PACE = 0.75
"""The quantile of them that is gone by: a slow one, lest an answer that waited for its prompt to be
computed be taken for one that goes on and on."""


class Asked(NamedTuple):
    """What is known of an answer before it is there.

    Attributes:
        task: answers of one task are alike.
        most: the request's ``max_tokens``.
    """

    task: str
    most: int | None = None

    @property
    def unit(self) -> float:
        """Tokens in which its length is learned: those it may take, or single ones."""
        return 1.0 if self.most is None else float(self.most)

    @property
    def first_guess(self) -> float:
        """What to expect before anything came back, in its unit: all it may take, for all may."""
        return _UNKNOWN_TOKENS if self.most is None else 1.0

    @property
    def ceiling(self) -> float:
        """Tokens that it cannot exceed."""
        return inf if self.most is None else self.most


class Progress(NamedTuple):
    """How far an answer is, in tokens.

    Attributes:
        generated: so far.
        to_come: from now on.
        variance: of its whole length.
    """

    generated: float
    to_come: float
    variance: float


class AnswerLengths:
    """The lengths of one task's answers, all in one unit."""

    def __init__(self) -> None:
        self._seen: deque[float] = deque()
        self._sorted: list[float] = []
        self._sums: list[float] = [0.0]
        self.variance = 0.0
        """Of one answer, in the unit squared; 0 while the guess is a generous one."""

    def add(self, length: float) -> None:
        """An answer came back."""
        self._seen.append(length)
        insort(self._sorted, length)
        if len(self._seen) > _KEPT:
            self._sorted.remove(self._seen.popleft())
        self._sums = [0.0, *accumulate(self._sorted)]
        self.variance = self._spread() if len(self._sorted) >= _FEW else 0.0

    def _spread(self) -> float:
        known, total = len(self._sorted), self._sums[-1]
        squares = sum(length * length for length in self._sorted)
        return max(0.0, (squares - total * total / known) / (known - 1))

    def expected(self, guess: float, generated: float = 0.0) -> float:
        """The length to expect of one answer.

        Args:
            guess: what to expect as long as nothing is known.
            generated: what it has already.
        """
        if len(self._sorted) < _FEW:
            return max(self._upwards(guess), _LONGER * generated)
        return self._mean_beyond(generated)

    def _upwards(self, guess: float) -> float:
        """From the first answers, which are the short ones, to the others."""
        if not self._sorted:
            return guess
        longest = self._sorted[-1]
        return max(longest, min(guess, longest * (1 + 1 / len(self._sorted))))

    def _mean_beyond(self, generated: float) -> float:
        """The mean of the answers longer than this."""
        lengths = self._sorted
        if generated < lengths[0]:
            return self._sums[-1] / len(lengths)
        shorter = bisect_right(lengths, generated)
        if shorter == len(lengths):
            return _LONGER * generated
        return (self._sums[-1] - self._sums[shorter]) / (len(lengths) - shorter)


class Answers:
    """The answers of all tasks, and their pace."""

    def __init__(self) -> None:
        self._tasks: dict[Hashable, AnswerLengths] = {}
        self._paces: deque[float] = deque(maxlen=_PACES)
        self._token_s: float | None = None

    def add(self, asked: Asked, tokens: int, seconds: float) -> None:
        """An answer came back."""
        self._tasks.setdefault(_kind(asked), AnswerLengths()).add(tokens / asked.unit)
        if tokens > 0 and seconds > 0:
            self._paces.append(seconds / tokens)
            self._token_s = sorted(self._paces)[int(_PACE * len(self._paces))]

    def expected(self, asked: Asked) -> float:
        """Tokens to expect of an answer that begins."""
        return self._length(asked, 0.0)

    def longest(self, asked: Asked) -> float:
        """Tokens that an answer will hardly exceed."""
        return min(asked.ceiling, _FAR_LONGER * self.expected(asked))

    def progress(self, asked: Asked, age_s: float) -> Progress:
        """How far an answer is that was asked for `age_s` seconds ago.

        As long as no pace is known it has only begun.
        """
        generated = age_s / self._token_s if self._token_s else 0.0
        if asked.most is not None and generated > asked.most:
            generated = float(asked.most)
        to_come = self._length(asked, generated) - generated
        variance = self._of(asked).variance * asked.unit**2
        return Progress(generated, to_come if to_come > 1.0 else 1.0, variance)

    def _length(self, asked: Asked, generated: float) -> float:
        unit = asked.unit
        length = unit * self._of(asked).expected(asked.first_guess, generated / unit)
        return max(1.0, min(length, asked.ceiling))

    def _of(self, asked: Asked) -> AnswerLengths:
        return self._tasks.get(_kind(asked)) or _NOTHING_KNOWN


def _kind(asked: Asked) -> Hashable:
    """Answers of one kind are alike, in one unit."""
    return asked.task, asked.most is None


_NOTHING_KNOWN = AnswerLengths()
