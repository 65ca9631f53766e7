"""Citation forms as patterns: "look something up" becomes look, an object, up.

A pattern is a row of elements. A `Word` is said as it stands, or inflected; a `Slot` holds
whatever the speaker puts there. Slots at either end say nothing about where the phrase is, so
they are left off; a trailing "doing" stays, since "can't help" alone is another phrase.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from lexicue.lexicon.entries import PhraseEntry
from lexicue.lexicon.tokens import plain, word_set
from lexicue.model import PhraseKind

__all__ = [
    "PARTICLES",
    "VERB_KINDS",
    "Gate",
    "Pattern",
    "Slot",
    "SlotKind",
    "Word",
    "compile_entry",
]

VERB_KINDS = frozenset(
    {PhraseKind.PHRASAL_VERB, PhraseKind.PREPOSITIONAL_VERB, PhraseKind.LIGHT_VERB}
)
"""Phrases whose first word is a verb for certain."""

PARTICLES = word_set(
    "about across after ahead along apart around aside at away back by down for forth forward "
    "from in into of off on onto out over round through to together under up upon with "
    "without"
)
"""Words that make a verb a phrasal or prepositional one."""

ARTICLES = frozenset({"a", "an", "the"})

_OBJECT_LIMIT = 4
"""An object inside a phrase that is not separable ("talk someone into") is short."""

_CONTRACTIONS = {"n't": "not", "ca": "can", "wo": "will", "sha": "shall", "'ll": "will"}
"""Halves of a contraction by the word they stand for, in text and in citation forms alike."""

_CLITIC = re.compile(r"(?<=\w)(n't|'(?:s|re|ve|ll|d|m)|(?<=s)')$")
_ALTERNATIVE_SLOT = re.compile(r"\b(some(?:one|body|thing)((?:'s)?)) or some(?:one|body|thing)\2\b")
_INFINITIVE_END = re.compile(r"(?<=\w) to do(?: something)?$")
_PIECE = re.compile(r"[^\s,.!?…\-]+|,|…|\.\.\.")


class SlotKind(Enum):
    """What a slot takes."""

    OBJECT = "someone or something"
    POSSESSIVE = "one's or someone's"
    REFLEXIVE = "oneself"
    DOING = "a verb in -ing"


_SLOTS = {
    **dict.fromkeys(("someone", "somebody", "something", "…", "..."), SlotKind.OBJECT),
    **dict.fromkeys(("one's", "someone's", "somebody's", "something's"), SlotKind.POSSESSIVE),
    "oneself": SlotKind.REFLEXIVE,
    "doing": SlotKind.DOING,
}


class Gate(Enum):
    """How the word after a verb has to stand in the sentence."""

    NONE = "as it likes"
    PARTICLE = "with no object of its own"
    PREPOSITION = "belonging to the verb"


@dataclass(frozen=True, slots=True)
class Word:
    """A fixed word; `inflects` where a verb may take any of its forms."""

    form: str
    inflects: bool = False


@dataclass(frozen=True, slots=True)
class Slot:
    """A place the speaker fills, with at most `limit` words; `optional` ones may stay empty."""

    kind: SlotKind
    limit: int = 1
    optional: bool = False


Element = Word | Slot


@dataclass(frozen=True, slots=True)
class Pattern:
    """A phrase ready to be looked for.

    Attributes:
        entry: the phrase.
        elements: words and slots in order.
        required: the fixed words, for ruling the pattern out at a glance.
        gate: what the last word has to be.
        verb_object: the verb and the noun, where the phrase is just that and may be passive.
    """

    entry: PhraseEntry
    elements: tuple[Element, ...]
    required: frozenset[str]
    gate: Gate
    verb_object: tuple[str, str] | None


def compile_entry(entry: PhraseEntry) -> Pattern:
    """The pattern of a phrase."""
    elements = [_element(piece, entry) for piece in _pieces(entry.phrase)]
    if not _can_be_told(elements):
        # "or something", "someone else": what reads as a slot is a word here.
        elements = [Word(piece, inflects=True) for piece in _pieces(entry.phrase)]
    has_slot = any(isinstance(element, Slot) for element in elements)
    elements = _opened(_trimmed(elements, entry), entry)
    elements = _with_first_verb_inflected(elements)
    words = [element.form for element in elements if isinstance(element, Word)]
    return Pattern(
        entry,
        tuple(elements),
        frozenset(words) - ARTICLES - {","} or frozenset(words),
        _gate(entry, words, has_slot),
        _verb_object(entry, elements),
    )


def expand(form: str) -> str:
    """The word that a half of a contraction stands for; any other word as it is."""
    return _CONTRACTIONS.get(form, form)


def _can_be_told(elements: Sequence[Element]) -> bool:
    """Whether there is more than one word, or one with a slot that not everything fills."""
    return sum(not _is_open(element) for element in elements) > 1


def _pieces(phrase: str) -> list[str]:
    """The citation form cut as a tokenizer cuts running text, slots kept whole."""
    pieces: list[str] = []
    phrase = _INFINITIVE_END.sub(" to", _ALTERNATIVE_SLOT.sub(r"\1", plain(phrase)))
    for raw in _PIECE.findall(phrase):
        clitic = _CLITIC.search(raw)
        if raw == "cannot":
            pieces += ["can", "not"]
        elif raw in _SLOTS or not clitic:
            pieces.append(raw)
        else:
            pieces += [expand(raw[: clitic.start()]), expand(clitic.group())]
    return pieces


def _element(piece: str, entry: PhraseEntry) -> Element:
    kind = _SLOTS.get(piece)
    if kind is None:
        return Word(piece, inflects=entry.kind in (PhraseKind.IDIOM, PhraseKind.PROVERB))
    return Slot(kind, max(entry.gap, _OBJECT_LIMIT))


def _trimmed(elements: list[Element], entry: PhraseEntry) -> list[Element]:
    """Without the slots at either end, save those that tell the phrase from another."""
    start, end = 0, len(elements)
    while isinstance(elements[start], Slot):
        start += 1
    while _is_open(elements[end - 1]):
        end -= 1
    if start and entry.kind is PhraseKind.EXPRESSION:
        # "something like that": in a fixed expression the first word is itself.
        return [Word(_pieces(entry.phrase)[0]), *elements[1:end]]
    return elements[start:end]


def _is_open(element: Element) -> bool:
    """Whether nearly anything fills it, so that it tells nothing at the end of a phrase."""
    return isinstance(element, Slot) and element.kind is SlotKind.OBJECT


def _opened(elements: list[Element], entry: PhraseEntry) -> list[Element]:
    """With a place for the object between a separable verb and its particle."""
    if not entry.separable or len(elements) < 2:
        return elements
    rest = elements[2:] if isinstance(elements[1], Slot) else elements[1:]
    return [elements[0], Slot(SlotKind.OBJECT, max(entry.gap, 1), optional=True), *rest]


def _with_first_verb_inflected(elements: list[Element]) -> list[Element]:
    """The first word may take any form; after it, only nouns and *be* do."""
    first = elements[0]
    if isinstance(first, Word):
        return [Word(first.form, inflects=True), *elements[1:]]
    return elements


def _gate(entry: PhraseEntry, words: Sequence[str], has_slot: bool) -> Gate:
    # Longer ones ("look forward to", "run out of") are told by their own words.
    if entry.kind not in VERB_KINDS or len(words) != 2 or words[1] not in PARTICLES:
        return Gate.NONE
    if entry.kind is PhraseKind.PREPOSITIONAL_VERB or (has_slot and not entry.separable):
        return Gate.PREPOSITION
    return Gate.PARTICLE


def _verb_object(entry: PhraseEntry, elements: Sequence[Element]) -> tuple[str, str] | None:
    first, last = elements[0], elements[-1]
    if entry.kind not in (PhraseKind.IDIOM, PhraseKind.LIGHT_VERB) or len(elements) < 2:
        return None
    if not (isinstance(first, Word) and isinstance(last, Word)):
        return None
    if last.form in PARTICLES or not all(map(_introduces_noun, elements[1:-1])):
        return None
    return first.form, last.form


def _introduces_noun(element: Element) -> bool:
    if isinstance(element, Word):
        return element.form in ARTICLES
    return element.kind is SlotKind.POSSESSIVE
