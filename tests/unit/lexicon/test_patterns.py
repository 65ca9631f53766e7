"""Citation forms become patterns."""

from __future__ import annotations

import pytest

from lexicue.lexicon import PhraseEntry
from lexicue.lexicon.patterns import Gate, Pattern, Slot, Word, compile_entry
from lexicue.model import PhraseKind


def compiled(phrase: str, kind: PhraseKind = PhraseKind.EXPRESSION, **more: object) -> Pattern:
    return compile_entry(PhraseEntry(phrase, kind, ("뜻",), **more))  # type: ignore[arg-type]


def shape(pattern: Pattern) -> list[str]:
    return [e.form if isinstance(e, Word) else f"<{e.kind.name}>" for e in pattern.elements]


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("look forward to something", ["look", "forward", "to"]),
        ("someone's cup of tea", ["cup", "of", "tea"]),
        ("pull someone's leg", ["pull", "<POSSESSIVE>", "leg"]),
        ("by oneself", ["by", "<REFLEXIVE>"]),
        ("can't help doing", ["can", "not", "help", "<DOING>"]),
        ("be supposed to do something", ["be", "supposed", "to"]),
        ("state-of-the-art", ["state", "of", "the", "art"]),
        ("or something", ["or", "something"]),
        ("at one's wits' end", ["at", "<POSSESSIVE>", "wits", "'", "end"]),
        ("tell someone or something apart", ["tell", "<OBJECT>", "apart"]),
        ("I'm telling you", ["i", "'m", "telling", "you"]),
    ],
)
def test_pieces(phrase: str, expected: list[str]) -> None:
    kind = PhraseKind.IDIOM if phrase.startswith("someone's") else PhraseKind.EXPRESSION
    assert shape(compiled(phrase, kind)) == expected


@pytest.mark.parametrize("phrase", ["look up", "look something up", "look up something"])
def test_a_separable_verb_has_room_for_its_object(phrase: str) -> None:
    pattern = compiled(phrase, PhraseKind.PHRASAL_VERB, separable=True, gap=5)
    assert shape(pattern) == ["look", "<OBJECT>", "up"]
    slot = pattern.elements[1]
    assert isinstance(slot, Slot)
    assert (slot.optional, slot.limit) == (True, 5)


@pytest.mark.parametrize(
    ("phrase", "kind", "gate"),
    [
        ("grow up", PhraseKind.PHRASAL_VERB, Gate.PARTICLE),
        ("look after someone", PhraseKind.PHRASAL_VERB, Gate.PREPOSITION),
        ("rely on", PhraseKind.PREPOSITIONAL_VERB, Gate.PREPOSITION),
        ("look forward to", PhraseKind.PHRASAL_VERB, Gate.NONE),
        ("first of all", PhraseKind.EXPRESSION, Gate.NONE),
    ],
)
def test_gates(phrase: str, kind: PhraseKind, gate: Gate) -> None:
    assert compiled(phrase, kind).gate is gate


def test_articles_are_not_required_since_they_vary() -> None:
    assert compiled("make a mistake", PhraseKind.LIGHT_VERB).required == {"make", "mistake"}
