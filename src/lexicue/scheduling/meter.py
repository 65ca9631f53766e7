"""How many requests were in flight, on average and at most."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["InFlightMeter"]


class InFlightMeter:
    """Watches the requests of one run.

    Args:
        clock: seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self.now = 0
        self.peak = 0
        self.busy_seconds = 0.0
        self._first_started: float | None = None
        self._last_ended = 0.0

    @contextmanager
    def request(self) -> Iterator[None]:
        """Count one request for as long as the block runs."""
        started = self._clock()
        if self._first_started is None:
            self._first_started = started
        self.now += 1
        self.peak = max(self.peak, self.now)
        try:
            yield
        finally:
            self.now -= 1
            self._last_ended = self._clock()
            self.busy_seconds += self._last_ended - started

    @property
    def mean(self) -> float:
        """Requests in flight on average, from the first one's start to the last one's end."""
        if self._first_started is None or self._last_ended <= self._first_started:
            return 0.0
        return self.busy_seconds / (self._last_ended - self._first_started)
