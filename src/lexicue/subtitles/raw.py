"""What a format gives: cues as they stand in the file, markup gone, nothing judged yet."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Passage", "RawCue"]


class Passage(NamedTuple):
    """A stretch of a cue under one voice.

    Attributes:
        text: its lines, joined by "\\n"; spaces are single, and no line is empty.
        voice: the speaker the markup names (``<v Mary>``), if it does.
    """

    text: str
    voice: str | None = None


class RawCue(NamedTuple):
    """A cue in the order of the file.

    Attributes:
        start_ms: when it appears.
        end_ms: when it goes; may be before `start_ms` in a bad file.
        passages: what it shows; empty for an empty cue.
    """

    start_ms: int
    end_ms: int
    passages: tuple[Passage, ...]
