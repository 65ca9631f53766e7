"""What a subtitle format is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from lexicue.subtitles.raw import RawCue

__all__ = ["Fit", "Format"]


class Fit(IntEnum):
    """How sure a format is of a text."""

    NO = 0
    MAYBE = 1
    SURE = 2


@dataclass(frozen=True, slots=True)
class Format:
    """A subtitle format.

    Attributes:
        name: for people.
        suffixes: of its files, lower case, with the dot.
        fit: how sure it is, from the content alone, that a text is in this format.
        parse: the cues in the lines of a file, in the file's order. It raises nothing: what is
            damaged it reads as well as it can, and where there is no cue it gives none.
    """

    name: str
    suffixes: tuple[str, ...]
    fit: Callable[[str], Fit]
    parse: Callable[[Sequence[str]], list[RawCue]]
