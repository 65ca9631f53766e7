"""Walking a pattern along a sentence, element by element."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from lexicue.lexicon.patterns import (
    ARTICLES,
    VERB_KINDS,
    Element,
    Pattern,
    Slot,
    SlotKind,
    Word,
    expand,
)
from lexicue.lexicon.tokens import Token
from lexicue.model import PhraseKind

__all__ = ["Found", "Sentence", "walk"]

_LEMMA_MATCHED = frozenset({"VERB", "AUX", "NOUN", "PROPN", "ADJ"})
"""Parts of speech that match by lemma. Not adverbs: the lemma of "better" is "well"."""

_MODIFIERS = frozenset({"ADV", "ADJ", "DET", "NUM", "INTJ", "PART"})
"""What may stand inside a phrase that has a gap."""

_NOMINAL = frozenset({"DET", "ADJ", "NOUN", "PROPN", "PRON", "NUM", "ADV", "PART", "ADP", "CCONJ"})
"""What an object is made of …"""

_OBJECT_STARTS = frozenset({"DET", "ADJ", "NOUN", "PROPN", "PRON", "NUM"})
"""… what it begins with …"""

_OBJECT_ENDS = frozenset({"NOUN", "PROPN", "PRON", "NUM", "ADJ", "DET", "VERB"})
"""… and what it ends with ("all of these", "the accused")."""

_GAP_AFTER_BE = 2
"""Adverbs settle after *be* whatever the phrase: "it was not even supposed to"."""

_GAP_AFTER_OBJECT = 2
"""Room for adverbs between an object and its particle: "turn it right back on"."""

_HOLDS_OBJECT = frozenset({PhraseKind.IDIOM, PhraseKind.EXPRESSION})

_SUBJECT_PRONOUNS = frozenset({"i", "he", "she", "we", "they", "who"})


@dataclass(frozen=True, slots=True)
class Found:
    """Where a pattern was found.

    Attributes:
        tokens: the indices of the fixed words.
        separated: whether words that belong to no slot of the citation form stand inside.
    """

    tokens: tuple[int, ...]
    separated: bool = False

    def after(self, index: int) -> Found:
        """The same with a fixed word before it."""
        return Found((index, *self.tokens), self.separated)

    def parted(self) -> Found:
        """The same with foreign words inside."""
        return Found(self.tokens, separated=True)


class Sentence:
    """A sentence's tokens with the forms each can be matched by."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        self.forms = [_forms(token) for token in tokens]

    @cached_property
    def all_forms(self) -> frozenset[str]:
        """Every form of every token."""
        return frozenset().union(*self.forms)

    def says(self, index: int, word: Word) -> bool:
        """Whether the token at `index` is the word, inflected where the word may be."""
        token = self.tokens[index]
        if expand(token.lower) == word.form:
            return True
        if word.form not in self.forms[index]:
            return False
        return word.inflects or token.pos != "VERB"


def walk(pattern: Pattern, sentence: Sentence, start: int) -> Found | None:
    """The pattern found with its first word at `start`, or None."""
    first = pattern.elements[0]
    if not (isinstance(first, Word) and sentence.says(start, first)):
        return None
    if pattern.entry.kind in VERB_KINDS and sentence.tokens[start].pos not in ("VERB", "AUX"):
        return None
    gap = pattern.entry.gap + (_GAP_AFTER_BE if first.form == "be" else 0)
    found = _Walker(pattern, sentence, start).walk(1, start + 1, gap)
    return found.after(start) if found else None


