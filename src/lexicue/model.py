"""The data that flows through Lexicue, from cues to a vocabulary.

Offsets count characters (Unicode code points) and are half-open, ``[start, end)``; times are
milliseconds from the start of the video; token counts are those of the model's own tokenizer.
Everything here is immutable.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Literal

__all__ = [
    "CEFR_LEVELS",
    "Candidate",
    "Chunk",
    "ChunkResult",
    "Cue",
    "Extraction",
    "Level",
    "LevelSource",
    "Mention",
    "Occurrence",
    "Phrase",
    "PhraseKind",
    "Sentence",
    "Source",
    "Span",
    "Status",
    "Task",
    "Transcript",
    "Usage",
    "Word",
]

Span = tuple[int, int]
"""A half-open character range."""

Mention = tuple[Span, ...]
"""The spans of one mention, in order: one span, or several for a separated phrase."""

Level = Literal["A1", "A2", "B1", "B2", "C1", "C2"]
"""A CEFR level."""

CEFR_LEVELS: tuple[Level, ...] = ("A1", "A2", "B1", "B2", "C1", "C2")
"""The CEFR levels, easiest first."""

LevelSource = Literal["list", "estimate"]
"""Where a level comes from: a published list, or an estimate from frequency."""

Source = Literal["lexical", "llm", "both"]
"""The engine that found an entry."""


class Task(StrEnum):
    """One of the two extractions made of every chunk."""

    WORDS = "words"
    PHRASES = "phrases"


class Status(StrEnum):
    """How a chunk's task ended."""

    OK = "ok"
    PARTIAL = "partial"
    FAILED = "failed"


class PhraseKind(StrEnum):
    """What sort of phrase it is."""

    IDIOM = "idiom"
    PHRASAL_VERB = "phrasal_verb"
    PREPOSITIONAL_VERB = "prepositional_verb"
    LIGHT_VERB = "light_verb"
    EXPRESSION = "expression"
    COMPOUND = "compound"
    PROVERB = "proverb"


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle cue.

    Attributes:
        index: 0-based position among the cues of the file, silent ones counted.
        start_ms: when it appears.
        end_ms: when it goes.
        text: what is said, with single spaces; "\\n" only where another speaker goes on.
            Empty for a cue without speech ("[music]"), which keeps its place and times.
        speaker: who says it, where the subtitle tells.
        starts_turn: whether a new speaker begins here, so that no sentence reaches over it.
    """

    index: int
    start_ms: int
    end_ms: int
    text: str
    speaker: str | None = None
    starts_turn: bool = False


@dataclass(frozen=True)
class Transcript:
    """All that is said in a video: its cues in order of time, and their running text.

    Attributes:
        video_id: the name of the video in results.
        cues: every cue of the file.
        source: where it was read from, for messages.
    """

    video_id: str
    cues: tuple[Cue, ...]
    source: str = "<string>"

    @classmethod
    def from_texts(cls, texts: Iterable[str], video_id: str) -> Transcript:
        """A transcript without times, one cue a text, for text that never was a subtitle."""
        cues = (
            Cue(i, 0, 0, " ".join(text.split()), starts_turn=True) for i, text in enumerate(texts)
        )
        return cls(video_id, tuple(cues))

    @cached_property
    def _layout(self) -> tuple[str, list[int], list[Cue]]:
        parts: list[str] = []
        starts: list[int] = []
        spoken: list[Cue] = []
        length = 0
        for cue in self.cues:
            if not cue.text:
                continue
            if spoken:
                parts.append("\n" if cue.starts_turn else " ")
                length += 1
            starts.append(length)
            spoken.append(cue)
            parts.append(cue.text)
            length += len(cue.text)
        return "".join(parts), starts, spoken

    @property
    def text(self) -> str:
        """The running text: cues joined by a space, or by "\\n" where another speaker begins."""
        return self._layout[0]

    def cue_at(self, offset: int) -> Cue:
        """The cue that a character of `text` belongs to; a separator belongs to the cue before.

        Raises:
            IndexError: the offset is outside the text.
        """
        return self._layout[2][self.spoken_number_at(offset)]

    def spoken_number_at(self, offset: int) -> int:
        """The place among `spoken_cues` (0-based) of the cue that a character belongs to.

        Raises:
            IndexError: the offset is outside the text.
        """
        text, starts, _ = self._layout
        if not 0 <= offset < len(text):
            raise IndexError(f"offset {offset} is outside the text of {len(text)} characters")
        return bisect_right(starts, offset) - 1

    def cue_start(self, cue_number: int) -> int:
        """The offset in `text` where the n-th spoken cue (0-based) begins."""
        return self._layout[1][cue_number]

    @property
    def spoken_cues(self) -> list[Cue]:
        """The cues with speech, in order: those that `cue_start` counts."""
        return self._layout[2]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, as a range of the transcript's text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of whole sentences that fits the token budget.

    Attributes:
        number: 1-based place among the chunks of a transcript.
        text: what is sent to the engine: ``transcript.text[start:start + len(text)]``.
        start: where it begins in the transcript's text.
        sentences: its sentences, as ranges of the transcript's text.
        tokens: its length in tokens.
    """

    number: int
    text: str
    start: int
    sentences: tuple[Sentence, ...]
    tokens: int

    @property
    def end(self) -> int:
        """Where it ends in the transcript's text."""
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What an engine says it found in a chunk; nothing is believed before grounding.

    Attributes:
        text: a word as it is said or as a lemma; a phrase in its citation form.
        meanings: in the learner's language.
        kind: of a phrase; None for a word.
        mentions: where the engine saw it, as spans of the chunk's text; empty if it cannot tell.
        lemma: the dictionary form of a word, where the engine knows it.
        pos: the part of speech shown (``n v adj adv`` …), where the engine knows it.
        upos: its Universal POS tag.
        definition: in English.
        synonyms: in English.
        literal: a phrase word for word, in the learner's language.
        register: formal, informal, slang …
        level: CEFR.
        level_source: whether `level` is listed or estimated.
        confidence: of the engine, 0 to 1.
        malformed: it is no entry at all, only its raw text; to be counted and refused.
    """

    text: str
    meanings: tuple[str, ...] = ()
    kind: PhraseKind | None = None
    mentions: tuple[Mention, ...] = ()
    lemma: str | None = None
    pos: str | None = None
    upos: str | None = None
    definition: str | None = None
    synonyms: tuple[str, ...] = ()
    literal: str | None = None
    register: str | None = None
    level: Level | None = None
    level_source: LevelSource | None = None
    confidence: float = 1.0
    malformed: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """What an extraction cost.

    Attributes:
        requests: requests answered or failed, retries counted.
        prompt_tokens: prefilled, cached ones counted.
        cached_tokens: of those, taken from the server's prefix cache.
        completion_tokens: generated.
        busy_seconds: time requests were in flight, added up.
    """

    requests: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    busy_seconds: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.requests + other.requests,
            self.prompt_tokens + other.prompt_tokens,
            self.cached_tokens + other.cached_tokens,
            self.completion_tokens + other.completion_tokens,
            self.busy_seconds + other.busy_seconds,
        )


@dataclass(frozen=True, slots=True)
class Extraction:
    """An engine's answer for one chunk and task.

    Attributes:
        candidates: what it says it found.
        status: ``ok``; ``partial`` when some of the chunk was not covered; ``failed``.
        error: what went wrong, when it is not ``ok``.
        usage: what it cost.
    """

    candidates: tuple[Candidate, ...] = ()
    status: Status = Status.OK
    error: str | None = None
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One mention of an entry in the video.

    Attributes:
        cue_index: the cue where the mention begins.
        start_ms: when that cue appears.
        end_ms: when the cue where the mention ends goes.
        sentence: the whole sentence, which may span cues; no line breaks.
        spans: character ranges in `sentence`; two or more for a separated phrase.
        surface: the words as said: ``sentence`` from the first span's start to the last's end.
        offset: where the sentence begins in the transcript's text; gives occurrences an order.
    """

    cue_index: int
    start_ms: int
    end_ms: int
    sentence: str
    spans: Mention
    surface: str
    offset: int

    @property
    def position(self) -> tuple[int, Mention]:
        """The place of the mention in the transcript: equal only for the same mention."""
        return (self.offset, self.spans)


