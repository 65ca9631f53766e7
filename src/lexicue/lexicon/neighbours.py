"""Telling a fixed phrase from the same words met by chance, by the word before or after them.

Each rule takes a match that would be wrong and names the case it was made for.
"""

from __future__ import annotations

from lexicue.lexicon.patterns import Pattern
from lexicue.lexicon.tokens import Token
from lexicue.lexicon.walking import Found, Sentence
from lexicue.model import PhraseKind

__all__ = ["is_chance"]

_HEDGES = frozenset({"kind of", "sort of"})

_BEFORE_A_NOUN_OF = frozenset({"DET", "ADJ", "NUM"})

_WHOLE_UTTERANCES = frozenset({"so what"})

_COMPLETES_IT = frozenset({"ADJ", "DET", "NOUN", "NUM", "PROPN", "VERB"})

_MODIFIES_NOUN = frozenset({"amod", "compound", "nmod"})


def is_chance(pattern: Pattern, sentence: Sentence, found: Found) -> bool:
    """Whether what stands around a match shows that it is not the phrase."""
    return (
        _counts_kinds(pattern, sentence, found)
        or _goes_on(pattern, sentence, found)
        or _points(pattern, sentence, found)
        or _makes_it_so(pattern, sentence, found)
        or _belongs_to_next_noun(pattern, sentence, found)
    )


def _counts_kinds(pattern: Pattern, sentence: Sentence, found: Found) -> bool:
    """ "this sort of question", where the phrase is the hedge of "it's sort of late"."""
    before = _token(sentence, found.tokens[0] - 1)
    if before is None or pattern.entry.phrase not in _HEDGES:
        return False
    return before.pos in _BEFORE_A_NOUN_OF or before.lower in ("what", "which")


def _goes_on(pattern: Pattern, sentence: Sentence, found: Found) -> bool:
    """ "So what could we do?", where the phrase is the retort "So what?"."""
    after = _token(sentence, found.tokens[-1] + 1)
    whole = pattern.entry.phrase in _WHOLE_UTTERANCES
    return whole and after is not None and after.pos != "PUNCT"


def _points(pattern: Pattern, sentence: Sentence, found: Found) -> bool:
    """ "So that's it", where the phrase is the conjunction "so that"."""
    first, last = (sentence.tokens[index] for index in (found.tokens[0], found.tokens[-1]))
    joins = len(pattern.elements) == 2 and first.pos in ("ADV", "SCONJ", "CCONJ", "VERB")
    return joins and last.lower == "that" and last.pos in ("PRON", "DET")


def _makes_it_so(pattern: Pattern, sentence: Sentence, found: Found) -> bool:
    """ "make it worth your while", where the phrase is "we made it"."""
    if pattern.entry.kind is not PhraseKind.IDIOM or len(pattern.elements) != 2:
        return False
    after = _token(sentence, found.tokens[-1] + 1)
    ends_in_it = sentence.tokens[found.tokens[-1]].lower == "it"
    return (
        ends_in_it and after is not None and (after.pos in _COMPLETES_IT or after.lower == "worth")
    )


def _belongs_to_next_noun(pattern: Pattern, sentence: Sentence, found: Found) -> bool:
    """ "on board games", where the phrase is "on board"."""
    first, last = sentence.tokens[found.tokens[0]], sentence.tokens[found.tokens[-1]]
    return (
        len(pattern.elements) == 2
        and first.pos == "ADP"
        and last.dep in _MODIFIES_NOUN
        and last.head > found.tokens[-1]
    )


def _token(sentence: Sentence, index: int) -> Token | None:
    return sentence.tokens[index] if 0 <= index < len(sentence.tokens) else None
