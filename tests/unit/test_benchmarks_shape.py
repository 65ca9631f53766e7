"""The benchmarks' own arithmetic, and what they answer in langextract's place."""

import json
import re
import subprocess

import pytest
from benchmarks.__main__ import render
from benchmarks.fake_vllm import langextract_answer
from benchmarks.processes import ROOT
from benchmarks.results import Section, Spread, Table, Verdict
from benchmarks.texts import as_srt, long_transcript

from lexicue.chunking import QwenTokenCounter, chunk_transcript
from lexicue.subtitles import read

PROMPT = "Task: words.{}\n\nExamples\nQ: She did.\nA: {{}}\n\nQ: They figured it out quickly.\nA: "


def test_a_spread_shows_its_median_and_its_ends() -> None:
    assert Spread.of([3, 1, 2.5]).show(1) == "2.5 (1.0–3.0)"
    assert Spread.of([2, 2]).show(0) == "2"


def test_a_ratio_compares_measurements_of_the_same_round() -> None:
    assert Spread.of([1, 4]).over(Spread.of([2, 2])).values == (0.5, 2)


def test_nothing_measured_is_no_figure() -> None:
    with pytest.raises(ValueError, match="nothing"):
        Spread.of([])


def test_langextract_is_answered_in_its_own_format() -> None:
    assert json.loads(langextract_answer(PROMPT.format(""))) == {
        "extractions": [
            {"word": "figured", "word_attributes": {"meaning": "뜻 1"}},
            {"word": "quickly", "word_attributes": {"meaning": "뜻 2"}},
        ]
    }


def test_a_prompt_for_both_tasks_gets_phrases_as_they_are_said() -> None:
    answer = json.loads(langextract_answer(PROMPT.format("\nTask: phrases.")))
    assert [each["phrase"] for each in answer["extractions"] if "phrase" in each] == [
        "figured it out"
    ]


def test_the_long_text_is_as_long_as_asked_and_no_chunk_comes_twice() -> None:
    transcript = long_transcript(60_000)
    assert 59_800 <= len(transcript.text) <= 60_000
    chunks = chunk_transcript(transcript, QwenTokenCounter())
    assert len({chunk.text for chunk in chunks}) == len(chunks)


def test_the_long_text_comes_back_from_its_subtitles() -> None:
    transcript = long_transcript(5_000)
    assert read(as_srt(transcript)).text == transcript.text


def test_every_peer_is_pinned() -> None:
    pins = (ROOT / "benchmarks" / "peers-requirements.txt").read_text(encoding="utf-8")
    lines = [line for line in pins.splitlines() if not line.startswith("#")]
    assert lines
    assert all(re.fullmatch(r"[a-z-]+==[\d.]+", line) for line in lines)


def test_a_missed_target_stands_on_the_page_as_missed() -> None:
    missed = Verdict("speed", "0.9", "≥ 1", met=False)
    section = Section("Speed", "How fast.", Table(("a",), (("b",),)), (missed,))
    page = render([section], Table(("", ""), ()), repeats=3)
    assert "| speed | 0.9 | ≥ 1 | **missed** |" in page
    assert "## Speed\n\nHow fast.\n\n| a |\n| --- |\n| b |" in page


def test_the_script_is_sound() -> None:
    subprocess.run(["bash", "-n", ROOT / "scripts" / "bench"], check=True)
