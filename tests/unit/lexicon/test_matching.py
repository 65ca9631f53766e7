"""Matching on tokens made by hand, so that no tagger is needed."""

from __future__ import annotations

from lexicue.lexicon import PhraseEntry, PhraseMatcher, Token
from lexicue.lexicon.matching import FIXED, SEPARATED
from lexicue.model import PhraseKind

TAGS = {"VERB": "VB", "PRON": "PRP", "ADP": "RP", "NOUN": "NN", "DET": "DT", "PUNCT": "."}


def sentence(*words: str) -> list[Token]:
    """Tokens from "text/lemma/POS"; no parse."""
    tokens = []
    for word in words:
        text, lemma, pos = word.split("/")
        pos, _, tag = pos.partition(":")
        tokens.append(Token(text, (lemma,), pos, tag or TAGS.get(pos, pos)))
    return tokens


def entry(phrase: str, kind: PhraseKind, *, separable: bool = False, gap: int = 0) -> PhraseEntry:
    return PhraseEntry(phrase, kind, ("뜻",), separable=separable, gap=gap)


GIVE_UP = entry("give up", PhraseKind.PHRASAL_VERB, separable=True, gap=3)
AS_WELL = entry("as well", PhraseKind.EXPRESSION)
AS_WELL_AS = entry("as well as", PhraseKind.EXPRESSION)


def test_words_together() -> None:
    (match,) = PhraseMatcher([GIVE_UP]).find(sentence("He/he/PRON", "gave/give/VERB", "up/up/ADP"))
    assert match.tokens == (1, 2)
    assert match.confidence == FIXED


def test_words_with_an_object_between_without_a_parse() -> None:
    tokens = sentence("gave/give/VERB", "the/the/DET", "idea/idea/NOUN", "up/up/ADP")
    (match,) = PhraseMatcher([GIVE_UP]).find(tokens)
    assert match.tokens == (0, 3)
    assert match.confidence == SEPARATED


def test_an_object_longer_than_the_gap_is_refused() -> None:
    words = ["the/the/DET", *["old/old/ADJ"] * 3, "idea/idea/NOUN"]
    tokens = sentence("gave/give/VERB", *words, "up/up/ADP")
    assert PhraseMatcher([GIVE_UP]).find(tokens) == []


def test_no_match_across_a_comma_or_a_verb() -> None:
    matcher = PhraseMatcher([GIVE_UP])
    comma = sentence("gave/give/VERB", "it/it/PRON", ",/,/PUNCT", "up/up/ADP")
    verb = sentence("gave/give/VERB", "she/she/PRON", "looked/look/VERB:VBD", "up/up/ADP")
    assert matcher.find(comma) == []
    assert matcher.find(verb) == []


def test_the_longest_wins() -> None:
    tokens = sentence("as/as/ADV", "well/well/ADV", "as/as/ADP", "tea/tea/NOUN")
    (match,) = PhraseMatcher([AS_WELL, AS_WELL_AS]).find(tokens)
    assert match.entry is AS_WELL_AS


def test_an_adverb_is_not_matched_by_its_lemma() -> None:
    tokens = sentence("as/as/ADV", "better/well/ADV")
    assert PhraseMatcher([AS_WELL]).find(tokens) == []


def test_curly_apostrophes_and_contractions() -> None:
    cant_stand = entry("can't stand", PhraseKind.EXPRESSION)
    tokens = sentence("ca/can/AUX:MD", "n’t/not/PART", "stand/stand/VERB")
    (match,) = PhraseMatcher([cant_stand]).find(tokens)
    assert match.tokens == (0, 1, 2)


def test_matches_come_in_the_order_of_the_text_and_twice_if_said_twice() -> None:
    tokens = sentence(
        "as/as/ADV", "well/well/ADV", "give/give/VERB", "up/up/ADP", "as/as/ADV", "well/well/ADV"
    )
    found = PhraseMatcher([GIVE_UP, AS_WELL]).find(tokens)
    assert [match.entry.phrase for match in found] == ["as well", "give up", "as well"]


def test_nothing_in_nothing() -> None:
    assert PhraseMatcher([GIVE_UP]).find([]) == []
    assert PhraseMatcher([]).find(sentence("a/a/DET")) == []
