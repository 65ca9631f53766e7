"""Tokens of an answer in Lexicue's compact format and in the obvious ones."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.results import Section, Spread, Table
from lexicue.chunking import QwenTokenCounter
from lexicue.lexicon import load_lexicon
from lexicue.model import PhraseKind

__all__ = ["measure"]

_ENTRIES = 40
_SCHEMA_KINDS = (PhraseKind.PHRASAL_VERB, PhraseKind.IDIOM, PhraseKind.EXPRESSION)

_READING = f"""
{_ENTRIES} words and {_ENTRIES} phrases of the lexicon, drawn at random with a fixed seed each
round, with their Korean meanings, written as a model would write them and counted with Qwen2.5's
own tokenizer; the whole answer's tokens, divided by its entries. *compact* is what Lexicue asks
for: `{{"words":[["abandon","버리다","포기하다"],…]}}`, phrases in one list a kind. The other two
say the same with keys: `{{"words":[{{"word":"abandon","meanings":["버리다","포기하다"]}},…]}}` and
`{{"phrases":[{{"phrase":…,"kind":…,"meaning":…}},…]}}`, on one line or indented by two. A decoded
token costs tens of times a prefilled one, so a ratio here is about the ratio of the answers' time.
*Meanings alone* is the floor: the text that nobody but the model can give. There is no target.
"""


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry as a model gives it."""

    text: str
    meanings: tuple[str, ...]
    kind: PhraseKind | None = None


def measure(repeats: int) -> Section:
    """Count the formats over so many samples."""
    rows = []
    for name, sample in (("words", _words), ("phrases", _phrases)):
        samples = [sample(random.Random(seed)) for seed in range(repeats)]
        rows += _rows(name, samples)
    header = ("entries", "format", "tokens an entry", "times the compact one")
    return Section("Answer tokens", _READING, Table(header, rows))


def _words(chance: random.Random) -> list[_Entry]:
    entries = chance.sample(list(load_lexicon().words.values()), _ENTRIES)
    return [_Entry(entry.lemma, tuple(entry.meanings[:2])) for entry in entries]


def _phrases(chance: random.Random) -> list[_Entry]:
    listed = [entry for entry in load_lexicon().phrases if entry.kind in _SCHEMA_KINDS]
    entries = chance.sample(listed, _ENTRIES)
    return [_Entry(entry.phrase, tuple(entry.meanings[:1]), entry.kind) for entry in entries]


def _rows(name: str, samples: Sequence[Sequence[_Entry]]) -> list[Sequence[str]]:
    per_entry = {
        label: Spread.of(
            QwenTokenCounter().count(write(name, sample)) / _ENTRIES for sample in samples
        )
        for label, write in _FORMATS.items()
    }
    compact = per_entry["compact"]
    return [
        (name, label, spread.show(1), spread.over(compact).show())
        for label, spread in per_entry.items()
    ]


def _compact(name: str, entries: Sequence[_Entry]) -> str:
    if name == "words":
        lists = {name: [[entry.text, *entry.meanings] for entry in entries]}
    else:
        lists = {
            str(kind): [[entry.text, *entry.meanings] for entry in entries if entry.kind is kind]
            for kind in _SCHEMA_KINDS
        }
    return json.dumps(lists, ensure_ascii=False, separators=(",", ":"))


def _keyed(name: str, entries: Sequence[_Entry]) -> dict[str, list[dict[str, Any]]]:
    if name == "words":
        return {name: [{"word": each.text, "meanings": each.meanings} for each in entries]}
    return {
        name: [
            {"phrase": each.text, "kind": each.kind, "meaning": each.meanings[0]}
            for each in entries
        ]
    }


def _one_line(name: str, entries: Sequence[_Entry]) -> str:
    return json.dumps(_keyed(name, entries), ensure_ascii=False)


def _indented(name: str, entries: Sequence[_Entry]) -> str:
    return json.dumps(_keyed(name, entries), ensure_ascii=False, indent=2)


def _meanings_alone(name: str, entries: Sequence[_Entry]) -> str:
    return " ".join(meaning for entry in entries for meaning in entry.meanings)


_FORMATS: dict[str, Callable[[str, Sequence[_Entry]], str]] = {
    "compact": _compact,
    "keys, one line": _one_line,
    "keys, indented": _indented,
    "meanings alone": _meanings_alone,
}
