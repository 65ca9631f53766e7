"""SubRip: a number, a line of times, the text, a blank line."""

from __future__ import annotations

from collections.abc import Sequence

from lexicue.subtitles.formats.base import Fit, Format
from lexicue.subtitles.formats.timed import number_at, parse_timed
from lexicue.subtitles.formats.timing import has_timing
from lexicue.subtitles.raw import RawCue

__all__ = ["SRT"]


def _fit(text: str) -> Fit:
    return Fit.MAYBE if has_timing(text) else Fit.NO


def _parse(lines: Sequence[str]) -> list[RawCue]:
    return parse_timed(lines, identifier_at=number_at, rest_is_text=_is_text)


def _is_text(rest: str) -> bool:
    """Whether what stands behind the times is text, not coordinates (``X1:40 Y1:20``)."""
    return not all(":" in part or part.isdecimal() for part in rest.split())


SRT = Format("SubRip", (".srt",), _fit, _parse)
"""SubRip, read leniently: also what has no numbers, dots for commas, or no hours."""
