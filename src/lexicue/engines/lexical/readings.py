"""A token as a word to look up: its lemma and the part of speech shown.

The tagger errs most on modifiers and on words in -ing and -ed, so a token may be read in more
than one way: what the tagger says, what the dictionary says where it knows no such word, and,
for participles and gerunds, as a form of the verb.
"""

from __future__ import annotations

from dataclasses import dataclass

from lexicue.engines.lexical.lemmas import dictionary_forms, known_pos
from lexicue.engines.lexical.levels import level_of
from lexicue.lexicon import Token

__all__ = ["POS_OF_UPOS", "Reading", "readings"]

POS_OF_UPOS = {
    "NOUN": "n",
    "PROPN": "n",
    "VERB": "v",
    "AUX": "v",
    "ADJ": "adj",
    "ADV": "adv",
    "ADP": "prep",
    "CCONJ": "conj",
    "SCONJ": "conj",
    "PRON": "pron",
    "DET": "det",
    "NUM": "num",
    "INTJ": "intj",
    "PART": "part",
}
"""The part of speech shown for each Universal tag; other tags show as "x"."""

_OPEN = ("NOUN", "VERB", "ADJ", "ADV")


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to take a token."""

    lemma: str
    upos: str

    @property
    def pos(self) -> str:
        """The part of speech shown."""
        return POS_OF_UPOS.get(self.upos, "x")


def readings(token: Token) -> tuple[Reading, ...]:
    """The ways to take a token of an open class, the likeliest first."""
    upos = _trusted_pos(token)
    first = Reading(_lemma_as(token, upos), upos)
    if upos in ("ADJ", "NOUN", "VERB") and token.lower.endswith(("ing", "ed", "en")):
        others = (Reading(_lemma_as(token, other), other) for other in ("VERB", "ADJ"))
        return (first, *(other for other in others if _is_known(token, other) and other != first))
    return (first,)


def _trusted_pos(token: Token) -> str:
    """The tagger's word, unless the dictionary knows the form as one other thing only."""
    known = [upos for upos in _OPEN if upos in known_pos(token.lower)]
    if len(known) == 1 and token.pos in _OPEN and token.pos not in known:
        return known[0]
    return token.pos


def _lemma_as(token: Token, upos: str) -> str:
    if upos == token.pos:
        return token.lemma
    return dictionary_forms(token.lower, upos, token.lower)[0]


def _is_known(token: Token, reading: Reading) -> bool:
    if reading.upos in known_pos(token.lower):
        return True
    return level_of(reading.lemma, reading.pos)[1] == "list"
