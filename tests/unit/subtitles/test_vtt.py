import pytest

from lexicue.subtitles import read_text

HEADER = "WEBVTT\n\n"


def texts(content: str) -> list[str]:
    return [cue.text for cue in read_text(content).cues]


@pytest.mark.parametrize(
    "header",
    [
        "WEBVTT",
        "\ufeffWEBVTT",
        "WEBVTT - a film",
        "WEBVTT\tx",
        "WEBVTT\nKind: captions\nLanguage: en",
    ],
)
def test_headers(header: str) -> None:
    assert texts(f"{header}\n\n00:01.000 --> 00:02.000\nHi.\n") == ["Hi."]


def test_comments_styles_and_regions_are_not_text() -> None:
    content = """\
WEBVTT

STYLE
::cue(b) { color: red; }

REGION
id:fred
width:40%

NOTE one line

intro
00:01.000 --> 00:02.000 region:fred align:left
First.

NOTE
several
lines
00:03.000 --> 00:04.000
Second.

NOTE of two paragraphs

the second one

third cue
00:05.000 --> 00:06.000
NOTE is a word here.
"""
    assert texts(content) == ["First.", "Second.", "NOTE is a word here."]


def test_names_and_settings_of_cues_are_not_text() -> None:
    content = (
        HEADER
        + "00:01.000 --> 00:02.000 line:-1 position:50%,middle\nA\n\n"
        + "12*AS& Over ...\n00:00:02.000 --> 00:00:03.000line:40%\nB\n\n"
        + "-->\n00:03.000 --> 00:04.000\nC\nof two lines\n"
    )
    assert texts(content) == ["A", "B", "C of two lines"]


def test_blank_lines_lose_no_text() -> None:
    content = HEADER + "00:01.000 --> 00:02.000\n\none\n \ntwo\n\n\n00:02.000 --> 00:03.000\nthree"
    assert texts(content) == ["one two", "three"]


def test_empty_cues_keep_their_place() -> None:
    content = HEADER + "00:01.000 --> 00:02.000\n\n00:02.000 --> 00:03.000\nB\n"
    assert texts(content) == ["", "B"]


def test_voices_are_speakers() -> None:
    content = HEADER + (
        "00:01.000 --> 00:02.000\n<v Roger Bingham>We are in New York City,\n\n"
        "00:02.000 --> 00:03.000\n<v Roger Bingham>just down the street.</v>\n\n"
        "00:03.000 --> 00:04.000\n<v.loud Neil deGrasse Tyson>Really?\nIn the street?\n\n"
        "00:04.000 --> 00:05.000\n<v Ann &amp; Bo>Hi.</v> <v Joe>Ho.</v> Who is it?\n\n"
        "00:05.000 --> 00:06.000\n<v>Nobody.\n"
    )
    read = read_text(content).cues
    assert [(cue.speaker, cue.starts_turn, cue.text) for cue in read] == [
        ("Roger Bingham", True, "We are in New York City,"),
        ("Roger Bingham", False, "just down the street."),
        ("Neil deGrasse Tyson", True, "Really? In the street?"),
        ("Ann & Bo", True, "Hi.\nHo. Who is it?"),
        (None, False, "Nobody."),
    ]
