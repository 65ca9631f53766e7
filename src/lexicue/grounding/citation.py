"""Reading a citation: which of its words are said, and which only hold a place.

"pull someone's leg" has two words that are said; between them stands a possessive. "look forward
to doing sth" has three, and what follows them may be anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from itertools import islice, product

import regex

from lexicue.grounding.english import (
    DETERMINERS,
    DO_SLOTS,
    OBJECT_SLOTS,
    PERSON_SLOTS,
    POSSESSIVES,
    REFLEXIVES,
)
from lexicue.grounding.line import Joint, Token, tokens_of

__all__ = ["Citation", "Slot", "Unit", "read_citation", "readings"]

_BRACKETED = regex.compile(r"[(\[{<]([^()\[\]{}<>]*)[)\]}>]")
_EITHER = regex.compile(r"([a-z']+)/([a-z']+)")
_BLANK = regex.compile(r"\.{2,}|[~_]")
_LETTERS = {"a", "b"}  # "think of A as B"
_AFTER_A_COMMA = {"and", "but", "or", "nor", "not", "no", "so", "if", "then"}
_MOST_READINGS = 4


class Slot(Enum):
    """What holds a place in a citation."""

    POSSESSIVE = auto()
    REFLEXIVE = auto()
    OBJECT = auto()
    BLANK = auto()


@dataclass(frozen=True, slots=True)
class Unit:
    """A word of a citation that is said.

    Attributes:
        form: the word, folded.
        slot: what holds the place before it, if anything does.
        comma: whether a comma may stand before it, as in "last, but not least".
    """

    form: str
    slot: Slot | None = None
    comma: bool = False


@dataclass(frozen=True, slots=True)
class Citation:
    """A citation, read.

    Attributes:
        units: the words that are said; the first has a slot when something goes before it.
        trailing: what holds the place after the last word, if anything does.
    """

    units: tuple[Unit, ...]
    trailing: Slot | None = None

    @property
    def has_slots(self) -> bool:
        """Whether anything in it only holds a place."""
        return self.trailing is not None or any(unit.slot for unit in self.units)


def readings(folded_text: str) -> list[str]:
    """The ways to read brackets and slashes: "pull (someone's) leg", "a piece/slice of cake"."""
    plain = [_BRACKETED.sub(r"\1", folded_text)]
    if "/" in folded_text:
        plain = list(islice(_alternatives(plain[0]), _MOST_READINGS))
    without = _BRACKETED.sub(" ", folded_text)
    return plain if without == folded_text else [*plain, without]


def _alternatives(text: str) -> Iterator[str]:
    pieces = _EITHER.split(text)
    # split() gives text, left, right, text, left, right, text ...
    choices = list(zip(pieces[1::3], pieces[2::3], strict=True))
    for chosen in product(*choices):
        between = iter((*chosen, ""))
        yield "".join(piece + next(between) for piece in pieces[0::3])


def read_citation(folded_text: str, *, literally: bool = False) -> Citation:
    """Read a citation; `literally`, every word is said and none holds a place."""
    tokens = tokens_of(folded_text)
    units: list[Unit] = []
    pending: Slot | None = None
    n = 0
    while n < len(tokens):
        slot, length = (None, 1) if literally else _slot_at(tokens, n)
        if n and not literally and _BLANK.search(folded_text, tokens[n - 1].end, tokens[n].start):
            pending = pending or Slot.BLANK
        if slot:
            # "give someone something" holds one place twice; "someone's" says more than "sth".
            pending = slot if pending in (None, Slot.OBJECT) else pending
        else:
            units.append(Unit(tokens[n].form, pending, _may_follow_a_comma(tokens, n)))
            pending = None
        n += length
    return Citation(tuple(units), pending)


def _may_follow_a_comma(tokens: list[Token], n: int) -> bool:
    form, joint = tokens[n].form, tokens[n].joint
    repeated = any(token.form == form for token in tokens[:n])  # "easy come, easy go"
    return n > 0 and (joint is Joint.COMMA or form in _AFTER_A_COMMA or repeated)


def _slot_at(tokens: list[Token], n: int) -> tuple[Slot | None, int]:
    """The slot that begins at a word, and how many words name it."""
    form = tokens[n].form
    following = tokens[n + 1].form if n + 1 < len(tokens) else ""
    if form in PERSON_SLOTS and following == "'s":
        return Slot.POSSESSIVE, 2
    if form in POSSESSIVES and following and following not in DETERMINERS:  # "tell her the truth"
        return Slot.POSSESSIVE, 1
    if form in OBJECT_SLOTS:
        return Slot.OBJECT, 1
    if form in REFLEXIVES:
        return Slot.REFLEXIVE, 1
    if form in _LETTERS and {token.form for token in tokens} >= _LETTERS:
        return Slot.OBJECT, 1
    rest = {token.form for token in tokens[n + 1 :]}
    if n > 0 and form in DO_SLOTS and rest <= OBJECT_SLOTS:
        return Slot.OBJECT, 1
    return None, 1
