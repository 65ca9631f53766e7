from __future__ import annotations

from collections.abc import Callable

from lexicue.grounding import ChunkIndex, Grounded, How, ground_all
from lexicue.model import Candidate, Chunk, Cue, Sentence, Transcript

Make = Callable[..., tuple[Transcript, Chunk]]
Ground = Callable[..., Grounded]

# "So he gave" / "it all up." / turn "Fine." - one sentence over two cues, after another chunk.
CUES = (
    Cue(0, 0, 900, "Before this."),
    Cue(1, 1000, 1900, ""),
    Cue(2, 2000, 2900, "So he gave"),
    Cue(3, 3000, 3900, "it all up."),
    Cue(4, 4000, 4900, "Fine.", starts_turn=True),
)


def over_two_cues() -> tuple[Transcript, Chunk]:
    transcript = Transcript("video", CUES)
    start = transcript.cue_start(1)
    middle = transcript.cue_start(3)
    sentences = (Sentence(start, middle - 1), Sentence(middle, len(transcript.text)))
    return transcript, Chunk(2, transcript.text[start:], start, sentences, 0)


def test_an_occurrence_over_two_cues() -> None:
    transcript, chunk = over_two_cues()
    (one,) = ChunkIndex(transcript, chunk).ground(Candidate("give up")).occurrences
    assert one.sentence == "So he gave it all up."
    assert one.spans == ((6, 10), (18, 20))
    assert one.surface == "gave it all up"
    assert (one.cue_index, one.start_ms, one.end_ms) == (2, 2000, 3900)
    assert one.offset == chunk.start


def test_a_mention_ends_in_its_last_cue() -> None:
    (one,) = ChunkIndex(*over_two_cues()).ground(Candidate("fine")).occurrences
    assert (one.cue_index, one.start_ms, one.end_ms) == (4, 4000, 4900)
    (one,) = ChunkIndex(*over_two_cues()).ground(Candidate("so")).occurrences
    assert (one.cue_index, one.start_ms, one.end_ms) == (2, 2000, 2900)


def test_what_is_outside_the_chunk_is_not_found() -> None:
    assert not ChunkIndex(*over_two_cues()).ground(Candidate("before"))


def test_a_sentence_shows_line_breaks_as_spaces() -> None:
    cues = (Cue(0, 0, 1, "We give"), Cue(1, 1, 2, "it up", starts_turn=True))
    transcript = Transcript("video", cues)
    chunk = Chunk(1, transcript.text, 0, (Sentence(0, len(transcript.text)),), 0)
    assert "\n" in chunk.text
    (one,) = ChunkIndex(transcript, chunk).ground(Candidate("give it up")).occurrences
    assert (one.sentence, one.surface) == ("We give it up", "give it up")


def test_a_sentence_cut_by_its_chunk_is_shown_whole() -> None:
    transcript = Transcript("video", (Cue(0, 0, 1, "One two three four."),))
    chunk = Chunk(1, "two three", 4, (Sentence(0, 19),), 0)
    (one,) = ChunkIndex(transcript, chunk).ground(Candidate("three")).occurrences
    assert (one.sentence, one.spans, one.offset) == ("One two three four.", ((8, 13),), 0)
    assert not ChunkIndex(transcript, chunk).ground(Candidate("four"))


def test_words_in_a_row_are_one_span(ground: Ground) -> None:
    (one,) = ground("let the cat out of the bag", "He let the cat out of the bag.").occurrences
    assert len(one.spans) == 1


def test_ground_all_parts_the_found_from_the_refused(make: Make) -> None:
    index = ChunkIndex(*make("The bakery opens at five."))
    grounded, refused = ground_all(index, map(Candidate, ["bakery", "bread", "open", ""]))
    assert [one.candidate.text for one in grounded] == ["bakery", "open"]
    assert refused == ["bread", ""]


def test_the_tiers_have_their_worth() -> None:
    assert sorted(how.value for how in How) == [0.85, 0.95, 0.98, 1.0]


def test_a_chunk_without_sentences_holds_nothing() -> None:
    transcript = Transcript("video", (Cue(0, 0, 1, "One two."),))
    assert not ChunkIndex(transcript, Chunk(1, "One two.", 0, (), 0)).ground(Candidate("one"))
