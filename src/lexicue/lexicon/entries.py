"""What the lexicon says about a word and about a phrase."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from lexicue.model import Level, PhraseKind

__all__ = ["WORD_POS", "Lexicon", "PhraseEntry", "WordEntry"]

WORD_POS = ("n", "v", "adj", "adv")
"""The parts of speech of the word list."""


@dataclass(frozen=True, slots=True)
class WordEntry:
    """A word in one part of speech.

    Attributes:
        lemma: dictionary form.
        pos: ``n``, ``v``, ``adj`` or ``adv``.
        meanings: Korean, the commonest first.
        definition: short, in English.
        synonyms: English; may be empty.
    """

    lemma: str
    pos: str
    meanings: tuple[str, ...]
    definition: str
    synonyms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PhraseEntry:
    """A phrase in its citation form.

    Attributes:
        phrase: lemmas with slots (someone, something, oneself, one's, someone's, doing).
        kind: idiom, phrasal verb and so on.
        meanings: Korean, the commonest first.
        definition: short, in English.
        literal: word for word in Korean; empty where it does not help.
        register: formal, informal, slang …; empty for neutral.
        level: CEFR, as judged by the authors.
        separable: whether an object may stand between verb and particle.
        gap: how many words may stand inside.
    """

    phrase: str
    kind: PhraseKind
    meanings: tuple[str, ...]
    definition: str = ""
    literal: str = ""
    register: str = ""
    level: Level | None = None
    separable: bool = False
    gap: int = 0


@dataclass(frozen=True)
class Lexicon:
    """Both lists.

    Attributes:
        words: by lemma and part of speech.
        phrases: in the order of the file.
    """

    words: Mapping[tuple[str, str], WordEntry]
    phrases: tuple[PhraseEntry, ...]

    def word(self, lemma: str, pos: str) -> WordEntry | None:
        """The entry for a lemma in a part of speech, if there is one."""
        return self.words.get((lemma, pos))

    def has_lemma(self, lemma: str) -> bool:
        """Whether the lemma is listed in any part of speech."""
        return lemma in self._lemmas

    @cached_property
    def _lemmas(self) -> frozenset[str]:
        return frozenset(lemma for lemma, _ in self.words)
