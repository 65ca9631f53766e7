"""Levels and frequencies."""

from __future__ import annotations

import pytest

from lexicue.engines.lexical.levels import estimate, is_below, level_of, zipf
from lexicue.model import Level


@pytest.mark.parametrize(
    ("lemma", "pos", "level"),
    [
        ("umbrella", "n", "A1"),
        ("vegetable", "n", "A1"),
        ("interesting", "adj", "A1"),
        ("reject", "v", "B1"),
        ("reluctant", "adj", "B2"),
        ("Reject", "v", "B1"),
    ],
)
def test_listed(lemma: str, pos: str, level: Level) -> None:
    assert level_of(lemma, pos) == (level, "list")


@pytest.mark.parametrize("lemma", ["cringe", "sibling", "collectively", "plagiarism"])
def test_estimated_though_cefrpy_has_a_level(lemma: str) -> None:
    pos = "adv" if lemma.endswith("ly") else "v" if lemma == "cringe" else "n"
    level, source = level_of(lemma, pos)
    assert source == "estimate"
    assert level in ("B2", "C1")


def test_a_word_met_in_the_past_tense_is_as_common_as_that() -> None:
    assert zipf("infested") > zipf("infest") + 0.5
    assert level_of("infest", "v") == (estimate(zipf("infested")), "estimate")


@pytest.mark.parametrize(("lemma", "pos"), [("of", "prep"), ("zzzxqv", "n"), ("", "n")])
def test_nothing_is_said_of_the_unknown(lemma: str, pos: str) -> None:
    assert level_of(lemma, pos) == (None, None)


@pytest.mark.parametrize(
    ("frequency", "level"),
    [(0.0, None), (2.9, "C2"), (3.0, "C1"), (3.5, "B2"), (4.0, "B1"), (4.45, "A2"), (7.0, "A2")],
)
def test_thresholds(frequency: float, level: Level | None) -> None:
    assert estimate(frequency) == level


def test_easier() -> None:
    assert is_below("A2", "B1")
    assert not is_below("B1", "B1")
