"""One limit on what is in flight, shared by everything in the process.

Videos may be worked on side by side, in several event loops and threads; the server sees their
sum. So there is one count, and each job says how many may be in flight at most when it adds one.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["ConcurrencyLimit", "process_limit"]


@dataclass(slots=True, eq=False)
class _Waiter:
    at_most: int
    loop: asyncio.AbstractEventLoop
    admitted: asyncio.Future[None]
    granted: bool = False


class ConcurrencyLimit:
    """Counts what is in flight and makes the rest wait, first come, first served.

    Safe to share between event loops and threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._in_flight = 0
        self._waiting: deque[_Waiter] = deque()

    @property
    def in_flight(self) -> int:
        """Slots held now."""
        return self._in_flight

    @asynccontextmanager
    async def slot(self, at_most: int) -> AsyncIterator[None]:
        """Hold a slot; waits while `at_most` or more are held."""
        await self._acquire(at_most)
        try:
            yield
        finally:
            self._release()

    async def _acquire(self, at_most: int) -> None:
        loop = asyncio.get_running_loop()
        with self._lock:
            if self._in_flight < at_most and not self._waiting:
                self._in_flight += 1
                return
            waiter = _Waiter(at_most, loop, loop.create_future())
            self._waiting.append(waiter)
            self._admit()
        try:
            await waiter.admitted
        except asyncio.CancelledError:
            self._withdraw(waiter)
            raise

    def _withdraw(self, waiter: _Waiter) -> None:
        with self._lock:
            if waiter.granted:
                self._in_flight -= 1
            else:
                self._waiting.remove(waiter)
            self._admit()

    def _release(self) -> None:
        with self._lock:
            self._in_flight -= 1
            self._admit()

    def _admit(self) -> None:
        """Grant slots to those who wait and whose own limit allows it; the lock is held."""
        for waiter in list(self._waiting):
            if self._in_flight >= waiter.at_most:
                continue  # a job with a low limit does not hold up one with a higher
            self._waiting.remove(waiter)
            if waiter.loop.is_closed():
                continue
            waiter.granted = True
            self._in_flight += 1
            waiter.loop.call_soon_threadsafe(_set, waiter.admitted)


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


@lru_cache(maxsize=1)
def process_limit() -> ConcurrencyLimit:
    """The limit that all jobs of this process share."""
    return ConcurrencyLimit()
