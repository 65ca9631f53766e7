import contextlib
import string

from hypothesis import example, given
from hypothesis import strategies as st

from lexicue.errors import SubtitleError
from lexicue.model import Transcript
from lexicue.subtitles import read_bytes, read_text

TIMES = ["00:00:01,000 --> 00:00:02,000\n", "00:01.5 --> 00:00.5 line:1\n", "99:99:99 --> 1:1"]
BREAKS = ["\n", "\n\n", "\r\n", "\r", " ", "\ufeff", "\0", "\u202e", "\u2028", "\ud800"]
LAYOUT = ["1", "2\n", "WEBVTT\n\n", "NOTE ", "STYLE\n", "-->"]
TAGS = ["<v Bob>", "</v>", "<i", ">", "<ruby>", "<rt>", "<br>", "&amp;", "&#0;", "&#xD800;"]
MARKS = [
    "- ",
    ">> ",
    "MARTA: ",
    "Bob Ray:",
    "[",
    "]",
    "(",
    ")",
    "(laughs)",
    "♪",
    "#",
    "*",
    "{\\an8}",
]
WORDS = ["word", "…", ".", "한국어", "Subtitles by", " www.x.com"]
PIECES = st.sampled_from([*TIMES, *BREAKS, *LAYOUT, *TAGS, *MARKS, *WORDS])
SUBTITLES = st.lists(PIECES | st.text(max_size=5), max_size=40).map("".join)
WORD = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=8).filter(
    lambda word: word != "by"
)
PROPER = st.lists(WORD, min_size=1, max_size=8).map(" ".join)
TIME = st.integers(0, 10**8)


def check(transcript: Transcript) -> None:
    cues = transcript.cues
    assert cues
    assert [cue.index for cue in cues] == list(range(len(cues)))
    assert [cue.start_ms for cue in cues] == sorted(cue.start_ms for cue in cues)
    for cue in cues:
        assert 0 <= cue.start_ms <= cue.end_ms
        lines = cue.text.split("\n")
        assert [" ".join(line.split()) for line in lines] == lines
        assert all(lines) or not cue.text
        assert not set(cue.text) & set("\r\0\ufeff\u200e\u200f\u202a\u202e\u2066\u2069\ud800")
        assert cue.speaker is None or cue.speaker.strip()


@given(st.text() | SUBTITLES)
@example("1\n00:00:01,000 --> 00:00:02,000\n<v \n>\n")
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(SubtitleError):
        check(read_text(text))


@given(st.binary() | SUBTITLES.map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(SubtitleError):
        check(read_bytes(data))


@given(SUBTITLES)
def test_whatever_follows_a_cue_it_is_read(text: str) -> None:
    check(read_text("1\n00:00:01,000 --> 00:00:02,000\nHello.\n\n" + text))


@given(st.lists(st.tuples(TIME, TIME, PROPER), min_size=1, max_size=20), st.booleans())
def test_what_is_written_is_read_again(cues: list[tuple[int, int, str]], as_vtt: bool) -> None:
    spans = sorted(
        (min(a, b), max(a, b) + number, text) for number, (a, b, text) in enumerate(cues)
    )
    content = "WEBVTT\n\n" if as_vtt else ""
    for number, (start, end, text) in enumerate(spans, start=1):
        content += f"{number}\n{stamp(start)} --> {stamp(end)}\n{text}\n\n"
    read = [(cue.start_ms, cue.end_ms, cue.text) for cue in read_text(content).cues]
    times = [(start, end) for start, end, _ in spans]
    assert [cue[:2] for cue in read] == times
    if len(set(times)) == len(times):
        assert read == spans


@given(st.text(string.ascii_letters + " .,!?'-", min_size=1).filter(str.strip))
def test_letters_are_never_lost(text: str) -> None:
    read = read_text(f"1\n00:00:01,000 --> 00:00:02,000\nBut {text}\n").cues[0].text
    assert letters(read) == letters("But " + text)


def letters(text: str) -> list[str]:
    return [character for character in text if character.isalpha()]


def stamp(ms: int) -> str:
    seconds, ms = divmod(ms, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}"
