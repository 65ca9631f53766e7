"""Lemma and part of speech for the other engine."""

from __future__ import annotations

import pytest

from lexicue.engines.lexical import describe_words


def request(sentence: str, word: str) -> tuple[str, tuple[int, int]]:
    start = sentence.index(word)
    return sentence, (start, start + len(word))


@pytest.mark.parametrize(
    ("sentence", "word", "expected"),
    [
        ("I left my keys.", "left", ("leave", "v", "VERB")),
        ("THE DATA WERE LOST.", "DATA", ("data", "n", "NOUN")),
        ("The means were cheap.", "means", ("means", "n", "NOUN")),
        ("It was better.", "better", ("good", "adj", "ADJ")),
        ("He runs fast.", "fast", ("fast", "adv", "ADV")),
        ("Korea is far.", "Korea", ("korea", "n", "PROPN")),
        ("Our well-being is at risk.", "well-being", ("well-being", "n", "NOUN")),
        ("It's a fast-growing town.", "fast-growing", ("fast-growing", "adj", "ADJ")),
        ("It is on the table.", "on", ("on", "prep", "ADP")),
    ],
)
def test_in_context(sentence: str, word: str, expected: tuple[str, str, str]) -> None:
    assert describe_words([request(sentence, word)]) == [expected]


def test_answers_keep_the_order_of_the_requests() -> None:
    requests = [request("He left.", "left"), request("She ran.", "ran"), request("He left.", "He")]
    assert [each.lemma for each in describe_words(requests)] == ["leave", "run", "he"]


def test_an_empty_span_and_no_request() -> None:
    assert describe_words([("Hello.", (6, 6))]) == [("", "x", "X")]
    assert describe_words([]) == []
