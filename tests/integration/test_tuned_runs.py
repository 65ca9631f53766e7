"""What ``lexicue tune`` recommends of runs that preempted, followed: they preempt no more."""

import asyncio
import itertools
from pathlib import Path

import pytest

from lexicue import Run, RunReport, Settings, read
from lexicue.model import Transcript
from lexicue.monitoring.tuning import advise
from lexicue.testing import BatchingEngine, BatchLimits, FakeServer

SAID = [cue.text for cue in read(Path(__file__).parents[2] / "examples" / "the-bakery.srt").cues]


def transcript(chunks: int, name: str) -> Transcript:
    """Text of about so many chunks of 500 tokens; names differ, so that no video shares blocks.

    There are many words to answer with: it is the answers that outgrow a full cache.
    """
    said = itertools.cycle(SAID)
    texts = (f"{next(said)} ({name}, {n})" for n in range(chunks * 25))
    return Transcript.from_texts(texts, name)


def run_all(server: FakeServer, name: str, max_concurrency: int) -> list[RunReport]:
    settings = Settings.load(
        base_url=server.base_url,
        chunk_tokens=500,
        strategy="parallel",
        max_concurrency=max_concurrency,
    )
    return [one(Run(transcript(n, f"{name}{n}"), settings)) for n in (3, 5, 8, 12)]


def one(run: Run) -> RunReport:
    async def drain() -> None:
        async for _ in run.stream():
            pass

    asyncio.run(drain())
    return run.report()


@pytest.mark.parametrize("blocks", [201, 301])
def test_following_the_advice_ends_preemption(blocks: int) -> None:
    engine = BatchingEngine(BatchLimits(num_gpu_blocks=blocks, block_size=16), time_scale=0.1)
    with FakeServer(engine=engine, entries_per_answer=30) as server:
        before = run_all(server, "before", max_concurrency=64)
        advice = advise(before, target_s=10)
        recommended = advice.recommendations[0].value
        assert isinstance(recommended, int)
        after = run_all(server, "after", max_concurrency=recommended)
    assert (advice.evidence.preemptions or 0) >= 2
    assert recommended >= 4
    assert sum(report.server.preemptions or 0 for report in after) <= 1
