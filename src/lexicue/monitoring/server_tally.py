"""What a server did while it was watched, added up from looks at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from lexicue.monitoring.report import ServerReport
from lexicue.scheduling.capacity import ServerSample

__all__ = ["Growth", "ServerTally"]


@dataclass(frozen=True, slots=True)
class Growth:
    """What happened between two looks.

    Attributes:
        preemptions: requests thrown out of the KV cache.
        prefix_queries: prompt tokens looked up in the prefix cache.
        prefix_hits: of those, tokens found.
        restarted: whether the server's counters began anew.
    """

    preemptions: int = 0
    prefix_queries: int = 0
    prefix_hits: int = 0
    restarted: bool = False


class ServerTally:
    """Adds up samples; one that was told before, or is older than the last, counts for nothing.

    Other clients of the server have their part in what it counts.
    """

    def __init__(self) -> None:
        self._last: ServerSample | None = None
        self._preemptions = _Counter()
        self._queries = _Counter()
        self._hits = _Counter()
        self._kv_tokens: int | None = None
        self._peak_kv_usage: float | None = None
        self._peak_running: int | None = None
        self._peak_waiting: int | None = None
        self._restarts = 0

    def seen(self, sample: ServerSample) -> Growth | None:
        """Add a look at the server; what happened since the one before, or None for no news."""
        if self._last is not None and sample.at <= self._last.at:
            return None
        restarted = self._last is not None and sample.restarted_since(self._last)
        self._last = sample
        self._restarts += restarted
        self._note_levels(sample)
        return Growth(
            preemptions=self._preemptions.grow(sample.preemptions, anew=restarted),
            prefix_queries=self._queries.grow(sample.prefix_queries, anew=restarted),
            prefix_hits=self._hits.grow(sample.prefix_hits, anew=restarted),
            restarted=restarted,
        )

    def report(self) -> ServerReport:
        """What was seen so far."""
        return ServerReport(
            kv_tokens=self._kv_tokens,
            preemptions=self._preemptions.total,
            peak_kv_usage=None if self._peak_kv_usage is None else round(self._peak_kv_usage, 4),
            peak_running=self._peak_running,
            peak_waiting=self._peak_waiting,
            prefix_queries=self._queries.total,
            prefix_hits=self._hits.total,
            restarts=self._restarts,
        )

    def _note_levels(self, sample: ServerSample) -> None:
        if sample.kv_tokens is not None:
            self._kv_tokens = sample.kv_tokens
        self._peak_kv_usage = _higher(self._peak_kv_usage, sample.kv_usage)
        self._peak_running = _higher(self._peak_running, sample.running)
        self._peak_waiting = _higher(self._peak_waiting, sample.waiting)


class _Counter:
    """A counter of the server's: how much it grew since we first saw it, restarts or not."""

    def __init__(self) -> None:
        self._last: int | None = None
        self.total: int | None = None

    def grow(self, value: int | None, *, anew: bool) -> int:
        """Take a reading; `anew` when the server began to count from 0 since the last."""
        if value is None:
            return 0
        before = 0 if anew else value if self._last is None else self._last
        self._last = value
        growth = max(0, value - before)
        self.total = (self.total or 0) + growth
        return growth


_Number = TypeVar("_Number", int, float)


def _higher(before: _Number | None, now: _Number | None) -> _Number | None:
    told = [value for value in (before, now) if value is not None]
    return max(told) if told else None
