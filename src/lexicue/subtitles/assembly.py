"""From raw cues to the cues of a transcript: in order of time, with who speaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from operator import attrgetter

from lexicue.model import Cue
from lexicue.subtitles.raw import RawCue
from lexicue.subtitles.speech import Cleaner, Turn

__all__ = ["assemble"]

_SAME_WORDS = 0.7
"""The share of words two versions of a cue have in common; cues in two languages have few."""


def assemble(raw_cues: Sequence[RawCue]) -> tuple[Cue, ...]:
    """The cues in order of their start, those that start together in the order of the file.

    Of cues with the same times and almost the same words, all but the first are silent: files put
    together from two versions, or from the layers of another format, say everything twice.
    """
    ordered = sorted(raw_cues, key=attrgetter("start_ms"))
    floor = _Floor(Cleaner(ordered))
    cues: list[Cue] = []
    spoken: Cue | None = None
    for index, raw in enumerate(ordered):
        cue = floor.cue(index, raw)
        if spoken and _repeats(cue, spoken):
            cue = Cue(index, cue.start_ms, cue.end_ms, "")
        elif cue.text:
            spoken = cue
        cues.append(cue)
    return tuple(cues)


def _repeats(cue: Cue, earlier: Cue) -> bool:
    if (cue.start_ms, cue.end_ms) != (earlier.start_ms, earlier.end_ms):
        return False
    words, earlier_words = Counter(cue.text.split()), Counter(earlier.text.split())
    longer = max(words.total(), earlier_words.total())
    return (words & earlier_words).total() >= _SAME_WORDS * longer


class _Floor:
    """Who has the floor, as the cues go by."""

    def __init__(self, cleaner: Cleaner) -> None:
        self._cleaner = cleaner
        self._speaker: str | None = None
        self._announced = False

    def cue(self, index: int, raw: RawCue) -> Cue:
        end_ms = max(raw.start_ms, raw.end_ms)
        parts: list[str] = []
        speaker, starts_turn = None, False
        for turn in self._cleaner.turns(raw.passages):
            is_new = self._take(turn)
            if not turn.text:
                continue
            if not parts:
                speaker, starts_turn = self._named(turn), is_new
            else:
                parts.append("\n" if is_new else " ")
            parts.append(turn.text)
            self._announced = False
        return Cue(index, raw.start_ms, end_ms, "".join(parts), speaker, starts_turn)

    def _take(self, turn: Turn) -> bool:
        """Give the turn the floor, and tell whether somebody else had it before."""
        is_new = turn.marked or self._announced
        if turn.speaker is not None:
            is_new = is_new or turn.speaker != self._speaker
            self._announced = is_new and not turn.text
            self._speaker = turn.speaker
        elif turn.marked:
            self._speaker = None
        return is_new

    def _named(self, turn: Turn) -> str | None:
        # A name that stood alone ("MARTA:") is that of whoever speaks next.
        return turn.speaker or (self._speaker if self._announced else None)