@dataclass(frozen=True, slots=True)
class Word:
    """A word worth learning.

    Attributes:
        lemma: dictionary form.
        pos: part of speech as shown (``n v adj adv`` …); empty where unknown.
        upos: Universal POS tag; empty where unknown.
        meanings: at most two, in the learner's language.
        synonyms: at most two, in English.
        definition: in English; empty where there is none.
        level: CEFR, or None where it cannot be told.
        level_source: ``list`` or ``estimate``.
        zipf: log10 of occurrences per billion words (0 unknown, 7 very common).
        occurrences: in order of the text; never empty.
        confidence: 0 to 1.
        source: the engine that found it.
    """

    lemma: str
    pos: str
    upos: str
    meanings: tuple[str, ...]
    synonyms: tuple[str, ...]
    definition: str
    level: Level | None
    level_source: LevelSource | None
    zipf: float
    occurrences: tuple[Occurrence, ...]
    confidence: float
    source: Source


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase worth learning.

    Attributes:
        phrase: citation form ("pull someone's leg").
        kind: idiom, phrasal verb and so on.
        meaning: in the learner's language; at most two, joined by "; ".
        definition: in English; empty where there is none.
        literal: word for word in the learner's language; empty where it does not help.
        register: formal, informal, slang …; empty for neutral.
        level: CEFR, or None where it cannot be told.
        level_source: ``list`` or ``estimate``.
        occurrences: in order of the text; never empty.
        confidence: 0 to 1.
        source: the engine that found it.
    """

    phrase: str
    kind: PhraseKind
    meaning: str
    definition: str
    literal: str
    register: str
    level: Level | None
    level_source: LevelSource | None
    occurrences: tuple[Occurrence, ...]
    confidence: float
    source: Source


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """How one task of one chunk went, and what it gave.

    Attributes:
        chunk: the chunk's number, from 1.
        task: words or phrases.
        status: ``ok``, ``partial`` or ``failed``.
        error: what went wrong, when it is not ``ok``.
        words: grounded entries of the words task.
        phrases: grounded entries of the phrases task.
        refused: items returned by the engine that are not in the text.
        seconds: from the task's start to its end, waiting for retries counted.
        usage: requests and tokens.
    """

    chunk: int
    task: Task
    status: Status
    error: str | None = None
    words: tuple[Word, ...] = ()
    phrases: tuple[Phrase, ...] = ()
    refused: tuple[str, ...] = ()
    seconds: float = 0.0
    usage: Usage = field(default_factory=Usage)


JsonValue = None | bool | int | float | str | list["JsonValue"] | Mapping[str, "JsonValue"]
"""What ``json`` reads and writes."""
