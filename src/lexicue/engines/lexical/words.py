"""The words task: which words of an analysed chunk are worth learning, and what they mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lexicue.engines.lexical.analysis import AnalysedSentence, Analysis
from lexicue.engines.lexical.lemmas import is_dictionary_word
from lexicue.engines.lexical.levels import is_below, level_of, zipf
from lexicue.engines.lexical.readings import Reading, readings
from lexicue.lexicon import Lexicon, Token, WordEntry
from lexicue.lexicon.tokens import word_set
from lexicue.model import Candidate, Level, Mention

__all__ = ["LISTED", "MIN_LEVEL", "UNLISTED", "word_candidates"]

MIN_LEVEL: Level = "B1"
"""The easiest level worth showing."""

OWN_LEVEL: Level = "C1"
"""The easiest level of a word that is shown although a phrase around it is shown too."""

LISTED = 0.9
"""Confidence in a word whose meaning the lexicon has."""

UNLISTED = 0.5
"""Confidence in a word it has no meaning for."""

_CONTENT = frozenset({"NOUN", "VERB", "ADJ", "ADV"})

_FILLERS = word_set(
    "ah aha alright anyways aw bye cos cuz dunno eh er erm gimme gonna gotcha gotta ha haha hello "
    "hey hi hm hmm huh lemme mhm mm mmm nah nope oh ok okay ooh oops ouch ow ugh uh um umm wanna "
    "whoa wow ya yay yeah yep yes yo yup"
)
"""What is said but not learnt: interjections and fillers, whatever the tagger calls them."""

_GRAMMAR = word_set(
    "else herself himself itself less least lot more most much myself ourselves quite rather such "
    "themselves thing very yourself yourselves"
)
"""What grammar teaches, not a word list."""

_PLAUSIBLE = (2.0, 4.8)
"""The zipf range of an unlisted word: below are typos and names, above what everybody knows."""

_MIN_LETTERS = 3


@dataclass(slots=True)
class _Found:
    """A word of the chunk with where it was seen."""

    reading: Reading
    entry: WordEntry | None
    level: Level
    mentions: list[Mention] = field(default_factory=list)


def word_candidates(analysis: Analysis, lexicon: Lexicon) -> tuple[Candidate, ...]:
    """The words worth learning, one candidate a lemma and part of speech, in order of the text."""
    names = _names(analysis)
    found: dict[tuple[str, str], _Found] = {}
    for sentence in analysis.sentences:
        in_phrases = {index for match in sentence.matches for index in match.tokens}
        for index, word in _words(sentence, lexicon, names):
            if index in in_phrases and is_below(word.level, OWN_LEVEL):
                continue
            token = sentence.tokens[index]
            key = (word.reading.lemma, word.reading.pos)
            found.setdefault(key, word).mentions.append(((token.start, token.end),))
    return tuple(map(_candidate, found.values()))


def _words(
    sentence: AnalysedSentence, lexicon: Lexicon, names: frozenset[str]
) -> Iterator[tuple[int, _Found]]:
    """The sentence's words worth learning, with the index of their token."""
    for index, token in enumerate(sentence.tokens):
        if _is_content(token) and not _is_name(token, _begins(sentence, index), names):
            word = _looked_up(token, lexicon)
            if word and not is_below(word.level, MIN_LEVEL):
                yield index, word


def _is_content(token: Token) -> bool:
    return (
        token.pos in _CONTENT
        and len(token.lower) >= _MIN_LETTERS
        and token.lower.isalpha()
        and token.lower not in _FILLERS
        and token.lower not in _GRAMMAR
    )


def _names(analysis: Analysis) -> frozenset[str]:
    """What is only ever said with a capital inside a sentence: names the tagger may have missed."""
    capital: set[str] = set()
    small: set[str] = set()
    for sentence in analysis.sentences:
        for index, token in enumerate(sentence.tokens):
            if token.text.islower():
                small.add(token.lower)
            elif not _begins(sentence, index):
                capital.add(token.lower)
    return frozenset(capital - small)


def _begins(sentence: AnalysedSentence, index: int) -> bool:
    """Whether a capital says nothing here: at the start, or after a quotation mark or a dash."""
    before = sentence.tokens[index - 1] if index else None
    return before is None or (before.pos == "PUNCT" and before.text != ",")


def _is_name(token: Token, begins: bool, names: frozenset[str]) -> bool:
    if token.text.islower():
        return False
    return not begins or token.text.isupper() or token.lower in names


def _looked_up(token: Token, lexicon: Lexicon) -> _Found | None:
    """The token's best reading: one the lexicon explains, else the easiest one listed.

    The easiest, for "bored" is better known than "bore". And a listed adjective, such as
    "interesting", is not taken for a form of its verb even where the lexicon has only that.
    """
    ways = readings(token)
    listed = tuple(way for way in ways if level_of(way.lemma, way.pos)[1] == "list")
    if ways[0] in listed and ways[0].upos != "VERB":
        ways, listed = ways[:1], ways[:1]
    for reading in ways:
        entry = lexicon.word(reading.lemma, reading.pos)
        if entry:
            return _found(reading, entry)
    best = min(listed, key=_listed_level, default=ways[0])
    return _found(best, None) if _is_plausible(token, best) else None


def _listed_level(reading: Reading) -> str:
    # "A1" < "A2" < "B1" … holds for the names too.
    return level_of(reading.lemma, reading.pos)[0] or ""


def _is_plausible(token: Token, reading: Reading) -> bool:
    least, most = _PLAUSIBLE
    return least <= zipf(reading.lemma) <= most and is_dictionary_word(token.lower, reading.upos)


def _found(reading: Reading, entry: WordEntry | None) -> _Found | None:
    level, _ = level_of(reading.lemma, reading.pos)
    return _Found(reading, entry, level) if level else None


def _candidate(word: _Found) -> Candidate:
    entry = word.entry
    level, level_source = level_of(word.reading.lemma, word.reading.pos)
    return Candidate(
        text=word.reading.lemma,
        meanings=entry.meanings if entry else (),
        mentions=tuple(word.mentions),
        lemma=word.reading.lemma,
        pos=word.reading.pos,
        upos=word.reading.upos,
        definition=(entry.definition or None) if entry else None,
        synonyms=entry.synonyms if entry else (),
        level=level,
        level_source=level_source,
        confidence=LISTED if entry else UNLISTED,
    )
