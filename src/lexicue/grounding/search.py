"""Searching a chunk for an item, tier by tier; every tier adds the mentions it alone can see."""

from __future__ import annotations

import re
from collections.abc import Iterator

import regex

from lexicue.grounding.citation import read_citation, readings
from lexicue.grounding.english import CONTENTLESS
from lexicue.grounding.folding import folded
from lexicue.grounding.lemmas import lemmas_as, lemmas_of_item
from lexicue.grounding.line import UNSPACED, Joint, Line, tokens_of
from lexicue.grounding.matching import Find, find
from lexicue.grounding.patterns import How, as_said, inflected, inflected_word, stages
from lexicue.model import Candidate, Span

__all__ = ["MAX_ITEM_CHARACTERS", "search"]

MAX_ITEM_CHARACTERS = 400
"""Nothing worth learning is longer, and a runaway answer must not cost more than a glance."""

# A longer item is found as it is written or not at all: the work grows with its words.
_MOST_WORDS = 24

_HANGUL = regex.compile(r"\p{Hangul}")
_EDGES = " \t\r\n\"'“”‘’«».,;:!?()[]{}<>*"
_UPOS = {"n": "NOUN", "v": "VERB", "adj": "ADJ", "adv": "ADV"}


def search(line: Line, candidate: Candidate) -> Iterator[Find]:
    """Every find of an item, overlapping ones included; none for what is no word at all."""
    text = candidate.text if len(candidate.text) <= MAX_ITEM_CHARACTERS else ""
    item = folded(text)
    if not any(character.isalnum() for character in item):
        return
    verbatim = [*_as_written(line, text), *_in_a_row(line, item)]
    exact = [found for found in verbatim if found.how is How.EXACT]
    if exact and _is_acronym(text):
        yield from exact
        return  # where "US" is said, "us" is another word
    yield from verbatim
    for reading in readings(item):
        tokens = tokens_of(reading)
        if len(tokens) == 1 and reading != item and tokens[0].form in CONTENTLESS:
            continue  # half of "and/or"
        if len(tokens) == 1:
            yield from find(line, inflected_word(_wanted(tokens[0].form, candidate)))
        elif len(tokens) <= _MOST_WORDS:
            yield from _phrase(line, reading, candidate, seen=bool(verbatim))


def _as_written(line: Line, text: str) -> Iterator[Find]:
    """The item with its own punctuation, in any case and typography."""
    bare = _without_edges(text)
    for span in _whole_words(line, folded(bare)):
        exact = line.text[slice(*span)] == bare
        yield Find((span,), How.EXACT if exact else How.TYPOGRAPHY)


def _in_a_row(line: Line, item: str) -> Iterator[Find]:
    """The item's words whatever is between them: "well-known", "well known", "e-mail", "email"."""
    citation = read_citation(item, literally=True)
    if not 1 <= len(citation.units) <= _MOST_WORDS:
        return
    yield from find(line, as_said(citation))
    tokens = tokens_of(item)
    if all(token.joint is Joint.HYPHEN for token in tokens[1:]):
        solid = "".join(token.form for token in tokens)
        whole = [(place, place) for place in line.by_form.get(solid, ())]
        for first, last in [*whole, *line.compounds.get(solid, ())]:
            yield Find((line.span(first, last),), How.TYPOGRAPHY)


def _phrase(line: Line, reading: str, candidate: Candidate, *, seen: bool) -> Iterator[Find]:
    literally = read_citation(reading, literally=True)
    citation = read_citation(reading)
    if citation.has_slots:  # "something" may hold a place, or be said
        said = list(find(line, inflected(literally)))
        seen = seen or bool(said)
        yield from said
    for stage in stages(citation, candidate.kind):
        finds = [found for pattern in stage for found in find(line, pattern)]
        yield from finds
        if seen or finds:
            return


def _wanted(form: str, candidate: Candidate) -> frozenset[str]:
    """The lemmas of a single word, by what the engine knows of it."""
    if candidate.lemma:
        return frozenset({folded(candidate.lemma[:MAX_ITEM_CHARACTERS])})
    upos = candidate.upos or _UPOS.get(candidate.pos or "", "")
    return lemmas_as(form, upos) or lemmas_of_item(form)


def _whole_words(line: Line, item: str) -> Iterator[Span]:
    """Where a folded string stands without cutting a word or a character in two."""
    spans = [
        span
        for match in re.finditer(_spelled(item), line.folded.text)
        if (span := line.folded.original(*match.span())) is not None
        and not line.cuts_a_word(span[0])
        and not line.cuts_a_word(span[1])
    ]
    if _HANGUL.match(item):
        # A Korean word begins where a space ends: 학교 is in 학교에서 before it is in 고등학교.
        beginnings = [span for span in spans if not _HANGUL.match(line.text[: span[0]][-1:])]
        spans = beginnings or spans
    yield from spans


def _spelled(item: str) -> str:
    if UNSPACED.search(item) and not _HANGUL.search(item):
        # Cues are joined by a space, also inside a word of a script that has none.
        return " ?".join(re.escape(character) for character in item)
    return re.escape(item)


def _without_edges(text: str) -> str:
    stripped = text.strip(_EDGES)
    return text.strip() if "." in stripped else stripped  # "U.S." keeps its last stop


def _is_acronym(text: str) -> bool:
    return 2 <= len(text.strip()) <= 5 and text.strip().isupper()
