"""Reading the two lists: tab-separated lines under a header line, checked line by line."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from lexicue.errors import InputError, MissingDependencyError
from lexicue.lexicon.entries import WORD_POS, Lexicon, PhraseEntry, WordEntry
from lexicue.model import CEFR_LEVELS, Level, PhraseKind

__all__ = ["load_lexicon", "read_phrases", "read_words"]

Source = Path | Iterable[str]
"""A file, or its lines."""

WORD_COLUMNS = ("lemma", "pos", "meanings", "definition", "synonyms")
PHRASE_COLUMNS = (
    "phrase",
    "kind",
    "meaning",
    "definition",
    "literal",
    "register",
    "level",
    "separable",
    "gap",
)

_LEVELS: dict[str, Level | None] = {"": None, **{level: level for level in CEFR_LEVELS}}
_KINDS = {str(kind): kind for kind in PhraseKind}
_YES_NO = {"yes": True, "no": False}

_Entry = TypeVar("_Entry")


@cache
def load_lexicon() -> Lexicon:
    """The lexicon that comes with Lexicue, read once.

    Raises:
        MissingDependencyError: a list is not where it was installed.
        InputError: a line of it is malformed.
    """
    words = read_words(_packaged("words.tsv"), "words.tsv")
    phrases = read_phrases(_packaged("phrases.tsv"), "phrases.tsv")
    return Lexicon(words, phrases)


def read_words(source: Source, name: str | None = None) -> dict[tuple[str, str], WordEntry]:
    """Read a word list.

    Args:
        source: the file, or its lines.
        name: what to call it in messages; the file's own name unless given.

    Raises:
        InputError: a malformed line, or a lemma listed twice in one part of speech.
    """
    words: dict[tuple[str, str], WordEntry] = {}
    for place, entry in _entries(source, name, WORD_COLUMNS, _word_entry):
        key = (entry.lemma, entry.pos)
        if key in words:
            raise InputError(f"{place}: {entry.lemma!r} is listed twice as {entry.pos}")
        words[key] = entry
    return words


def read_phrases(source: Source, name: str | None = None) -> tuple[PhraseEntry, ...]:
    """Read a phrase list; the arguments and errors are those of `read_words`."""
    phrases: dict[str, PhraseEntry] = {}
    for place, entry in _entries(source, name, PHRASE_COLUMNS, _phrase_entry):
        if entry.phrase in phrases:
            raise InputError(f"{place}: {entry.phrase!r} is listed twice")
        phrases[entry.phrase] = entry
    return tuple(phrases.values())


def _packaged(name: str) -> list[str]:
    try:
        text = files("lexicue.lexicon").joinpath(name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise MissingDependencyError(
            f"{name} is missing from the installed package; reinstall lexicue"
        ) from None
    return text.split("\n")


def _entries(
    source: Source,
    name: str | None,
    columns: tuple[str, ...],
    build: Callable[[list[str]], _Entry],
) -> Iterator[tuple[str, _Entry]]:
    """Each entry with its place ("words.tsv, line 7"), the header checked and left out."""
    lines, name = _lines_and_name(source, name)
    for number, line in enumerate(lines, start=1):
        fields = [field.strip() for field in line.rstrip("\r\n").split("\t")]
        place = f"{name}, line {number}"
        if number == 1:
            _check_header(fields, columns, place)
        elif any(fields):
            _check_width(fields, columns, place)
            try:
                yield place, build(fields)
            except ValueError as error:
                raise InputError(f"{place}: {error}") from None


def _lines_and_name(source: Source, name: str | None) -> tuple[Iterable[str], str]:
    if isinstance(source, Path):
        return source.read_text(encoding="utf-8").split("\n"), name or source.name
    return source, name or "<lines>"


def _check_header(fields: list[str], columns: tuple[str, ...], place: str) -> None:
    if tuple(fields) != columns:
        raise InputError(f"{place}: the header must be {' '.join(columns)}, tab-separated")


def _check_width(fields: list[str], columns: tuple[str, ...], place: str) -> None:
    # Editors like to trim trailing tabs, so empty fields at the end may be left out.
    fields.extend([""] * (len(columns) - len(fields)))
    if len(fields) > len(columns):
        raise InputError(f"{place}: {len(fields)} fields where {len(columns)} are expected")


def _word_entry(fields: list[str]) -> WordEntry:
    lemma, pos, meanings, definition, synonyms = fields
    if pos not in WORD_POS:
        raise ValueError(f"pos must be one of {' '.join(WORD_POS)}, not {pos!r}")
    return WordEntry(
        _filled(lemma, "lemma"),
        pos,
        _items(_filled(meanings, "meanings")),
        definition,
        _items(synonyms),
    )


def _phrase_entry(fields: list[str]) -> PhraseEntry:
    phrase, kind, meaning, definition, literal, register, level, separable, gap = fields
    return PhraseEntry(
        phrase=_filled(phrase, "phrase"),
        kind=_KINDS[_one_of(kind, _KINDS, "kind")],
        meanings=_items(_filled(meaning, "meaning")),
        definition=definition,
        literal=literal,
        register=register,
        level=_LEVELS[_one_of(level, _LEVELS, "level")],
        separable=_YES_NO[_one_of(separable, _YES_NO, "separable")],
        gap=_number(gap, "gap"),
    )


def _filled(value: str, column: str) -> str:
    if not value:
        raise ValueError(f"{column} is empty")
    return value


def _one_of(value: str, allowed: Collection[str], column: str) -> str:
    if value not in allowed:
        raise ValueError(
            f"{column} must be one of {' '.join(filter(None, allowed))}, not {value!r}"
        )
    return value


def _number(value: str, column: str) -> int:
    if not value.isdecimal():
        raise ValueError(f"{column} must be a whole number, not {value!r}")
    return int(value)


def _items(value: str) -> tuple[str, ...]:
    return tuple(item for part in value.split(";") if (item := part.strip()))
