"""Chunks made of explicit sentences, and items grounded in them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lexicue.grounding import ChunkIndex, Grounded
from lexicue.model import Candidate, Chunk, Cue, Sentence, Transcript

Made = tuple[Transcript, Chunk]


def make_chunk(*sentences: str, before: str = "", separator: str = " ") -> Made:
    """A chunk of these sentences, one cue of a second each, after other text."""
    texts = [*([before] if before else []), *sentences]
    cues = tuple(
        Cue(n, n * 1000, n * 1000 + 900, text, starts_turn=separator == "\n")
        for n, text in enumerate(texts)
    )
    transcript = Transcript("video", cues)
    spans = [
        Sentence(transcript.cue_start(n), transcript.cue_start(n) + len(text))
        for n, text in enumerate(texts)
    ]
    own = spans[1:] if before else spans
    start, end = own[0].start, own[-1].end
    return transcript, Chunk(1, transcript.text[start:end], start, tuple(own), 0)


def ground_item(item: str | Candidate, *sentences: str) -> Grounded:
    candidate = Candidate(item) if isinstance(item, str) else item
    return ChunkIndex(*make_chunk(*sentences)).ground(candidate)


def found_pieces(item: str | Candidate, *sentences: str) -> list[str]:
    """Each mention as its pieces: "gave … up"."""
    return [
        " … ".join(one.sentence[start:end] for start, end in one.spans)
        for one in ground_item(item, *sentences).occurrences
    ]


# Functions handed out as fixtures, since test folders are no packages to import from.


@pytest.fixture(scope="session")
def make() -> Callable[..., Made]:
    return make_chunk


@pytest.fixture(scope="session")
def ground() -> Callable[..., Grounded]:
    return ground_item


@pytest.fixture(scope="session")
def pieces() -> Callable[..., list[str]]:
    return found_pieces
