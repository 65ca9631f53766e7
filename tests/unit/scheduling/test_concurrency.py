import asyncio
import random
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexicue.scheduling import ConcurrencyLimit, InFlightMeter


async def hold(limit: ConcurrencyLimit, at_most: int, meter: InFlightMeter, s: float) -> None:
    async with limit.slot(at_most):
        with meter.request():
            await asyncio.sleep(s)


async def test_never_more_than_the_limit() -> None:
    limit, meter = ConcurrencyLimit(), InFlightMeter()
    await asyncio.gather(*(hold(limit, 5, meter, 0.002) for _ in range(40)))
    assert meter.peak == 5
    assert limit.in_flight == 0


async def test_first_come_first_served() -> None:
    limit, order = ConcurrencyLimit(), []

    async def one(n: int) -> None:
        async with limit.slot(1):
            order.append(n)
            await asyncio.sleep(0)

    await asyncio.gather(*(one(n) for n in range(10)))
    assert order == list(range(10))


async def test_a_job_with_a_low_limit_does_not_hold_up_another() -> None:
    limit = ConcurrencyLimit()
    async with limit.slot(8):
        low = asyncio.create_task(hold(limit, 1, InFlightMeter(), 0))
        await asyncio.sleep(0)
        await asyncio.wait_for(hold(limit, 8, InFlightMeter(), 0), 1)
        assert not low.done()
    await asyncio.wait_for(low, 1)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 6), st.integers(0, 2**32))
def test_cancelling_loses_no_slot(at_most: int, seed: int) -> None:
    async def scenario() -> None:
        chance = random.Random(seed)
        limit, meter = ConcurrencyLimit(), InFlightMeter()
        tasks = [asyncio.create_task(hold(limit, at_most, meter, 0.001)) for _ in range(30)]
        for task in tasks:
            if chance.random() < 0.5:
                task.cancel()
            if chance.random() < 0.3:
                await asyncio.sleep(0)
        await asyncio.gather(*tasks, return_exceptions=True)
        assert meter.peak <= at_most
        assert limit.in_flight == 0
        await asyncio.wait_for(hold(limit, 1, meter, 0), 1)

    asyncio.run(scenario())


def test_threads_share_it() -> None:
    limit, meter = ConcurrencyLimit(), InFlightMeter()

    async def job() -> None:
        await asyncio.gather(*(hold(limit, 3, meter, 0.002) for _ in range(15)))

    threads = [threading.Thread(target=lambda: asyncio.run(job())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)
    assert meter.peak <= 3
    assert limit.in_flight == 0


def test_the_meter_tells_peak_and_mean() -> None:
    now = 0.0
    meter = InFlightMeter(lambda: now)
    with meter.request():
        now = 1.0
        with meter.request():
            now = 2.0
    assert meter.peak == 2
    assert meter.mean == pytest.approx(1.5)
    assert InFlightMeter().mean == 0.0
