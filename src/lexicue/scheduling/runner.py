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


async def run_stages(
    stages: Stages, work: Callable[[Unit], Awaitable[Result]], width: int
) -> AsyncGenerator[Result]:
    """Work on every unit, at most `width` at once, and yield results in order of completion.

    Results wait in a queue of `width` places, so a slow consumer slows the work and memory stays
    bounded. Closing the iterator cancels what is in flight and waits until it has cleaned up.

    Raises:
        Exception: the first that `work` raises; the other units are then cancelled.
    """
    results: asyncio.Queue[Result | _Done] = asyncio.Queue(maxsize=width)

    async def pull(units: Iterator[Unit]) -> None:
        for unit in units:
            await results.put(await work(unit))

    async def run_all() -> None:
        try:
            for stage in stages:
                units = iter(stage)
                async with asyncio.TaskGroup() as group:
                    for _ in range(min(width, len(stage))):
                        group.create_task(pull(units))
        except ExceptionGroup as failures:
            raise _first(failures) from None
        finally:
            if not _is_cancelled():
                await results.put(_Done())

    running = asyncio.create_task(run_all())
    try:
        while not isinstance(result := await results.get(), _Done):
            yield result
        await running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def _is_cancelled() -> bool:
    """Whether the running task is on its way out, so that nobody reads its results any more."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _first(failures: BaseExceptionGroup[Exception]) -> Exception:
    error: Exception | BaseExceptionGroup[Exception] = failures
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
