from __future__ import annotations

from collections.abc import Callable

import pytest

from lexicue.grounding import ChunkIndex
from lexicue.model import Candidate, Chunk, Mention, Transcript

Make = Callable[..., tuple[Transcript, Chunk]]

SENTENCES = ("He gave it up.", "I never give up, don't you?")
#            0123456789012345 - the second sentence begins at 15
GAVE_UP: Mention = ((3, 7), (11, 13))
GIVE_UP: Mention = ((23, 27), (28, 30))


def surfaces(make: Make, text: str, *mentions: Mention, lemma: str | None = None) -> list[str]:
    candidate = Candidate(text, mentions=mentions, lemma=lemma)
    index = ChunkIndex(*make(*SENTENCES, before="Something else."))
    return [one.surface for one in index.ground(candidate).occurrences]


def test_given_mentions_are_kept_in_order(make: Make) -> None:
    assert surfaces(make, "give up", GIVE_UP, GAVE_UP) == ["gave it up", "give up"]


def test_given_mentions_are_not_added_to(make: Make) -> None:
    assert surfaces(make, "give up", GIVE_UP) == ["give up"]


def test_given_mentions_have_full_quality(make: Make) -> None:
    index = ChunkIndex(*make(*SENTENCES))
    grounded = index.ground(Candidate("give up", mentions=(GAVE_UP, GIVE_UP)))
    assert grounded.quality == 1.0
    assert [one.spans for one in grounded.occurrences] == [((3, 7), (11, 13)), ((8, 15),)]


def test_a_mention_given_twice_counts_once(make: Make) -> None:
    assert surfaces(make, "give up", GIVE_UP, GIVE_UP) == ["give up"]


@pytest.mark.parametrize(
    "mention",
    [
        (),
        ((3, 3),),
        ((7, 3),),
        ((11, 13), (3, 7)),
        ((3, 8), (7, 13)),
        ((-2, 7),),
        ((23, 9999),),
        ((900, 905),),
        ((3, 7), (28, 30)),
        ((11, 20),),
        ((14, 15),),
        ((3, 6),),
        ((4, 7),),
        ((8, 10),),
    ],
    ids=[
        "nothing",
        "empty span",
        "backwards span",
        "spans out of order",
        "overlapping spans",
        "before the chunk",
        "beyond the chunk",
        "elsewhere",
        "over two sentences",
        "over a sentence's end",
        "between sentences",
        "half a word",
        "the other half",
        "another word",
    ],
)
def test_a_mention_that_cannot_be_is_dropped(make: Make, mention: Mention) -> None:
    assert surfaces(make, "give up", mention) == []
    assert surfaces(make, "give up", mention, GIVE_UP) == ["give up"]


@pytest.mark.parametrize(
    ("text", "sentence", "mention"),
    [
        ("be going to", "I'm gonna go.", ((4, 9),)),
        ("want to", "I wanna go.", ((2, 7),)),
        ("학교", "학교에서 왔다.", ((0, 2),)),
        ("do not", "I don't.", ((2, 7),)),
        ("good", "It is better.", ((6, 12),)),
    ],
)
def test_a_mention_need_only_resemble_its_item(
    make: Make, text: str, sentence: str, mention: Mention
) -> None:
    assert ChunkIndex(*make(sentence)).ground(Candidate(text, mentions=(mention,)))


def test_the_lemma_of_a_candidate_counts(make: Make) -> None:
    assert surfaces(make, "quit", GAVE_UP) == []
    assert surfaces(make, "quit", GAVE_UP, lemma="give") == ["gave it up"]
