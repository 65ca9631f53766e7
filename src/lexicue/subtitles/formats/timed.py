"""Line-based formats: cues that begin with a line of times, as in SRT and WebVTT."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from lexicue.subtitles.formats.markup import passages
from lexicue.subtitles.formats.timing import parse_timing
from lexicue.subtitles.raw import RawCue

__all__ = ["FindIdentifier", "number_at", "parse_timed"]

FindIdentifier = Callable[[Sequence[str], str | None], int | None]
"""Where, in the lines between two lines of times, the lower cue's identifier is, if it has one.

The lines are stripped; the second argument is the identifier of the upper cue.
"""

_LONGEST_NUMBER = 9


def parse_timed(
    lines: Sequence[str],
    *,
    identifier_at: FindIdentifier,
    is_aside: Callable[[str], bool] = lambda _: False,
    rest_is_text: Callable[[str], bool] = lambda _: False,
) -> list[RawCue]:
    """The cues of a line-based format.

    Text goes to the cue above it, also over blank lines; what stands before the first cue, or
    loose behind an aside, is left out.

    Args:
        lines: of the file.
        identifier_at: finds the number or name of a cue.
        is_aside: whether a line after a blank one begins a block that is no cue (a comment).
        rest_is_text: whether what stands behind the times on their line is text.
    """
    rows = [line.strip() for line in lines]
    timings = {at: timing for at, row in enumerate(rows) if (timing := parse_timing(row))}
    if not timings:
        return []
    cues: list[RawCue] = []
    # The start of the file is like a blank line to what is below it.
    head = ["", *rows[: next(iter(timings))]]
    identifier = _at(head, identifier_at(head, "0"))
    for at, below in pairwise([*timings, len(rows)]):
        body = rows[at + 1 : below]
        found = identifier_at(body, identifier) if below in timings else None
        identifier = _at(body, found)
        start_ms, end_ms, rest = timings[at]
        text = _without_asides(body[:found], is_aside)
        if rest and rest_is_text(rest):
            text = [rest, *text]
        cues.append(RawCue(start_ms, end_ms, passages("\n".join(text))))
    return cues


def number_at(body: Sequence[str], previous: str | None) -> int | None:
    """Where the cue's number is, rather than a number that somebody says.

    Numbers may be wrong or missing, and so may the blank lines around them; but a number right
    under text, or away from the times, is believed only if it goes on from the last one.
    """
    at = len(body) - 1
    while at >= 0 and not body[at]:
        at -= 1
    if at < 0 or not _is_number(body[at]):
        return None
    follows = previous is not None and _is_number(previous) and int(body[at]) == int(previous) + 1
    after_gap = at > 0 and not body[at - 1]
    of_empty_cue = at == 0 and previous is not None
    touches_times = at == len(body) - 1
    if touches_times:
        return at if after_gap or follows or of_empty_cue else None
    return at if after_gap and follows else None


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) <= _LONGEST_NUMBER


def _at(rows: Sequence[str], place: int | None) -> str | None:
    return None if place is None else rows[place]


def _without_asides(body: Sequence[str], is_aside: Callable[[str], bool]) -> Sequence[str]:
    for at, (above, row) in enumerate(pairwise(body), start=1):
        if not above and row and is_aside(row):
            return body[:at]
    return body
