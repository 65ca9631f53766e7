"""CEFR levels and frequency of a word.

``cefrpy`` carries the CEFR-J list (A1 to B2) among many levels of its own making. What is CEFR-J's
can be told: a whole number from 1 to 4, for a base tag, of a word that is its own lemma in that
part of speech and is not rare. Left over are derived words that cefrpy gave the level of their
stem ("collectively" A1, from "collect"); they are rare for their level and wear a suffix or
prefix. Everything that is not the list's is estimated from frequency.

The thresholds of the estimate come from the zipf frequencies of the 8,300 listed words:

======  ======  ==========  ==========
level   median  lower 25 %  upper 25 %
======  ======  ==========  ==========
A1      4.75    4.01        5.24
A2      4.45    3.86        4.88
B1      4.14    3.70        4.53
B2      3.82    3.49        4.22
======  ======  ==========  ==========

A word gets A2 from A2's median on (no estimate says A1: what the list leaves out is not A1), B1
down to half-way between the medians of B1 and B2, B2 down to B2's lower quartile, C1 down to 3.0,
where the list ends, and C2 below.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Protocol, cast

from lexicue.lexicon.tokens import word_set
from lexicue.model import CEFR_LEVELS, Level, LevelSource

__all__ = ["estimate", "is_below", "level_of", "zipf"]

_PENN = {"n": "NN", "v": "VB", "adj": "JJ", "adv": "RB"}
_UPOS = {"n": "NOUN", "v": "VERB", "adj": "ADJ", "adv": "ADV"}

_LISTED_FROM = 3.0
"""The zipf below which a whole number is no sign of the list any more."""

_HIGHEST_LISTED = 4
"""CEFR-J ends at B2."""

_MOSTLY_INFLECTED = 0.5
"""How much commoner than its lemma an inflected form must be to speak for the word."""

_THRESHOLDS: tuple[tuple[float, Level], ...] = (
    (4.45, "A2"),
    (4.0, "B1"),
    (3.5, "B2"),
    (3.0, "C1"),
)

_RARE_FOR = {1: 4.0, 2: 3.9}
"""The lower quartiles of A1 and A2: a derived word below it took its level from its stem."""

_DERIVED = re.compile(
    r"^(?:un|dis|re|im|in|non|over|out|post|sub)\w{4}"
    r"|(?:ly|[^w]al|ness|ity|[mc]ent|ance|ence|[st]ion|ism|ist|[ai]ble|ous|ful|ship|hood|ive|i[sz]e"
    r"|less|ic|ify|ings?|ed|ate|i[ao]n|or|ary|ory)$"
)

# The pattern above is right about nine times in ten; both lists are its failures, read by eye
# among the 760 rare words of levels 1 and 2.
_EVERYDAY = word_set(
    "advertisement ancestor apologise classmate colorful colourful dentist disadvantage dislike "
    "disturb earring energetic escalator frightening impatient injure insect interviewer invade "
    "invent lively loudly nationality notification onion overweight picnic plural pronunciation "
    "psychologist receptionist recycle refrigerator rumor sailor silently skate softly spaceship "
    "timetable unhealthy unpleasant vegetable vocabulary wisely yearly"
)
_NOT_EVERYDAY = word_set(
    "antibody artisan attest barrage blockage carat caricature cater coinage contestant denote "
    "disarm dismay existent expectancy fielder fortress fuller inlet latent licensee mania manure "
    "merry midway miscarriage mismatch muster notoriety outage pane pardon passer payer persona "
    "pivot planar pretext presume propane putt racket recap shipper sire siren slime smoother "
    "solder staffer stoppage stopper tenant tenure thine uncut upkeep uptown ware"
)


class _Analyzer(Protocol):
    def get_word_pos_level_float(self, word: str, pos_tag: str) -> float | None: ...


@lru_cache(maxsize=65_536)
def level_of(lemma: str, pos: str) -> tuple[Level | None, LevelSource | None]:
    """The CEFR level of a lemma in a part of speech (``n v adj adv``), and where it is from.

    Nothing is said of other parts of speech, nor of words that no corpus knows.
    """
    lemma = lemma.lower()
    if pos not in _PENN or not lemma:
        return None, None
    listed = _listed(lemma, pos)
    if listed:
        return listed, "list"
    estimated = estimate(_frequency(lemma, pos))
    return (estimated, "estimate") if estimated else (None, None)


def estimate(frequency: float) -> Level | None:
    """The level that a zipf frequency suggests; None for an unknown word."""
    if frequency <= 0:
        return None
    return next((level for least, level in _THRESHOLDS if frequency >= least), "C2")


def is_below(level: Level, least: Level) -> bool:
    """Whether a level is easier than another."""
    return CEFR_LEVELS.index(level) < CEFR_LEVELS.index(least)


@lru_cache(maxsize=65_536)
def zipf(lemma: str) -> float:
    """How common a word is: log10 of occurrences per billion words, 0 where unknown."""
    from wordfreq import zipf_frequency

    return float(zipf_frequency(lemma, "en"))


def _frequency(lemma: str, pos: str) -> float:
    """That of the lemma, or of its plural or past where that is how it is met: "fascinated".

    Irregular ones are left out, since many are another word ("ground", "wound").
    """
    from lemminflect import getInflection

    own = zipf(lemma)
    tag, ending = {"n": ("NNS", "s"), "v": ("VBD", "ed")}.get(pos, ("", ""))
    inflected = getInflection(lemma, tag, inflect_oov=False) if tag else ()
    commonest = max((zipf(form) for form in inflected if form.endswith(ending)), default=0.0)
    return commonest if commonest >= own + _MOSTLY_INFLECTED else own


def _listed(lemma: str, pos: str) -> Level | None:
    """The level the list gives, if the list has the word."""
    number = _analyzer().get_word_pos_level_float(lemma, _PENN[pos])
    if number is None or number != int(number) or not 1 <= number <= _HIGHEST_LISTED:
        return None
    frequency = zipf(lemma)
    if frequency < _LISTED_FROM or not _is_own_lemma(lemma, pos):
        return None
    if frequency < _RARE_FOR.get(int(number), 0.0) and _took_level_of_stem(lemma):
        return None
    return CEFR_LEVELS[int(number) - 1]


def _took_level_of_stem(lemma: str) -> bool:
    if lemma in _EVERYDAY:
        return False
    return lemma in _NOT_EVERYDAY or bool(_DERIVED.search(lemma))


def _is_own_lemma(lemma: str, pos: str) -> bool:
    from lemminflect import getAllLemmas

    if pos == "adj" and lemma.endswith(("ed", "ing")):
        return True  # lemminflect knows "bored" as a form of the verb only
    return lemma in getAllLemmas(lemma).get(_UPOS[pos], ())


@cache
def _analyzer() -> _Analyzer:
    from cefrpy import CEFRAnalyzer

    return cast(_Analyzer, CEFRAnalyzer())
