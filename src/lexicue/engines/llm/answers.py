"""Reading answers: the compact format, and what models write instead of it.

Servers with structured output answer in the format of `lexicue.engines.llm.schema`. Others fence
the JSON, chat around it, name the keys, or stop in the middle; whatever entries are whole are read.
What is not an entry is counted, never dropped in silence.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import regex

from lexicue.engines.llm.salvage import json_values
from lexicue.errors import AnswerEmptyError, AnswerNotJsonError
from lexicue.model import Candidate, JsonValue, PhraseKind, Task

__all__ = ["MAX_ANSWER_CHARS", "ParsedAnswer", "parse_answer"]

MAX_ANSWER_CHARS = 1_000_000
"""Longest answer read; one of 8,000 tokens has some 30,000 characters."""

_MAX_ITEM_CHARS = 200
_MAX_MEANINGS = 2
_THINKING = regex.compile(r"<think>.*?(?:</think>|\Z)", regex.DOTALL)
_TEXT_KEYS = ("word", "phrase", "text", "surface", "expression", "term", "idiom", "w", "p")
_MEANING_KEYS = ("meanings", "meaning", "definition", "translation", "m")
_LIST_KEYS = ("words", "phrases", "vocabulary", "entries", "items", "result", "results", "data")
_KIND_KEYS = ("kind", "type", "k")
_KINDS_BY_NAME = {str(kind): kind for kind in PhraseKind} | {
    f"{kind}s": kind for kind in PhraseKind
}


@dataclass(frozen=True, slots=True)
class ParsedAnswer:
    """What an answer holds.

    Attributes:
        candidates: its entries, in order.
        malformed: what stands where an entry should and is none.
        whole: whether the JSON was complete, and not cut off.
    """

    candidates: tuple[Candidate, ...]
    malformed: tuple[str, ...]
    whole: bool


def parse_answer(content: str, task: Task) -> ParsedAnswer:
    """Read a model's answer to a task.

    Raises:
        AnswerEmptyError: there is nothing in it.
        AnswerNotJsonError: there is no JSON in it, or none that could be entries.
    """
    text = _THINKING.sub("", content[:MAX_ANSWER_CHARS]).strip()
    if not text:
        raise AnswerEmptyError("the answer is empty")
    found = False
    for value, whole in json_values(text):
        found = True
        answer = _read_entries(value, task, whole=whole)
        if answer.candidates or (whole and not answer.malformed):
            return answer
    if found:
        raise AnswerNotJsonError(f"the answer's JSON holds no {task} in a known shape: {text[:80]}")
    raise AnswerNotJsonError(f"the answer is no JSON: {text[:80]}")


def _read_entries(value: JsonValue, task: Task, *, whole: bool) -> ParsedAnswer:
    candidates: list[Candidate] = []
    malformed: list[str] = []
    for entry, kind in _entries(value):
        candidate = _candidate(entry, kind, task)
        if candidate is None:
            malformed.append(json.dumps(entry, ensure_ascii=False)[:_MAX_ITEM_CHARS])
        else:
            candidates.append(candidate)
    return ParsedAnswer(tuple(candidates), tuple(malformed), whole)


def _entries(value: JsonValue) -> Iterator[tuple[JsonValue, PhraseKind | None]]:
    """Each entry of an answer with the kind of the list it stands in."""
    if isinstance(value, list):
        yield from ((entry, None) for entry in value)
    elif isinstance(value, dict):
        if _text_of(value) is not None:
            yield value, None
            return
        for key, inner in value.items():
            yield from _entries_under(str(key), inner)


def _entries_under(key: str, inner: JsonValue) -> Iterator[tuple[JsonValue, PhraseKind | None]]:
    """The entries of one member: a list of a kind, a map from text to meaning, or one entry."""
    kind = _KINDS_BY_NAME.get(key.lower())
    names_a_list = kind is not None or key.lower() in _LIST_KEYS
    if not names_a_list:
        yield _with_text(key, inner), None  # {"resilient": ["회복력 있는"]}
    elif isinstance(inner, list):
        yield from ((entry, kind) for entry in inner)
    elif isinstance(inner, dict):
        yield from ((_with_text(name, item), kind) for name, item in inner.items())
    else:
        yield inner, kind


def _with_text(name: str, item: JsonValue) -> JsonValue:
    """An entry whose text was its key."""
    if isinstance(item, dict):
        entry: dict[str, JsonValue] = {"text": name, **item}
        return entry
    return [name, *item] if isinstance(item, list) else [name, item]


def _candidate(entry: JsonValue, kind: PhraseKind | None, task: Task) -> Candidate | None:
    if isinstance(entry, dict):
        text, meanings = _text_of(entry), _meanings_of(entry)
        kind = kind or _KINDS_BY_NAME.get(str(_first(entry, _KIND_KEYS)).lower().replace(" ", "_"))
    elif isinstance(entry, list) and entry and all(isinstance(item, str) for item in entry):
        text, meanings = str(entry[0]), [str(item) for item in entry[1:]]
    else:
        return None
    if text is None or not text.strip() or len(text) > _MAX_ITEM_CHARS:
        return None
    if task is Task.PHRASES:
        kind = kind or _kind_by_form(text)
    return Candidate(
        text=" ".join(text.split()),
        meanings=_clean_meanings(meanings),
        kind=kind if task is Task.PHRASES else None,
        confidence=0.9,
    )


_PARTICLES = frozenset(
    "up down off on in out away back over around about along through apart together by forward "
    "after into across ahead aside behind round under".split()
)


def _kind_by_form(text: str) -> PhraseKind:
    """The likeliest kind of a phrase that came without one."""
    words = text.lower().split()
    verb_and_particle = 2 <= len(words) <= 4 and words[1] in _PARTICLES
    return PhraseKind.PHRASAL_VERB if verb_and_particle else PhraseKind.EXPRESSION


def _first(entry: JsonValue, keys: tuple[str, ...]) -> JsonValue:
    if isinstance(entry, dict):
        for key in keys:
            if key in entry:
                value: JsonValue = entry[key]
                return value
    return None


def _text_of(entry: JsonValue) -> str | None:
    text = _first(entry, _TEXT_KEYS)
    return text if isinstance(text, str) else None


def _meanings_of(entry: JsonValue) -> list[str]:
    meaning = _first(entry, _MEANING_KEYS)
    if isinstance(meaning, str):
        return [meaning]
    return [item for item in meaning if isinstance(item, str)] if isinstance(meaning, list) else []


def _clean_meanings(meanings: list[str]) -> tuple[str, ...]:
    """At most two different meanings, bounded, without white space around."""
    cleaned = (" ".join(meaning.split())[:_MAX_ITEM_CHARS] for meaning in meanings)
    return tuple(dict.fromkeys(meaning for meaning in cleaned if meaning))[:_MAX_MEANINGS]
