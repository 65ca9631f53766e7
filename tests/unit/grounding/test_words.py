from __future__ import annotations

from collections.abc import Callable

import pytest

from lexicue.grounding import Grounded
from lexicue.model import Candidate

Pieces = Callable[..., list[str]]
Ground = Callable[..., Grounded]

TABLE = [
    # whole words only
    ("art", "They start the art of Art, smart!", ["art", "Art"]),
    ("don", "I don't know Don.", ["Don"]),
    ("do", "I don't, but you do.", ["do", "do"]),
    ("well", "A well-known well.", ["well", "well"]),
    ("university", "The universe has universities.", ["universities"]),
    ("universe", "The university is no universe.", ["universe"]),
    # inflection
    ("child", "The children played with a child.", ["children", "child"]),
    ("children", "One child, two children.", ["child", "children"]),
    ("go", "He went; she goes; they are gone.", ["went", "goes", "gone"]),
    ("good", "Good, better, best.", ["Good", "better", "best"]),
    ("better", "Good, better, best.", ["better"]),
    ("leave", "She left the leaves.", ["left", "leaves"]),
    ("left", "He leaves, turn left.", ["left"]),
    ("yeet", "He yeeted it.", ["yeeted"]),
    ("selfie", "Too many selfies.", ["selfies"]),
    ("vlog", "She is vlogging again.", ["vlogging"]),
    ("sneak", "He snuck in.", ["snuck"]),
    ("to procrastinate", "Stop procrastinating.", ["procrastinating"]),
    ("be", "He's here, I'm not, they were.", ["'s", "'m", "were"]),
    # spelling of one word
    (
        "well-known",
        "Well known, well-known, well–known.",
        ["Well known", "well-known", "well–known"],
    ),
    ("well known", "A well-known man.", ["well-known"]),
    ("email", "An e-mail and an email.", ["e-mail", "email"]),
    ("e-mail", "An e-mail and an email.", ["e-mail", "email"]),
    ("state-of-the-art", "It is state of the art.", ["state of the art"]),
    ("naive", "So naïve!", ["naïve"]),
    ("cafe", "At the café.", ["café"]),
    ("café", "At the cafe.", ["cafe"]),
    ("o'clock", "Five o’clock.", ["o’clock"]),
    ("'cause", "’Cause I said so.", ["Cause"]),
    ("don't", "Don’t do it.", ["Don’t"]),
    ("friend's", "My friend's house, my friend is.", ["friend's"]),
    # symbols
    ("C++", "I like C++ and C and C#.", ["C++"]),
    ("$100", "It costs $100.", ["$100"]),
    ("24/7", "Open 24/7, not 24.", ["24/7"]),
    ("U.S.", "In the U.S. it is.", ["U.S."]),
    ("3.5", "It is 3.5 or 3 or 5.", ["3.5"]),
    ("5", "It is 3.5 or 5.", ["5"]),
    # an acronym is not a word
    ("US", "The US and us.", ["US"]),
    ("US", "Give it to us.", ["us"]),
    # punctuation around the item
    ('"bakery",', "The bakery.", ["bakery"]),
    ("  bakery\n", "The bakery.", ["bakery"]),
    ("(bakery)", "The bakery.", ["bakery"]),
    # not there
    ("bakery", "The baker bakes.", []),
    ("schon", "Das ist schön.", []),
    (",", "Well, no.", []),
    ("?!…", "Well?!…", []),
    ("", "Well.", []),
    (" \n\t", "Well.", []),
]


@pytest.mark.parametrize(
    ("item", "text", "expected"), TABLE, ids=[f"{i!r} in {t}" for i, t, _ in TABLE]
)
def test_words_in_a_sentence(pieces: Pieces, item: str, text: str, expected: list[str]) -> None:
    assert pieces(item, text) == expected


def test_every_mention_is_found_once_and_in_order(ground: Ground) -> None:
    grounded = ground("go", "Go.", "They went, and go again.", "We go.")
    assert [one.surface for one in grounded.occurrences] == ["Go", "went", "go", "go"]
    positions = [one.position for one in grounded.occurrences]
    assert positions == sorted(set(positions))


@pytest.mark.parametrize(
    ("item", "text", "quality"),
    [
        ("bakery", "The bakery.", 1.0),
        ("Bakery", "The bakery.", 0.98),
        ("bakery", "The bakeries.", 0.95),
        ("bakery", "The bakeries and the bakery.", 1.0),
        ("give up", "Gave it up.", 0.85),
        ("bread", "The bakery.", 0.0),
    ],
)
def test_quality_is_that_of_the_best_mention(
    ground: Ground, item: str, text: str, quality: float
) -> None:
    assert ground(item, text).quality == quality


def test_the_lemma_an_engine_knows_decides(pieces: Pieces) -> None:
    text = "He saw the saw and sees two saws."
    assert pieces(Candidate("saw", lemma="see"), text) == ["saw", "saw", "sees"]
    assert pieces(Candidate("saw", lemma="saw"), text) == ["saw", "saw", "saws"]


def test_the_part_of_speech_an_engine_knows_decides(pieces: Pieces) -> None:
    text = "She left; he leaves."
    assert pieces(Candidate("left", upos="VERB"), text) == ["left", "leaves"]
    assert pieces(Candidate("left", pos="v"), text) == ["left", "leaves"]
    assert pieces(Candidate("left", pos="adj"), text) == ["left"]


def test_a_refused_item_is_false(ground: Ground) -> None:
    assert not ground("bread", "The bakery.")
    assert ground("bakery", "The bakery.")
