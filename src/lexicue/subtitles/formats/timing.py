"""The line of times that begins a cue: ``00:00:01,000 --> 00:00:04,000 position:50%``."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["Timing", "has_timing", "parse_timing"]


class Timing(NamedTuple):
    """The times of a cue, in milliseconds, and what stands behind them on the line."""

    start_ms: int
    end_ms: int
    rest: str = ""


# Counts are bounded so that no line, however odd, takes more than linear time.
# A colon before the milliseconds needs all three digits, to be no part of the time proper; and
# seconds that run into letters are damaged ("00:00:1d.890").
_TIME = (
    r"(-?)(?:(\d{1,6}):)?(\d{1,6}):(\d{1,2})"
    r"(?:[.,][ ]?(\d{1,3})\d{0,9}|:(\d{3})(?!\d)|(?!\w))"
)
_ARROW = r"[^\S\n]{0,40}(?:[-–—]{1,3}[ ]?(?:>|&gt;))[^\S\n]{0,40}"
_LINE = re.compile(rf"[^\S\n]{{0,40}}{_TIME}{_ARROW}{_TIME}")
_ANY_LINE = re.compile(f"^{_LINE.pattern}", re.MULTILINE)
_DAMAGED = re.compile(
    rf"[^\S\n]{{0,40}}(?:{_TIME}(?=[^\n]{{0,20}}?-->)|[\d:.,]{{3,20}}{_ARROW}{_TIME})"
)
_PARTS = 6


def has_timing(text: str) -> bool:
    """Whether any line of the text gives the times of a cue."""
    return _ANY_LINE.search(text) is not None


def parse_timing(line: str) -> Timing | None:
    """The times on the line, or None where it is no such line.

    Hours may be missing, a comma, dot or colon may stand before the milliseconds, and there may
    be one to three digits of them: they are a decimal fraction, so ``,5`` is half a second. Where
    only one of the two times can be read, it is taken for both.
    """
    if ">" not in line and "&gt;" not in line:
        return None
    if match := _LINE.match(line):
        parts = match.groups()
        return Timing(_ms(*parts[:_PARTS]), _ms(*parts[_PARTS:]), line[match.end() :].strip())
    if match := _DAMAGED.match(line):
        parts = match.groups()
        time = _ms(*(parts[:_PARTS] if parts[2] else parts[_PARTS:]))
        return Timing(time, time)
    return None


def _ms(
    sign: str, hours: str | None, minutes: str, seconds: str, fraction: str | None, ms: str | None
) -> int:
    if sign:
        return 0
    total = (int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)
    return total * 1000 + int((fraction or ms or "0").ljust(3, "0"))
