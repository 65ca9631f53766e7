"""Lexicue against a real vLLM with a tiny model of random weights.

What the model says is noise, so nothing here looks at words: only at statuses, counts and shapes.
"""

import asyncio
from pathlib import Path

import pytest
from tests.vllm.conftest import StartVllm, VllmServer, metrics

from lexicue.chunking import QwenTokenCounter, chunk_transcript
from lexicue.engines.llm import LlmEngine
from lexicue.engines.llm.client import Account, ChatClient, ChatRequest, Server
from lexicue.engines.llm.prompts import messages_for
from lexicue.engines.llm.schema import answer_format
from lexicue.errors import (
    ModelNotFoundError,
    PromptTooLongError,
    ServerUnreachableError,
)
from lexicue.model import Chunk, Status, Task, Transcript
from lexicue.pipeline import Run
from lexicue.scheduling import InFlightMeter
from lexicue.settings import Settings, StrategyName
from lexicue.subtitles import read

ROOT = Path(__file__).parents[2]
TALK = ROOT.parent / "shared" / "data" / "subtitles" / "talks" / "Fair-Data.srt"
EXAMPLE = ROOT / "examples" / "the-bakery.srt"
COUNTER = QwenTokenCounter()


def settings(server: VllmServer, **given: object) -> Settings:
    return Settings.load(base_url=server.base_url, model=server.model, **given)


async def finish(run: Run) -> Run:
    async for _ in run.stream():
        pass
    return run


def client(server: VllmServer) -> ChatClient:
    return ChatClient(Server(server.base_url, server.model, max_attempts=1), InFlightMeter())


def long_chunk(chunk_tokens: int = 2000) -> Chunk:
    """A chunk of just under so many tokens of the talk, or of the example said again."""
    transcript = read(TALK) if TALK.exists() else _repeated(read(EXAMPLE))
    return chunk_transcript(transcript, COUNTER, chunk_tokens)[0]


def _request(chunk: Chunk, task: Task) -> ChatRequest:
    return ChatRequest(messages_for(chunk, task, "ko"), answer_format(chunk, task))


def _repeated(transcript: Transcript) -> Transcript:
    return Transcript.from_texts([cue.text for cue in transcript.cues if cue.text] * 6, "x")


@pytest.mark.parametrize("strategy", ["adaptive", "sequential", "parallel", "conditional"])
async def test_every_strategy_completes_a_real_talk(
    vllm_server: VllmServer, strategy: StrategyName
) -> None:
    if not TALK.exists():
        pytest.skip("the real talks are not beside this checkout")
    chosen = settings(vllm_server, strategy=strategy, chunk_tokens=500, max_concurrency=8)
    run = await finish(Run(read(TALK), chosen))
    statuses = {(result.chunk, result.task): result.status for result in run.results}
    assert len(statuses) == run.units >= 12
    failed = {key: status for key, status in statuses.items() if status is Status.FAILED}
    assert not failed, [result.error for result in run.results if result.error]
    totals = run.report().totals
    assert totals.peak_in_flight <= 8
    assert totals.prompt_tokens > 12 * 500


@pytest.mark.parametrize("task", Task)
async def test_the_compact_schema_is_accepted_and_its_answers_parse(
    vllm_server: VllmServer, task: Task
) -> None:
    engine = LlmEngine(
        Server(vllm_server.base_url, vllm_server.model), "ko", COUNTER, InFlightMeter()
    )
    async with engine:
        chunks = chunk_transcript(read(EXAMPLE), COUNTER, 200)[:4]
        extractions = await asyncio.gather(*(engine.extract(chunk, task) for chunk in chunks))
    for extraction in extractions:
        assert extraction.status is not Status.FAILED, extraction.error
        assert not [each for each in extraction.candidates if each.malformed]
    async with client(vllm_server) as chat:
        await chat.complete(_request(chunks[0], task), Account())
        assert chat.structured_output, "the server took the schema"


async def test_the_pair_of_tasks_computes_its_chunk_once(vllm_server: VllmServer) -> None:
    """Prefix-cache hits, from the server's own metrics, for both tasks sent at one moment."""
    chunk = long_chunk()
    assert 1800 < chunk.tokens <= 2000
    before = metrics(vllm_server.base_url)
    async with client(vllm_server) as chat:
        account = Account()
        requests = (
            ChatRequest(messages_for(chunk, task, "ko"), answer_format(chunk, task).limited_to(32))
            for task in Task
        )
        await asyncio.gather(*(chat.complete(request, account) for request in requests))
    after = metrics(vllm_server.base_url)
    asked, hits = (
        after[f"vllm:prefix_cache_{name}_total"] - before[f"vllm:prefix_cache_{name}_total"]
        for name in ("queries", "hits")
    )
    assert asked > 2 * chunk.tokens
    assert (asked - hits) / asked <= 0.60
    assert account.usage.prompt_tokens == asked
    assert account.usage.cached_tokens == hits


async def test_a_prompt_over_the_models_length_is_its_own_error(vllm_server: VllmServer) -> None:
    text = "word " * 6000
    chunk = Chunk(1, text, 0, (), 6000)
    short_answer = answer_format(long_chunk(100), Task.WORDS)
    request = ChatRequest(messages_for(chunk, Task.WORDS, "ko"), short_answer)
    async with client(vllm_server) as chat:
        with pytest.raises(PromptTooLongError, match="4096"):
            await chat.complete(request, Account())


async def test_a_chunk_over_the_models_length_is_asked_in_parts(vllm_server: VllmServer) -> None:
    transcript = _repeated(read(EXAMPLE))
    run = Run(transcript, settings(vllm_server, chunk_tokens=6000), tasks=(Task.WORDS,))
    await finish(run)
    assert run.results[0].usage.requests >= 2
    assert run.results[0].status is not Status.FAILED, run.results[0].error


async def test_an_unknown_model_is_told(vllm_server: VllmServer) -> None:
    run = Run(read(EXAMPLE), settings(vllm_server).model_copy(update={"model": "nope"}))
    with pytest.raises(ModelNotFoundError, match="--model"):
        await finish(run)


async def test_a_server_killed_in_the_middle_is_told(start_vllm: StartVllm) -> None:
    server = start_vllm()
    bounds = {"chunk_tokens": 200, "max_concurrency": 2, "max_attempts": 2}
    run = Run(read(EXAMPLE), settings(server, strategy="sequential", **bounds))
    async for _ in run.stream():
        if len(run.results) == 1:
            server.kill()
    assert run.results[0].status is not Status.FAILED
    failed = [result.error or "" for result in run.results if result.status is Status.FAILED]
    assert len(failed) >= run.units - 4
    assert any("ServerUnreachableError" in error for error in failed)
    assert not run.vocabulary().complete


async def test_a_server_that_is_gone_is_told_at_once(start_vllm: StartVllm) -> None:
    server = start_vllm()
    server.kill()
    with pytest.raises(ServerUnreachableError):
        await finish(Run(read(EXAMPLE), settings(server)))


def test_the_servers_own_tokenizer_counts(vllm_server: VllmServer) -> None:
    run = Run(read(EXAMPLE), settings(vllm_server, tokenizer="server", chunk_tokens=300))
    assert all(chunk.tokens <= 300 for chunk in run.chunks)
    unknown = settings(vllm_server, tokenizer="server").model_copy(update={"model": "nope"})
    with pytest.raises(ModelNotFoundError):
        Run(read(EXAMPLE), unknown).counter.count("text")
