"""A fake vLLM whose KV cache fills, and runs on it, in virtual time: exact on any machine."""

import asyncio
import itertools
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

import httpx
import pytest

from lexicue.chunking import chunk_each_cue
from lexicue.equipment import make_engine
from lexicue.model import Status, Task, Transcript
from lexicue.pipeline import Run
from lexicue.scheduling import Gate, Limiter
from lexicue.scheduling import gate as gates
from lexicue.settings import Settings
from lexicue.testing import BatchingEngine, BatchLimits, fake_app, run_in_virtual_time
from lexicue.testing.machine import StepCosts

BASE_URL = "http://fake/v1"

SMALL = BatchLimits(num_gpu_blocks=801, block_size=16)
"""12,800 tokens of KV: seven of the usual chunks."""

A10G = BatchLimits()
"""49,696 tokens of KV: Qwen2.5-14B-Instruct-AWQ on an A10G."""

A10G_COSTS = StepCosts(base_ms=20.0, prefill_ms_per_token=0.5, decode_ms_per_request=0.6)
"""The same card's times, estimated: 9.3 GiB of weights at 600 GB/s and some overhead; 29 GFLOP a
token at 60 TFLOP/s; the keys and values of 2,000 tokens, 0.4 GB, at 600 GB/s."""

_Result = TypeVar("_Result")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_VERBS = "bring break call carry come figure find get give go hold look make pick put run".split()
_PARTICLES = "about along around away back down off on out over through up".split()


def play(scene: Coroutine[Any, Any, _Result], monkeypatch: pytest.MonkeyPatch) -> _Result:
    """Run a scene in virtual time, which the clocks of the limiter and its watch show, too."""
    real = time.monotonic

    def virtual() -> float:
        try:
            return asyncio.get_running_loop().time()
        except RuntimeError:
            return real()

    monkeypatch.setattr(time, "monotonic", virtual)
    monkeypatch.setitem(gates._gates, BASE_URL, Gate(Limiter(clock=virtual), virtual))
    return run_in_virtual_time(scene)


class VirtualServer:
    """A fake server without a socket; answers have about a hundred tokens.

    Args:
        limits: of its engine.
        costs: of its engine.
    """

    def __init__(self, limits: BatchLimits = SMALL, costs: StepCosts | None = None) -> None:
        self.app = fake_app(
            engine=BatchingEngine(limits, costs), models=["m"], entries_per_answer=12
        )
        self.transport = httpx.ASGITransport(app=self.app)

    @property
    def preemptions(self) -> int:
        return self.app.stats.num_preemptions or 0

    @property
    def cached_share(self) -> float:
        """Of the prompt tokens, from the prefix cache."""
        stats = self.app.stats
        return (stats.prompt_tokens_cached or 0) / (stats.prompt_tokens or 1)

    def run(self, text: Transcript, **how: object) -> Run:
        """A run with a chunk for every cue."""
        run = Run(text, Settings.load(**{"base_url": BASE_URL, "model": "m"} | how))
        run.chunks = chunk_each_cue(text, run.counter)
        run.engine = make_engine(run.settings, run.counter, run.meter, self.transport)
        return run


async def finish(run: Run, delay_s: float = 0.0) -> float:
    """Stream a run to its end; virtual seconds. Nothing may be lost."""
    await asyncio.sleep(delay_s)
    loop = asyncio.get_running_loop()
    started = loop.time()
    statuses = [result.status async for result in run.stream()]
    assert statuses == [Status.OK] * len(run.chunks) * len(Task)
    return loop.time() - started


def transcript(chunks: int, first: int = 0, entries: int = 125) -> Transcript:
    """Cues of about 13 tokens per entry, each entry a long word and a phrasal verb."""
    texts = [_chunk_text(first + number, entries) for number in range(chunks)]
    return Transcript.from_texts(texts, "v")


def _chunk_text(number: int, entries: int) -> str:
    """A chunk with so many phrases and long words, none of which any other begins with."""
    letters = "".join(chr(97 + int(digit)) for digit in f"{number:03}")
    pairs = itertools.cycle(itertools.product(_VERBS, _PARTICLES))
    said = [
        f"They {verb} {particle} the box." for verb, particle in itertools.islice(pairs, entries)
    ]
    endings = ("".join(pair) for pair in itertools.product("abcdefghijklmnop", _LETTERS))
    long = [f"A machine{letters}{end} is there." for end in itertools.islice(endings, entries)]
    return f"Part {letters}. " + " ".join(itertools.chain(*zip(long, said, strict=True)))
