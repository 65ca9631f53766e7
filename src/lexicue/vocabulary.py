"""The vocabulary of a video: entries merged over its chunks, ranked.

Words are the same entry when lemma and part of speech agree, phrases when their citation forms do.
Every occurrence is kept, once, in order of the text. The order in which results arrive does not
matter: the same results give the same vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TypeVar

from lexicue.model import (
    CEFR_LEVELS,
    ChunkResult,
    JsonValue,
    Level,
    Occurrence,
    Phrase,
    Source,
    Status,
    Task,
    Word,
)

__all__ = ["SCHEMA_VERSION", "Missing", "Vocabulary", "merge_phrases", "merge_words"]

SCHEMA_VERSION = 1
"""Version of the JSON written: raised when a field changes its meaning or goes away."""

_MOST_MEANINGS = 2
_MOST_SYNONYMS = 2

Entry = TypeVar("Entry", Word, Phrase)


@dataclass(frozen=True, slots=True)
class Missing:
    """A task of a chunk that is not fully in the vocabulary.

    Attributes:
        chunk: the chunk's number, from 1.
        task: words or phrases.
        status: ``partial`` or ``failed``.
        error: why.
    """

    chunk: int
    task: Task
    status: Status
    error: str


@dataclass(frozen=True)
class Vocabulary:
    """The words and phrases of a video that are worth learning.

    Attributes:
        video_id: the video's name.
        learner_language: the language of the meanings, as it was asked for.
        engine: what found them.
        words: best first.
        phrases: best first.
        missing: what could not be extracted; empty for a complete vocabulary.
    """

    video_id: str
    learner_language: str
    engine: Source
    words: tuple[Word, ...]
    phrases: tuple[Phrase, ...]
    missing: tuple[Missing, ...] = ()

    @classmethod
    def of(
        cls, results: Iterable[ChunkResult], *, video_id: str, learner_language: str, engine: Source
    ) -> Vocabulary:
        """Merge the results of all chunks."""
        order = list(Task)
        in_order = sorted(results, key=lambda result: (result.chunk, order.index(result.task)))
        return cls(
            video_id,
            learner_language,
            engine,
            words=_ranked(merge_words(word for result in in_order for word in result.words)),
            phrases=_ranked(merge_phrases(p for result in in_order for p in result.phrases)),
            missing=tuple(
                Missing(result.chunk, result.task, result.status, result.error or "")
                for result in in_order
                if result.status is not Status.OK
            ),
        )

    @property
    def complete(self) -> bool:
        """Whether every task of every chunk is in it."""
        return not self.missing

    def to_dict(self) -> dict[str, JsonValue]:
        """As JSON has it; see ``docs/reference/json.md``."""
        return {
            "schema": SCHEMA_VERSION,
            "video_id": self.video_id,
            "learner_language": self.learner_language,
            "engine": self.engine,
            "complete": self.complete,
            "missing": [asdict(missing) for missing in self.missing],
            "words": [entry_to_dict(word) for word in self.words],
            "phrases": [entry_to_dict(phrase) for phrase in self.phrases],
        }

    def to_compact(self) -> dict[str, dict[str, JsonValue]]:
        """The design note's ``{"words": {…}, "phrases": {…}}``, by lemma and by citation form.

        A lemma in a second part of speech is "lead (v)".
        """
        words: dict[str, JsonValue] = {}
        for word in self.words:
            key = word.lemma if word.lemma not in words else f"{word.lemma} ({word.pos})"
            words[key] = {
                "pos": word.pos,
                "meanings": list(word.meanings),
                "synonyms": list(word.synonyms),
                "level": word.level,
            }
        phrases: dict[str, JsonValue] = {
            phrase.phrase: {"kind": str(phrase.kind), "meaning": phrase.meaning}
            for phrase in self.phrases
        }
        return {"words": words, "phrases": phrases}


def entry_to_dict(entry: Word | Phrase) -> dict[str, JsonValue]:
    """One entry as JSON has it."""
    fields = asdict(entry)
    fields["occurrences"] = [_occurrence_to_dict(each) for each in entry.occurrences]
    fields["confidence"] = round(entry.confidence, 3)
    return fields


def _occurrence_to_dict(occurrence: Occurrence) -> Mapping[str, JsonValue]:
    return {
        "cue_index": occurrence.cue_index,
        "start_ms": occurrence.start_ms,
        "end_ms": occurrence.end_ms,
        "sentence": occurrence.sentence,
        "spans": [list(span) for span in occurrence.spans],
        "surface": occurrence.surface,
    }


def merge_words(words: Iterable[Word]) -> tuple[Word, ...]:
    """One entry for each lemma and part of speech, in order of first arrival."""
    groups = _grouped(words, key=lambda word: (word.lemma.casefold(), word.pos))
    return tuple(_one_word(group) for group in groups)


def merge_phrases(phrases: Iterable[Phrase]) -> tuple[Phrase, ...]:
    """One entry for each citation form, in order of first arrival."""
    groups = _grouped(phrases, key=lambda phrase: _citation_key(phrase.phrase))
    return tuple(_one_phrase(group) for group in groups)


_SLOT_NAMES = {
    "sb": "someone",
    "somebody": "someone",
    "sth": "something",
    "sb's": "one's",
    "someone's": "one's",
    "somebody's": "one's",
    "your": "one's",
}
"""Models write slots in several ways; they are the same entry."""


def _citation_key(phrase: str) -> str:
    words = phrase.casefold().replace("’", "'").replace("-", " ").split()
    if len(words) > 1 and words[0] == "to":
        words = words[1:]
    return " ".join(_SLOT_NAMES.get(word, word) for word in words)


def _grouped(entries: Iterable[Entry], key: Callable[[Entry], Hashable]) -> list[list[Entry]]:
    groups: dict[Hashable, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(key(entry), []).append(entry)
    return list(groups.values())


def _one_word(group: Sequence[Word]) -> Word:
    first = group[0]
    return replace(
        first,
        meanings=_commonest(meaning for word in group for meaning in word.meanings),
        synonyms=_distinct(word.synonyms for word in group)[:_MOST_SYNONYMS],
        definition=next((word.definition for word in group if word.definition), ""),
        occurrences=_occurrences(group),
        confidence=max(word.confidence for word in group),
        source=_source(group),
    )


def _one_phrase(group: Sequence[Phrase]) -> Phrase:
    first = group[0]
    meanings = (meaning for phrase in group for meaning in phrase.meaning.split("; "))
    return replace(
        first,
        meaning="; ".join(_commonest(meanings)),
        definition=next((phrase.definition for phrase in group if phrase.definition), ""),
        literal=next((phrase.literal for phrase in group if phrase.literal), ""),
        occurrences=_occurrences(group),
        confidence=max(phrase.confidence for phrase in group),
        source=_source(group),
    )


def _commonest(meanings: Iterable[str]) -> tuple[str, ...]:
    """The two meanings given most often; of equals, the ones given first."""
    counts: dict[str, int] = {}
    for meaning in meanings:
        if meaning:
            counts[meaning] = counts.get(meaning, 0) + 1
    return tuple(sorted(counts, key=lambda meaning: -counts[meaning])[:_MOST_MEANINGS])


def _distinct(lists: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for items in lists for item in items))


def _occurrences(group: Sequence[Word] | Sequence[Phrase]) -> tuple[Occurrence, ...]:
    by_position = {each.position: each for entry in group for each in entry.occurrences}
    return tuple(by_position[position] for position in sorted(by_position))


def _source(group: Sequence[Word] | Sequence[Phrase]) -> Source:
    sources = {entry.source for entry in group}
    return sources.pop() if len(sources) == 1 else "both"


def _ranked(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    return tuple(sorted(entries, key=_rank))


_LEVEL_WORTH: dict[Level | None, float] = {
    **dict(zip(CEFR_LEVELS, (0.0, 0.2, 0.7, 1.0, 0.9, 0.6), strict=True)),
    None: 0.6,
}
"""How much a level is worth to the learner who starts: B2 is where most of what is new and still
often met lies. A learner's own level decides in selection."""


def _rank(entry: Word | Phrase) -> tuple[float, int, str]:
    """Best first: with a meaning, sure, of a useful level, said more than once; then as said."""
    explained = bool(entry.meanings if isinstance(entry, Word) else entry.meaning)
    again = min(len(entry.occurrences), 4) * 0.1
    worth = entry.confidence * (_LEVEL_WORTH[entry.level] + again) + explained
    name = entry.lemma if isinstance(entry, Word) else entry.phrase
    return (-round(worth, 6), entry.occurrences[0].offset, name)
