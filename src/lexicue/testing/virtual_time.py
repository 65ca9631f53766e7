"""Time that passes only when nothing else is left to do: minutes of a server in a second of a test.

An event loop sleeps until its next timer. `VirtualTimeLoop` sets its clock to that timer instead,
so that everything that waits by ``asyncio.sleep`` or a time-out takes the seconds it should, in
order, and none of them is spent. Runs are exact and repeatable however busy the machine is.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, TypeVarTuple

__all__ = ["VirtualTimeLoop", "run_in_virtual_time"]

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")


def run_in_virtual_time(main: Coroutine[Any, Any, _T]) -> _T:
    """``asyncio.run`` in virtual time.

    For a client and a `fake_app` in one process, joined by ``httpx.ASGITransport``: a real socket
    needs real time. Work in threads takes no virtual time. ``asyncio.get_running_loop().time()``
    tells the virtual time; ``time.monotonic`` goes on telling the real one.

    Args:
        main: what to run.

    Example:
        >>> async def a_minute():
        ...     started = asyncio.get_running_loop().time()
        ...     await asyncio.sleep(60)
        ...     return asyncio.get_running_loop().time() - started
        >>> run_in_virtual_time(a_minute())
        60.0
    """
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time; see `run_in_virtual_time`."""

    def __init__(self) -> None:
        self._now = 0.0
        self._in_threads = 0
        super().__init__(_LeapingSelector(self._pass))

    def time(self) -> float:
        """The virtual time in seconds, from 0."""
        return self._now

    def run_in_executor(
        self,
        executor: Any,
        func: Callable[[*_Ts], _T],
        *args: *_Ts,
    ) -> asyncio.Future[_T]:
        """See ``asyncio``; time stands still until the thread is done."""
        future = super().run_in_executor(executor, func, *args)
        self._in_threads += 1
        future.add_done_callback(self._thread_done)
        return future

    def _thread_done(self, _: object) -> None:
        self._in_threads -= 1

    def _pass(self, seconds: float) -> bool:
        """Let time pass, unless a thread is at work."""
        if self._in_threads:
            return False
        self._now += seconds
        return True


class _LeapingSelector(selectors.DefaultSelector):
    """A selector that does not wait for a timer.

    Args:
        leap: told how long it would have waited; False if it is to wait for an event instead.
    """

    def __init__(self, leap: Callable[[float], bool]) -> None:
        super().__init__()
        self._leap = leap

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is not None and self._leap(timeout):
            return []
        return super().select(None)
