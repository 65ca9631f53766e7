"""Lyrics: what stands between musical notes, or behind ``# `` at the start of a line."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["without_lyrics"]

_NOTES = "♪♫♬♩🎵🎶¶"
_NOTE = re.compile(f"[{_NOTES}]")
_SPLIT = re.compile(f"[{_NOTES}]+")
_HASH_START = re.compile(r"^([-–—> ]*)#(?=\s|$)")
_HASH_END = re.compile(r"(?<=\s)#$")
_HASHES_AROUND = re.compile(r"^#(?=[^\W\d])(.*\W)#$")


def without_lyrics(lines: Sequence[str]) -> list[str]:
    """The lines of a cue with their lyrics cut out.

    A song goes from a note to the next. One that is not closed on its line goes on to the line
    that ends with a note, if there is one in the cue, or else to the end of its own line. A line
    whose only note is its last character is sung as a whole.
    """
    lines = _hashes_as_notes(lines)
    if not any(_NOTE.search(line) for line in lines):
        return list(lines)
    kept: list[str] = []
    singing = False
    for line, goes_on in zip(lines, _songs_going_on(lines), strict=True):
        spoken, singing = _spoken(line, singing)
        kept.append(spoken)
        singing = singing and goes_on
    return kept


def _hashes_as_notes(lines: Sequence[str]) -> Sequence[str]:
    if not any("#" in line for line in lines):
        return lines
    noted = [_HASHES_AROUND.sub(r"♪\1♪", _HASH_START.sub(r"\1♪", line)) for line in lines]
    if noted == list(lines):
        return lines
    return [_HASH_END.sub("♪", line) for line in noted]


def _spoken(line: str, singing: bool) -> tuple[str, bool]:
    """What of the line is not sung, and whether the song goes on at its end."""
    parts = _SPLIT.split(line)
    only_note_is_last = len(parts) == 2 and not parts[1].strip()
    if only_note_is_last and parts[0].strip(" -–—>"):
        return "", False
    spoken = " ".join(part.strip() for part in parts[1 if singing else 0 :: 2])
    return spoken.strip(), singing != (len(parts) % 2 == 0)


def _songs_going_on(lines: Sequence[str]) -> list[bool]:
    """For each line, whether the next note below it ends a song rather than begins one."""
    goes_on = False
    going_on: list[bool] = []
    for line in reversed(lines):
        going_on.append(goes_on)
        if _NOTE.search(line):
            goes_on = not _NOTE.match(line.lstrip(" -–—>"))
    return going_on[::-1]
