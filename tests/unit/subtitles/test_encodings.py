import codecs
from pathlib import Path

import pytest

from lexicue.errors import SubtitleError
from lexicue.subtitles import read, read_bytes

LINES = "1\n00:00:01,000 --> 00:00:02,000\n{}\n\n2\n00:00:03,000 --> 00:00:04,000\nIt’s a test.\n"
ENGLISH = LINES.format("A café, naïve “quotes”.")
KOREAN = LINES.replace("’", "'").format("안녕하세요, 오늘은 날씨가 좋네요.")


def first_text(data: bytes, encoding: str | None = None) -> str:
    return read_bytes(data, source="talk.srt", encoding=encoding).cues[0].text


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
@pytest.mark.parametrize("content", [ENGLISH, KOREAN])
def test_unicode_is_read_with_and_without_a_byte_order_mark(encoding: str, content: str) -> None:
    assert first_text(content.encode(encoding)) == content.split("\n")[2]


def test_big_endian_utf16_with_a_mark() -> None:
    assert "café" in first_text(codecs.BOM_UTF16_BE + ENGLISH.encode("utf-16-be"))


def test_legacy_encodings_are_detected() -> None:
    assert first_text(ENGLISH.encode("cp1252")) == "A café, naïve “quotes”."
    assert first_text(KOREAN.encode("cp949")) == "안녕하세요, 오늘은 날씨가 좋네요."


def test_one_damaged_letter_does_not_change_the_others() -> None:
    data = (ENGLISH + KOREAN).encode().replace("날씨".encode(), b"\xff")
    assert read_bytes(data).cues[0].text == "A café, naïve “quotes”."


def test_a_given_encoding_wins() -> None:
    data = LINES.replace("’", "'").format("Привет").encode("koi8-r")
    assert first_text(data, "koi8-r") == "Привет"


def test_a_wrong_encoding_names_the_line() -> None:
    with pytest.raises(SubtitleError, match="is not in the encoding ascii") as caught:
        first_text(ENGLISH.encode(), "ascii")
    assert caught.value.line == 3


@pytest.mark.parametrize("encoding", ["klingon", "hex", "a\0b", "idna", "undefined"])
def test_what_is_no_text_encoding_is_an_error(encoding: str) -> None:
    with pytest.raises(SubtitleError, match="encoding"):
        first_text(ENGLISH.encode(), encoding)


@pytest.mark.parametrize(
    "data",
    [b"\0" * 100, bytes(range(256)) * 9, b"PK\x03\x04\x14\0\0", b"\x89PNG\r\n\0\0\r"],
)
def test_binary_files_are_refused(data: bytes) -> None:
    with pytest.raises(SubtitleError, match="binary"):
        read_bytes(data, source="talk.srt")


def test_stray_nuls_and_direction_marks_are_dropped() -> None:
    data = LINES.format("a\0mount\u200e of \u202bשלום\u202c\ufeff").encode()
    assert first_text(data) == "amount of שלום"


@pytest.mark.parametrize(
    "name",
    [
        "cp1252_curly.srt",
        "cr_only.srt",
        "latin1_accents.srt",
        "mixed_newlines.srt",
        "utf16be_bom.srt",
        "utf16le_bom.srt",
        "utf16le_nobom.srt",
        "utf8_bom_crlf.srt",
    ],
)
def test_the_talk_is_the_same_in_every_encoding(name: str, data: Path) -> None:
    talk = read(data / "talks" / "Unconscious-Bias.srt")
    other = read(data / "encodings" / name)
    assert [(cue.start_ms, cue.end_ms) for cue in other.cues] == [
        (cue.start_ms, cue.end_ms) for cue in talk.cues
    ]
    plain = other.text.replace("’", "'").replace("é", "e")
    assert plain == talk.text.replace("é", "e")


def test_damaged_encodings_keep_their_words(data: Path) -> None:
    assert read(data / "encodings" / "cp949_mojibake.srt").text.endswith(
        "threatening to한국어 자막"
    )
    assert "short amount of time" in read(data / "encodings" / "nul_bytes.srt").text
    assert read(data / "encodings" / "truncated_midcue.srt").text.endswith("housing Minister")
