"""One job in a process of its own: ``python -m benchmarks.vllm.client SPEC``, results as JSON.

The requests are Lexicue's own, on their way through `FixedAnswers`: a model of random weights says
noise of any length, so each answer gets a length that its chunk and task decide, the same for every
client and round, and an empty list for its content.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import random
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.texts import long_transcript
from lexicue.chunking import chunk_transcript
from lexicue.chunking.tokens import TokenizerJsonCounter
from lexicue.engines.llm.prompts import CHUNK_CLOSE, messages_for
from lexicue.engines.llm.schema import answer_format
from lexicue.entries import prepare
from lexicue.equipment import make_engine
from lexicue.model import Chunk, Status, Task, Transcript
from lexicue.pipeline import Run
from lexicue.settings import Settings

__all__ = ["Answered", "Job", "Report", "videos_of"]

_CHARACTERS_PER_TOKEN = 6.0
"""More than any tokenizer's here, so that there is text enough."""
_MESSAGES = re.compile(r"<transcript>\n(.*?)\n</transcript>", re.DOTALL)
_EMPTY = {
    Task.WORDS: '{"words":[]}',
    Task.PHRASES: '{"phrasal_verb":[],"idiom":[],"expression":[]}',
}


@dataclass(frozen=True, slots=True)
class Job:
    """What to do.

    Attributes:
        base_url: the server.
        tokenizer: the model's ``tokenizer.json``.
        client: ``lexicue``; ``bare``: a semaphore, and instructions before the chunk; or
            ``langextract`` at its defaults.
        strategy: of Lexicue.
        at_most: requests in flight; None for the strategy's own.
        videos: chunks of each video; all at once, begun in this order.
        chunk_tokens: of a chunk.
        answer_tokens: of an answer, on average.
        spread: of the answers' lengths, the sigma of a lognormal.
        attempts: tries of a request.
        delays_s: when each video begins; empty for all at once.
    """

    base_url: str
    tokenizer: str
    client: str = "lexicue"
    strategy: str = "adaptive"
    at_most: int | None = None
    videos: Sequence[int] = (50,)
    chunk_tokens: int = 300
    answer_tokens: int = 150
    spread: float = 0.25
    attempts: int = 4
    delays_s: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """One request; times in seconds since the epoch."""

    start: float
    end: float
    status: int
    prompt_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0


