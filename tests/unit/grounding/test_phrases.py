from __future__ import annotations

from collections.abc import Callable

import pytest

from lexicue.model import Candidate, PhraseKind

Pieces = Callable[..., list[str]]

CONTIGUOUS = [
    ("give up", "Never give up.", ["give up"]),
    ("gave up", "She gives up.", ["gives up"]),
    ("to give up", "He gave up. I want to give up.", ["gave up", "to give up"]),
    ("pull strings", "He is pulling strings.", ["pulling strings"]),
    ("last but not least", "Last, but not least, me.", ["Last, but not least"]),
    ("easy come, easy go", "Easy come easy go.", ["Easy come easy go"]),
    ("Mission: Impossible", "In mission: impossible.", ["mission: impossible"]),
    ("rock 'n' roll", "Rock ’n’ Roll!", ["Rock ’n’ Roll"]),
    ("let's face it", "Let’s face it.", ["Let’s face it"]),
    ("twenty-one", "I am twenty one.", ["twenty one"]),
    ("Mr. Right", "Is he mr right?", ["mr right"]),
    ("give up", "I give... up.", ["give... up"]),
    ("can't help", "I couldn't help it, I cannot help it.", ["couldn't help", "cannot help"]),
    ("a piece of cake", "It was a piece of cake.", ["a piece of cake"]),
    ("a piece of cake", "Piece of cake!", ["Piece of cake"]),
    ("the elephant in the room", "An elephant in the room.", ["elephant in the room"]),
    ("be a piece of cake", "It's a piece of cake.", ["'s a piece of cake"]),
    ("be a piece of cake", "That, a piece of cake?", ["a piece of cake"]),
    ("be able to", "I'm able to. They were able to.", ["'m able to", "were able to"]),
    ("be used to", "He's used to what he used to do.", ["'s used to"]),
    (
        "be interested in",
        "I was interested in it. Anyone interested in it?",
        ["was interested in", "interested in"],
    ),
    ("there is", "There's a way. There are ways.", ["There's", "There are"]),
    ("what's up", "What is up?", ["What is up"]),
    ("had better", "You'd better go.", ["'d better"]),
    ("better off", "You are better off, they are well off.", ["better off"]),
    ("dog's dinner", "It was a dog's dinner; the dog has dinner.", ["dog's dinner"]),
]

SLOTS = [
    ("pull someone's leg", "You're pulling my leg.", ["pulling … leg"]),
    ("pull someone's leg", "He pulled my best friend's leg.", ["pulled … leg"]),
    ("pull someone's leg", "He pulled the boys' legs.", ["pulled … legs"]),
    ("pull sb's leg", "She pulls his leg.", ["pulls … leg"]),
    ("pull (someone's) leg", "She pulls his leg.", ["pulls … leg"]),
    ("pull one's/someone's leg", "She pulls his leg.", ["pulls … leg"]),
    (
        "pull someone's leg",
        "He said pull someone's leg and pulled my leg.",
        ["pull someone's leg", "pulled … leg"],
    ),
    ("pull someone's leg", "Don't pull my poor old leg!", ["pull … leg"]),
    ("make up your mind", "She made up her mind.", ["made up … mind"]),
    ("keep one's fingers crossed", "Keep your fingers crossed.", ["Keep … fingers crossed"]),
    ("on one's own", "I did it on my own.", ["on … own"]),
    (
        "give someone a hand",
        "Give me a hand. He gave my little sister a hand.",
        ["Give … a hand", "gave … a hand"],
    ),
    ("take something for granted", "They take it for granted.", ["take … for granted"]),
    ("take something for granted", "It was taken for granted.", ["taken for granted"]),
    ("talk someone into something", "She talked me into the deal.", ["talked … into"]),
    ("get something off one's chest", "I got it off my chest.", ["got … off … chest"]),
    ("look forward to doing", "Looking forward to seeing you.", ["Looking forward to"]),
    ("look forward to sth", "Looking forward to it.", ["Looking forward to"]),
    ("used to do sth", "I used to live here.", ["used to"]),
    ("enjoy oneself", "Enjoy yourself!", ["Enjoy"]),
    ("by oneself", "He did it by himself, by the river.", ["by himself"]),
    ("make oneself at home", "Make yourself at home.", ["Make … at home"]),
    ("give (sth) up", "He gave smoking up. He gave up.", ["gave … up", "gave up"]),
    (
        "a piece/slice of cake",
        "A slice of cake, a piece of cake.",
        ["A slice of cake", "a piece of cake"],
    ),
    ("not only ... but also", "Not only very smart but also kind.", ["Not only … but also"]),
    ("as … as possible", "As soon as possible.", ["As … as possible"]),
    ("think of A as B", "I think of it as a power.", ["think of … as"]),
    ("someone's cup of tea", "It is not really my cup of tea.", ["cup of tea"]),
    ("something else", "Something else, not anything else.", ["Something else"]),
]

