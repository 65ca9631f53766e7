"""Words worth learning, through the real pipeline."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lexicue.engines.lexical.analysis import analyse
from lexicue.engines.lexical.words import word_candidates
from lexicue.lexicon import Lexicon, PhraseMatcher
from lexicue.model import Candidate, Chunk


@pytest.fixture(scope="module")
def words(lexicon: Lexicon, chunk_of: Callable[..., Chunk]) -> Callable[..., dict[str, Candidate]]:
    matcher = PhraseMatcher(lexicon.phrases)

    def of(*sentences: str) -> dict[str, Candidate]:
        found = word_candidates(analyse(chunk_of(*sentences), matcher), lexicon)
        return {f"{candidate.lemma}.{candidate.pos}": candidate for candidate in found}

    return of


def test_a_word_carries_what_the_lexicon_knows(words: Callable[..., dict[str, Candidate]]) -> None:
    found = words("They rejected it.", "It was rejected again.")
    word = found["reject.v"]
    assert word.meanings == ("거절하다",)
    assert word.mentions == (((5, 13),), ((25, 33),))
    assert (word.level, word.level_source) == ("B1", "list")
    assert (word.upos, word.confidence) == ("VERB", 0.9)


def test_an_unlisted_word_is_kept_without_a_meaning(
    words: Callable[..., dict[str, Candidate]],
) -> None:
    word = words("It's a case of blatant plagiarism.")["plagiarism.n"]
    assert (word.meanings, word.confidence, word.level_source) == ((), 0.5, "estimate")


@pytest.mark.parametrize(
    "sentence",
    [
        "Samsung announced nothing in Chicago.",
        "Um, I was gonna, uh, you know, hmm.",
        "He has three umbrellas and a big dog.",
        "I was bored and it was interesting.",
        "They hurt themselves, more or less.",
        "Qwxzt vroomph 12 3D.",
    ],
)
def test_names_fillers_easy_words_and_junk_are_left_out(
    words: Callable[..., dict[str, Candidate]], sentence: str
) -> None:
    assert set(words(sentence)) <= {"announce.v"}


def test_a_name_is_a_name_at_the_start_of_a_sentence_too(
    words: Callable[..., dict[str, Candidate]],
) -> None:
    assert words("We met Apex there.", "Apex was late.") == {}
    assert set(words("Reluctant people hesitate.")) == {"reluctant.adj", "hesitate.v"}


def test_a_capital_after_a_quotation_mark_says_nothing(
    words: Callable[..., dict[str, Candidate]],
) -> None:
    assert "complex.adj" in words('She said: "Complex rules are bad."')


@pytest.mark.parametrize(
    "sentence",
    ["THE COUNCIL REJECTED THE PROPOSAL.", "the council rejected the proposal"],
)
def test_letter_case_of_captions(words: Callable[..., dict[str, Candidate]], sentence: str) -> None:
    found = words(sentence)
    assert {"reject.v", "proposal.n"} <= set(found)
    ((start, end),) = found["proposal.n"].mentions[0]
    assert sentence[start:end].lower() == "proposal"


def test_words_of_a_phrase_are_listed_only_if_hard_themselves(
    words: Callable[..., dict[str, Candidate]],
) -> None:
    assert words("It's a piece of cake.") == {}
    assert words("It's a can of worms.") == {}
    assert "disguise.n" in words("He wore a disguise.")


def test_a_participle_is_a_form_of_its_verb(words: Callable[..., dict[str, Candidate]]) -> None:
    assert words("The advertised price was wrong.")["advertise.v"].meanings == ("광고하다",)
