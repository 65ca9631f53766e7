"""Finding the lexicon's phrases in a tagged (and, better, parsed) sentence.

Every pattern is filed under the rarest of its words, so a sentence only meets the patterns whose
rarest word is in it; those whose other words are there too are then walked, element by element.
What the walk finds has to pass the gate for verbs with particles, and of the matches that claim
the same words the longest wins.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lexicue.lexicon.entries import PhraseEntry
from lexicue.lexicon.gates import passes, reads_literally
from lexicue.lexicon.links import linked_objects
from lexicue.lexicon.neighbours import is_chance
from lexicue.lexicon.patterns import Pattern, compile_entry
from lexicue.lexicon.tokens import Token
from lexicue.lexicon.walking import Found, Sentence, walk

__all__ = ["DOUBTFUL", "FIXED", "SEPARATED", "Match", "PhraseMatcher"]

FIXED = 0.9
"""Confidence in a phrase whose words stand together."""

SEPARATED = 0.8
"""Confidence in a phrase with other words inside."""

DOUBTFUL = 0.5
"""Confidence in a phrase that may well be meant word for word."""


@dataclass(frozen=True, slots=True)
class Match:
    """A phrase in a sentence.

    Attributes:
        entry: the phrase.
        tokens: the indices of its fixed words, in order.
        confidence: 0 to 1.
    """

    entry: PhraseEntry
    tokens: tuple[int, ...]
    confidence: float


class PhraseMatcher:
    """Looks for phrases; safe to share between threads, since it never changes.

    Args:
        entries: the phrases to look for.
    """

    def __init__(self, entries: Iterable[PhraseEntry]) -> None:
        patterns = [compile_entry(entry) for entry in entries]
        counts = Counter(word for pattern in patterns for word in pattern.required)
        self._by_rarest: dict[str, list[Pattern]] = defaultdict(list)
        for pattern in patterns:
            rarest = min(pattern.required, key=lambda word: (counts[word], word))
            self._by_rarest[rarest].append(pattern)

    def find(self, tokens: Sequence[Token]) -> list[Match]:
        """The phrases of a sentence in the order they begin, none sharing a word with another."""
        sentence = Sentence(tokens)
        matches = [
            match for pattern in self._candidates(sentence) for match in _matches(pattern, sentence)
        ]
        return _without_overlaps(matches)

    def _candidates(self, sentence: Sentence) -> list[Pattern]:
        forms = sentence.all_forms
        return [
            pattern
            for form in sorted(forms & self._by_rarest.keys())
            for pattern in self._by_rarest[form]
            if pattern.required <= forms
        ]


def _matches(pattern: Pattern, sentence: Sentence) -> Iterable[Match]:
    for start in range(len(sentence.tokens)):
        found = walk(pattern, sentence, start)
        if found and _is_meant(pattern, sentence, found):
            yield Match(pattern.entry, found.tokens, _confidence(pattern, sentence, found))
    for found in linked_objects(pattern, sentence):
        yield Match(pattern.entry, found.tokens, _confidence(pattern, sentence, found))


def _is_meant(pattern: Pattern, sentence: Sentence, found: Found) -> bool:
    return passes(pattern, sentence, found) and not is_chance(pattern, sentence, found)


def _confidence(pattern: Pattern, sentence: Sentence, found: Found) -> float:
    if reads_literally(pattern, sentence, found):
        return DOUBTFUL
    return SEPARATED if found.separated else FIXED


def _without_overlaps(matches: list[Match]) -> list[Match]:
    """The longest matches first; then those surer, then those standing closer together."""

    def worth(match: Match) -> tuple[int, float, int, int, str]:
        spread = match.tokens[-1] - match.tokens[0]
        return (-len(match.tokens), -match.confidence, spread, match.tokens[0], match.entry.phrase)

    taken: set[int] = set()
    kept: list[Match] = []
    for match in sorted(matches, key=worth):
        if taken.isdisjoint(match.tokens):
            taken.update(match.tokens)
            kept.append(match)
    return sorted(kept, key=lambda match: match.tokens)
