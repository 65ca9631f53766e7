"""The answer formats: compact arrays, every list and string bounded.

A decoded token costs tens of times a prefilled one, so an entry is ``["resilient","회복력 있는"]``:
no keys, and nothing that the program can work out itself (lemma, part of speech, level, sentence,
times). Phrases stand in one list per kind, which names the kind without a token per entry. Inside
an entry all items are strings, so that no ``prefixItems`` is needed and every backend's JSON schema
support will do.

``max_tokens`` follows from the schema and the chunk: entries allowed × what an entry takes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from lexicue.model import Chunk, JsonValue, PhraseKind, Task

__all__ = ["AnswerFormat", "answer_format"]

_MAX_ITEM_CHARS = 48
"""Longest word, phrase or meaning: 48 Latin letters or syllables of Hangul are a long one."""

_TOKENS_PER_CHUNK_ENTRY = {Task.WORDS: 24, Task.PHRASES: 32}
"""Chunk tokens per entry allowed. Speech has some 50 phrases in 1,000 words worth a study list
counting every connective, and about 40 words of B1 and up (see docs/design/answers.md)."""

_FEWEST_ENTRIES = 8
"""Entries allowed of a chunk however short."""

_ENTRY_STEP = 8
"""Entries allowed are rounded up to a multiple of this, so that chunks of about one size share one
schema: a server compiles each schema it has not seen."""

_TOKENS_PER_ENTRY = {Task.WORDS: 16, Task.PHRASES: 20}
"""Answer tokens an entry may take on average: measured 9 to 15 in Korean (``make bench``)."""

_ENVELOPE_TOKENS = 64
"""Answer tokens for keys and brackets around the entries."""

_ALWAYS = (PhraseKind.PHRASAL_VERB, PhraseKind.IDIOM, PhraseKind.EXPRESSION)
_WHERE_ANY = (
    PhraseKind.PREPOSITIONAL_VERB,
    PhraseKind.LIGHT_VERB,
    PhraseKind.COMPOUND,
    PhraseKind.PROVERB,
)


@dataclass(frozen=True, slots=True)
class AnswerFormat:
    """What a request may answer.

    Attributes:
        name: of the schema.
        schema: a JSON schema.
        max_entries: entries that the schema allows in all lists together.
        max_tokens: tokens the answer may have.
    """

    name: str
    schema: dict[str, JsonValue]
    max_entries: int
    max_tokens: int

    def limited_to(self, tokens: int) -> AnswerFormat:
        """The same format with at most so many answer tokens."""
        return replace(self, max_tokens=min(self.max_tokens, tokens))

    @property
    def response_format(self) -> dict[str, JsonValue]:
        """The ``response_format`` of the chat completions API."""
        return {
            "type": "json_schema",
            "json_schema": {"name": self.name, "schema": self.schema},
        }


def answer_format(chunk: Chunk, task: Task) -> AnswerFormat:
    """The format for one task of one chunk."""
    wanted = max(_FEWEST_ENTRIES, chunk.tokens // _TOKENS_PER_CHUNK_ENTRY[task])
    entries = -(-wanted // _ENTRY_STEP) * _ENTRY_STEP
    schema = _words_schema(entries) if task is Task.WORDS else _phrases_schema(entries)
    max_tokens = _ENVELOPE_TOKENS + entries * _TOKENS_PER_ENTRY[task]
    return AnswerFormat(f"lexicue_{task}", schema, entries, max_tokens)


def _words_schema(entries: int) -> dict[str, JsonValue]:
    return _object({"words": _entries(entries, longest=3)}, required=["words"])


def _phrases_schema(entries: int) -> dict[str, JsonValue]:
    lists: dict[str, JsonValue] = {
        str(kind): _entries(entries, longest=2) for kind in (*_ALWAYS, *_WHERE_ANY)
    }
    return _object(lists, required=[str(kind) for kind in _ALWAYS])


def _object(properties: dict[str, JsonValue], required: list[JsonValue]) -> dict[str, JsonValue]:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _entries(count: int, *, longest: int) -> JsonValue:
    item: JsonValue = {"type": "string", "minLength": 1, "maxLength": _MAX_ITEM_CHARS}
    entry: JsonValue = {"type": "array", "items": item, "minItems": 2, "maxItems": longest}
    return {"type": "array", "items": entry, "maxItems": count}
