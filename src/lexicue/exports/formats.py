"""The formats by name. A new one is a file here and a line in `FORMATS`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from lexicue.exports.compact import as_compact
from lexicue.exports.json_document import as_json
from lexicue.exports.json_lines import as_json_lines
from lexicue.exports.table import as_table
from lexicue.vocabulary import Vocabulary

__all__ = ["FORMATS", "Format", "export"]

Format = Literal["table", "json", "jsonl", "compact"]

FORMATS: dict[Format, Callable[[Vocabulary], str]] = {
    "table": as_table,
    "json": as_json,
    "jsonl": as_json_lines,
    "compact": as_compact,
}
"""Every format, as a function from a vocabulary to text that ends in a newline."""


def export(vocabulary: Vocabulary, form: Format) -> str:
    """A vocabulary in one of the formats."""
    return FORMATS[form](vocabulary)
