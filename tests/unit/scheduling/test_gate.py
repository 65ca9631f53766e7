import asyncio
import random
import threading
import time
from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexicue.scheduling import InFlightMeter
from lexicue.scheduling.capacity import ServerSample
from lexicue.scheduling.gate import Gate, Request, gate_for
from lexicue.scheduling.limiter import Ending, Limiter, Load, Outcome

EACH = 590 + 392 + 8
"""Tokens of a request of these tests: its prompt, its answer and half a block."""


def gate(kv_tokens: int = 10_000) -> Gate:
    """A gate with room for nearly all of the capacity."""
    return Gate(Limiter(kv_tokens))


def request(chunk: int = 0, job: str = "job", **more: Any) -> Request:
    sizes: dict[str, Any] = {"task": "words", "prefix_tokens": 0, "own_tokens": 590}
    sizes |= {"most_output": 392} | more
    return Request(job, chunk, **sizes)


async def hold(at: Gate, what: Request, meter: InFlightMeter, s: float = 0.002) -> None:
    async with at.slot(what):
        with meter.request():
            await asyncio.sleep(s)


async def background(work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """Started, and as far as it gets by itself."""
    task = asyncio.create_task(work)
    for _ in range(3):
        await asyncio.sleep(0)
    return task


async def test_never_more_than_the_limit() -> None:
    door, meter = gate(), InFlightMeter()
    await asyncio.gather(*(hold(door, request(n), meter) for n in range(40)))
    assert meter.peak in (8, 9), "the first pair of a job may use the reserve"
    assert door.load == Load()


async def test_a_slot_tells_how_long_it_waited_and_what_it_costs() -> None:
    door = gate()
    async with door.slot(request(own_tokens=9000)) as first:
        waiting = await background(hold(door, request(), InFlightMeter(), 0))
        await asyncio.sleep(0.01)
        assert door.load.waiting == 1
    await waiting
    assert first.waited_s < 0.01
    assert first.charged_tokens == 9000 + 392 + 8


async def test_a_request_larger_than_the_limit_goes_alone() -> None:
    door, meter = gate(), InFlightMeter()
    async with asyncio.timeout(2):
        await asyncio.gather(
            *(hold(door, request(n, own_tokens=50_000), meter) for n in range(3)),
            *(hold(door, request(n), meter) for n in range(3, 6)),
        )
    assert meter.peak <= 3


async def test_jobs_take_turns() -> None:
    door, order = gate(1000), []

    async def one(job: str, n: int) -> None:
        async with door.slot(request(n, job)):
            order.append(job)
            await asyncio.sleep(0)

    async with door.slot(request(own_tokens=900)):
        long = [await background(one("long", n)) for n in range(10)]
        short = [await background(one("short", n)) for n in range(2)]
    await asyncio.gather(*long, *short)
    assert "short" in order[:2]
    assert [at for at, job in enumerate(order) if job == "short"][-1] <= 4


async def test_a_chunks_tasks_go_together() -> None:
    door, order = gate(3000), []

    async def one(n: int, task: str) -> None:
        async with door.slot(request(n, prefix_tokens=500, own_tokens=100, task=task)):
            order.append((n, task))
            await asyncio.sleep(0)

    await asyncio.gather(*(one(n, task) for task in ("words", "phrases") for n in range(6)))
    assert sorted(order) == sorted((n, task) for n in range(6) for task in ("words", "phrases"))
    assert [n for n, _ in order[4:]] == sorted(n for n, _ in order[4:])


async def test_somebody_who_waits_goes_before_batch_work() -> None:
    door, order = gate(1000), []

    async def one(job: str, priority: int) -> None:
        async with door.slot(request(0, job, priority=priority)):
            order.append(job)

    async with door.slot(request(own_tokens=900)):
        tasks = [await background(one(f"batch{n}", 0)) for n in range(3)]
        tasks.append(await background(one("urgent", 1)))
    await asyncio.gather(*tasks)
    assert order[0] == "urgent"


async def test_a_count_limits_the_whole_process() -> None:
    door, meter = gate(1_000_000), InFlightMeter()
    jobs = [request(n, job, at_most=3) for job in "ab" for n in range(10)]
    await asyncio.gather(*(hold(door, one, meter) for one in jobs))
    assert meter.peak == 3


async def test_a_job_with_a_low_count_does_not_hold_up_another() -> None:
    door = gate(1_000_000)
    async with door.slot(request(1, at_most=8)):
        low = await background(hold(door, request(2, "low", at_most=1), InFlightMeter(), 0))
        await asyncio.wait_for(hold(door, request(3, at_most=8), InFlightMeter(), 0), 1)
        assert not low.done()
    await asyncio.wait_for(low, 1)


async def test_a_look_at_the_server_opens_the_gate() -> None:
    door = gate(1000)
    async with door.slot(request(1)):
        third = await background(hold(door, request(3), InFlightMeter(), 0))
        assert not third.done()
        door.observe(ServerSample(time.monotonic(), kv_tokens=100_000, kv_usage=0.1))
        await asyncio.wait_for(third, 1)


async def test_what_a_slot_is_told_reaches_the_limiter() -> None:
    door = gate()
    async with door.slot(request()) as slot:
        slot.tell(Outcome("words", Ending.TIMEOUT, seconds=1.0))
        slot.tell(Outcome("words", Ending.OK, output_tokens=50, seconds=1.0))
    assert [change.reason for change in door.limiter.history] == ["start", "timeout"]
    assert door.limiter.expected_output("words") == 100


async def test_retry_after_holds_everybody_and_ends_by_itself() -> None:
    door = gate()
    async with door.slot(request()) as slot:
        slot.tell(Outcome("words", Ending.OVERLOADED, retry_after_s=0.05))
    started = time.monotonic()
    meter = InFlightMeter()
    async with asyncio.timeout(2):
        await asyncio.gather(*(hold(door, request(n), meter, 0) for n in range(4)))
    assert time.monotonic() - started >= 0.04


async def test_a_pause_that_begins_while_somebody_waits_ends_for_them_too() -> None:
    door = gate(1000)
    async with door.slot(request(own_tokens=900)) as slot:
        waiting = await background(hold(door, request(1), InFlightMeter(), 0))
        slot.tell(Outcome("words", Ending.OVERLOADED, retry_after_s=0.05))
    assert not waiting.done()
    await asyncio.wait_for(waiting, 2)


async def test_a_server_that_is_down_is_probed_until_it_is_up() -> None:
    door, probes = gate(), 0
    meter = InFlightMeter()

    async def ask(n: int) -> None:
        nonlocal probes
        while True:
            async with door.slot(request(n)) as slot:
                with meter.request():
                    await asyncio.sleep(0.001)
                probes += 1
                up = probes > 6
                slot.tell(Outcome("words", Ending.OK if up else Ending.UNREACHABLE, seconds=0.001))
                if up:
                    return

    async with asyncio.timeout(10):
        await asyncio.gather(*(ask(n) for n in range(5)))
    assert probes <= 5 + 6
    assert not door.limiter.is_down


async def test_one_of_several_watches_looks() -> None:
    now = 0.0
    door = Gate(Limiter(1000), lambda: now)
    assert [door.look_due() for _ in range(3)] == [True, False, False]
    now = 0.5
    assert [door.look_due() for _ in range(3)] == [True, False, False]


@settings(max_examples=60, deadline=None)
@given(st.integers(2000, 9000), st.integers(0, 2**32))
def test_cancelling_loses_no_slot(kv_tokens: int, seed: int) -> None:
    async def scenario() -> None:
        chance = random.Random(seed)
        door, meter = gate(kv_tokens), InFlightMeter()
        wanted = [
            request(chance.randrange(4), chance.choice("abc"), priority=chance.randrange(2))
            for _ in range(30)
        ]
        tasks = [asyncio.create_task(hold(door, one, meter, 0.001)) for one in wanted]
        for task in tasks:
            if chance.random() < 0.5:
                task.cancel()
            if chance.random() < 0.3:
                await asyncio.sleep(0)
        await asyncio.gather(*tasks, return_exceptions=True)
        assert meter.peak <= max(1, kv_tokens // EACH)
        assert door.load == Load()
        await asyncio.wait_for(hold(door, request(), meter, 0), 1)

    asyncio.run(scenario())


def test_threads_share_it() -> None:
    door, meter = gate(4000), InFlightMeter()

    async def job(name: str) -> None:
        await asyncio.gather(*(hold(door, request(n, name), meter) for n in range(15)))

    threads = [threading.Thread(target=lambda name=name: asyncio.run(job(name))) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)
    assert meter.peak <= 4
    assert door.load == Load()


def test_a_loop_that_was_closed_while_it_waited_holds_nobody_up() -> None:
    door = gate(1000)
    dead = asyncio.new_event_loop()
    held = door.slot(request(own_tokens=900))
    dead.run_until_complete(held.__aenter__())
    waiting = dead.create_task(hold(door, request(1), InFlightMeter()))
    dead.run_until_complete(asyncio.sleep(0))
    leaving = held.__aexit__(None, None, None)
    dead.close()

    async def alive() -> None:
        task = await background(hold(door, request(2), InFlightMeter(), 0))
        await leaving
        await asyncio.wait_for(task, 1)

    asyncio.run(alive())
    assert door.load.waiting == 0
    waiting._log_destroy_pending = False  # type: ignore[attr-defined]


@pytest.mark.parametrize("limit", [64_000, 10**9])
async def test_it_is_cheap(limit: int) -> None:
    door = gate(limit)

    async def one(n: int) -> None:
        async with door.slot(request(n)):
            pass

    started = time.process_time()
    await asyncio.gather(*(one(n) for n in range(2000)))
    assert time.process_time() - started < 2.0, "a tenth of this where it was written"


def test_a_server_has_one_gate() -> None:
    one = gate_for("http://one.test/v1")
    assert gate_for("http://one.test/v1/") is one
    assert gate_for("http://two.test/v1", kv_tokens=5000) is not one
    assert gate_for("http://two.test/v1").limiter.capacity_tokens == 5000
