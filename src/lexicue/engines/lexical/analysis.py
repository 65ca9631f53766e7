"""A chunk analysed once, for both tasks: its sentences as tokens, and the phrases in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lexicue.engines.lexical.lemmas import dictionary_forms
from lexicue.engines.lexical.pipeline import SpacyDoc, parsed
from lexicue.lexicon import Match, PhraseMatcher, Token
from lexicue.model import Chunk, Mention, Span

__all__ = ["AnalysedSentence", "Analysis", "analyse", "readable"]

_LONE_I = re.compile(r"\bi\b")

_SHOUTED = 0.7
"""The share of capitals among letters from which on a sentence is set in capitals."""


@dataclass(frozen=True, slots=True)
class AnalysedSentence:
    """A sentence's tokens and the phrases found among them."""

    tokens: tuple[Token, ...]
    matches: tuple[Match, ...]

    def mention(self, match: Match) -> Mention:
        """The spans of a match in the chunk's text; words that stand together share one."""
        spans: list[Span] = []
        previous = len(self.tokens)
        for index in match.tokens:
            token = self.tokens[index]
            if previous < index and all(t.tag == "HYPH" for t in self.tokens[previous + 1 : index]):
                spans[-1] = (spans[-1][0], token.end)
            else:
                spans.append((self._word_start(index), token.end))
            previous = index
        return tuple(spans)

    def _word_start(self, index: int) -> int:
        """Where to begin showing a token: "don't necessarily", not "n't necessarily"."""
        is_negation = self.tokens[index].lower == "n't" and index > 0
        return self.tokens[index - is_negation].start


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything the two tasks need to know of a chunk: its sentences, in order."""

    sentences: tuple[AnalysedSentence, ...]


def analyse(chunk: Chunk, matcher: PhraseMatcher) -> Analysis:
    """Tag and parse a chunk's sentences and find the phrases in them."""
    ranges = list(_sentence_ranges(chunk))
    texts = [readable(chunk.text[start:end]) for start, end in ranges]
    sentences = []
    for (start, _), doc in zip(ranges, parsed(texts), strict=True):
        tokens = _tokens(doc, start)
        sentences.append(AnalysedSentence(tokens, tuple(matcher.find(tokens))))
    return Analysis(tuple(sentences))


def readable(text: str) -> str:
    """A sentence set in capitals in ordinary letters, which the tagger knows; others unchanged."""
    letters = [character for character in text if character.isalpha()]
    capitals = sum(character.isupper() for character in letters)
    if len(letters) < 2 or capitals < _SHOUTED * len(letters):
        return text
    lowered = _LONE_I.sub("I", text.lower())
    lowered = lowered[:1].upper() + lowered[1:]
    return lowered if len(lowered) == len(text) else text


def _sentence_ranges(chunk: Chunk) -> Iterator[Span]:
    """The sentences as ranges of the chunk's own text."""
    if not chunk.sentences:
        yield 0, len(chunk.text)
    for sentence in chunk.sentences:
        start = max(sentence.start - chunk.start, 0)
        end = min(sentence.end - chunk.start, len(chunk.text))
        if start < end:
            yield start, end


def _tokens(doc: SpacyDoc, offset: int) -> tuple[Token, ...]:
    """spaCy's tokens as ours, without those of mere space, at their place in the chunk."""
    words = [token for token in doc if not token.is_space]
    place = {token.i: index for index, token in enumerate(words)}
    return tuple(
        Token(
            text=token.text,
            lemmas=dictionary_forms(token.text.lower(), token.pos_, token.lemma_.lower()),
            pos=token.pos_,
            tag=token.tag_,
            start=offset + token.idx,
            end=offset + token.idx + len(token.text),
            dep=token.dep_,
            head=place.get(token.head.i, -1),
        )
        for token in words
    )
