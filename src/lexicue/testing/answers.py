"""Good answers: real entries of the chunk, in the format that was asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from lexicue.model import JsonValue, Task
from lexicue.testing.asked import ChatCall
from lexicue.testing.phrasebook import phrases_in

__all__ = ["Entries", "Meaning", "as_json", "entries_for", "placeholder_meaning", "with_items"]

Meaning = Callable[[str, int], str]
"""The meaning of an entry, from its text and its number in the answer, from 1."""

Entries = dict[str, list[JsonValue]]
"""An answer: entries by the name of the list they stand in."""

_WORD = re.compile(r"(?<![\w'’-])[A-Za-z]{7,48}(?![\w'’-])")
"""A word of seven letters or more, not part of a longer one."""

_MAX_ITEM_CHARS = 48
_PHRASE_LISTS = ("phrasal_verb", "idiom", "expression")


def placeholder_meaning(text: str, number: int) -> str:  # noqa: ARG001 - a `Meaning` takes both
    """A meaning that says nothing, in Korean: "뜻 1", "뜻 2" …"""
    return f"뜻 {number}"


def entries_for(call: ChatCall, limit: int, meaning: Meaning) -> Entries:
    """The first entries of a request's chunk.

    Args:
        call: the request.
        limit: entries given at most; the schema's ``maxItems`` bounds each list too.
        meaning: gives each its meaning.
    """
    found = _words(call.chunk) if call.task is Task.WORDS else _phrases(call.chunk)
    lists: Entries = {name: [] for name in _lists_of(call)}
    for number, (name, text) in enumerate(found[:limit], start=1):
        if len(lists[name]) < _max_items(call.schema, name, limit):
            lists[name].append([text, meaning(text, number)[:_MAX_ITEM_CHARS]])
    return lists


def as_json(entries: Mapping[str, Any]) -> str:
    """An answer on one line, without a needless character."""
    return json.dumps(entries, ensure_ascii=False, separators=(",", ":"))


def with_items(entries: Entries, call: ChatCall, items: tuple[str, ...]) -> Entries:
    """The answer with other entries at the end of its last list, in place of some if it is full."""
    name = _lists_of(call)[-1]
    added: list[JsonValue] = [[item, item] for item in items]
    room = _max_items(call.schema, name, len(entries[name]) + len(added))
    kept = entries[name][: max(0, room - len(added))]
    return {**entries, name: [*kept, *added][:room]}


def _lists_of(call: ChatCall) -> tuple[str, ...]:
    return ("words",) if call.task is Task.WORDS else _PHRASE_LISTS


def _words(chunk: str) -> list[tuple[str, str]]:
    """Long words as they first stand in the text."""
    first: dict[str, str] = {}
    for match in _WORD.finditer(chunk):
        first.setdefault(match[0].lower(), match[0])
    return [("words", word) for word in first.values()]


def _phrases(chunk: str) -> list[tuple[str, str]]:
    return [(str(kind), phrase) for kind, phrase in phrases_in(chunk)]


def _max_items(schema: Mapping[str, Any], name: str, otherwise: int) -> int:
    """How many entries the schema allows in a list."""
    try:
        return int(schema["properties"][name]["maxItems"])
    except (LookupError, TypeError, ValueError):
        return otherwise
