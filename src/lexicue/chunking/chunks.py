"""Chunks: as many whole sentences as the token budget holds.

Sentences are counted once each, packed by the sum, and the packed chunk is counted as a whole, so
its ``tokens`` are exact also where the tokenizer merges over a sentence's edge.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import regex

from lexicue.chunking.sentences import split_sentences
from lexicue.chunking.tokens import TokenCounter
from lexicue.errors import ChunkingError
from lexicue.model import Chunk, Sentence, Transcript

__all__ = ["chunk_each_cue", "chunk_transcript", "halve"]

_CLAUSE = regex.compile(r"(?<=[,;:—–、，])\s+")
_SPACE = regex.compile(r"\s+")
_CHARACTER = regex.compile(r"(?=\X)")


def chunk_transcript(
    transcript: Transcript, counter: TokenCounter, chunk_tokens: int = 2000
) -> list[Chunk]:
    """Cut a transcript into chunks of at most `chunk_tokens` tokens.

    A sentence is cut only when it alone is longer than a chunk: at a clause, else at a space, else
    between characters. The same transcript, tokenizer and budget give the same chunks.

    Raises:
        ChunkingError: not even a few characters fit the budget.
    """
    sentences = split_sentences(transcript)
    sized = _fitting(transcript.text, sentences, counter, chunk_tokens)
    chunks: list[Chunk] = []
    pending = list(sized)
    first = 0
    while first < len(pending):
        after = _take(pending, first, chunk_tokens)
        while True:
            chunk = _chunk(len(chunks) + 1, transcript.text, pending[first:after], counter)
            if chunk.tokens <= chunk_tokens or after == first + 1:
                break
            after -= 1
        chunks.append(chunk)
        first = after
    return chunks


def chunk_each_cue(transcript: Transcript, counter: TokenCounter) -> list[Chunk]:
    """One chunk for each cue with text, whole however long, numbered by the cue's place from 1.

    For texts that were cut into chunks elsewhere (`Transcript.from_texts`).
    """
    sentences = split_sentences(transcript)
    chunks: list[Chunk] = []
    for number, cue in enumerate(transcript.spoken_cues):
        start = transcript.cue_start(number)
        end = start + len(cue.text)
        within = [each for each in sentences if start <= each.start < end]
        if within:
            sized = [(sentence, 0) for sentence in within]
            chunks.append(_chunk(cue.index + 1, transcript.text, sized, counter))
    return chunks


def halve(chunk: Chunk) -> tuple[Chunk, Chunk] | None:
    """A chunk as two of about the same length, cut between sentences; None for a single one.

    Both keep the chunk's number; their token counts are shares by length, not counted anew.
    """
    if len(chunk.sentences) < 2:
        return None
    middle = chunk.start + len(chunk.text) / 2
    cut = min(range(1, len(chunk.sentences)), key=lambda i: abs(chunk.sentences[i].start - middle))
    return _part(chunk, chunk.sentences[:cut]), _part(chunk, chunk.sentences[cut:])


def _part(chunk: Chunk, sentences: tuple[Sentence, ...]) -> Chunk:
    start, end = sentences[0].start, sentences[-1].end
    text = chunk.text[start - chunk.start : end - chunk.start]
    tokens = max(1, round(chunk.tokens * len(text) / len(chunk.text)))
    return Chunk(chunk.number, text, start, sentences, tokens)


Sized = tuple[Sentence, int]
"""A sentence and its tokens, the white space before it counted."""


def _fitting(
    text: str, sentences: Sequence[Sentence], counter: TokenCounter, budget: int
) -> Iterable[Sized]:
    """Each sentence with its tokens; one that is over the budget in pieces."""
    counts = counter.counts([_with_lead(text, sentence) for sentence in sentences])
    for sentence, tokens in zip(sentences, counts, strict=True):
        if tokens <= budget or counter.count(text[sentence.start : sentence.end]) <= budget:
            yield sentence, tokens
        else:
            yield from _cut(text, sentence, counter, budget)


def _with_lead(text: str, sentence: Sentence) -> str:
    """The sentence with the space before it, which most tokenizers make part of its first word."""
    lead = sentence.start > 0 and text[sentence.start - 1] == " "
    return text[sentence.start - lead : sentence.end]


def _cut(text: str, sentence: Sentence, counter: TokenCounter, budget: int) -> Iterable[Sized]:
    tokens = counter.count(text[sentence.start : sentence.end])
    if tokens <= budget:
        yield sentence, tokens
        return
    cut = _cut_point(text, sentence)
    if cut is None:
        raise ChunkingError(
            f"a chunk of {budget} tokens cannot hold {text[sentence.start : sentence.end]!r}: "
            "give a larger --chunk-tokens"
        )
    yield from _cut(text, Sentence(sentence.start, cut[0]), counter, budget)
    yield from _cut(text, Sentence(cut[1], sentence.end), counter, budget)


def _cut_point(text: str, sentence: Sentence) -> tuple[int, int] | None:
    """Where to cut in two: the clause end, else space, else character nearest the middle."""
    middle = (sentence.start + sentence.end) // 2
    quarter = (sentence.end - sentence.start) // 4
    for pattern in (_CLAUSE, _SPACE, _CHARACTER):
        near = pattern.finditer(text, middle - quarter, middle + quarter + 1)
        cuts: list[tuple[int, int]] = [
            m.span() for m in near if sentence.start < m.start() and m.end() < sentence.end
        ]
        if cuts:
            return min(cuts, key=lambda span: abs(span[0] - middle))
    return None


def _take(sized: Sequence[Sized], first: int, budget: int) -> int:
    """The end of the longest run from `first` whose tokens add up to no more than the budget."""
    total = 0
    for position in range(first, len(sized)):
        total += sized[position][1]
        if total > budget and position > first:
            return position
    return len(sized)


def _chunk(number: int, text: str, sized: Sequence[Sized], counter: TokenCounter) -> Chunk:
    sentences = tuple(sentence for sentence, _ in sized)
    start, end = sentences[0].start, sentences[-1].end
    chunk_text = text[start:end]
    return Chunk(number, chunk_text, start, sentences, counter.count(chunk_text))
