"""What is said in a cue, without all that only stands beside it."""

from __future__ import annotations

from lexicue.subtitles.speech.cleaning import Cleaner, Turn

__all__ = ["Cleaner", "Turn"]
