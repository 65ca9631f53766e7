"""The adaptive strategy on a real vLLM whose KV cache is the limit: counts, never times."""

import asyncio
import time
from dataclasses import dataclass

import pytest
from benchmarks.texts import long_transcript
from benchmarks.vllm.client import FixedAnswers, Job, Report
from tests.vllm.conftest import MODEL_DIR, StartVllm, VllmServer, metrics

from lexicue.chunking import chunk_transcript
from lexicue.chunking.tokens import TokenizerJsonCounter
from lexicue.equipment import make_engine
from lexicue.model import Chunk, ChunkResult, Status, Task, Transcript
from lexicue.pipeline import Run
from lexicue.settings import Settings

KV_TOKENS = 6400
TOKENIZER = MODEL_DIR / "tokenizer.json"


@dataclass(frozen=True)
class Seen:
    """A job, and what the server counted meanwhile."""

    results: list[ChunkResult]
    report: Report
    preemptions: float

    @property
    def cached_share(self) -> float:
        prompt = sum(request.prompt_tokens for request in self.report.requests)
        return sum(request.cached_tokens for request in self.report.requests) / prompt


@pytest.fixture
def crowded(start_vllm: StartVllm) -> VllmServer:
    return start_vllm(block_size=32, num_gpu_blocks_override=KV_TOKENS // 32, max_num_seqs=64)


def material(chunks: int, chunk_tokens: int) -> tuple[Transcript, list[Chunk]]:
    transcript = long_transcript(chunks * chunk_tokens * 6 + 4000)
    counter = TokenizerJsonCounter(TOKENIZER)
    return transcript, chunk_transcript(transcript, counter, chunk_tokens)[:chunks]


def run_on(server: VllmServer, report: Report, chunks: int, **how: object) -> Run:
    """A run whose answers have about 150 tokens each, whatever the random weights would say."""
    job = Job(server.base_url, str(TOKENIZER), answer_tokens=150)
    settings = Settings.load(
        engine="llm",
        base_url=server.base_url,
        model=server.model,
        tokenizer=str(TOKENIZER),
        **{"chunk_tokens": 300, **how},
    )
    assert isinstance(settings.chunk_tokens, int)
    transcript, made = material(chunks, settings.chunk_tokens)
    run = Run(transcript, settings, chunks=made)
    run.engine = make_engine(settings, run.counter, run.meter, FixedAnswers(job, report))
    return run


async def play(server: VllmServer, chunks: int, **how: object) -> Seen:
    report = Report()
    run = run_on(server, report, chunks, **how)
    before = metrics(server.base_url)
    results = [result async for result in run.stream()]
    after = metrics(server.base_url)
    name = "vllm:num_preemptions_total"
    return Seen(results, report, after[name] - before[name])


def assert_whole(results: list[ChunkResult], chunks: int) -> None:
    assert sorted((r.chunk, r.task) for r in results) == sorted(
        (number, task) for number in range(1, chunks + 1) for task in Task
    )
    assert {result.status for result in results} == {Status.OK}


async def test_what_parallel_overruns_adaptive_does_not(crowded: VllmServer) -> None:
    parallel = await play(crowded, 50, strategy="parallel", max_concurrency=512)
    adaptive = await play(crowded, 50)

    assert_whole(parallel.results, 50)
    assert_whole(adaptive.results, 50)
    assert parallel.preemptions > 10
    assert adaptive.preemptions <= 1


async def test_pairs_share_their_chunk_where_sequential_tasks_lose_it(crowded: VllmServer) -> None:
    sequential = await play(crowded, 12, strategy="sequential", chunk_tokens=2000)
    adaptive = await play(crowded, 12, chunk_tokens=2000, strategy="adaptive")

    assert adaptive.cached_share >= 0.45
    assert sequential.cached_share < 0.2


async def test_a_server_killed_and_started_again_loses_nothing(
    start_vllm: StartVllm, crowded: VllmServer
) -> None:
    report = Report()
    run = run_on(crowded, report, 40)
    results: list[ChunkResult] = []

    async def collect() -> None:
        results.extend([result async for result in run.stream()])

    working = asyncio.create_task(collect())
    await asyncio.to_thread(_wait_for, report, requests=20)
    crowded.kill()
    port = int(crowded.root_url.rpartition(":")[2])
    await asyncio.to_thread(_again, start_vllm, port)
    await working

    assert_whole(results, 40)


def _again(start_vllm: StartVllm, port: int) -> None:
    start_vllm(port=port, block_size=32, num_gpu_blocks_override=KV_TOKENS // 32, max_num_seqs=64)


def _wait_for(report: Report, requests: int) -> None:
    while len(report.requests) < requests:
        time.sleep(0.05)