class _Walker:
    """One pattern on one sentence; `k` counts elements, `i` tokens, `gap` words left over."""

    def __init__(self, pattern: Pattern, sentence: Sentence, start: int) -> None:
        self._pattern = pattern
        self._sentence = sentence
        self._tokens = sentence.tokens
        # Only what has been moved away may leave its slot empty: "he was talked into it".
        verb = sentence.tokens[start]
        self._object_moved = verb.tag == "VBN" or verb.dep == "relcl"

    def walk(self, k: int, i: int, gap: int) -> Found | None:
        if k == len(self._pattern.elements):
            return Found(())
        if i == len(self._tokens):
            return None
        element = self._pattern.elements[k]
        found = self._element(element, k, i, gap)
        if found or (isinstance(element, Slot) and element.kind is SlotKind.OBJECT):
            return found
        return self._skip(k, i, gap)

    def _element(self, element: Element, k: int, i: int, gap: int) -> Found | None:
        if isinstance(element, Slot):
            return self._slot(element, k, i, gap)
        if self._sentence.says(i, element) or self._is_other_article(element, i):
            found = self.walk(k + 1, i + 1, gap)
            return found.after(i) if found else None
        return self._without_article(element, k, i, gap)

    def _skip(self, k: int, i: int, gap: int) -> Found | None:
        """Past a hyphen or a comma for nothing, past a modifier at the cost of some gap."""
        token = self._tokens[i]
        if token.tag == "HYPH" or (token.text == "," and "," in self._pattern.entry.phrase):
            return self.walk(k, i + 1, gap)
        if gap and (self._is_modifier(token) or self._is_in_object(token, k)):
            found = self.walk(k, i + 1, gap - 1)
            return found.parted() if found else None
        return None

    @staticmethod
    def _is_modifier(token: Token) -> bool:
        return token.pos in _MODIFIERS or token.tag == "PRP$" or token.dep == "compound"

    def _is_in_object(self, token: Token, k: int) -> bool:
        """ "keep that in mind": right behind the verb of an idiom its object may stand."""
        if k != 1 or self._pattern.entry.kind not in _HOLDS_OBJECT:
            return False
        if token.lower in _SUBJECT_PRONOUNS or token.lower.startswith("'"):
            return False
        return token.pos in ("PRON", "NOUN", "PROPN")

    def _is_other_article(self, word: Word, i: int) -> bool:
        """Light verbs take any determiner: make a, the, some, any, this difference."""
        if word.form not in ARTICLES:
            return False
        token = self._tokens[i]
        if {word.form, token.lower} <= {"a", "an"}:
            return True
        return self._is_light and (token.pos == "DET" or token.tag == "PRP$")

    def _without_article(self, word: Word, k: int, i: int, gap: int) -> Found | None:
        """ "make mistakes" for "make a mistake"."""
        if self._is_light and word.form in ARTICLES and self._tokens[i].tag in ("NNS", "JJ"):
            return self.walk(k + 1, i, gap)
        return None

    @property
    def _is_light(self) -> bool:
        return self._pattern.entry.kind is PhraseKind.LIGHT_VERB

    def _slot(self, slot: Slot, k: int, i: int, gap: int) -> Found | None:
        if slot.kind is SlotKind.OBJECT:
            return self._object(slot, k, i, gap)
        if slot.kind is SlotKind.POSSESSIVE:
            return self._possessive(slot, k, i, gap)
        filled = _is_reflexive if slot.kind is SlotKind.REFLEXIVE else _is_doing
        return self.walk(k + 1, i + 1, gap) if filled(self._tokens[i]) else None

    def _object(self, slot: Slot, k: int, i: int, gap: int) -> Found | None:
        if (slot.optional or self._object_moved) and (empty := self.walk(k + 1, i, gap)):
            return empty if slot.optional else empty.parted()
        if k == 1 and self._tokens[i].lower in _SUBJECT_PRONOUNS:
            return None
        for end in range(i + 1, min(i + slot.limit, len(self._tokens) - 1) + 1):
            if not _continues_object(self._tokens[end - 1], is_first=end == i + 1):
                return None
            if self._tokens[end - 1].pos not in _OBJECT_ENDS:
                continue
            if found := self.walk(k + 1, end, min(gap, _GAP_AFTER_OBJECT)):
                return found.parted()
        return None

    def _possessive(self, slot: Slot, k: int, i: int, gap: int) -> Found | None:
        if self._tokens[i].tag == "PRP$":
            return self.walk(k + 1, i + 1, gap)
        for end in range(i + 1, min(i + slot.limit, len(self._tokens) - 1) + 1):
            if self._tokens[end - 1].tag == "POS":
                return self.walk(k + 1, end, gap)
            if not _continues_object(self._tokens[end - 1], is_first=end == i + 1):
                return None
        return None


def _forms(token: Token) -> frozenset[str]:
    said = {token.lower, expand(token.lower)}
    if token.tag == "MD":
        # "could" may stand for "can", but "if you would" is not "if you will".
        return frozenset(said | {"can"} if token.lower == "could" else said)
    return frozenset(said.union(token.lemmas if token.pos in _LEMMA_MATCHED else ()))


def _continues_object(token: Token, is_first: bool) -> bool:
    if is_first:
        # Not the clitic of "let's go".
        return token.pos in _OBJECT_STARTS and not token.lower.startswith("'")
    return token.pos in _NOMINAL or token.tag in ("VBG", "VBN", "HYPH")


def _is_reflexive(token: Token) -> bool:
    return token.lower.endswith(("self", "selves")) and token.pos == "PRON"


def _is_doing(token: Token) -> bool:
    return token.lower.endswith("ing") and token.pos in ("VERB", "AUX", "NOUN")
