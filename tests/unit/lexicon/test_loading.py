"""Reading the word and phrase lists."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from lexicue.errors import InputError
from lexicue.lexicon import load_lexicon, read_phrases, read_words
from lexicue.model import PhraseKind

WORD_HEADER = "lemma\tpos\tmeanings\tdefinition\tsynonyms"
PHRASE_HEADER = "phrase\tkind\tmeaning\tdefinition\tliteral\tregister\tlevel\tseparable\tgap"


def test_a_word_line_becomes_an_entry() -> None:
    words = read_words([WORD_HEADER, "bank\tn\t은행; 둑\twhere money is kept\tlender; shore"])
    entry = words["bank", "n"]
    assert entry.meanings == ("은행", "둑")
    assert entry.definition == "where money is kept"
    assert entry.synonyms == ("lender", "shore")


def test_a_phrase_line_becomes_an_entry() -> None:
    line = "look something up\tphrasal_verb\t찾아보다; 조회하다\tsearch\t\tinformal\tB1\tyes\t5"
    (entry,) = read_phrases([PHRASE_HEADER, line])
    assert entry.kind is PhraseKind.PHRASAL_VERB
    assert entry.meanings == ("찾아보다", "조회하다")
    assert (entry.register, entry.literal, entry.level) == ("informal", "", "B1")
    assert (entry.separable, entry.gap) == (True, 5)


def test_trimmed_tabs_blank_lines_and_windows_line_ends_are_fine() -> None:
    words = read_words([WORD_HEADER + "\r\n", "bank\tn\t은행\r\n", "\r\n", "run\tv\t뛰다\r\n"])
    assert set(words) == {("bank", "n"), ("run", "v")}


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("bank\tnoun\t은행\td\t", "pos must be one of n v adj adv, not 'noun'"),
        ("bank\tn\t\td\t", "meanings is empty"),
        ("\tn\t은행\td\t", "lemma is empty"),
        ("bank\tn\t은행\td\ts\textra", "6 fields where 5 are expected"),
        ("ant\tn\t개미\td\t", "'ant' is listed twice as n"),
    ],
)
def test_a_bad_word_line_is_named(line: str, complaint: str) -> None:
    with pytest.raises(InputError) as caught:
        read_words([WORD_HEADER, "ant\tn\t개미\td\t", line], "mine.tsv")
    assert str(caught.value) == f"mine.tsv, line 3: {complaint}"


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("a b\tidiot\tm\td\t\t\tB1\tno\t0", "kind must be one of idiom"),
        ("a b\tidiom\tm\td\t\t\tB3\tno\t0", "level must be one of A1"),
        ("a b\tidiom\tm\td\t\t\tB1\tmaybe\t0", "separable must be one of yes no"),
        ("a b\tidiom\tm\td\t\t\tB1\tno\tfew", "gap must be a whole number, not 'few'"),
        ("a b\tidiom\t\td\t\t\tB1\tno\t0", "meaning is empty"),
    ],
)
def test_a_bad_phrase_line_is_named(line: str, complaint: str) -> None:
    with pytest.raises(InputError, match=f"^mine.tsv, line 2: {complaint}"):
        read_phrases([PHRASE_HEADER, line], "mine.tsv")


def test_a_missing_header_is_told() -> None:
    with pytest.raises(InputError, match="line 1: the header must be lemma pos meanings"):
        read_words(["bank\tn\t은행\td\t"])


def test_a_file_is_named_by_its_own_name(tmp_path: Path) -> None:
    path = tmp_path / "own.tsv"
    path.write_text(f"{WORD_HEADER}\nbank\tx\t은행\td\t\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"^own\.tsv, line 2"):
        read_words(path)


def test_ten_thousand_lines_are_read_in_a_moment() -> None:
    lines = [WORD_HEADER, *(f"word{i}\tn\t뜻; 의미\ta word\tterm" for i in range(10_000))]
    start = time.perf_counter()
    assert len(read_words(lines)) == 10_000
    # 0.05 s alone; the margin is for a machine busy with other tests.
    assert time.perf_counter() - start < 0.5


def test_the_packaged_lexicon_is_sound_and_read_once() -> None:
    lexicon = load_lexicon()
    assert lexicon is load_lexicon()
    assert len(lexicon.words) > 1_000
    assert len(lexicon.phrases) > 500
    assert lexicon.has_lemma("abandon")
    assert lexicon.word("abandon", "v") is not None
    assert lexicon.word("abandon", "adv") is None
