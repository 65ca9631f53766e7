"""The dictionary form of a word: spaCy's, checked against lemminflect's dictionary."""

from __future__ import annotations

from functools import lru_cache

from lexicue.engines.lexical.levels import zipf
from lexicue.lexicon.tokens import word_set

__all__ = ["dictionary_forms", "is_dictionary_word", "known_pos"]

_OPEN_CLASSES = frozenset({"NOUN", "VERB", "ADJ", "ADV", "AUX"})

_PLURAL_WORDS = word_set(
    "belongings clothes customs earnings goods graphics headphones means odds "
    "outskirts proceedings savings surroundings thanks valuables"
)
"""Plurals with a meaning of their own, although the singular is a word too."""

_COMMONER = 0.5
"""How much commoner (zipf) the form as said must be to pass for its own singular: data, media."""


@lru_cache(maxsize=65_536)
def dictionary_forms(lower: str, upos: str, spacy_lemma: str) -> tuple[str, ...]:
    """Every form the word may be looked up under, the likeliest first.

    Args:
        lower: the word as said, in lower case.
        upos: its Universal POS tag.
        spacy_lemma: what spaCy takes for its lemma, in lower case.
    """
    known = _all_lemmas(lower).get(upos, ()) if upos in _OPEN_CLASSES else ()
    if not known:
        return (spacy_lemma,)
    # spaCy takes the adjective "better" for a form of "well".
    first = spacy_lemma if spacy_lemma in known and upos != "ADJ" else known[0]
    if lower in known and first != lower and _is_its_own_singular(lower, upos, first):
        first = lower
    return (first, *(lemma for lemma in known if lemma != first))


def known_pos(lower: str) -> frozenset[str]:
    """The Universal POS tags under which the dictionary knows the word."""
    return frozenset(_all_lemmas(lower))


def is_dictionary_word(lower: str, upos: str) -> bool:
    """Whether the dictionary knows the word in this part of speech; it holds no names."""
    return upos in _all_lemmas(lower)


def _is_its_own_singular(lower: str, upos: str, lemma: str) -> bool:
    if upos != "NOUN":
        return False
    return lower in _PLURAL_WORDS or zipf(lower) >= zipf(lemma) + _COMMONER


@lru_cache(maxsize=65_536)
def _all_lemmas(lower: str) -> dict[str, tuple[str, ...]]:
    from lemminflect import getAllLemmas

    lemmas: dict[str, tuple[str, ...]] = getAllLemmas(lower)
    return lemmas
