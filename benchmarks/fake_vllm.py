"""The fake vLLM server in a process of its own, for clients of every sort.

It is `lexicue.testing.FakeServer` with two things added. The n-th answer takes the n-th latency of
a seeded lognormal series, whatever the prompt: every client meets the same latencies. A prompt for
both tasks gets two answers in one and takes two latencies, since it is the tokens of an answer
that take a server's time. And a request of langextract gets what it can parse: the entries that
Lexicue gets of the same text, in langextract's format, phrases as they are said, since it asks for
exact text.

``python -m benchmarks.fake_vllm SEED`` prints its base URL, serves until its standard input ends,
and prints what it saw.
"""

from __future__ import annotations

import json
import math
import random
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from benchmarks.processes import LEXICUE_PYTHON, ROOT, environment
from lexicue.engines.llm.prompts import CHUNK_CLOSE, CHUNK_OPEN
from lexicue.model import Task
from lexicue.testing import ChatCall, FakeServer, Job, placeholder_meaning
from lexicue.testing.answers import entries_for

__all__ = [
    "ENTRIES",
    "MEDIAN_S",
    "SIGMA",
    "BenchServer",
    "Seen",
    "answered",
    "langextract_answer",
    "serving",
]

MEDIAN_S = 0.4
SIGMA = 0.5
ENTRIES = 40
"""Most entries of an answer."""


@dataclass(slots=True)
class Seen:
    """What the server saw of one client; filled in when the server has ended.

    Attributes:
        base_url: where it listens.
        requests: chat requests.
        failed: of those, not answered with 200.
        mean_in_flight: from the first request's start to the last one's end.
        peak_in_flight: at once, at most.
        span_s: from the first request's start to the last one's end.
        latency_s: what the answers took, added up.
    """

    base_url: str
    requests: int = 0
    failed: int = 0
    mean_in_flight: float = 0.0
    peak_in_flight: int = 0
    span_s: float = 0.0
    latency_s: float = 0.0


@contextmanager
def serving(seed: int) -> Iterator[Seen]:
    """A server in a process of its own for the length of a ``with`` block."""
    process = subprocess.Popen(
        [LEXICUE_PYTHON, "-m", "benchmarks.fake_vllm", str(seed)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env=environment(),
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    seen = Seen(process.stdout.readline().strip())
    try:
        yield seen
    finally:
        process.stdin.close()
        told = process.stdout.read()
        process.wait()
    for name, value in json.loads(told).items():
        setattr(seen, name, value)


class ByArrival:
    """The latency of the n-th answer.

    Args:
        seed: another one gives another series.
    """

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self.total = 0.0

    def __call__(self, job: Job) -> float:
        """The seconds of a job: one latency for each task that it asks for."""
        seconds = sum(self._next() for _ in _tasks_in(job.call.prompt))
        self.total += seconds
        return seconds

    def _next(self) -> float:
        return self._chance.lognormvariate(math.log(MEDIAN_S), SIGMA)


def _tasks_in(prompt: str) -> list[Task]:
    """The tasks that a prompt asks for, Lexicue's or langextract's."""
    return [task for task in Task if f"Task: {task}." in prompt]


class BenchServer(FakeServer):
    """A fake server that also speaks to langextract; options as those of `FakeServer`."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope.get("path") == "/v1/chat/completions":
            exchange = _Exchange(receive, send)
            receive, send = exchange.receive, exchange.send
        await super().__call__(scope, receive, send)


class _Exchange:
    """One request and its response, which is translated if langextract asks."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._request = b""
        self._start: Message = {}

    async def receive(self) -> Message:
        message = await self._receive()
        self._request += message.get("body", b"")
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        body = self._translated(message.get("body", b""))
        headers = [(k, v) for k, v in self._start["headers"] if k.lower() != b"content-length"]
        headers.append((b"content-length", str(len(body)).encode()))
        await self._send({**self._start, "headers": headers})
        await self._send({**message, "body": body})

    def _translated(self, body: bytes) -> bytes:
        if self._start["status"] != 200 or b"langextract_extractions" not in self._request:
            return body
        completion = json.loads(body)
        prompt = json.loads(self._request)["messages"][-1]["content"]
        completion["choices"][0]["message"]["content"] = langextract_answer(prompt)
        return json.dumps(completion, ensure_ascii=False).encode()


def langextract_answer(prompt: str) -> str:
    """What a model would answer to a prompt of langextract, in its format."""
    instructions, _, question = prompt.rpartition("\nQ: ")
    chunk = question.removesuffix("\nA: ")
    extractions = [
        extraction for task in _tasks_in(instructions) for extraction in _extractions(chunk, task)
    ]
    return json.dumps({"extractions": extractions}, ensure_ascii=False)


def _extractions(chunk: str, task: Task) -> Iterator[Mapping[str, Any]]:
    """The entries that Lexicue would get of the same chunk."""
    for kind, text, meaning in answered(chunk, task, ENTRIES):
        if task is Task.WORDS:
            yield {"word": text, "word_attributes": {"meaning": meaning}}
        else:
            said = _as_said(text, chunk)
            yield {"phrase": said, "phrase_attributes": {"kind": kind, "meaning": meaning}}


def answered(chunk: str, task: Task, limit: int) -> list[tuple[str, str, str]]:
    """List, text and meaning of each entry that the fake server answers of a chunk."""
    asked = f"{CHUNK_OPEN}{chunk}{CHUNK_CLOSE}Task: {task}."
    call = ChatCall(0, {}, (("user", asked),))
    return [
        (name, str(entry[0]), str(entry[1]))
        for name, entries in entries_for(call, limit, placeholder_meaning).items()
        for entry in entries
        if isinstance(entry, list)
    ]


def _as_said(phrase: str, chunk: str) -> str:
    """A phrase in the words of the text: "figure out" where it says "figured it out"."""
    first, *rest = phrase.split()
    words = [rf"{first[0]}\w*", r"(?:\w+\s+)?" + r"\s+".join(map(re.escape, rest))]
    said = re.search(rf"\b{re.escape(phrase)}\b|\b" + r"\s+".join(words) + r"\b", chunk, re.I)
    return said[0] if said else phrase


def main(seed: str) -> None:
    """Serve until standard input ends."""
    latency = ByArrival(int(seed))
    with BenchServer(latency=latency, entries_per_answer=ENTRIES) as server:
        print(server.base_url, flush=True)
        sys.stdin.read()
        print(json.dumps(_seen(server, latency)))


def _seen(server: FakeServer, latency: ByArrival) -> dict[str, float]:
    records = server.requests
    ends = [record.ended for record in records if record.ended is not None]
    return {
        "requests": len(records),
        "failed": sum(record.status != 200 for record in records),
        "mean_in_flight": server.mean_in_flight,
        "peak_in_flight": server.peak_in_flight,
        "span_s": max(ends) - records[0].started if ends else 0.0,
        "latency_s": latency.total,
    }


if __name__ == "__main__":
    main(sys.argv[1])
