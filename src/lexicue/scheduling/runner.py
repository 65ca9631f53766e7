"""Runs stages of work side by side and hands each result on as soon as it is there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from typing import TypeVar

from lexicue.scheduling.strategies import Stages, Unit

__all__ = ["run_stages"]

Result = TypeVar("Result")


class _Done:
    pass


_RESULTS_AHEAD = 256
"""Results that may wait for a consumer that is slower than the server: a few KB each."""


async def run_stages(
    stages: Stages, work: Callable[[Unit], Awaitable[Result]], width: int
) -> AsyncGenerator[Result]:
    """Work on every unit, at most `width` at once, and yield results in order of completion.

    When too many results wait for the consumer the work waits too, so that memory stays bounded.
    Closing the generator cancels what is in flight and waits until it has cleaned up.

    Raises:
        Exception: the first that `work` raises; the other units are then cancelled.
    """
    results: asyncio.Queue[Result | _Done] = asyncio.Queue()
    room = asyncio.Semaphore(_RESULTS_AHEAD)

    async def pull(units: Iterator[Unit]) -> None:
        for unit in units:
            result = await work(unit)
            await room.acquire()
            results.put_nowait(result)

    async def run_all() -> None:
        for stage in stages:
            units = iter(stage)
            async with asyncio.TaskGroup() as group:
                for _ in range(min(width, len(stage))):
                    group.create_task(pull(units))

    running = asyncio.create_task(run_all())
    running.add_done_callback(lambda _: results.put_nowait(_Done()))
    try:
        while not isinstance(result := await results.get(), _Done):
            room.release()
            yield result
        await running
    except ExceptionGroup as failures:
        raise _first(failures) from None
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def _first(failures: BaseExceptionGroup[Exception]) -> Exception:
    error: Exception | BaseExceptionGroup[Exception] = failures
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
