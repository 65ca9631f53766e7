"""Whatever an engine answers, grounding neither fails nor takes long."""

from __future__ import annotations

import random
from collections.abc import Callable
from time import perf_counter

import pytest

from lexicue.grounding import ChunkIndex, Grounded, ground_all
from lexicue.model import Candidate, Chunk, PhraseKind, Transcript

Make = Callable[..., tuple[Transcript, Chunk]]
Ground = Callable[..., Grounded]

NASTY = [
    "a" * 10_000,
    "the " * 2_500,
    "the " * 99,
    "the " * 12,
    ".*",
    "[a-z]+(",
    "(?:a|a)*$",
    "((((a))))" * 30,
    "(" * 300,
    "a/b/" * 90,
    "(a)/(b)/" * 40,
    "...a" * 80,
    "~~~a~~~",
    "someone's " * 30,
    "one's",
    "oneself",
    "sth",
    "n't",
    "'s",
    "'",
    "do",
    "to be a the",
    "be to a",
    "give\nup",
    "\0give up\0",
    "\ud800",
    "\u200b\u200d",
    "👩‍👩‍👧",
    "½",
    "ﷺ",
    "e\u0301" * 100,
    "\u0301",
    "the ... the ... the ... the",
]

TEXTS = [
    "Give it up.",
    "the " * 2000,
    "give up " * 1000,
    "a's' " * 1500,
    "東京" * 3000,
    "e\u0301" * 3000,
    "- " * 3000,
    "n't" * 2000,
    "pull my poor old " * 400 + "leg",
    "!?",
    "\u200b",
]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: repr(text[:12]))
def test_nasty_items_in_nasty_texts(make: Make, text: str) -> None:
    index = ChunkIndex(*make(text.strip()))
    index.ground(Candidate("warm up"))
    for item in [*NASTY, "give up", "pull someone's leg", "a", "東京"]:
        began = perf_counter()
        grounded = index.ground(Candidate(item))
        assert perf_counter() - began < 1.0, item[:40]
        assert all(one.surface for one in grounded.occurrences)


@pytest.mark.parametrize("item", [",", "...", "—", "!?", "'", "\n", " ", "", "👩‍👩‍👧", "\u200b"])
def test_an_item_without_letter_or_digit_is_refused(ground: Ground, item: str) -> None:
    assert not ground(item, "Well, 'yes' — no... 👩‍👩‍👧 \u200b!?")


def test_a_very_long_item_is_refused(ground: Ground) -> None:
    assert not ground("up " * 500, "up " * 500)


def test_a_chunk_and_its_phrases_take_little_time(make: Make) -> None:
    words = "he gave it all up when they were pulling some strings for the old bakery down there"
    random_words = random.Random(7).choices(words.split(), k=1600)
    sentences = [" ".join(random_words[n : n + 16]) + "." for n in range(0, 1600, 16)]
    items = ["give up", "pull strings", "pull someone's leg", "be down", "all the way", "to be old"]
    candidates = [Candidate(item, kind=PhraseKind.IDIOM) for item in items * 10]
    made = make(*sentences)
    ground_all(ChunkIndex(*made), candidates)  # loads the dictionary
    began = perf_counter()
    ground_all(ChunkIndex(*made), candidates)
    # About 40 ms on an idle core; the bound only tells a runaway from a busy machine.
    assert perf_counter() - began < 0.5
