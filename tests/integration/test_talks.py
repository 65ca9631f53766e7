"""Real talks through the embedded engine: every entry is in the text, where and when it says."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import lexicue
from lexicue.subtitles import read


def check(document: Any, transcript: lexicue.Transcript) -> int:
    """Every occurrence checked against the file's cues; how many there were."""
    count = 0
    for entry in [*document["words"], *document["phrases"]]:
        assert entry["occurrences"]
        for occurrence in entry["occurrences"]:
            check_occurrence(occurrence, transcript)
            count += 1
    return count


def check_occurrence(occurrence: Any, transcript: lexicue.Transcript) -> None:
    sentence, spans = occurrence["sentence"], occurrence["spans"]
    assert spans == sorted(spans)
    for start, end in spans:
        assert 0 <= start < end <= len(sentence)
    first, last = spans[0], spans[-1]
    assert occurrence["surface"] == sentence[first[0] : last[1]]
    cue = transcript.cues[occurrence["cue_index"]]
    assert cue.start_ms == occurrence["start_ms"]
    assert sentence[first[0] : first[1]].split()[0] in cue.text
    from_there = transcript.cues[cue.index :]
    assert sentence[first[0] : first[1]] in said(from_there)
    assert occurrence["end_ms"] in {each.end_ms for each in from_there}
    assert sentence in said(transcript.cues)


def said(cues: Sequence[lexicue.Cue]) -> str:
    return " ".join(cue.text.replace("\n", " ") for cue in cues if cue.text)


def test_every_occurrence_checks_against_the_file(talks: list[Path]) -> None:
    for talk in talks:
        vocabulary = lexicue.extract(talk, engine="lexical")
        assert vocabulary.complete
        document = json.loads(json.dumps(vocabulary.to_dict()))
        assert check(document, read(talk)) > 40, talk


def test_the_example_checks_too(bakery: Path) -> None:
    vocabulary = lexicue.extract(bakery, engine="lexical")
    assert check(json.loads(json.dumps(vocabulary.to_dict())), read(bakery)) > 60
    phrases = {phrase.phrase: phrase for phrase in vocabulary.phrases}
    for separated in ("turn around", "put off", "call off", "talk someone into"):
        occurrences = phrases[separated].occurrences
        assert any(len(occurrence.spans) > 1 for occurrence in occurrences), separated


def test_chunk_size_changes_no_occurrence(bakery: Path) -> None:
    def found(chunk_tokens: int) -> set[tuple[str, int, str]]:
        vocabulary = lexicue.extract(bakery, engine="lexical", chunk_tokens=chunk_tokens)
        return {
            (phrase.phrase, occurrence.start_ms, occurrence.surface)
            for phrase in vocabulary.phrases
            for occurrence in phrase.occurrences
        }

    assert found(2000) == found(150)


def test_two_runs_are_the_same(bakery: Path) -> None:
    first, again = (lexicue.extract(bakery, engine="lexical").to_dict() for _ in range(2))
    assert first == again


async def test_the_parts_make_the_whole(bakery: Path) -> None:
    parts = [part async for part in lexicue.stream(bakery, engine="lexical", chunk_tokens=300)]
    whole = await lexicue.aextract(bakery, engine="lexical", chunk_tokens=300)
    merged = lexicue.Vocabulary.of(
        reversed(parts), video_id=whole.video_id, learner_language="ko", engine="lexical"
    )
    assert merged == whole
    assert len(parts) > 4


@pytest.mark.parametrize("text", ["", "[music]", "♪♪♪"])
async def test_a_silent_subtitle_is_complete_and_empty(text: str) -> None:
    transcript = lexicue.Transcript("v", (lexicue.Cue(0, 0, 1000, ""),))
    vocabulary = await lexicue.aextract(transcript, engine="lexical")
    assert vocabulary.complete
    assert not vocabulary.words
    assert not vocabulary.phrases
