"""Requests in flight, and the wall time of the whole job, on the fake server."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fake_vllm import ENTRIES, MEDIAN_S, SIGMA, BenchServer, Seen, serving
from benchmarks.processes import BENCH_PYTHON, CLIENTS, LEXICUE_PYTHON, WORKSPACE, Finished, run
from benchmarks.results import Section, Spread, Table, Verdict
from benchmarks.texts import as_srt, long_transcript
from lexicue.chunking import QwenTokenCounter, chunk_transcript
from lexicue.model import Transcript
from lexicue.settings import DEFAULT_MODEL, Settings

__all__ = ["measure"]

_CHARACTERS = 792_000
"""About 101 chunks of 8,000 characters."""
_MAX_CHAR_BUFFER = 8000
_CONCURRENCIES = (10, 16, 32)
_DEFAULT = Settings.load(strategy="parallel").most_in_flight
_NEAR_ENOUGH = 0.95
_TIMES_FASTER = 2.5

_READING = f"""
{_CHARACTERS:,} characters of real speech, words and phrases of each chunk. langextract makes chunks
of up to {_MAX_CHAR_BUFFER:,} characters; Lexicue gets the token budget with which it makes as many.
The server is `lexicue.testing`'s in a process of its own (`benchmarks/fake_vllm.py`). The n-th
answer takes the n-th of a seeded series of latencies (lognormal, median {MEDIAN_S} s, sigma
{SIGMA}): every client of a round meets the very same latencies, each round has another series. An
answer has up to {ENTRIES} entries. A real model needs ten seconds or more for so many; at
{MEDIAN_S} s the clients' own cost shows, which is what is measured here.

- **bare loop** is `AsyncOpenAI` under an `asyncio.Semaphore`, sending the bodies that Lexicue
  sends, recorded before. It makes no chunks and looks at no answer: it is the floor.
- **langextract** is at its defaults (10 workers, batches of 10, structured output of its OpenAI
  provider), but for the size of its chunks. It is answered in its own format with the entries
  that Lexicue gets of the same text, each as it is said, which is easiest to align. "Two passes"
  asks for words, then for phrases: the requests that Lexicue makes. "One pass" asks for both in
  one prompt: half the requests, each with two answers in one, which take two of the latencies.
- **Lexicue** runs `strategy="parallel"`, whose default is {_DEFAULT} requests at once.

*In flight* is counted at the server: the area under the curve of requests in work, divided by the
time from the first request's start to the last one's end. The last requests find no others to run
beside them, so no client reaches its limit on average. *Wall* is the client's whole process, from
its start to its end: imports, reading, chunking, requests, grounding, merging; of the bare loop
only imports and requests. *CPU* is that process's user and system time. Python runs one thread at
a time: where a client's CPU is near its wall time, or near the time in which the server could be
done, it is the client's own work that holds it up, and not its waiting for the server.
"""


@dataclass(frozen=True, slots=True)
class _Material:
    """What the clients work on.

    Attributes:
        srt: the subtitles, for Lexicue.
        text: what is said in them, for langextract.
        bodies: Lexicue's requests, for the bare loop.
        chunks: how many both make of it.
        chunk_tokens: the budget with which Lexicue makes so many.
    """

    srt: Path
    text: Path
    bodies: Path
    chunks: int
    chunk_tokens: int


@dataclass(frozen=True, slots=True)
class _Client:
    """A client in one setting.

    Attributes:
        name: in the table.
        command: its command, from the server's base URL.
        requests: that it has to make.
    """

    name: str
    command: Callable[[str], Sequence[str | Path]]
    requests: int


@dataclass(frozen=True, slots=True)
class _Round:
    """One client's job."""

    seen: Seen
    finished: Finished


def measure(repeats: int) -> Section:
    """Run every client in every round."""
    clients = _clients(_material())
    rounds: dict[str, list[_Round]] = {client.name: [] for client in clients}
    for seed in range(repeats):
        for client in clients:
            rounds[client.name].append(played := _play(client, seed))
            told = (
                f"in flight {played.seen.mean_in_flight:.2f}, wall {played.finished.wall_s:.1f} s"
            )
            print(f"  round {seed + 1}: {client.name}: {told}", file=sys.stderr, flush=True)
    return Section("Requests in flight", _READING, _table(rounds), _verdicts(rounds))


def _material() -> _Material:
    WORKSPACE.mkdir(parents=True, exist_ok=True)
    srt, text = WORKSPACE / "in-flight.srt", WORKSPACE / "in-flight.txt"
    transcript = long_transcript(_CHARACTERS)
    srt.write_text(as_srt(transcript), encoding="utf-8")
    text.write_text(transcript.text, encoding="utf-8")
    client = CLIENTS / "langextract_chunks.py"
    chunks = run([BENCH_PYTHON, client, text, str(_MAX_CHAR_BUFFER), "0"]).told["chunks"]
    bodies = WORKSPACE / "in-flight-bodies.jsonl"
    material = _Material(srt, text, bodies, chunks, _chunk_tokens(transcript, chunks))
    _record_bodies(material)
    return material


