import pytest

from lexicue.subtitles import read_text

T1, T2, T3 = (f"00:00:0{n},000 --> 00:00:0{n},900" for n in (1, 2, 3))


def times_and_texts(content: str) -> list[tuple[int, int, str]]:
    return [(cue.start_ms, cue.end_ms, cue.text) for cue in read_text(content).cues]


@pytest.mark.parametrize(
    ("line", "start_ms", "end_ms"),
    [
        ("00:00:01,000 --> 00:00:04,620", 1000, 4620),
        ("01:02:03.004 --> 01:02:03.450", 3723004, 3723450),
        ("00:01,5 --> 00:02,25", 1500, 2250),
        ("00:01:39 --> 00:01:41,04", 99000, 101040),
        ("0:0:0.0 --> 0:0:3.540", 0, 3540),
        ("00:00:01:500 --> 00:00:02:500", 1500, 2500),
        ("00:00:01,000-->00:00:02,000", 1000, 2000),
        (" 00:00:01,000\t -->  00:00:02,000  ", 1000, 2000),
        ("00:00:01,000 -> 00:00:02,000", 1000, 2000),
        ("00:00:01,000 --&gt; 00:00:02,000", 1000, 2000),
        ("00:00:01,000 --> 00:00:02,000 X1:40 X2:600 Y1:20 Y2:50", 1000, 2000),
        ("-00:00:01,000 --> 00:00:02,000", 0, 2000),
        ("120:00:00,000 --> 120:00:01,000", 432000000, 432001000),
        ("00:00:05,000 --> 00:00:02,000", 5000, 5000),
        ("00:00:01,0009 --> 00:00:02,9999", 1000, 2999),
    ],
)
def test_times(line: str, start_ms: int, end_ms: int) -> None:
    assert times_and_texts(f"1\n{line}\nHi.\n") == [(start_ms, end_ms, "Hi.")]


@pytest.mark.parametrize(
    ("line", "time_ms"),
    [("00:00:07,000 --> 00:00:1d,890", 7000), ("xx:00:07 --> 00:00:09,000", None)],
)
def test_damaged_times_lose_no_text(line: str, time_ms: int | None) -> None:
    read = times_and_texts(f"1\n00:00:01,000 --> 00:00:02,000\nOne.\n\n2\n{line}\nTwo.\n")
    assert "Two." in " ".join(text for *_, text in read)
    if time_ms is not None:
        assert read[1] == (time_ms, time_ms, "Two.")


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r", "\r\r\n"])
@pytest.mark.parametrize("end", ["", "\n", "\n\n\n"])
def test_line_breaks_of_every_kind(newline: str, end: str) -> None:
    content = f"1\n{T1}\nOne\ntwo.\n\n2\n{T2}\nX.{end}"
    assert times_and_texts("\ufeff" + content.replace("\n", newline)) == [
        (1000, 1900, "One two."),
        (2000, 2900, "X."),
    ]


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        pytest.param(f"{T1}\nA\n\n{T2}\nB", ["A", "B"], id="no numbers"),
        pytest.param(f"7\n{T1}\nA\n\n7\n{T2}\nB", ["A", "B"], id="wrong numbers"),
        pytest.param(f"1\n{T1}\nA\n2\n{T2}\nB\n3\n{T3}\nC", ["A", "B", "C"], id="no blank lines"),
        pytest.param(f"1\n\n{T1}\nA\n\n2\n\n{T2}\nB", ["A", "B"], id="number away from times"),
        pytest.param(f"{T1}\nborn in\n1960\n{T2}\nB", ["born in 1960", "B"], id="spoken number"),
        pytest.param(f"1\n{T1}\n1960\n\n2\n{T2}\nB", ["1960", "B"], id="number as a cue"),
        pytest.param(f"1\n{T1}\nA\n\nstill A\n\n2\n{T2}\nB", ["A still A", "B"], id="gap in text"),
        pytest.param(f"1\n{T1}\n\n\n2\n{T2}\nB", ["", "B"], id="empty cue"),
        pytest.param(f"1\n{T1}\n2\n{T2}\nB", ["", "B"], id="empty cue without blank line"),
        pytest.param(f"Some title\n\n1\n{T1}\nA", ["A"], id="text before the first cue"),
        pytest.param(f"1\n{T1}\n{T2}\nB", ["", "B"], id="times twice"),
        pytest.param(
            f"1\n{T1} Hello there\nfriend", ["Hello there friend"], id="text beside times"
        ),
        pytest.param(f"1\n{T1}\nA --> B", ["A --> B"], id="arrow in text"),
    ],
)
def test_loose_structure(content: str, texts: list[str]) -> None:
    assert [text for *_, text in times_and_texts(content)] == texts


def test_cues_are_put_in_order_of_time_and_numbered_from_zero() -> None:
    cues = read_text(f"1\n{T3}\nC\n\n2\n{T1}\nA\n\n3\n{T2}\nB\n\n4\n{T2}\nB again?\n").cues
    assert [cue.text for cue in cues] == ["A", "B", "B again?", "C"]
    assert [cue.index for cue in cues] == [0, 1, 2, 3]


def test_overlapping_cues_are_all_kept() -> None:
    content = (
        "1\n00:00:01,000 --> 00:00:09,000\nLong.\n\n2\n00:00:02,000 --> 00:00:03,000\nShort.\n"
    )
    assert times_and_texts(content) == [(1000, 9000, "Long."), (2000, 3000, "Short.")]


def test_what_is_shown_twice_at_once_is_said_once() -> None:
    twice = f"1\n{T1}\nWe read four old books.\n\n2\n{T1}\nWe read four old book.\n\n3\n{T2}\nYes."
    assert [text for *_, text in times_and_texts(twice)] == ["We read four old books.", "", "Yes."]


def test_two_languages_at_once_are_both_kept() -> None:
    both = f"1\n{T1}\nWe read books.\n\n2\n{T1}\n우리는 책을 읽어요.\n"
    assert [text for *_, text in times_and_texts(both)] == ["We read books.", "우리는 책을 읽어요."]
