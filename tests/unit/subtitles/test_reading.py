import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import lexicue.subtitles
from lexicue.errors import InputError, SubtitleError
from lexicue.subtitles import read, read_bytes, read_file, read_stdin, read_text, reading

SRT = "1\n00:00:01,000 --> 00:00:02,000\nHello there.\n"
VTT = "WEBVTT\n\n00:01.000 --> 00:02.000\nHello there.\n"


def test_public_names_are_complete_and_sorted() -> None:
    names = lexicue.subtitles.__all__
    assert names == sorted(names)
    assert all(hasattr(lexicue.subtitles, name) for name in names)


@pytest.mark.parametrize("content", [SRT, VTT])
def test_a_path_text_bytes_and_stdin_give_the_same_cues(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "talk.srt"
    path.write_text(content, encoding="utf-8")
    data = content.encode()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    read_all = [
        read(path),
        read(str(path)),
        read_file(path),
        read(content),
        read_text(content),
        read(data),
        read(bytearray(data)),
        read(memoryview(data)),
        read_bytes(data),
        read("-"),
    ]
    assert {transcript.text for transcript in read_all} == {"Hello there."}
    assert len({transcript.cues for transcript in read_all}) == 1


@pytest.mark.parametrize(
    ("name", "video_id"),
    [
        ("talk.en.srt", "talk.en"),
        ("talk.VTT", "talk"),
        ("talk.v2", "talk.v2"),
        ("my talk.srt", "my talk"),
        (".srt", ".srt"),
        ("강연.ko.srt", "강연.ko"),
    ],
)
def test_the_video_is_named_after_the_file(name: str, video_id: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(SRT, encoding="utf-8")
    transcript = read(tmp_path / name)
    assert transcript.video_id == video_id
    assert transcript.source == str(tmp_path / name)


def test_the_video_of_stdin_and_strings_has_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(SRT.encode())))
    assert read_stdin().video_id == "stdin"
    assert read(SRT).video_id == "string"
    assert read(SRT, video_id="abc").video_id == "abc"


def test_content_counts_more_than_the_name() -> None:
    named_wrong = read_text("WEBVTT\n\nintro\n00:01.000 --> 00:02.000\nHi.\n", source="a.srt")
    assert [cue.text for cue in named_wrong.cues] == ["Hi."]


def test_the_name_decides_where_the_content_does_not() -> None:
    headless = "a\n00:01.000 --> 00:02.000\nHi.\n\nname\n00:03.000 --> 00:04.000\nYou.\n"
    assert [cue.text for cue in read_text(headless, source="a.vtt").cues] == ["Hi.", "You."]


@pytest.mark.parametrize("name", ["missing.srt", "", "a\0b", "x" * 5000, "."])
def test_what_cannot_be_opened_is_an_input_error(name: str) -> None:
    with pytest.raises(InputError) as caught:
        read(name)
    assert name in str(caught.value)


def test_a_missing_file_and_a_folder_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SubtitleError, match="no such file; check the path"):
        read(tmp_path / "talk.srt")
    with pytest.raises(SubtitleError, match="is a folder; give one of the subtitle files"):
        read(tmp_path)


@pytest.mark.parametrize("stdin", [None, io.StringIO(SRT)])
def test_stdin_without_bytes_is_an_input_error(
    stdin: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", stdin)
    with pytest.raises(SubtitleError, match="<stdin>"):
        read("-")


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ("", 1, "is empty"),
        (" \n\n\t\n", 1, "is empty"),
        ("\n\nIt was a dark\nand stormy night.\n", 3, "no line has times such as 00:00:01,000"),
        ("<!DOCTYPE html>\n<html><!-- a --> b</html>", 1, "is a web page"),
        ('{"events": []}\n', 1, "is JSON"),
        ("WEBVTT\n\nNOTE nothing here\n", 1, "WebVTT header but no cue"),
        ("WEBVTTX\n\nfoo\n", 1, "is not subtitles"),
    ],
)
def test_what_is_no_subtitle_says_where_and_why(content: str, line: int, message: str) -> None:
    with pytest.raises(SubtitleError, match=message) as caught:
        read_text(content, source="talk.srt")
    assert (caught.value.source, caught.value.line) == ("talk.srt", line)
    assert str(caught.value).startswith(f"talk.srt, line {line}: ")


def test_a_format_not_read_yet_says_how_to_convert_it() -> None:
    with pytest.raises(SubtitleError, match=r"ffmpeg -i in\.smi out\.srt"):
        read_text("<SAMI><BODY></BODY></SAMI>", source="talk.smi")


def test_input_over_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_BYTES", len(SRT) - 1)
    path = tmp_path / "talk.srt"
    path.write_text(SRT, encoding="utf-8")
    for source in (path, SRT, SRT.encode()):
        with pytest.raises(SubtitleError, match="MiB"):
            read(source)
