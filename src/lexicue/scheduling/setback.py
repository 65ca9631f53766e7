"""The memory of where it was too much, and how it fades."""

from __future__ import annotations

from math import inf

__all__ = ["Setback"]

_FORGET_EVERY = 100
"""Answers without a preemption before the memory of one fades: one in a hundred is our promise.
Doubled by every further one."""

_FORGET_STEP = 0.02
"""By which it then fades, so that the way back takes several hundred answers."""

_FORGET_REJECTION_STEP = 0.1
"""After a 429, 503 or time-out, per generation of answers: what others ask of a shared service goes
as it comes."""


class Setback:
    """Tokens that the limit stays below; infinite before the first setback."""

    def __init__(self) -> None:
        self.tokens = inf
        self._careful = _FORGET_EVERY
        self._every, self._step, self._clean = _FORGET_EVERY, _FORGET_STEP, 0

    def preempted(self, tokens: float) -> None:
        """So much was too much for the cache."""
        self._remember(tokens, self._careful, _FORGET_STEP)
        self._careful *= 2

    def turned_away(self, tokens: float, generation: int) -> None:
        """So much was too much for the server, whatever the reason.

        Args:
            tokens: how much.
            generation: answers after which a little more is tried.
        """
        self._remember(tokens, generation, _FORGET_REJECTION_STEP)

    def answered(self) -> None:
        """An answer came back."""
        self._clean += 1
        if self._clean >= self._every:
            self.tokens, self._clean = self.tokens * (1 + self._step), 0

    def _remember(self, tokens: float, every: int, step: float) -> None:
        self.tokens, self._every, self._step, self._clean = tokens, every, step, 0
