import json
import re
from collections import Counter
from pathlib import Path

import pytest

from lexicue.errors import SubtitleError
from lexicue.model import Transcript
from lexicue.subtitles import read

SPEAKERS = {
    "A-Primer-on-Open-License": "Hao Ye",
    "Agile-and-Iterative-Project-Management-Methods": "Renato Alves",
    "Fair-Data": "Emma Anne Harris",
    "Introduction-to-Open-Life-Sciences_otter.ai": "Malvika Sharan",
    "Open-Science-Hardware": "Thomas Mboa",
    "Unconscious-Bias": "Rowland Mosbergen",
}
TIMES_AND_NUMBERS = re.compile(r"^\d+\n\d\d:.* --> .*$", re.MULTILINE)

READ_OTHERWISE = {
    "file-layout/bom-garbage-data.vtt": "no WEBVTT header",
    "file-layout/bom-tab-webvtt.vtt": "a tab before the header",
    "file-layout/tab-after-bom-before-header.vtt": "a tab before the header",
    "file-layout/newline-before-webvtt.vtt": "a blank line before the header",
    "file-layout/header-no-new-line.vtt": "no blank line behind the header",
    "file-layout/bad-double-webvtt.vtt": "an arrow with three dashes",
    "cue-times/fraction-digits.vtt": "two digits of milliseconds",
    "cue-times/incorrect-delimiter.vtt": "one time that cannot be read",
    "cue-times/min-mid-digits.vtt": "one time that cannot be read",
    "cue-times/minimum-spots-over-sixty.vtt": "120:00.000 is two hours, not 120",
    "integration/id.vtt": "an arrow as the name of a cue",
}
"""Where Mozilla follows the letter of the format, and we what people plainly meant."""


def same_times(transcript: Transcript, expected: list[dict[str, float]]) -> bool:
    return [(cue.start_ms, cue.end_ms) for cue in transcript.cues] == [
        (round(cue["startTime"] * 1000), round(cue["endTime"] * 1000))
        for cue in sorted(expected, key=lambda cue: cue["startTime"])
    ]


@pytest.mark.parametrize("name", sorted(SPEAKERS))
def test_talks_lose_no_cue_and_no_word(name: str, data: Path) -> None:
    content = (data / "talks" / f"{name}.srt").read_text(encoding="utf-8-sig")
    talk = read(data / "talks" / f"{name}.srt")
    assert len(talk.cues) == content.count("-->")
    assert talk.cues[0].speaker == SPEAKERS[name]
    said = Counter(TIMES_AND_NUMBERS.sub("", content).split())
    lost = said - Counter(talk.text.split()) - Counter(f"{SPEAKERS[name]}:".split())
    # The one file that says half of itself twice is the business of the next test.
    assert not lost or name == "Open-Science-Hardware"
    assert "\n" not in talk.text


def test_the_talk_written_down_twice_is_read_once(data: Path) -> None:
    talk = read(data / "talks" / "Open-Science-Hardware.srt")
    spoken = [cue.start_ms for cue in talk.spoken_cues]
    assert len(spoken) == len(set(spoken)) == len({cue.start_ms for cue in talk.cues})
    assert "called OCSD.net : open and collaborative science, network. And inside" in talk.text


def test_a_film_keeps_its_lines_and_turns(data: Path) -> None:
    film = read(data / "captions" / "elephants-dream.en.vtt")
    assert film.video_id == "elephants-dream.en"
    assert len(film.cues) == len(film.spoken_cues) == 78
    assert (film.cues[0].start_ms, film.cues[-1].text) == (15000, "...it is.")
    assert {cue.text for cue in film.cues} >= {"Why?\nNow!", "Nothing.\nReally?", "But isn't it -"}


def refusal(file: Path) -> str | None:
    try:
        assert read(file).cues
    except SubtitleError as error:
        return str(error)
    return None


def test_only_files_without_a_cue_are_refused_and_told_why(data: Path) -> None:
    files = sorted({*data.rglob("*.srt"), *data.rglob("*.vtt")})
    assert len(files) > 300
    refusals = {file: reason for file in files if (reason := refusal(file))}
    assert all(b"-->" not in file.read_bytes() for file in refusals)
    assert all(reason.startswith(str(file)) for file, reason in refusals.items())


def test_files_of_other_formats_are_read_or_refused_too(data: Path) -> None:
    for file in data.rglob("*.*"):
        if file.is_file():
            refusal(file)


def test_cues_and_times_are_those_of_mozillas_reader(data: Path) -> None:
    folder = data / "fixtures" / "vtt.js" / "tests"
    scripts = "\n".join(script.read_text(encoding="utf-8") for script in folder.rglob("test.js"))
    pairs = re.findall(r'jsonEqual(?:All)?\(\s*"([^"]+\.vtt)",\s*"([^"]+\.json)"', scripts)
    assert len(pairs) > 150
    differing = []
    for vtt, expected_name in pairs:
        expected = json.loads((folder / expected_name).read_text(encoding="utf-8"))["cues"]
        try:
            agrees = same_times(read(folder / vtt), expected)
        except SubtitleError:
            agrees = not expected
        if not agrees:
            differing.append(vtt)
    assert sorted(set(differing)) == sorted(READ_OTHERWISE)


@pytest.mark.parametrize(
    ("file", "texts"),
    [
        ("go-astisub/testdata/example-in.srt", ["", "How did we end up here?"]),
        ("go-astisub/testdata/missing-sequence-in.srt", ["", "How did we end up here?"]),
        ("go-astisub/testdata/example-in-non-utf8.srt", ["", "How did we end up here?"]),
        ("go-astisub/testdata/example-in.vtt", ["", "How did we end up here?"]),
        ("go-astisub/testdata/example-in-styled.srt", ["", "", "", "", "", "'The time is 7:35.'"]),
        (
            "go-astisub/testdata/example-in-html-entities.srt",
            [
                "The man in black fled across the desert, & the gunslinger followed.",
                "Go, then,",
                "there are other < worlds than these.",
            ],
        ),
        (
            "webvtt-py_0.6.0/tests/samples/styles_colours.srt",
            ["Musique douce", "", "Some italic and normal coloured text. By the way, 2 < 3 !", ""],
        ),
        ("webvtt-py_0.6.0/tests/samples/regions.vtt", ["Hi, my name is Fred", "Hi, I’m Bill"]),
        (
            "webvtt-py_0.6.0/tests/samples/cue_tags.vtt",
            ["When the moon hits your eye", "Like a big-a pizza pie", "That's amore"],
        ),
        (
            "webvtt-py_0.6.0/tests/samples/non_padded_timestamps.vtt",
            ["Good morning everyone.", "Morning, let's get started.", "Thanks for joining."],
        ),
        ("mantas-done_subtitles/tests/files/vtt_with_multiple_new_lines.vtt", ["one two", "three"]),
        (
            "mantas-done_subtitles/tests/files/vtt_with_html.vtt",
            ["Sur les playground, ici à Montpellier"],
        ),
    ],
)
def test_what_other_projects_trip_over(file: str, texts: list[str], data: Path) -> None:
    read_texts = [cue.text for cue in read(data / "fixtures" / file).cues]
    assert read_texts[: len(texts)] == texts
