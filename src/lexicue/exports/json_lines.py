"""JSON Lines: a header line, then an entry a line, for streaming into other programs."""

from __future__ import annotations

import json

from lexicue.model import JsonValue
from lexicue.vocabulary import SCHEMA_VERSION, Vocabulary, entry_to_dict

__all__ = ["as_json_lines"]


def as_json_lines(vocabulary: Vocabulary) -> str:
    """A line ``{"type": "vocabulary", …}`` without entries, then one for each word and phrase."""
    header = {
        key: value
        for key, value in vocabulary.to_dict().items()
        if key not in ("schema", "words", "phrases")
    }
    lines: list[dict[str, JsonValue]] = [_line("vocabulary", header)]
    lines += [_line("word", entry_to_dict(word)) for word in vocabulary.words]
    lines += [_line("phrase", entry_to_dict(phrase)) for phrase in vocabulary.phrases]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _line(kind: str, fields: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {"schema": SCHEMA_VERSION, "type": kind, **fields}