def _chunk_tokens(transcript: Transcript, chunks: int) -> int:
    """The smallest budget that cuts the transcript in no more chunks than these."""
    counter = QwenTokenCounter()
    low, high = 64, 100_000
    while low < high:
        middle = (low + high) // 2
        if len(chunk_transcript(transcript, counter, middle)) > chunks:
            low = middle + 1
        else:
            high = middle
    return low


def _record_bodies(material: _Material) -> None:
    """What Lexicue sends, in its order, for the bare loop to send again."""
    with BenchServer(entries_per_answer=ENTRIES) as server:
        run(_lexicue(material, 1).command(server.base_url))
        bodies = [json.dumps(record.body, ensure_ascii=False) for record in server.requests]
    material.bodies.write_text("\n".join(bodies), encoding="utf-8")


def _clients(material: _Material) -> list[_Client]:
    """Neighbours in the list are neighbours in time."""
    at_limits = [
        client(material, concurrency)
        for concurrency in _CONCURRENCIES
        for client in (_bare_loop, _lexicue)
    ]
    return [
        *at_limits,
        _langextract(material, "two passes", ("words", "phrases")),
        _langextract(material, "one pass", ("words+phrases",)),
    ]


def _bare_loop(material: _Material, concurrency: int) -> _Client:
    script = CLIENTS / "bare_loop.py"
    return _Client(
        f"bare loop, {concurrency}",
        lambda url: [BENCH_PYTHON, script, material.bodies, url, str(concurrency)],
        2 * material.chunks,
    )


def _lexicue(material: _Material, concurrency: int) -> _Client:
    script, tokens = CLIENTS / "lexicue_run.py", str(material.chunk_tokens)
    return _Client(
        f"Lexicue, {concurrency}",
        lambda url: [LEXICUE_PYTHON, script, material.srt, url, tokens, str(concurrency)],
        2 * material.chunks,
    )


def _langextract(material: _Material, name: str, passes: Sequence[str]) -> _Client:
    script, buffer = CLIENTS / "langextract_run.py", str(_MAX_CHAR_BUFFER)
    return _Client(
        f"langextract, {name}",
        lambda url: [BENCH_PYTHON, script, material.text, url, DEFAULT_MODEL, buffer, *passes],
        len(passes) * material.chunks,
    )


def _play(client: _Client, seed: int) -> _Round:
    """One client's job on a fresh server.

    Raises:
        RuntimeError: it did not do the job it was given, so its figures compare with nothing.
    """
    with serving(seed) as seen:
        finished = run(client.command(seen.base_url))
    if not finished.told["complete"] or seen.failed or seen.requests != client.requests:
        raise RuntimeError(f"{client.name}: {client.requests} requests wanted, {seen}")
    return _Round(seen, finished)


def _in_flight(rounds: Sequence[_Round]) -> Spread:
    return Spread.of(each.seen.mean_in_flight for each in rounds)


def _wall(rounds: Sequence[_Round]) -> Spread:
    return Spread.of(each.finished.wall_s for each in rounds)


def _table(rounds: dict[str, list[_Round]]) -> Table:
    header = ("client, at most at once", "requests", "in flight, mean", "wall s", "CPU s")
    return Table((*header, "entries found / refused"), [_row(*item) for item in rounds.items()])


def _row(name: str, rounds: Sequence[_Round]) -> Sequence[str]:
    told = rounds[0].finished.told
    return (
        name,
        str(rounds[0].seen.requests),
        _in_flight(rounds).show(),
        _wall(rounds).show(1),
        Spread.of(each.finished.cpu_s for each in rounds).show(1),
        f"{told['grounded']:,} / {told['refused']:,}" if "grounded" in told else "",
    )


def _verdicts(rounds: dict[str, list[_Round]]) -> list[Verdict]:
    mine = _wall(rounds[f"Lexicue, {_DEFAULT}"])
    two, one = (_wall(rounds[f"langextract, {name}"]) for name in ("two passes", "one pass"))
    return [
        *(_beside_bare_loop(rounds, concurrency) for concurrency in _CONCURRENCIES),
        _faster("two passes", two.over(mine)),
        _faster("one pass", one.over(mine)),
    ]


def _beside_bare_loop(rounds: dict[str, list[_Round]], concurrency: int) -> Verdict:
    ratio = _in_flight(rounds[f"Lexicue, {concurrency}"]).over(
        _in_flight(rounds[f"bare loop, {concurrency}"])
    )
    return Verdict(
        f"mean in flight at {concurrency}, against the bare loop",
        ratio.show(3),
        f"≥ {_NEAR_ENOUGH}",
        ratio.median >= _NEAR_ENOUGH,
    )


def _faster(passes: str, ratio: Spread) -> Verdict:
    return Verdict(
        f"wall time of langextract at its defaults ({passes}) over Lexicue's at its default "
        f"{_DEFAULT}",
        ratio.show(),
        f"≥ {_TIMES_FASTER}",
        ratio.median >= _TIMES_FASTER,
    )
