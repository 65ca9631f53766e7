"""From what a cue shows to the turns that are spoken in it.

Out go credits, sounds in brackets and parentheses, lyrics, dialogue dashes, ``>>`` and speaker
labels; the last three tell where another speaker begins. Everything else stays as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from lexicue.subtitles.raw import Passage, RawCue
from lexicue.subtitles.speech.credit import without_credits
from lexicue.subtitles.speech.label import Labels
from lexicue.subtitles.speech.lyrics import without_lyrics
from lexicue.subtitles.speech.mark import split_marks, take_mark
from lexicue.subtitles.speech.sound import without_sounds

__all__ = ["Cleaner", "Turn"]


class Turn(NamedTuple):
    """What one speaker says in a cue.

    Attributes:
        text: on one line; empty where a name or mark stands alone.
        speaker: where the voice or a label tells.
        marked: whether a dash or ``>>`` says that another speaker begins.
    """

    text: str
    speaker: str | None = None
    marked: bool = False


# Most cues hold nothing but speech, and one search tells.
_SUSPECT = re.compile(
    r"[\[\](){}（）【】［］♪♫♬♩🎵🎶¶#*:>]|^[-‐‑‒–—―－]"
    r"|\b(?:by|www|download|advertise|opensubtitles|addic7ed|subscene|amara|vip)",
    re.IGNORECASE | re.MULTILINE,
)
_ENDS_SENTENCE = re.compile(r"[.?!…。？！—–-][\"'”’»)\]]*$")
_WORDLESS = re.compile(r"[\W_]*")
_NEVER_SPEECH = re.compile(r"[-‐‑‒–—―－♪♫#*~_=>|•·\s]*")


class Cleaner:
    """Cleans the cues of a file, one after the other.

    Args:
        cues: all of them, in order: a label that comes again is surer to be one.
    """

    def __init__(self, cues: Iterable[RawCue]) -> None:
        self._labels = Labels(passage.text for cue in cues for passage in cue.passages)
        self._sentence_ended = True
        self._nothing_said = True

    def turns(self, passages: Sequence[Passage]) -> list[Turn]:
        """The turns of the next cue, in order; empty where nothing is said."""
        turns = [turn for passage in passages for turn in self._passage(passage)]
        self._sentence_ended = not turns or _ends_sentence(turns[-1].text)
        self._nothing_said = self._nothing_said and not any(turn.text for turn in turns)
        return turns

    def _passage(self, passage: Passage) -> list[Turn]:
        text, voice = passage
        if not _SUSPECT.search(text):
            turns = [Turn(text.replace("\n", " "))]
        else:
            turns = self._spoken(_without_noise(text))
        if voice and turns and turns[0].speaker is None:
            turns[0] = turns[0]._replace(speaker=voice)
        return turns

    def _spoken(self, lines: Sequence[str]) -> list[Turn]:
        drafts: list[_Draft] = []
        for marked, line in _marked(lines):
            above = drafts[-1] if drafts else None
            speaker, said = self._labels.take(
                line,
                fresh=self._sentence_ended if above is None else _ends_sentence(above.said[-1]),
                sure=marked or (self._nothing_said if above is None else above.opened),
            )
            if _NEVER_SPEECH.fullmatch(said):
                said = ""
            if marked or speaker or above is None:
                drafts.append(_Draft(marked, speaker, [said]))
            else:
                above.said.append(said)
        return [draft.turn() for draft in drafts]


@dataclass(slots=True)
class _Draft:
    """A turn that lines are still added to."""

    marked: bool
    speaker: str | None
    said: list[str]

    @property
    def opened(self) -> bool:
        return self.marked or self.speaker is not None

    def turn(self) -> Turn:
        return Turn(" ".join(filter(None, self.said)), self.speaker, self.marked)


def _without_noise(text: str) -> list[str]:
    kept = without_sounds(without_credits(text)).split("\n")
    lines = [" ".join(line.split()) for line in without_lyrics(kept)]
    if lines == text.split("\n"):
        return lines
    # Where something went, a stray full stop or quotation mark is no speech of its own.
    return [line for line in lines if line and not _is_leftover(line)]


def _is_leftover(line: str) -> bool:
    return _WORDLESS.fullmatch(line) is not None and not take_mark(line, [])[0]


def _marked(lines: Sequence[str]) -> Iterator[tuple[bool, str]]:
    """The lines, and parts of lines, with whether a mark stands before each."""
    seen: list[tuple[bool, str]] = []
    for line in lines:
        for part in split_marks(line):
            seen.append(take_mark(part, seen))
            yield seen[-1]


def _ends_sentence(text: str) -> bool:
    return not text or _ENDS_SENTENCE.search(text[-8:]) is not None
