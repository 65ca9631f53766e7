"""Real speech in any length: the shared talks, or the example where there are none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import lexicue
from benchmarks.processes import ROOT
from lexicue.model import Cue, Transcript

__all__ = ["as_srt", "long_transcript", "talk_files"]

_TALKS = ROOT.parent / "shared" / "data" / "subtitles" / "talks"
_EXAMPLES = ROOT / "examples"
_CUE_MS = 3000


def talk_files() -> list[Path]:
    """The subtitle files that the texts are made of."""
    return sorted(_TALKS.glob("*.srt")) or sorted(_EXAMPLES.glob("*.srt"))


def long_transcript(characters: int) -> Transcript:
    """A transcript of this many characters, but for part of a cue.

    The talks follow each other until the length is reached: each time round they begin with
    another talk, and a cue that counts the parts stands before each, so that no two chunks are
    the same text and chunk edges fall elsewhere.
    """
    cues: list[Cue] = []
    length = 0
    for cue in _endless_cues():
        if length + len(cue.text) > characters:
            break
        start = len(cues) * _CUE_MS
        cues.append(replace(cue, index=len(cues), start_ms=start, end_ms=start + _CUE_MS))
        length += len(cue.text) + 1
    return Transcript("benchmark", tuple(cues), source="the talks, repeated")


def _endless_cues() -> Iterator[Cue]:
    talks = [lexicue.read(file) for file in talk_files()]
    for number in count():
        talk = talks[(number + number // len(talks)) % len(talks)]
        yield Cue(0, 0, 0, f"This is part {number + 1} of the series.")
        yield from (replace(cue, starts_turn=False) for cue in talk.cues if cue.text)


def as_srt(transcript: Transcript) -> str:
    """The transcript as a SubRip file."""
    return "\n".join(
        f"{cue.index + 1}\n{_clock(cue.start_ms)} --> {_clock(cue.end_ms)}\n{cue.text}\n"
        for cue in transcript.cues
    )


def _clock(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02},{rest:03}"
