"""How fast Lexicue's own work is: the embedded engine, and grounding."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import lexicue
from benchmarks.fake_vllm import answered
from benchmarks.results import Section, Spread, Table
from benchmarks.texts import long_transcript, talk_files
from lexicue.chunking import QwenTokenCounter, chunk_transcript
from lexicue.grounding import ChunkIndex, ground_all
from lexicue.lexicon import load_lexicon
from lexicue.model import Candidate, Chunk, Task, Transcript

__all__ = ["measure"]

_CHARACTERS = 55_000
_CHUNK_TOKENS = 2000
_WORDS, _PHRASES = 40, 20

_READING = f"""
Lexicue's own work, without a server; there is no target and no peer, the figures are for planning.

- **Embedded engine**: `lexicue.extract(..., engine="lexical")` over a whole talk, from the file to
  the vocabulary, after one talk has warmed it up.
- **Grounding**: one `ChunkIndex` and `ground_all` of {_WORDS + _PHRASES} items a chunk of
  {_CHUNK_TOKENS} tokens: {_WORDS} words that are said, and {_PHRASES} phrases, first those that are
  said, the rest from the lexicon and mostly to be refused. This is done on the client's CPU for
  every answer of a server. "First" meets every word for the first time in the process, and its
  slowest chunk also loads the dictionary; "again" finds them in its caches.

CPU seconds count all threads of the process; the wall time depends on what else the machine does.
"""


def measure(repeats: int) -> Section:
    """Measure both, so many times."""
    header = ("what", "how much", "CPU", "wall")
    return Section(
        "Throughput", _READING, Table(header, [*_grounding(repeats), _embedded(repeats)])
    )


def _embedded(repeats: int) -> Sequence[str]:
    warm_up, talk = _two_talks()
    lexicue.extract(warm_up, engine="lexical")
    words = len(lexicue.read(talk).text.split())
    timed = [_timed(lambda: lexicue.extract(talk, engine="lexical")) for _ in range(repeats)]
    cpu, wall = (
        Spread.of(words / seconds for seconds in column) for column in zip(*timed, strict=True)
    )
    return (
        "embedded engine",
        f"{talk.stem}, {words:,} words",
        f"{cpu.show(0)} words/s",
        f"{wall.show(0)} words/s",
    )


def _two_talks() -> tuple[Path, Path]:
    """One to warm up with, and the longest; the same where there is but one."""
    talks = sorted(talk_files(), key=lambda file: file.stat().st_size)
    return talks[0], talks[-1]


def _grounding(repeats: int) -> list[Sequence[str]]:
    transcript = long_transcript(_CHARACTERS)
    chunks = chunk_transcript(transcript, QwenTokenCounter(), _CHUNK_TOKENS)
    asked = [(chunk, _items(chunk)) for chunk in chunks]
    first, *again = [[_ground(transcript, *one) for one in asked] for _ in range(repeats + 1)]
    how_much = f"{len(chunks)} chunks × {_WORDS + _PHRASES} items"
    return [
        ("grounding, first", how_much, *_ms_per_chunk(first)),
        ("grounding, again", how_much, *_ms_per_chunk([one for each in again for one in each])),
    ]


def _items(chunk: Chunk) -> list[Candidate]:
    """What a model might answer of a chunk."""
    listed = random.Random(chunk.number).sample(load_lexicon().phrases, _PHRASES)
    words = [text for _, text, _ in answered(chunk.text, Task.WORDS, _WORDS)]
    said = [text for _, text, _ in answered(chunk.text, Task.PHRASES, _PHRASES)]
    texts = [*words, *[*said, *(entry.phrase for entry in listed)][:_PHRASES]]
    return [Candidate(text=text) for text in texts]


def _ground(transcript: Transcript, chunk: Chunk, items: list[Candidate]) -> tuple[float, float]:
    return _timed(lambda: ground_all(ChunkIndex(transcript, chunk), items))


def _ms_per_chunk(timed: Sequence[tuple[float, float]]) -> list[str]:
    return [
        f"{Spread.of(seconds * 1000 for seconds in column).show(1)} ms/chunk"
        for column in zip(*timed, strict=True)
    ]


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """CPU and wall seconds of some work."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall
