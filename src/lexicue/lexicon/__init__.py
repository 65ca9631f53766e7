"""The authored English–Korean lexicon: words, phrases, and how phrases are found in text."""

from lexicue.lexicon.entries import Lexicon, PhraseEntry, WordEntry
from lexicue.lexicon.loading import load_lexicon, read_phrases, read_words
from lexicue.lexicon.matching import Match, PhraseMatcher
from lexicue.lexicon.tokens import Token

__all__ = [
    "Lexicon",
    "Match",
    "PhraseEntry",
    "PhraseMatcher",
    "Token",
    "WordEntry",
    "load_lexicon",
    "read_phrases",
    "read_words",
]