DISCONTINUOUS = [
    ("give up", "I give up. He gave it up.", ["give up", "gave … up"]),
    ("fall apart", "It fell completely apart.", ["fell … apart"]),
    ("shoot down", "They shot every single one of my ideas down.", ["shot … down"]),
    ("take for granted", "We take the fact for granted.", ["take … for granted"]),
    ("kick the bucket", "He kicked the proverbial bucket.", ["kicked the … bucket"]),
    ("kick the bucket", "He kicked the, uh, bucket.", ["kicked the … bucket"]),
    ("kick the bucket", "He kicked his bucket.", ["kicked … bucket"]),
    ("turn down", "Turn the volume down.", ["Turn … down"]),
    ("look up", "Look the word up, or look it straight up.", ["Look … up", "look … up"]),
    ("put on", "Put your coat on.", ["Put … on"]),
    ("get along with", "We get along really well with him.", ["get along … with"]),
    ("pay attention", "Pay very close attention.", ["Pay … attention"]),
    ("give a hand", "He gave his brother a hand.", ["gave … a hand"]),
    ("hit the nail on the head", "Hit the nail right on the head.", ["Hit the nail … on the head"]),
    ("talk into", "She talked me into it.", ["talked … into"]),
    ("not really", "I don't really.", ["don't really"]),
    ("make your mind up", "She made up her mind.", ["made up … mind"]),
    ("make up one's mind", "She made her mind up.", ["made … mind up"]),
    ("throw in the towel", "He threw the towel in.", ["threw the towel in"]),
]

FRONTED = [
    ("pull strings", "Strings were pulled.", ["Strings … pulled"]),
    ("pull strings", "The strings that he had pulled.", ["strings … pulled"]),
    ("pull strings", "There are strings to pull.", ["strings … pull"]),
    (
        "spill the beans",
        "The beans were spilled, the beans got spilt.",
        ["The beans … spilled", "the beans … spilt"],
    ),
    ("call someone's bluff", "Her bluff was called.", ["bluff … called"]),
    (
        "let the cat out of the bag",
        "The cat was let out of the bag.",
        ["The cat … let out of the bag"],
    ),
    ("throw in the towel", "The towel was finally thrown in.", ["The towel … thrown in"]),
    ("make a decision", "The decision he made was good.", ["decision … made"]),
    ("make up one's mind", "My mind is made up.", ["mind … made up"]),
]

ABSENT = [
    ("give up", "He gave me a call when I woke up."),
    ("give up", "She gave him a look and went up."),
    ("give up", "What you give, up to a point, matters."),
    ("give up", "I give: up it goes."),
    ("give up", "He gave — up it went."),
    ("give up", "I give; up."),
    ("give up", "They gave us seven very long and boring books up."),
    ("put on", "He put the book on the table."),
    ("take on", "Take him out on Friday."),
    ("come on", "Come with me on Friday."),
    ("take place", "He took my place."),
    ("pull someone's leg", "He pulled the leg."),
    ("pull someone's leg", "Pull his arm."),
    ("pull strings", "He pulled his strings."),
    ("have to", "I have nothing to do."),
    ("so that", "So I did that."),
    ("that way", "That's a way."),
    ("kick the bucket", "The bucket. He kicked."),
    ("kick the bucket", "He kicked the ball into the bucket."),
    ("spill the beans", "The beans he ate."),
    ("rain cats and dogs", "It is raining cats."),
    ("and/or", "This and that or those."),
    ("by oneself", "By the river."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("item", "text", "expected"),
    [*CONTIGUOUS, *SLOTS, *DISCONTINUOUS, *FRONTED],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_phrases_in_a_sentence(pieces: Pieces, item: str, text: str, expected: list[str]) -> None:
    assert pieces(item, text) == expected


@pytest.mark.parametrize(("item", "text"), ABSENT)
def test_phrases_that_are_not_there(pieces: Pieces, item: str, text: str) -> None:
    assert pieces(item, text) == []


def test_no_mention_reaches_over_a_sentence(pieces: Pieces) -> None:
    assert pieces("give up", "I give", "up I say") == []
    assert pieces("pull strings", "He pulled.", "Strings!") == []


def test_the_closest_reading_wins(pieces: Pieces) -> None:
    assert pieces("give up", "He gave what he gave up.") == ["gave up"]
    assert pieces("give up", "Give it up and up.") == ["Give … up"]


def test_mentions_do_not_share_words(pieces: Pieces) -> None:
    assert pieces("ha ha", "Ha ha ha ha ha.") == ["Ha ha", "ha ha"]


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (PhraseKind.COMPOUND, "A black, um, sheep or a black old sheep.", []),
        (None, "A black old sheep.", ["black … sheep"]),
    ],
)
def test_compounds_are_not_stretched(
    pieces: Pieces, kind: PhraseKind | None, text: str, expected: list[str]
) -> None:
    assert pieces(Candidate("black sheep", kind=kind), text) == expected


@pytest.mark.parametrize(
    ("item", "kind", "text", "expected"),
    [
        ("be around", PhraseKind.PHRASAL_VERB, "He is still around.", ["is … around"]),
        ("have on", PhraseKind.PHRASAL_VERB, "She had her coat on.", ["had … on"]),
        ("have on", None, "She had a look on me.", []),
        ("deal with", PhraseKind.PREPOSITIONAL_VERB, "Deal quickly with it.", ["Deal … with"]),
        ("look after", PhraseKind.PREPOSITIONAL_VERB, "Look the dog after.", []),
        ("make a decision", PhraseKind.LIGHT_VERB, "He made a very difficult career decision.",
         ["made a … decision"]),
    ],
)  # fmt: skip
def test_the_kind_says_how_far_a_phrase_stretches(
    pieces: Pieces, item: str, kind: PhraseKind | None, text: str, expected: list[str]
) -> None:
    assert pieces(Candidate(item, kind=kind), text) == expected
