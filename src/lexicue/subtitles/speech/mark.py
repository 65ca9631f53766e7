"""Marks that another speaker begins: dialogue dashes and ``>>``."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["split_marks", "take_mark"]

_DASHES = "-‐‑‒–—―－"
_MARK = re.compile(rf"\s*(?:>{{2,3}}\s*|([{_DASHES}])(\s*))")
_ENDED = r"(?<=[.?!…\"'”’)\]♪—-])"
_INNER_ARROWS = re.compile(rf"{_ENDED}\s(?=>{{2,3}}\s)")
_INNER_DASH = re.compile(rf"{_ENDED}\s(?=[-–—]\s[^\W\d_a-z])")
_ENDS_SENTENCE = re.compile(r"[.?!…\"”)\]♪—]$")


def split_marks(line: str) -> list[str]:
    """The line, cut before each mark that stands within it behind a finished sentence."""
    if ">>" in line:
        return _INNER_ARROWS.split(line)
    if line[:1] and line[0] in _DASHES:
        return _INNER_DASH.split(line)
    return [line]


def take_mark(line: str, above: Sequence[tuple[bool, str]]) -> tuple[bool, str]:
    """Whether the line begins with a mark, and what is behind it.

    A dash marks a speaker when a space follows, or a capital, a letter of a script without
    capitals, or a quotation mark. It is speech before another dash, a digit ("-5 degrees") or a
    small letter ("-based"). After a space a small letter is a new speaker's only where the line
    above is marked too, or ends a sentence.

    Args:
        line: with single spaces.
        above: the lines above it in the cue, as this function gave them.
    """
    match = _MARK.match(line)
    if match is None:
        return False, line
    dash, space = match.groups()
    said = line[match.end() :]
    if dash is None or not said:
        return True, said
    if said[0] in _DASHES or (not space and (said[0].isdigit() or said[0].islower())):
        return False, line
    if space and said[0].islower() and above:
        marked_above, text_above = above[-1]
        marks = marked_above or _ENDS_SENTENCE.search(text_above) is not None
        return marks, said if marks else line
    return True, said
