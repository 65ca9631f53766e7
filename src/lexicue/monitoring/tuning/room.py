"""How much may be on the server at once, reckoned from what past runs held.

A request holds its prompt and its answer in the KV cache, and two tasks side by side over one chunk
hold the chunk once. Requests differ, so the sum over a few of them is reckoned with its deviation.
What a run had on the server at its peak is so many tokens; runs that strained
the server say what is too much, its capacity says what fits, and the other runs say what has been
tried. Where a server tells no token counts the same is reckoned in requests.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import pstdev
from typing import Literal

from lexicue.model import Status
from lexicue.monitoring.report import RunReport, TaskReport
from lexicue.monitoring.tuning.evidence import is_side_by_side, is_strained

__all__ = ["OFTEN", "Basis", "RequestCost", "Room", "cost_of", "overlap_of", "room_of"]

_RESERVE = 0.05
"""Of the KV cache, kept free: vLLM's own test won 5 % of throughput with it, and nothing more with
15 %."""

OFTEN = 0.2
"""A load is too high when one run in five at or above it strained the server; a single one among
many may have met somebody else's load."""

_MOST_SHARED = 0.5
"""Of a pair's prompt tokens at most half can be the other's; a larger share came from earlier runs
of the same text."""

Basis = Literal["capacity", "strain", "calm"]
"""The KV capacity the server told; what strained it; the most that has been tried."""


@dataclass(frozen=True, slots=True)
class RequestCost:
    """What a request holds on the server, tokens.

    Attributes:
        prompt: of one request.
        output: of one request.
        shared: of a chunk's two prompts, held once when they are there together.
        deviation: of what one request holds.
        is_counted: False where the server told no tokens: each request then counts 1.
    """

    prompt: float
    output: float
    shared: float = 0.0
    deviation: float = 0.0
    is_counted: bool = True

    def held_by(self, requests: int, *, paired: bool) -> float:
        """What so many requests hold, in pairs over a chunk or each by itself."""
        pairs = requests // 2 if paired else 0
        return requests * (self.prompt + self.output) - pairs * self.shared

    def fitting(self, tokens: float, *, paired: bool) -> int:
        """How many requests such a room holds; one at least if it is of the mean size."""
        alone = self.prompt + self.output
        pairs, rest = divmod(tokens, 2 * alone - self.shared)
        most = 2 * int(pairs) + (rest >= alone) if paired else int(tokens // alone)
        while most > 1 and self._likely_held_by(most, paired=paired) > tokens:
            most -= 1
        return most

    def _likely_held_by(self, requests: int, *, paired: bool) -> float:
        return self.held_by(requests, paired=paired) + self.deviation * sqrt(requests)


@dataclass(frozen=True, slots=True)
class Room:
    """What the server holds without strain.

    Attributes:
        tokens: that may be held at once; requests where `RequestCost.is_counted` is False.
        basis: what says so.
        tried: the most that a run without strain held.
        strained_at: the least that strained it; None if nothing did.
        most_requests: in flight at once, at most, that have been tried; None where the capacity
            is known.
    """

    tokens: float
    basis: Basis
    tried: float
    strained_at: float | None
    most_requests: int | None = None


def cost_of(runs: Sequence[RunReport]) -> RequestCost:
    """What a request of these runs held on average, of those answered at the first try."""
    tasks = [task for run in runs for task in run.tasks if _is_plain(task)]
    prompt = _mean(task.prompt_tokens for task in tasks)
    output = _mean(task.completion_tokens for task in tasks)
    if not prompt:
        return RequestCost(1.0, 0.0, is_counted=False)
    deviation = pstdev(task.prompt_tokens + task.completion_tokens for task in tasks)
    return RequestCost(prompt, output, _shared(runs, prompt), deviation)


def overlap_of(runs: Sequence[RunReport]) -> float:
    """The share of their time at the server that the requests of pairs have their mate beside them.

    A chunk's words take longer than its phrases, and then hold the chunk alone.
    """
    together = apart = 0.0
    for run in filter(is_side_by_side, runs):
        seconds: dict[int, list[float]] = {}
        for task in filter(_is_plain, run.tasks):
            seconds.setdefault(task.chunk, []).append(task.seconds)
        for pair in seconds.values():
            if len(pair) > 1:
                together += len(pair) * min(pair)
                apart += sum(pair)
    return together / apart if apart else 1.0


def room_of(runs: Sequence[RunReport], cost: RequestCost) -> Room | None:
    """The room that these runs show; None where they show nothing."""
    held = [(_held(run, counted=cost.is_counted), is_strained(run)) for run in runs]
    strained_at = _strained_at(held)
    below = [tokens for tokens, strained in held if not strained and _is_below(tokens, strained_at)]
    tried = max(below, default=0.0)
    capacity = min((run.server.kv_tokens for run in runs if run.server.kv_tokens), default=None)
    if capacity and cost.is_counted:
        return _within_capacity(capacity * (1 - _RESERVE), tried, strained_at)
    most = max((run.totals.peak_in_flight for run in runs), default=0)
    if strained_at is not None:
        # Below what strained it, the most that was tried is known to be good; else try half.
        return Room(tried or strained_at / 2, "strain", tried, strained_at, most)
    return Room(tried, "calm", tried, None, most) if tried else None


def _within_capacity(fits: float, tried: float, strained_at: float | None) -> Room:
    """What fits; less where less than that strained the server, for others use it too."""
    if strained_at is None or strained_at > fits:
        return Room(fits, "capacity", tried, strained_at)
    return Room(max(tried, strained_at * (1 - _RESERVE)), "strain", tried, strained_at)


def _strained_at(held: Sequence[tuple[float, bool]]) -> float | None:
    """The least load at or above which runs strain the server often."""
    for tokens in sorted(tokens for tokens, strained in held if strained):
        at_or_above = [strained for other, strained in held if other >= tokens]
        if sum(at_or_above) >= OFTEN * len(at_or_above):
            return tokens
    return None


def _is_below(tokens: float, strained_at: float | None) -> bool:
    return strained_at is None or tokens < strained_at


def _held(run: RunReport, *, counted: bool) -> float:
    """What was on the server at the run's peak; other runs of the time are in `peak_running`."""
    at_once = max(run.totals.peak_in_flight, run.server.peak_running or 0)
    cost = cost_of([run]) if counted else RequestCost(1.0, 0.0, is_counted=False)
    return cost.held_by(at_once, paired=is_side_by_side(run))


def _shared(runs: Sequence[RunReport], prompt: float) -> float:
    """What a pair shares, as far as the prefix cache was seen to work."""
    paired = [run for run in runs if is_side_by_side(run)]
    share = min(_MOST_SHARED, _cached_share(paired))
    chunk = _mean(task.chunk_tokens for run in paired for task in run.tasks if task.chunk_tokens)
    return min(2 * prompt * share, chunk or prompt)


def _cached_share(runs: Sequence[RunReport]) -> float:
    """Of the prompt tokens, from the cache: as answers tell it, else as the server does."""
    prompt = sum(run.totals.prompt_tokens for run in runs)
    cached = sum(run.totals.cached_tokens for run in runs)
    queries = sum(run.server.prefix_queries or 0 for run in runs)
    hits = sum(run.server.prefix_hits or 0 for run in runs)
    if cached or not queries:
        return cached / prompt if prompt else 0.0
    return hits / queries


def _is_plain(task: TaskReport) -> bool:
    return task.status is Status.OK and task.attempts == 1


def _mean(values: Iterable[float]) -> float:
    known = list(values)
    return sum(known) / len(known) if known else 0.0
