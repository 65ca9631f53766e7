from __future__ import annotations

from collections.abc import Callable

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lexicue.grounding import ChunkIndex, Grounded
from lexicue.grounding.folding import fold
from lexicue.grounding.search import MAX_ITEM_CHARACTERS
from lexicue.model import Candidate, Chunk, PhraseKind, Transcript

Make = Callable[..., tuple[Transcript, Chunk]]

WORDS = st.sampled_from(
    "he gave it up pulling my strings leg the beans were spilled don't İstanbul Straße café "
    "well-known 학교에서 東京 you'd can't ﬁnd Ünder 24/7 art start looked forward to".split()
)
JOINTS = st.sampled_from([" ", " ", " ", ", ", "; ", "... ", " — ", "\u00a0"])


@st.composite
def sentences(draw: st.DrawFn) -> str:
    words = draw(st.lists(WORDS, min_size=1, max_size=12))
    return words[0] + "".join(draw(JOINTS) + word for word in words[1:])


CHUNKS = st.lists(sentences(), min_size=1, max_size=4)
ITEMS = st.one_of(
    st.sampled_from(["give up", "pull someone's leg", "pull strings", "spill the beans", "look"]),
    st.lists(WORDS, min_size=1, max_size=4).map(" ".join),
    st.text(max_size=30),
)
KINDS = st.none() | st.sampled_from(list(PhraseKind))


def check(transcript: Transcript, chunk: Chunk, grounded: Grounded) -> None:
    """All that must hold of any occurrence, checked against the text alone."""
    last = (-1, -1)
    for one in grounded.occurrences:
        whole = transcript.text[one.offset :]
        assert whole.replace("\n", " ").startswith(one.sentence)
        edges = [edge for span in one.spans for edge in span]
        assert edges == sorted(edges)
        assert edges[0] >= 0
        assert edges[-1] <= len(one.sentence)
        assert all(start < end for start, end in one.spans)
        assert one.surface == one.sentence[edges[0] : edges[-1]]
        assert chunk.start <= one.offset + edges[0]
        assert one.offset + edges[-1] <= chunk.end
        first_cue = transcript.cue_at(one.offset + edges[0])
        last_cue = transcript.cue_at(one.offset + edges[-1] - 1)
        assert (one.cue_index, one.start_ms) == (first_cue.index, first_cue.start_ms)
        assert one.end_ms == last_cue.end_ms
        assert one.offset + edges[0] >= last[1], "mentions overlap or are out of order"
        last = (one.offset + edges[0], one.offset + edges[-1])
    assert bool(grounded.occurrences) == (grounded.quality > 0)


@given(texts=CHUNKS, item=ITEMS, kind=KINDS)
@settings(max_examples=200, deadline=None)
def test_every_occurrence_is_true(
    make: Make, texts: list[str], item: str, kind: PhraseKind | None
) -> None:
    transcript, chunk = make(*texts, before="Before.", separator="\n")
    check(transcript, chunk, ChunkIndex(transcript, chunk).ground(Candidate(item, kind=kind)))


@given(texts=CHUNKS, data=st.data())
@settings(max_examples=200, deadline=None)
def test_words_of_the_text_are_found_at_their_place(
    make: Make, texts: list[str], data: st.DataObject
) -> None:
    transcript, chunk = make(*texts)
    sentence = data.draw(st.sampled_from(texts))
    words = sentence.replace("\u00a0", " ").split(" ")
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    start = len(" ".join(words[:first])) + bool(first)
    item = sentence[start : start + len(" ".join(words[first : last + 1]))].strip(" ,;.—\u00a0")
    assume(item and len(item) <= MAX_ITEM_CHARACTERS)
    at = sentence.index(item, start)
    grounded = ChunkIndex(transcript, chunk).ground(Candidate(item))
    check(transcript, chunk, grounded)
    assert grounded.quality == 1.0
    assert any(
        one.sentence == sentence and one.spans[0][0] < at + len(item) and at < one.spans[-1][1]
        for one in grounded.occurrences
    )


@given(texts=CHUNKS, data=st.data())
@settings(max_examples=200, deadline=None)
def test_case_and_typography_do_not_hide_a_word(
    make: Make, texts: list[str], data: st.DataObject
) -> None:
    word = data.draw(st.sampled_from(texts[0].replace("\u00a0", " ").split(" "))).strip(",;.—")
    assume(word)
    said = data.draw(st.sampled_from([word.upper(), word.swapcase(), word.replace("'", "’")]))
    transcript, chunk = make(*texts)
    grounded = ChunkIndex(transcript, chunk).ground(Candidate(said))
    check(transcript, chunk, grounded)
    assert grounded


@given(text=st.text(max_size=200), item=st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_no_text_breaks_it(make: Make, text: str, item: str) -> None:
    cue_text = " ".join(text.split())
    assume(cue_text)
    transcript, chunk = make(cue_text)
    index = ChunkIndex(transcript, chunk)
    check(transcript, chunk, index.ground(Candidate(item)))
    check(transcript, chunk, index.ground(Candidate(cue_text[3:20])))


SPANS = st.lists(st.tuples(st.integers(-5, 90), st.integers(-5, 90)), max_size=3).map(tuple)


@given(texts=CHUNKS, mentions=st.lists(SPANS, max_size=4).map(tuple))
@settings(max_examples=200, deadline=None)
def test_no_given_mention_breaks_it(
    make: Make, texts: list[str], mentions: tuple[tuple[tuple[int, int], ...], ...]
) -> None:
    transcript, chunk = make(*texts, before="Before.")
    candidate = Candidate("give it up", mentions=mentions)
    check(transcript, chunk, ChunkIndex(transcript, chunk).ground(candidate))


@given(text=st.text(max_size=100), at=st.integers(0, 50))
def test_folding_covers_its_original_in_order(text: str, at: int) -> None:
    both = fold(text, at)
    assert len(both.text) == len(both.starts) == len(both.ends)
    assert both.starts == sorted(both.starts)
    assert all(
        at <= start < end <= at + len(text)
        for start, end in zip(both.starts, both.ends, strict=True)
    )
