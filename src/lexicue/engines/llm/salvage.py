"""Finding JSON in what a model wrote: fenced, chatted around, or cut off in the middle."""

from __future__ import annotations

import json
from collections.abc import Iterator

import regex

from lexicue.model import JsonValue

__all__ = ["json_values"]

_MAX_OPENINGS = 40
"""Places tried as the beginning of JSON; chat before an answer has few brackets."""

_OPENING = regex.compile(r"[\[{]")
_TOKEN = regex.compile(r'"(?:[^"\\]|\\.)*+(?:"|\Z)|[\[\]{}]', regex.DOTALL)
_DECODER = json.JSONDecoder(strict=False)
"""Reads control characters in strings too: xgrammar lets models write them where a string's length
is bounded (on random weights, in a quarter of the answers)."""
_CLOSER = {"[": "]", "{": "}"}


def json_values(text: str) -> Iterator[tuple[JsonValue, bool]]:
    """Each JSON object or array in a text, outermost and first ones first.

    Yields:
        the value, and whether it was complete. Of one that is cut off, what stands before its
        last whole inner array or object.
    """
    covered = 0
    for opening in list(_OPENING.finditer(text))[:_MAX_OPENINGS]:
        start = opening.start()
        if start < covered:
            continue
        try:
            value, covered = _DECODER.raw_decode(text, start)
            yield value, True
        except (json.JSONDecodeError, RecursionError):
            salvaged = _before_the_cut(text[start:])
            if salvaged is not None:
                yield salvaged, False


def _before_the_cut(text: str) -> JsonValue:
    """The value that begins a text, closed after its last whole inner value; None without one."""
    for end, still_open in reversed(_inner_ends(text)):
        closers = "".join(_CLOSER[bracket] for bracket in reversed(still_open))
        try:
            value: JsonValue = _DECODER.decode(text[:end] + closers)
        except (json.JSONDecodeError, RecursionError):
            continue
        return value
    return None


def _inner_ends(text: str) -> list[tuple[int, str]]:
    """Where each inner array or object ends, with the brackets open there; the last few."""
    open_brackets: list[str] = []
    ends: list[tuple[int, str]] = []
    for token in _TOKEN.finditer(text):
        bracket = token[0]
        if bracket in "[{":
            open_brackets.append(bracket)
        elif bracket in "]}":
            open_brackets.pop()
            if not open_brackets:
                break
            ends.append((token.end(), "".join(open_brackets)))
    return ends[-3:]
