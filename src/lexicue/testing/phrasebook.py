"""The few phrases that the fake model knows."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lexicue.model import PhraseKind

__all__ = ["phrases_in"]

_VERBS = {
    "bring": "bring brings bringing brought",
    "break": "break breaks breaking broke broken",
    "call": "call calls calling called",
    "carry": "carry carries carrying carried",
    "come": "come comes coming came",
    "figure": "figure figures figuring figured",
    "find": "find finds finding found",
    "get": "get gets getting got gotten",
    "give": "give gives giving gave given",
    "go": "go goes going went gone",
    "hold": "hold holds holding held",
    "look": "look looks looking looked",
    "make": "make makes making made",
    "pick": "pick picks picking picked",
    "put": "put puts putting",
    "run": "run runs running ran",
    "set": "set sets setting",
    "show": "show shows showing showed shown",
    "take": "take takes taking took taken",
    "turn": "turn turns turning turned",
    "work": "work works working worked",
}
"""Verbs and their forms."""

_PARTICLES = "about along around away back down off on out over through up".split()

_FIXED = {
    PhraseKind.IDIOM: (
        "a blessing in disguise",
        "a piece of cake",
        "an arm and a leg",
        "break the ice",
        "call it a day",
        "hit the road",
        "in the long run",
        "once in a blue moon",
        "out of the blue",
        "raining cats and dogs",
        "spill the beans",
        "the last straw",
        "under the weather",
    ),
    PhraseKind.EXPRESSION: (
        "a lot of",
        "after all",
        "as a matter of fact",
        "as soon as possible",
        "as well as",
        "at least",
        "at the end of the day",
        "at the same time",
        "by the way",
        "for example",
        "in fact",
        "in other words",
        "kind of",
        "no wonder",
        "of course",
        "on the other hand",
        "so far",
        "to be honest",
    ),
}

_LEMMAS = {form: lemma for lemma, forms in _VERBS.items() for form in forms.split()}
_PHRASAL = re.compile(
    rf"\b(?P<verb>{'|'.join(_LEMMAS)})\s+"
    r"(?:(?:it|them|him|her|me|us|you|that|this)\s+)?"
    rf"(?P<particle>{'|'.join(_PARTICLES)})\b",
    re.IGNORECASE,
)
_FIXED_PATTERNS = [
    (kind, phrase, re.compile(r"\b" + phrase.replace(" ", r"\s+") + r"\b", re.IGNORECASE))
    for kind, phrases in _FIXED.items()
    for phrase in phrases
]


def phrases_in(text: str) -> list[tuple[PhraseKind, str]]:
    """The known phrases of a text in their citation form, each once, in order of appearance."""
    found = sorted([*_phrasal_verbs(text), *_fixed_phrases(text)])
    return list(dict.fromkeys((kind, phrase) for _, kind, phrase in found))


def _phrasal_verbs(text: str) -> Iterator[tuple[int, PhraseKind, str]]:
    """Verb and particle, next to each other or with a pronoun between them."""
    for match in _PHRASAL.finditer(text):
        verb = _LEMMAS[match["verb"].lower()]
        yield match.start(), PhraseKind.PHRASAL_VERB, f"{verb} {match['particle'].lower()}"


def _fixed_phrases(text: str) -> Iterator[tuple[int, PhraseKind, str]]:
    for kind, phrase, pattern in _FIXED_PATTERNS:
        if match := pattern.search(text):
            yield match.start(), kind, phrase
