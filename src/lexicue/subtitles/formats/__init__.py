"""The subtitle formats, and which one a text is in.

A format is one file with a `Format` in it, and one line in `FORMATS`.
"""

from __future__ import annotations

from pathlib import Path

from lexicue.errors import SubtitleError
from lexicue.subtitles.formats.base import Fit, Format
from lexicue.subtitles.formats.srt import SRT
from lexicue.subtitles.formats.vtt import VTT
from lexicue.subtitles.raw import RawCue

__all__ = ["FORMATS", "SUFFIXES", "parse"]

FORMATS: tuple[Format, ...] = (
    SRT,
    VTT,
)
"""Every format read; of two that fit a text equally well, the earlier one."""

_NOT_READ = frozenset(
    {".ass", ".dfxp", ".json3", ".lrc", ".sami", ".sbv", ".scc", ".smi", ".srv3"}
    | {".ssa", ".stl", ".sub", ".ttml", ".xml"}
)

SUFFIXES = frozenset(suffix for form in FORMATS for suffix in form.suffixes) | _NOT_READ
"""The file name suffixes of subtitles, lower case, with the dot."""


def parse(text: str, source: str) -> list[RawCue]:
    """The cues of a subtitle text, in whichever format it is.

    Args:
        text: with "\\n" as its only line break.
        source: its name: for messages, and to choose between formats that fit equally well.

    Raises:
        SubtitleError: no format fits, or there is no cue.
    """
    form = _choose(text, Path(source).suffix.lower())
    cues = form.parse(text.split("\n")) if form else []
    if not cues:
        raise SubtitleError(_why_none(text, source), source=source, line=_first_line(text))
    return cues


def _choose(text: str, suffix: str) -> Format | None:
    fits = [(form.fit(text), suffix in form.suffixes, form) for form in FORMATS]
    fit, _, form = max(fits, key=lambda candidate: candidate[:2])
    return form if fit > Fit.NO else None


def _first_line(text: str) -> int:
    return text[: len(text) - len(text.lstrip())].count("\n") + 1 if text.strip() else 1


def _why_none(text: str, source: str) -> str:
    start = text[:200].lstrip().lower()
    suffix = Path(source).suffix.lower()
    if not text.strip():
        return "is empty; was it saved or downloaded completely?"
    if start.split()[0] == "webvtt":
        return "has a WebVTT header but no cue; was it downloaded completely?"
    if start.startswith(("<!doctype html", "<html")):
        return "is a web page, not subtitles; download the subtitle file it links to"
    if suffix in _NOT_READ:
        return f"{suffix} is not read; convert it to SRT, as with `ffmpeg -i in{suffix} out.srt`"
    if start.startswith(("{", "[{", "[\n")):
        return "is JSON, not subtitles; give an SRT or WebVTT file"
    return (
        "is not subtitles: no line has times such as 00:00:01,000 --> 00:00:04,000; "
        "give an SRT or WebVTT file"
    )
