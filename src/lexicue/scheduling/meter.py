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

    @contextmanager
    def request(self) -> Iterator[None]:
        """Count one request for as long as the block runs."""
        started = self._clock()
        self.now += 1
        self.peak = max(self.peak, self.now)
        try:
            yield
        finally:
            self.now -= 1
            self.busy_seconds += self._clock() - started

    def mean(self, wall_seconds: float) -> float:
        """Requests in flight on average over a time that holds all of them."""
        return self.busy_seconds / wall_seconds if wall_seconds > 0 else 0.0
