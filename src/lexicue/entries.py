"""From grounded candidates to the entries of a vocabulary.

An engine says only what nobody else can: a language model gives a word and its meaning. What the
program can work out itself it adds here: lemma and part of speech in the sentence, level,
frequency, and from the lexicon a definition, synonyms and a literal rendering.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

import regex

from lexicue.engines.lexical import WordDescription, describe_words, level_of, zipf
from lexicue.grounding import Grounded
from lexicue.lexicon import PhraseEntry, load_lexicon
from lexicue.model import Candidate, Occurrence, Phrase, PhraseKind, Source, Span, Word
from lexicue.vocabulary import merge_phrases, merge_words

__all__ = ["phrase_entries", "prepare", "word_entries"]

_LATIN = regex.compile(r"\p{Latin}")
_DOES_NOT_SHOW = regex.compile(r"[\p{Cc}\p{Cf}]")
_MOST_MEANINGS = 2


def prepare() -> None:
    """Load what the first entries need (a second or two), while a server is still at work."""
    describe_words([("Ready.", (0, 5))])
    load_lexicon()
    level_of("ready", "adj")


def word_entries(grounded: Sequence[Grounded], source: Source) -> tuple[Word, ...]:
    """The words of a chunk, one entry for each lemma and part of speech.

    It tags sentences where the engine gave no lemma; call it in a thread.
    """
    described = _descriptions(grounded)
    return merge_words(
        _word(each, description, source)
        for each, description in zip(grounded, described, strict=True)
    )


def phrase_entries(grounded: Sequence[Grounded], source: Source) -> tuple[Phrase, ...]:
    """The phrases of a chunk, one entry for each citation form."""
    return merge_phrases(_phrase(each, source) for each in grounded)


def _descriptions(grounded: Sequence[Grounded]) -> list[WordDescription]:
    """Lemma and part of speech of each: the engine's own, else by tagging the first mention."""
    asked = [each for each in grounded if _needs_tagging(each)]
    found = describe_words([_first_mention(each.occurrences[0]) for each in asked])
    tagged = {id(each): description for each, description in zip(asked, found, strict=True)}
    return [tagged.get(id(each)) or _own_description(each) for each in grounded]


def _needs_tagging(grounded: Grounded) -> bool:
    """Whether it is an English word whose lemma the engine left open."""
    return grounded.candidate.lemma is None and bool(_LATIN.search(grounded.candidate.text))


def _first_mention(occurrence: Occurrence) -> tuple[str, Span]:
    return occurrence.sentence, (occurrence.spans[0][0], occurrence.spans[-1][1])


def _own_description(grounded: Grounded) -> WordDescription:
    candidate = grounded.candidate
    lemma = candidate.lemma or unicodedata.normalize("NFC", candidate.text).casefold()
    return WordDescription(lemma, candidate.pos or "", candidate.upos or "")


def _word(grounded: Grounded, description: WordDescription, source: Source) -> Word:
    candidate = grounded.candidate
    lemma, pos, upos = description
    if upos == "PROPN":
        lemma = candidate.text  # a name keeps its capital
    listed = load_lexicon().word(lemma, pos)
    level, level_source = candidate.level, candidate.level_source
    if level is None:
        level, level_source = level_of(lemma, pos)
    return Word(
        lemma=lemma,
        pos=pos,
        upos=upos,
        meanings=_shown(candidate.meanings),
        synonyms=candidate.synonyms or (listed.synonyms if listed else ()),
        definition=candidate.definition or (listed.definition if listed else ""),
        level=level,
        level_source=level_source,
        zipf=zipf(lemma),
        occurrences=grounded.occurrences,
        confidence=candidate.confidence * grounded.quality,
        source=source,
    )


def _phrase(grounded: Grounded, source: Source) -> Phrase:
    candidate = grounded.candidate
    listed = _listed_phrase(candidate)
    level = candidate.level or (listed.level if listed else None)
    return Phrase(
        phrase=candidate.text,
        kind=candidate.kind or PhraseKind.EXPRESSION,
        meaning="; ".join(_shown(candidate.meanings)),
        definition=candidate.definition or (listed.definition if listed else ""),
        literal=candidate.literal or (listed.literal if listed else ""),
        register=candidate.register or (listed.register if listed else ""),
        level=level,
        level_source="estimate" if level else None,
        occurrences=grounded.occurrences,
        confidence=candidate.confidence * grounded.quality,
        source=source,
    )


def _shown(meanings: Sequence[str]) -> tuple[str, ...]:
    """At most two meanings, without characters that hide or reorder text."""
    clean = (_DOES_NOT_SHOW.sub("", meaning).strip() for meaning in meanings)
    return tuple(meaning for meaning in clean if meaning)[:_MOST_MEANINGS]


def _listed_phrase(candidate: Candidate) -> PhraseEntry | None:
    return _phrases_by_form().get(candidate.text.casefold())


@lru_cache(maxsize=1)
def _phrases_by_form() -> dict[str, PhraseEntry]:
    return {entry.phrase.casefold(): entry for entry in load_lexicon().phrases}
