"""WebVTT: a header, then cues with optional names, settings and tags, and comment blocks."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lexicue.subtitles.formats.base import Fit, Format
from lexicue.subtitles.formats.timed import number_at, parse_timed
from lexicue.subtitles.formats.timing import has_timing
from lexicue.subtitles.raw import RawCue

__all__ = ["VTT"]

_HEADER = re.compile(r"WEBVTT(?![^ \t\n])")
_ASIDE = re.compile(r"NOTE(?![^ \t])|(?:STYLE|REGION)[ \t]*$")


def _fit(text: str) -> Fit:
    if _HEADER.match(text[:1000].lstrip()):
        return Fit.SURE
    return Fit.MAYBE if has_timing(text) else Fit.NO


def _parse(lines: Sequence[str]) -> list[RawCue]:
    return parse_timed(lines, identifier_at=_name_at, is_aside=_is_aside)


def _name_at(body: Sequence[str], previous: str | None) -> int | None:
    if len(body) > 1 and body[-1] and not body[-2]:
        return len(body) - 1
    return number_at(body, previous)


def _is_aside(line: str) -> bool:
    return _ASIDE.match(line) is not None


VTT = Format("WebVTT", (".vtt", ".webvtt"), _fit, _parse)
"""WebVTT, read leniently: the times may be as in SRT, and text may have blank lines in it."""
