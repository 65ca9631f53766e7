import asyncio
from contextlib import aclosing

import pytest

from lexicue.model import Chunk, Task
from lexicue.scheduling import Unit, run_stages


def units(count: int, task: Task = Task.WORDS) -> list[Unit]:
    return [Unit(Chunk(n, "x", 0, (), 1), task) for n in range(count)]


async def test_results_come_in_order_of_completion() -> None:
    async def work(unit: Unit) -> int:
        await asyncio.sleep(0.03 - unit.chunk.number * 0.01)
        return unit.chunk.number

    assert [n async for n in run_stages([units(3)], work, 3)] == [2, 1, 0]


async def test_a_stage_waits_for_the_one_before() -> None:
    running: list[Task] = []

    async def work(unit: Unit) -> Task:
        running.append(unit.task)
        await asyncio.sleep(0.001)
        return unit.task

    stages = [units(5), units(5, Task.PHRASES)]
    assert len([t async for t in run_stages(stages, work, 4)]) == 10
    assert running == [Task.WORDS] * 5 + [Task.PHRASES] * 5


async def test_width_holds() -> None:
    now = peak = 0

    async def work(unit: Unit) -> None:
        nonlocal now, peak
        now += 1
        peak = max(peak, now)
        await asyncio.sleep(0.001)
        now -= 1

    assert len([r async for r in run_stages([units(20)], work, 4)]) == 20
    assert peak == 4


async def test_an_error_ends_it_and_cancels_the_rest() -> None:
    cancelled = []

    async def work(unit: Unit) -> int:
        if unit.chunk.number == 1:
            raise LookupError("no")
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            cancelled.append(unit.chunk.number)
            raise
        return 0

    with pytest.raises(LookupError):
        async for _ in run_stages([units(3)], work, 3):
            pass
    assert sorted(cancelled) == [0, 2]


async def test_closing_early_cleans_up() -> None:
    cleaned = []

    async def work(unit: Unit) -> int:
        try:
            await asyncio.sleep(0 if unit.chunk.number == 0 else 10)
        finally:
            cleaned.append(unit.chunk.number)
        return unit.chunk.number

    async with aclosing(run_stages([units(4)], work, 4)) as results:
        async for first in results:
            assert first == 0
            break
    assert sorted(cleaned) == [0, 1, 2, 3]
    assert len(asyncio.all_tasks()) == 1


async def test_a_slow_consumer_slows_the_work() -> None:
    begun = 0

    async def work(unit: Unit) -> int:
        nonlocal begun
        begun += 1
        return unit.chunk.number

    async with aclosing(run_stages([units(1000)], work, 2)) as results:
        async for _ in results:
            await asyncio.sleep(0.01)
            break
        assert begun < 1000
