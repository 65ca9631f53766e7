"""Chunking a long text: Lexicue against langextract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.processes import BENCH_PYTHON, CLIENTS, LEXICUE_PYTHON, WORKSPACE, run
from benchmarks.results import Section, Spread, Table, Verdict
from benchmarks.texts import as_srt, long_transcript

__all__ = ["measure"]

_CHARACTERS = 800_000
_CHUNK_TOKENS = 2000
_MAX_CHAR_BUFFER = 8000
_WITHIN = 5
"""Times each process chunks the text after the first; the median of them is its figure."""

_READING = f"""
The same {_CHARACTERS:,} characters of real speech are cut into chunks by `chunk_transcript` at
{_CHUNK_TOKENS} tokens and by langextract's `ChunkIterator` at {_MAX_CHAR_BUFFER} characters with
its default tokenizer. CPU seconds, so that other load on the machine matters little. "Later" is
the median of {_WITHIN} times in one process; "first" is the first time in it, which for Lexicue
holds the loading of Qwen's vocabulary. Lexicue counts the model's real tokens; langextract counts
characters, and its tokens are words. A ratio compares neighbours in time; below 1 Lexicue is
faster.
"""


def measure(repeats: int) -> Section:
    """Run both, one after the other, so many times."""
    srt, text = _inputs()
    mine, theirs = [], []
    for _ in range(repeats):
        mine.append(_told(LEXICUE_PYTHON, "lexicue", srt, _CHUNK_TOKENS))
        theirs.append(_told(BENCH_PYTHON, "langextract", text, _MAX_CHAR_BUFFER))
    later = _later(mine).over(_later(theirs))
    first = _first(mine).over(_first(theirs))
    return Section(
        "Chunking",
        _READING,
        Table(
            ("", "chunks", "CPU ms, later", "CPU ms, first"),
            (
                ("Lexicue", str(mine[0]["chunks"]), *_cells(mine)),
                ("langextract", str(theirs[0]["chunks"]), *_cells(theirs)),
                ("ratio", "", later.show(3), first.show(3)),
            ),
        ),
        (
            Verdict(
                "CPU time of chunking, against langextract",
                later.show(3),
                "< 0.1",
                later.median < 0.1,
            ),
        ),
    )


def _inputs() -> tuple[Path, Path]:
    WORKSPACE.mkdir(parents=True, exist_ok=True)
    srt, text = WORKSPACE / "chunking.srt", WORKSPACE / "chunking.txt"
    transcript = long_transcript(_CHARACTERS)
    srt.write_text(as_srt(transcript), encoding="utf-8")
    text.write_text(transcript.text, encoding="utf-8")
    return srt, text


def _told(python: Path, client: str, path: Path, size: int) -> dict[str, Any]:
    return run([python, CLIENTS / f"{client}_chunks.py", path, str(size), str(_WITHIN)]).told


def _later(told: list[dict[str, Any]]) -> Spread:
    return Spread.of(Spread.of(each["seconds"][1:]).median for each in told)


def _first(told: list[dict[str, Any]]) -> Spread:
    return Spread.of(each["seconds"][0] for each in told)


def _cells(told: list[dict[str, Any]]) -> tuple[str, str]:
    later, first = _later(told), _first(told)
    return _ms(later), _ms(first)


def _ms(seconds: Spread) -> str:
    return Spread.of(value * 1000 for value in seconds.values).show(0)