@dataclass(slots=True)
class Report:
    """How a job went.

    Attributes:
        began: seconds since the epoch.
        wall_s: of the job, set-up left out.
        requests: every try.
        failed: results that are not whole.
        results: of all videos.
        video_s: each video's time from its begin to its end.
        limits: the adaptive limit's history: seconds since the epoch, tokens, reason.
        held: our tokens in flight now and then: seconds since the epoch, tokens, requests.
        errors: what the failed ones say.
    """

    began: float = 0.0
    wall_s: float = 0.0
    requests: list[Answered] = field(default_factory=list)
    failed: int = 0
    results: int = 0
    video_s: list[float] = field(default_factory=list)
    limits: list[tuple[float, int, str]] = field(default_factory=list)
    held: list[tuple[float, int, int]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


class FixedAnswers(httpx.AsyncBaseTransport):
    """Gives each answer its length, empties it, and notes when it came.

    Args:
        job: how long answers are.
        report: takes the notes.
    """

    def __init__(self, job: Job, report: Report) -> None:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        self._inner = httpx.AsyncHTTPTransport(limits=limits, trust_env=False)
        self._job = job
        self._report = report

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it, if it is for a completion with the length of its answer."""
        if not request.url.path.endswith("/chat/completions"):
            return await self._inner.handle_async_request(request)
        body = json.loads(request.content)
        text = "".join(message["content"] for message in body["messages"])
        task = Task.WORDS if "Task: words" in text else Task.PHRASES
        body |= {"max_tokens": self._length(text, task, body["max_tokens"]), "ignore_eos": True}
        del body["response_format"]
        return await self._timed(_with(request, body), task)

    def _length(self, text: str, task: Task, most: int) -> int:
        chunk = _MESSAGES.search(text)
        assert chunk is not None
        seed = hashlib.sha256(f"{task}{chunk[1]}".encode()).hexdigest()
        sigma, mean = self._job.spread, self._job.answer_tokens
        drawn = random.Random(seed).lognormvariate(math.log(mean) - sigma**2 / 2, sigma)
        return max(4, min(most, round(drawn)))

    async def _timed(self, request: httpx.Request, task: Task) -> httpx.Response:
        start, status, usage = time.time(), 0, {}
        try:
            response = await self._inner.handle_async_request(request)
            content = await response.aread()
            status = response.status_code
            if status != httpx.codes.OK:
                return httpx.Response(status, content=content, headers=_plain(response))
            payload = json.loads(content)
            usage = payload["usage"]
            payload["choices"][0]["message"]["content"] = _EMPTY[task]
            payload["choices"][0]["finish_reason"] = "stop"
            return httpx.Response(status, json=payload)
        finally:
            self._report.requests.append(_answered(start, status, usage))


def _answered(start: float, status: int, usage: dict[str, Any]) -> Answered:
    details = usage.get("prompt_tokens_details") or {}
    return Answered(
        start,
        time.time(),
        status,
        usage.get("prompt_tokens", 0),
        details.get("cached_tokens") or 0,
        usage.get("completion_tokens", 0),
    )


def _with(request: httpx.Request, body: dict[str, Any]) -> httpx.Request:
    kept = {k: v for k, v in request.headers.items() if k.lower() != "content-length"}
    return httpx.Request(
        request.method, request.url, headers=kept, json=body, extensions=request.extensions
    )


def _plain(response: httpx.Response) -> dict[str, str]:
    return {k: v for k, v in response.headers.items() if k.lower() == "retry-after"}


def main(spec: str) -> None:
    """Do a job and print how it went."""
    job = Job(**json.loads(spec))
    videos = videos_of(job)
    prepare()
    report = asyncio.run((_bare if job.client == "bare" else _lexicue)(job, videos))
    print(json.dumps(asdict(report)))


def videos_of(job: Job) -> list[tuple[Transcript, list[Chunk]]]:
    """One long text, cut into chunks and these into videos."""
    wanted = sum(job.videos)
    characters = int(wanted * job.chunk_tokens * _CHARACTERS_PER_TOKEN) + 4000
    transcript = long_transcript(characters)
    chunks = chunk_transcript(
        transcript, TokenizerJsonCounter(Path(job.tokenizer)), job.chunk_tokens
    )
    videos, first = [], 0
    for count in job.videos:
        videos.append((transcript, chunks[first : first + count]))
        first += count
    assert first <= len(chunks)
    return videos


async def _lexicue(job: Job, videos: list[tuple[Transcript, list[Chunk]]]) -> Report:
    report = Report()
    runs = [_run_of(job, report, transcript, chunks) for transcript, chunks in videos]
    delays = list(job.delays_s) or [0.0] * len(runs)
    report.began = time.time()
    noting = asyncio.create_task(_note_held(runs[0], report))
    started = time.perf_counter()
    report.video_s = await asyncio.gather(
        *(_stream(run, report, delay) for run, delay in zip(runs, delays, strict=True))
    )
    report.wall_s = time.perf_counter() - started
    noting.cancel()
    if runs[0].gate is not None:
        offset = time.time() - time.monotonic()
        report.limits = [
            (c.at + offset, c.limit_tokens, c.reason) for c in runs[0].gate.limiter.history
        ]
    return report


async def _note_held(run: Run, report: Report) -> None:
    while run.gate is not None:
        load = run.gate.load
        report.held.append((time.time(), load.tokens, load.requests))
        await asyncio.sleep(0.25)


def _run_of(job: Job, report: Report, transcript: Transcript, chunks: list[Chunk]) -> Run:
    settings = Settings.load(
        engine="llm",
        base_url=job.base_url,
        model="m",
        strategy=job.strategy,
        tokenizer=job.tokenizer,
        chunk_tokens=job.chunk_tokens,
        max_concurrency=job.at_most,
        max_attempts=job.attempts,
    )
    run = Run(transcript, settings, chunks=chunks)
    run.engine = make_engine(settings, run.counter, run.meter, FixedAnswers(job, report))
    return run


async def _stream(run: Run, report: Report, delay_s: float) -> float:
    await asyncio.sleep(delay_s)
    started = time.perf_counter()
    async for result in run.stream():
        report.results += 1
        if result.status is not Status.OK:
            report.failed += 1
            report.errors.append(str(result.error)[:200])
    return time.perf_counter() - started


async def _bare(job: Job, videos: list[tuple[Transcript, list[Chunk]]]) -> Report:
    """All words, then all phrases, so many at once, the instruction before the chunk."""
    report = Report()
    limit = asyncio.Semaphore(job.at_most or 16)
    bodies = [
        _instructions_first(chunk, task)
        for task in Task
        for _, chunks in videos
        for chunk in chunks
    ]
    async with httpx.AsyncClient(transport=FixedAnswers(job, report), timeout=600.0) as client:
        report.began, started = time.time(), time.perf_counter()
        answers = await asyncio.gather(*(_ask(client, limit, job, body) for body in bodies))
    report.wall_s = time.perf_counter() - started
    report.results, report.failed = len(answers), answers.count(False)
    report.video_s = [report.wall_s]
    return report


def _instructions_first(chunk: Chunk, task: Task) -> dict[str, Any]:
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
        "temperature": 0.0,
        "response_format": form.response_format,
    }


async def _ask(
    client: httpx.AsyncClient, limit: asyncio.Semaphore, job: Job, body: dict[str, Any]
) -> bool:
    async with limit:
        response = await client.post(f"{job.base_url}/chat/completions", json=body)
        return response.status_code == httpx.codes.OK


if __name__ == "__main__":
    main(sys.argv[1])
