"""Phrases in real sentences, through the real pipeline."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lexicue.engines.lexical.analysis import analyse
from lexicue.engines.lexical.phrases import phrase_candidates
from lexicue.lexicon import Lexicon, PhraseMatcher
from lexicue.model import Candidate, Chunk, PhraseKind

Found = dict[str, list[str]]


@pytest.fixture(scope="module")
def candidates(
    lexicon: Lexicon, chunk_of: Callable[..., Chunk]
) -> Callable[..., tuple[Candidate, ...]]:
    matcher = PhraseMatcher(lexicon.phrases)

    def of(*sentences: str, start: int = 0) -> tuple[Candidate, ...]:
        return phrase_candidates(analyse(chunk_of(*sentences, start=start), matcher))

    return of


@pytest.fixture(scope="module")
def phrases(candidates: Callable[..., tuple[Candidate, ...]]) -> Callable[[str], Found]:
    def of(sentence: str) -> Found:
        return {
            found.text: [" … ".join(sentence[a:b] for a, b in each) for each in found.mentions]
            for found in candidates(sentence)
        }

    return of


@pytest.mark.parametrize(
    ("sentence", "phrase", "said"),
    [
        ("He looked up the word in a dictionary.", "look up", "looked up"),
        ("She looked it up.", "look up", "looked … up"),
        ("He turned down the offer.", "turn down", "turned down"),
        ("They shot every single one of my ideas down.", "shoot down", "shot … down"),
        ("Turn it right back on.", "turn on", "Turn … on"),
        ("The plan was given up.", "give up", "given up"),
        ("I'm really looking forward to it.", "look forward to", "looking forward to"),
        ("It depends heavily on funding.", "depend on", "depends … on"),
        ("They talked me into it.", "talk someone into", "talked … into"),
        ("He was talked into buying it.", "talk someone into", "talked into"),
        ("Don't pull my sister's leg.", "pull someone's leg", "pull … leg"),
        ("Her bluff was called.", "call someone's bluff", "bluff … called"),
        ("It's the decision that we made.", "make a decision", "the decision … made"),
        ("We made several mistakes.", "make a mistake", "made … mistakes"),
        ("Can you keep that in mind?", "keep in mind", "keep … in mind"),
        ("It's not supposed to be hard.", "be supposed to", "'s … supposed to"),
        ("They are used to living here.", "be used to doing", "are used to"),
        ("I couldn't help laughing.", "can't help doing", "couldn't help"),
        ("This is something we take for granted.", "take something for granted", None),
        ("I bit off more than I could chew.", "bite off more than someone can chew", None),
        ("It's a state-of-the-art system.", "state of the art", "state-of-the-art"),
        ("We don't necessarily agree.", "not necessarily", "don't necessarily"),
        ("WE'RE RUNNING OUT OF TIME.", "run out of", "RUNNING OUT OF"),
        ("So what?", "so what", "So what"),
        ("We finally made it.", "make it", "made it"),
        ("It's kind of late.", "kind of", "kind of"),
    ],
)
def test_found(
    phrases: Callable[[str], Found], sentence: str, phrase: str, said: str | None
) -> None:
    found = phrases(sentence)
    assert phrase in found
    if said is not None:
        assert found[phrase] == [said]


@pytest.mark.parametrize(
    "sentence",
    [
        "He looked up the stairs.",
        "He turned down the dark street.",
        "So let's go into the details.",
        "We could easily die out here.",
        "I can't help you.",
        "I used to know her.",
        "So that is how it works.",
        "So what could we do?",
        "What kind of music do you like? This kind of music.",
        "I only played one on board games.",
        "More resources, if you would like to learn more.",
        "We want to make it findable.",
    ],
)
def test_met_by_chance(phrases: Callable[[str], Found], sentence: str) -> None:
    assert phrases(sentence) == {}


def test_one_candidate_holds_every_mention(
    candidates: Callable[..., tuple[Candidate, ...]],
) -> None:
    (found,) = candidates("He gave up.", "She gave it up.", start=500)
    assert found.kind is PhraseKind.PHRASAL_VERB
    # Spans are of the chunk's text, wherever the chunk begins.
    assert found.mentions == (((3, 10),), ((16, 20), (24, 26)))
    assert found.confidence == 0.9
    assert found.meanings == ("뜻",)
    assert found.literal is None
