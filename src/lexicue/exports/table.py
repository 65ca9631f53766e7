"""A table to read in a terminal: the entry, its meaning, and the sentence it is said in."""

from __future__ import annotations

import io
import os
import shutil
import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lexicue.model import Occurrence, Phrase, Word
from lexicue.vocabulary import Vocabulary

__all__ = ["as_table", "clock"]

_NARROWEST = 72
_WIDTH_TO_A_FILE = 120
_MARK = "bold yellow"


def as_table(vocabulary: Vocabulary) -> str:
    """The vocabulary as two tables, coloured when standard output is a terminal."""
    console = Console(
        file=io.StringIO(),
        width=_width(),
        force_terminal=sys.stdout.isatty() and "NO_COLOR" not in os.environ,
        highlight=False,
        emoji=False,
        markup=False,
    )
    title = Text.assemble((vocabulary.video_id, "bold"), f"  {_counts(vocabulary)}")
    console.print(title)
    if vocabulary.phrases:
        console.print(_phrases(vocabulary))
    if vocabulary.words:
        console.print(_words(vocabulary))
    output = console.file
    assert isinstance(output, io.StringIO)
    return "\n".join(line.rstrip() for line in output.getvalue().splitlines()) + "\n"


def clock(milliseconds: int) -> str:
    """A time as people write it: 2:05, 1:02:05."""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _width() -> int:
    if not sys.stdout.isatty():
        return _WIDTH_TO_A_FILE
    return max(_NARROWEST, shutil.get_terminal_size().columns)


def _counts(vocabulary: Vocabulary) -> str:
    return f"{len(vocabulary.phrases)} phrases, {len(vocabulary.words)} words"


def _phrases(vocabulary: Vocabulary) -> Table:
    table = _table("Phrase", "Kind")
    for phrase in vocabulary.phrases:
        first = phrase.occurrences[0]
        table.add_row(
            Text(phrase.phrase, style="bold"),
            str(phrase.kind).replace("_", " "),
            phrase.level or "",
            _phrase_meaning(phrase),
            clock(first.start_ms),
            _sentence(first),
        )
    return table


def _words(vocabulary: Vocabulary) -> Table:
    table = _table("Word", "")
    for word in vocabulary.words:
        first = word.occurrences[0]
        table.add_row(
            Text(word.lemma, style="bold"),
            word.pos,
            _level(word),
            "; ".join(word.meanings) or word.definition or "–",
            clock(first.start_ms),
            _sentence(first),
        )
    return table


def _table(entry: str, kind: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column(entry, max_width=24, overflow="fold")
    table.add_column(kind, style="dim", no_wrap=True)
    table.add_column("Level", style="dim", no_wrap=True)
    table.add_column("Meaning", max_width=26, overflow="fold")
    table.add_column("Time", style="dim", justify="right", no_wrap=True)
    table.add_column("Sentence", ratio=1)
    return table


def _level(word: Word) -> str:
    """The level; "~" before one that is an estimate."""
    if word.level is None:
        return ""
    return word.level if word.level_source == "list" else f"~{word.level}"


def _phrase_meaning(phrase: Phrase) -> str:
    meaning = phrase.meaning or phrase.definition or "–"
    return f"{meaning} (직역: {phrase.literal})" if phrase.literal else meaning


_LONGEST_SENTENCE = 140
_BEFORE = 50


def _sentence(occurrence: Occurrence) -> Text:
    """The sentence with the mention marked; of a long one, the part around it."""
    text = Text(occurrence.sentence)
    for start, end in occurrence.spans:
        text.stylize(_MARK, start, end)
    if len(text) <= _LONGEST_SENTENCE:
        return text
    start = _word_start(occurrence.sentence, max(0, occurrence.spans[0][0] - _BEFORE))
    part = text[start : start + _LONGEST_SENTENCE]
    before = "… " if start else ""
    after = " …" if start + _LONGEST_SENTENCE < len(text) else ""
    return Text.assemble(before, part, after)


def _word_start(sentence: str, near: int) -> int:
    """The next place where a word begins."""
    if near == 0:
        return 0
    space = sentence.find(" ", near)
    return near if space < 0 else space + 1
