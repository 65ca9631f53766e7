"""Grounding: an item is found in its chunk, or refused."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import regex

from lexicue.grounding.folding import folded
from lexicue.grounding.lemmas import lemmas
from lexicue.grounding.line import Line, tokens_of
from lexicue.grounding.matching import Find, apart
from lexicue.grounding.patterns import How
from lexicue.grounding.search import MAX_ITEM_CHARACTERS, search
from lexicue.model import Candidate, Chunk, Mention, Occurrence, Sentence, Span, Transcript

__all__ = ["ChunkIndex", "Grounded", "ground_all"]

_GLUE = regex.compile(r"[\s-]*")


@dataclass(frozen=True, slots=True)
class Grounded:
    """An item and every mention of it in its chunk; false when there is none.

    Attributes:
        candidate: what the engine said.
        occurrences: its mentions, in order of the text; empty when it was refused.
        quality: how much the best of them says for the item: 1.0 said just so, 0.98 in other
            typography, 0.95 inflected, 0.85 in pieces; 0 when it was refused.
    """

    candidate: Candidate
    occurrences: tuple[Occurrence, ...] = ()
    quality: float = 0.0

    def __bool__(self) -> bool:
        return bool(self.occurrences)


def ground_all(
    index: ChunkIndex, candidates: Iterable[Candidate]
) -> tuple[list[Grounded], list[str]]:
    """Ground every candidate.

    Returns:
        those found, and the texts of those refused, both in the order given.
    """
    grounded = [index.ground(candidate) for candidate in candidates]
    return [one for one in grounded if one], [one.candidate.text for one in grounded if not one]


class ChunkIndex:
    """A chunk, read once, in which any number of items can be located.

    Args:
        transcript: the whole transcript, for sentences, cues and times.
        chunk: the chunk the items were extracted from.
    """

    def __init__(self, transcript: Transcript, chunk: Chunk) -> None:
        self._transcript = transcript
        self._chunk = chunk
        self._sentences = sorted(chunk.sentences, key=lambda sentence: sentence.start)
        self._starts = [sentence.start - chunk.start for sentence in self._sentences]
        self._line = Line.of(chunk.text, map(self._span_in_chunk, self._sentences))

    def ground(self, candidate: Candidate) -> Grounded:
        """Find every mention of an item in the chunk.

        Mentions that the engine gives are checked and no others are looked for; where it gives
        none, the item is searched for.
        """
        if candidate.mentions:
            finds = apart(self._given(candidate))
        else:
            finds = apart(search(self._line, candidate))
        if not finds:
            return Grounded(candidate)
        occurrences = tuple(self._occurrence(found.spans) for found in finds)
        return Grounded(candidate, occurrences, max(found.how.value for found in finds))

    def _given(self, candidate: Candidate) -> Iterator[Find]:
        """The mentions an engine gives, those that can be true."""
        words = _words_of(candidate)
        for mention in candidate.mentions:
            if self._is_in_one_sentence(mention):
                merged = self._merged(mention)
                if not self._cuts_a_word(merged) and self._resembles(merged, words):
                    yield Find(merged, How.EXACT)

    def _is_in_one_sentence(self, mention: Mention) -> bool:
        edges = list(chain.from_iterable(mention))
        ordered = edges == sorted(edges) and all(start < end for start, end in mention)
        return ordered and bool(edges) and self._sentence_around(edges[0], edges[-1]) is not None

    def _merged(self, mention: Mention) -> Mention:
        """The mention, with spans made one where only a space or a hyphen parts them."""
        merged = [mention[0]]
        for start, end in mention[1:]:
            first, last = merged[-1]
            if _GLUE.fullmatch(self._chunk.text, last, start):
                merged[-1] = (first, end)
            else:
                merged.append((start, end))
        return tuple(merged)

    def _cuts_a_word(self, mention: Mention) -> bool:
        return any(self._line.cuts_a_word(edge) for edge in chain.from_iterable(mention))

    def _resembles(self, mention: Mention, words: set[str]) -> bool:
        """Whether a mention has any word of its item, or one that begins like it ("gonna")."""
        beginnings = {word[:2] for word in words}
        wanted = {lemma for word in words for lemma in lemmas(word)}
        said = (
            token.form
            for start, end in mention
            for token in tokens_of(folded(self._chunk.text[start:end]))
        )
        return any(form[:2] in beginnings or not wanted.isdisjoint(lemmas(form)) for form in said)

    def _occurrence(self, spans: Mention) -> Occurrence:
        start, end = spans[0][0], spans[-1][1]
        around = self._sentence_around(start, end)
        assert around is not None
        shift = self._chunk.start - around.start
        sentence = self._transcript.text[around.start : around.end].replace("\n", " ")
        first_cue = self._transcript.cue_at(self._chunk.start + start)
        last_cue = self._transcript.cue_at(self._chunk.start + end - 1)
        return Occurrence(
            cue_index=first_cue.index,
            start_ms=first_cue.start_ms,
            end_ms=last_cue.end_ms,
            sentence=sentence,
            spans=tuple((left + shift, right + shift) for left, right in spans),
            surface=sentence[start + shift : end + shift],
            offset=around.start,
        )

    def _sentence_around(self, start: int, end: int) -> Sentence | None:
        """The sentence that holds a range of the chunk's text, if a single one does."""
        number = bisect_right(self._starts, start) - 1
        if number < 0 or start < 0 or end > len(self._chunk.text):
            return None
        sentence = self._sentences[number]
        return sentence if end <= sentence.end - self._chunk.start else None

    def _span_in_chunk(self, sentence: Sentence) -> Span:
        start = max(sentence.start - self._chunk.start, 0)
        return start, min(sentence.end - self._chunk.start, len(self._chunk.text))


def _words_of(candidate: Candidate) -> set[str]:
    said = f"{candidate.text[:MAX_ITEM_CHARACTERS]} {(candidate.lemma or '')[:MAX_ITEM_CHARACTERS]}"
    return {token.form for token in tokens_of(folded(said))}
