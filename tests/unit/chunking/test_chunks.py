from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexicue.chunking import QwenTokenCounter, chunk_each_cue, chunk_transcript, halve
from lexicue.chunking.tokens import TokenizerJsonCounter
from lexicue.errors import ChunkingError, SettingsError
from lexicue.model import Cue, Transcript

COUNTER = QwenTokenCounter()

SENTENCES = st.sampled_from(
    [
        "I gave it up.",
        "And so, after all this time, we went back home!",
        "그래서 우리는 집으로 돌아갔다.",
        "そうです。",
        "هل أنت بخير؟",
        "no punctuation here at all",
        "Really?",
        "\U0001f44d\U0001f3fd ok…",
        "a" * 300,
        "cafe\u0301 nai\u0308ve.",
    ]
)


def transcript(texts: list[str]) -> Transcript:
    cues = (Cue(i, i * 2000, i * 2000 + 1900, t) for i, t in enumerate(texts))
    return Transcript("t", tuple(cues))


@settings(max_examples=150, deadline=None)
@given(st.lists(SENTENCES, max_size=40), st.integers(64, 200))
def test_chunks_keep_everything_and_stay_within_the_budget(texts: list[str], budget: int) -> None:
    source = transcript(texts)
    chunks = chunk_transcript(source, COUNTER, budget)
    assert [chunk.number for chunk in chunks] == list(range(1, len(chunks) + 1))
    covered = 0
    for chunk in chunks:
        assert chunk.text == source.text[chunk.start : chunk.end]
        assert chunk.tokens == COUNTER.count(chunk.text) <= budget
        assert chunk.sentences[0].start == chunk.start
        assert chunk.sentences[-1].end == chunk.end
        assert source.text[covered : chunk.start].strip() == ""
        covered = chunk.end
        for offset in range(chunk.start, chunk.end):
            cue = source.cue_at(offset)
            assert source.text[offset] in cue.text + " \n"
    assert source.text[covered:].strip() == ""
    assert chunk_transcript(source, COUNTER, budget) == chunks


def test_sentences_are_whole_unless_one_is_longer_than_a_chunk() -> None:
    long_one = "and " * 500 + "done."
    source = transcript(["Short one. Another one.", long_one, "The end."])
    chunks = chunk_transcript(source, COUNTER, 100)
    whole = [source.text[s.start : s.end] for c in chunks for s in c.sentences]
    assert "Short one." in whole
    assert "The end." in whole
    assert all(chunk.tokens <= 100 for chunk in chunks)


def test_chunks_are_filled() -> None:
    source = transcript([f"This is sentence number {i}, and it is here." for i in range(400)])
    chunks = chunk_transcript(source, COUNTER, 500)
    assert all(chunk.tokens > 470 for chunk in chunks[:-1])


def test_no_speech_gives_no_chunks() -> None:
    assert chunk_transcript(transcript(["", ""]), COUNTER, 100) == []


def test_a_budget_below_one_character_is_an_error() -> None:
    with pytest.raises(ChunkingError, match="larger --chunk-tokens"):
        chunk_transcript(transcript(["\U0001f9d1\u200d\U0001f680"]), COUNTER, 1)


def test_halves_make_the_whole() -> None:
    source = transcript([f"This is sentence number {i}." for i in range(9)])
    chunk = chunk_transcript(source, COUNTER, 2000)[0]
    halves = halve(chunk)
    assert halves is not None
    first, second = halves
    assert first.sentences + second.sentences == chunk.sentences
    assert f"{first.text} {second.text}" == chunk.text
    assert {first.number, second.number} == {chunk.number}
    assert 0.4 < len(first.text) / len(chunk.text) < 0.6


def test_a_single_sentence_has_no_halves() -> None:
    assert halve(chunk_transcript(transcript(["Just one."]), COUNTER, 100)[0]) is None


def test_given_texts_stay_the_chunks_they_are() -> None:
    texts = ["One. Two.", "", "Three. " * 2000]
    source = Transcript.from_texts(texts, "v")
    chunks = chunk_each_cue(source, COUNTER)
    assert [chunk.number for chunk in chunks] == [1, 3]
    assert chunks[0].text == "One. Two."
    assert chunks[1].tokens > 2000


def test_qwen_counts() -> None:
    assert COUNTER.count("") == 0
    assert COUNTER.count("Hello, world!") == 4
    assert COUNTER.count("2024") == 4, "Qwen2 splits numbers into digits, unlike GPT-4's tokenizer"
    assert COUNTER.count("cafe\u0301") == COUNTER.count("caf\u00e9"), "NFC comes first"
    assert COUNTER.counts(["Hello, world!", ""]) == [4, 0]


def test_special_tokens_in_speech_are_plain_text() -> None:
    assert COUNTER.count("<|im_end|>") > 1


def test_another_tokenizer(tmp_path: Path) -> None:
    tokenizers = pytest.importorskip("tokenizers", reason="the tokenizers extra is not installed")
    path = tmp_path / "tokenizer.json"
    model = tokenizers.models.WordLevel({"gave": 0, "it": 1, "up": 2, "?": 3}, unk_token="?")
    made = tokenizers.Tokenizer(model)
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.save(str(path))
    counter = TokenizerJsonCounter(path)
    assert counter.count("gave it up") == 3
    assert counter.counts(["gave it", "up"]) == [2, 1]
    assert "tokenizer.json" in counter.name


def test_a_tokenizer_that_is_none(tmp_path: Path) -> None:
    pytest.importorskip("tokenizers", reason="the tokenizers extra is not installed")
    with pytest.raises(SettingsError, match="is no file"):
        TokenizerJsonCounter(tmp_path / "nope.json")
    broken = tmp_path / "tokenizer.json"
    broken.write_text("{}")
    with pytest.raises(SettingsError, match="cannot be read"):
        TokenizerJsonCounter(broken)
