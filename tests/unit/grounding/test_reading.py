"""Folding, words, lemmas and citations: what grounding stands on."""

from __future__ import annotations

import pytest

from lexicue.grounding.citation import Slot, read_citation, readings
from lexicue.grounding.folding import fold, folded
from lexicue.grounding.lemmas import (
    is_participle,
    lemmas,
    lemmas_as,
    lemmas_in_phrase,
    lemmas_of_item,
    parts_of_speech,
)
from lexicue.grounding.line import Joint, Line, tokens_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ABC", "abc"),
        ("“It’s”", '"it\'s"'),
        ("a\u2010b\u2011c\u2212d", "a-b-c-d"),
        ("a\u00a0 \n\tb", "a b"),
        ("wait…", "wait..."),
        ("Straße", "strasse"),
        ("İ", "i"),
        ("ｆｕｌｌ", "full"),
        ("so\u00adft\u200b", "soft"),
        ("e\u0301", "é"),
        ("it`s", "it's"),
        ("", ""),
    ],
)
def test_folding(text: str, expected: str) -> None:
    assert folded(text) == expected


def test_a_folded_character_knows_its_original() -> None:
    both = fold("aßb", at=10)
    assert both.text == "assb"
    assert both.original(0, 3) == (10, 12)
    assert both.original(3, 4) == (12, 13)
    assert both.original(0, 2) is None
    assert both.original(2, 4) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("i don't can't won't", ["i", "do", "n't", "ca", "n't", "wo", "n't"]),
        ("cannot canned", ["can", "not", "canned"]),
        ("it's they're o'clock y'all", ["it", "'s", "they", "'re", "o'clock", "y'all"]),
        ("l'école c++ c#", ["l'", "école", "c++", "c#"]),
        ("3.5 1,000 24/7 3rd", ["3.5", "1,000", "24/7", "3rd"]),
        ("well-known", ["well", "known"]),
        ("ai를 東京タワー", ["ai", "를", "東京タワー"]),
        ("... !?", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert [token.form for token in tokens_of(text)] == words


@pytest.mark.parametrize(
    ("between", "joint"),
    [
        ("-", Joint.HYPHEN),
        ("–", Joint.HYPHEN),
        (" ", Joint.SPACE),
        ("... ", Joint.SPACE),
        ('" "', Joint.SPACE),
        (", ", Joint.COMMA),
        (" (", Joint.COMMA),
        ("; ", Joint.STOP),
        (": ", Joint.STOP),
        (" - ", Joint.STOP),
        (" – ", Joint.STOP),
        ("—", Joint.STOP),
        ("--", Joint.STOP),
        (". ", Joint.STOP),
        ("\n", Joint.STOP),
    ],
)
def test_joints(between: str, joint: Joint) -> None:
    assert tokens_of(f"word{between}next")[1].joint is joint


def test_a_full_stop_after_a_title_is_weak() -> None:
    assert tokens_of("mr. right")[1].joint is Joint.COMMA


def test_a_line_knows_its_words() -> None:
    line = Line.of("The dogs' e-mail. It went.", [(0, 17), (18, 26)])
    assert [token.form for token in line.tokens] == ["the", "dogs", "e", "mail", "it", "went"]
    assert line.with_lemma(frozenset({"go", "dog"})) == [1, 5]
    assert line.owns_by_apostrophe(1)
    assert not line.owns_by_apostrophe(0)
    assert line.compounds == {"email": [(2, 3)]}
    assert line.span(2, 3) == (10, 16)
    assert line.clause[3] != line.clause[4]
    assert line.cuts_a_word(1)
    assert not line.cuts_a_word(3)


def test_lemmas() -> None:
    assert {"fall", "fell"} <= lemmas("fell")
    assert lemmas("n't") >= {"not"}
    assert lemmas("naïve") >= {"naive"}
    assert lemmas("schön") == {"schön"}
    assert lemmas("الكتاب") >= {"كتاب"}
    assert lemmas("x" * 5000) == {"x" * 5000}
    assert lemmas_as("left", "VERB") == {"leave"}
    assert not lemmas_as("left", "PROPN")


@pytest.mark.parametrize(
    ("form", "stem"),
    [
        ("selfies", "selfie"),
        ("glitches", "glitch"),
        ("yeeted", "yeet"),
        ("vlogging", "vlog"),
        ("doxxing", "dox"),
        ("simped", "simp"),
        ("pwnies", "pwny"),
    ],
)
def test_stems_of_words_no_dictionary_has(form: str, stem: str) -> None:
    assert stem in lemmas(form)


def test_what_is_looked_for() -> None:
    assert lemmas_of_item("left") == {"left"}
    assert lemmas_of_item("went") == {"go"}
    assert lemmas_of_item("schön") == {"schön"}
    assert lemmas_in_phrase("left") >= {"left", "leave"}
    assert lemmas_in_phrase("better") == {"better"}


@pytest.mark.parametrize("form", ["pulled", "spilt", "put", "taken", "let"])
def test_participles(form: str) -> None:
    assert is_participle(form)


@pytest.mark.parametrize("form", ["pulling", "pulls", "pull", "beans", "schön", ""])
def test_no_participles(form: str) -> None:
    assert not is_participle(form)


def test_parts_of_speech() -> None:
    assert "ADV" in parts_of_speech("completely")
    assert not parts_of_speech("학교")


@pytest.mark.parametrize(
    ("text", "units", "trailing"),
    [
        ("give up", [("give", None), ("up", None)], None),
        ("pull someone's leg", [("pull", None), ("leg", Slot.POSSESSIVE)], None),
        ("make up your mind", [("make", None), ("up", None), ("mind", Slot.POSSESSIVE)], None),
        (
            "tell her the truth",
            [("tell", None), ("her", None), ("the", None), ("truth", None)],
            None,
        ),
        ("give sb sth back", [("give", None), ("back", Slot.OBJECT)], None),
        ("enjoy oneself", [("enjoy", None)], Slot.REFLEXIVE),
        (
            "look forward to doing sth",
            [("look", None), ("forward", None), ("to", None)],
            Slot.OBJECT,
        ),
        ("not only ... but", [("not", None), ("only", None), ("but", Slot.BLANK)], None),
        ("~ by ~", [("by", None)], None),
        ("do the dishes", [("do", None), ("the", None), ("dishes", None)], None),
        ("from a to b", [("from", None), ("to", Slot.OBJECT)], Slot.OBJECT),
        ("someone's", [], Slot.POSSESSIVE),
        ("", [], None),
    ],
)
def test_citations(text: str, units: list[tuple[str, Slot | None]], trailing: Slot | None) -> None:
    citation = read_citation(text)
    assert [(unit.form, unit.slot) for unit in citation.units] == units
    assert citation.trailing == trailing


def test_readings() -> None:
    assert readings("give up") == ["give up"]
    assert readings("give (sth) up") == ["give sth up", "give   up"]
    assert readings("a piece/slice of") == ["a piece of", "a slice of"]
    assert len(readings("a/b " * 50)) <= 5
