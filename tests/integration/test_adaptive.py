"""The adaptive strategy on a fake server whose KV cache fills, in virtual time."""

import asyncio

import httpx
import pytest

from lexicue.chunking import QwenTokenCounter, chunk_each_cue
from lexicue.engines.llm.prompts import CHUNK_CLOSE, messages_for
from lexicue.engines.llm.schema import answer_format
from lexicue.model import Chunk, Status, Task

from .virtual_server import (
    A10G,
    A10G_COSTS,
    BASE_URL,
    SMALL,
    VirtualServer,
    finish,
    play,
    transcript,
)


def test_pairs_against_unpaired_prompts_at_their_best_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = transcript(40, entries=300)
    chunks = chunk_each_cue(text, QwenTokenCounter())
    assert 3800 <= chunks[0].tokens <= 4200
    unpaired = [
        play(ask_unpaired(VirtualServer(A10G, A10G_COSTS), chunks, limit), monkeypatch)
        for limit in (8, 10, 12, 16)
    ]
    server = VirtualServer(A10G, A10G_COSTS)

    adaptive = play(finish(server.run(text)), monkeypatch)

    assert min(unpaired) < unpaired[0], "the best limit is among those tried"
    assert adaptive <= 0.6 * min(unpaired)
    assert server.preemptions == 0
    assert server.cached_share >= 0.45


async def ask_unpaired(server: VirtualServer, chunks: list[Chunk], at_most: int) -> float:
    """All words, then all phrases, the instructions first: seconds."""
    seats = asyncio.Semaphore(at_most)
    loop = asyncio.get_running_loop()
    async with httpx.AsyncClient(transport=server.transport, timeout=600) as client:

        async def ask(body: dict[str, object]) -> None:
            async with seats:
                answer = await client.post(f"{BASE_URL}/chat/completions", json=body)
                answer.raise_for_status()

        started = loop.time()
        bodies = [instructions_first(chunk, task) for task in Task for chunk in chunks]
        await asyncio.gather(*map(ask, bodies))
        return loop.time() - started


def instructions_first(chunk: Chunk, task: Task) -> dict[str, object]:
    system, user = (message["content"] for message in messages_for(chunk, task, "ko"))
    text, _, instruction = user.rpartition(CHUNK_CLOSE)
    form = answer_format(chunk, task)
    return {
        "model": "m",
        "messages": [
            {"role": "system", "content": f"{system}\n\n{instruction}"},
            {"role": "user", "content": f"{text}{CHUNK_CLOSE}"},
        ],
        "max_tokens": form.max_tokens,
        "response_format": form.response_format,
    }


@pytest.mark.parametrize("limit", [8, 12, 16, 20, 24, 32])
def test_against_every_fixed_limit(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    text = transcript(60, entries=60)
    fixed, adaptive = VirtualServer(), VirtualServer()

    theirs = play(finish(fixed.run(text, strategy="parallel", max_concurrency=limit)), monkeypatch)
    ours = play(finish(adaptive.run(text)), monkeypatch)

    assert ours <= 1.10 * theirs
    assert adaptive.preemptions == 0


def test_with_room_for_all_it_holds_nothing_back(monkeypatch: pytest.MonkeyPatch) -> None:
    text, unlimited, adaptive = transcript(5), VirtualServer(A10G), VirtualServer(A10G)

    theirs = play(finish(unlimited.run(text, strategy="parallel", max_concurrency=64)), monkeypatch)
    ours = play(finish(adaptive.run(text)), monkeypatch)

    assert ours <= 1.05 * theirs


def test_pairs_keep_their_prefix_where_sequential_tasks_lose_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text, one_by_one, adaptive = transcript(24), VirtualServer(), VirtualServer()

    play(finish(one_by_one.run(text, strategy="sequential")), monkeypatch)
    play(finish(adaptive.run(text)), monkeypatch)

    assert adaptive.cached_share >= 0.45
    assert one_by_one.cached_share < 0.15


def test_ten_videos_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    server, reference = VirtualServer(), VirtualServer()
    sizes = [2 + number % 4 for number in range(10)]

    async def all_at_once(server: VirtualServer, **how: object) -> float:
        texts = [transcript(size, first=10 * n) for n, size in enumerate(sizes)]
        loop = asyncio.get_running_loop()
        started = loop.time()
        await asyncio.gather(*(finish(server.run(text, **how)) for text in texts))
        return loop.time() - started

    ours = play(all_at_once(server), monkeypatch)
    theirs = play(all_at_once(reference, strategy="parallel", max_concurrency=8), monkeypatch)

    assert server.preemptions <= 2 * sum(sizes) / 100
    assert ours <= 1.10 * theirs


def test_a_short_video_behind_a_long_one(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = play(finish(VirtualServer().run(transcript(1))), monkeypatch)
    server = VirtualServer()

    async def behind() -> float:
        long, short = server.run(transcript(50, first=1)), server.run(transcript(1, first=99))
        _, seconds = await asyncio.gather(finish(long), finish(short, delay_s=5.0))
        return seconds

    assert play(behind(), monkeypatch) <= 3 * alone
    assert server.preemptions <= 1


def test_a_foreign_load_takes_half_and_gives_it_back(monkeypatch: pytest.MonkeyPatch) -> None:
    server = VirtualServer()
    run = server.run(transcript(120))

    async def scene() -> dict[str, int]:
        working = asyncio.create_task(finish(run))
        limits = {}
        await asyncio.sleep(10.0)
        assert run.gate is not None
        limits["before"] = run.gate.limiter.limit_tokens
        server.app.set_foreign_load(SMALL.longest // 2)
        await asyncio.sleep(4.0)
        limits["beside"] = run.gate.limiter.limit_tokens
        server.app.set_foreign_load(0)
        await asyncio.sleep(4.0)
        limits["after"] = run.gate.limiter.limit_tokens
        assert not working.done()
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        return limits

    limits = play(scene(), monkeypatch)

    assert 0.35 * limits["before"] <= limits["beside"] <= 0.65 * limits["before"]
    assert limits["after"] >= 0.9 * limits["before"]


def test_a_server_that_stays_away_is_given_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    server = VirtualServer()

    async def scene() -> tuple[float, list[Status]]:
        run = server.run(transcript(24))
        loop = asyncio.get_running_loop()
        loop.call_later(6.0, server.app.restart, 1e6)
        started = loop.time()
        statuses = [result.status async for result in run.stream()]
        return loop.time() - started, statuses

    seconds, statuses = play(scene(), monkeypatch)

    assert len(statuses) == 2 * 24
    assert set(statuses) == {Status.OK, Status.FAILED}
    assert 300.0 <= seconds <= 330.0


def test_a_server_that_restarts_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    server = VirtualServer()

    async def scene() -> float:
        working = asyncio.create_task(finish(server.run(transcript(24))))
        await asyncio.sleep(6.0)
        server.app.restart(down_s=60.0)
        return await working

    assert play(scene(), monkeypatch) < 60.0 + 40.0
