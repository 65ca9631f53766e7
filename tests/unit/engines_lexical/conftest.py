"""A small lexicon, and chunks of one sentence or more."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lexicue.lexicon import Lexicon, PhraseEntry, WordEntry
from lexicue.model import Chunk, PhraseKind, Sentence

PHRASES = (
    ("look up", "phrasal_verb", True, 5),
    ("turn down", "phrasal_verb", True, 5),
    ("turn on", "phrasal_verb", True, 5),
    ("shoot down", "phrasal_verb", True, 7),
    ("give up", "phrasal_verb", True, 5),
    ("die out", "phrasal_verb", False, 1),
    ("look after", "prepositional_verb", False, 1),
    ("depend on", "prepositional_verb", False, 1),
    ("look forward to", "phrasal_verb", False, 1),
    ("run out of", "phrasal_verb", False, 1),
    ("talk someone into", "phrasal_verb", False, 1),
    ("break the ice", "idiom", False, 0),
    ("call someone's bluff", "idiom", False, 0),
    ("pull someone's leg", "idiom", False, 0),
    ("keep in mind", "idiom", False, 2),
    ("let go", "idiom", True, 5),
    ("make it", "idiom", False, 0),
    ("make a decision", "light_verb", False, 2),
    ("make a mistake", "light_verb", False, 2),
    ("be supposed to", "expression", False, 0),
    ("be used to doing", "expression", False, 0),
    ("can't help doing", "expression", False, 0),
    ("by oneself", "expression", False, 0),
    ("take something for granted", "idiom", False, 0),
    ("bite off more than someone can chew", "idiom", False, 0),
    ("state of the art", "expression", False, 0),
    ("so that", "expression", False, 0),
    ("so what", "expression", False, 0),
    ("kind of", "expression", False, 0),
    ("on board", "expression", False, 0),
    ("if you will", "expression", False, 0),
    ("not necessarily", "expression", False, 0),
    ("piece of cake", "idiom", False, 0),
    ("can of worms", "idiom", False, 0),
)

WORDS = (
    ("leave", "v", "떠나다"),
    ("reject", "v", "거절하다"),
    ("proposal", "n", "제안"),
    ("advertise", "v", "광고하다"),
    ("reluctant", "adj", "꺼리는"),
    ("complex", "adj", "복잡한"),
    ("worm", "n", "벌레"),
    ("interest", "v", "관심을 끌다"),
    ("cake", "n", "케이크"),
)


@pytest.fixture(scope="session")
def lexicon() -> Lexicon:
    words = {(lemma, pos): WordEntry(lemma, pos, (ko,), "def") for lemma, pos, ko in WORDS}
    phrases = tuple(
        PhraseEntry(phrase, PhraseKind(kind), ("뜻",), "def", separable=separable, gap=gap)
        for phrase, kind, separable, gap in PHRASES
    )
    return Lexicon(words, phrases)


@pytest.fixture(scope="session")
def chunk_of() -> Callable[..., Chunk]:
    def build(*sentences: str, start: int = 0, number: int = 1) -> Chunk:
        ranges, place = [], start
        for sentence in sentences:
            ranges.append(Sentence(place, place + len(sentence)))
            place += len(sentence) + 1
        return Chunk(number, " ".join(sentences), start, tuple(ranges), tokens=1)

    return build
