"""spaCy's lemma checked against the dictionary."""

from __future__ import annotations

import pytest

from lexicue.engines.lexical.lemmas import dictionary_forms, is_dictionary_word


@pytest.mark.parametrize(
    ("lower", "upos", "spacy", "expected"),
    [
        ("left", "VERB", "leave", "leave"),
        ("left", "ADJ", "left", "left"),
        ("leaves", "NOUN", "leaf", "leaf"),
        ("data", "NOUN", "datum", "data"),
        ("goods", "NOUN", "good", "goods"),
        ("better", "ADJ", "well", "good"),
        ("lay", "VERB", "lay", "lay"),
        ("blorps", "NOUN", "blorp", "blorp"),
        ("of", "ADP", "of", "of"),
    ],
)
def test_likeliest(lower: str, upos: str, spacy: str, expected: str) -> None:
    assert dictionary_forms(lower, upos, spacy)[0] == expected


def test_other_forms_follow() -> None:
    assert set(dictionary_forms("found", "VERB", "find")) == {"find", "found"}


def test_the_dictionary_holds_no_names() -> None:
    assert is_dictionary_word("cohort", "NOUN")
    assert not is_dictionary_word("korea", "NOUN")
