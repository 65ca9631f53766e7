"""Lemma and part of speech of words in their sentences, for engines that cannot tell."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from lexicue.engines.lexical.analysis import readable
from lexicue.engines.lexical.lemmas import dictionary_forms, known_pos
from lexicue.engines.lexical.levels import zipf
from lexicue.engines.lexical.pipeline import SpacyDoc, SpacyToken, tagged
from lexicue.engines.lexical.readings import POS_OF_UPOS
from lexicue.model import Span

__all__ = ["WordDescription", "describe_words"]

_FUNCTION_WORDS_FROM = 5.0
"""Zipf frequency from which on words have uses that the dictionary does not list ("on", "past")."""

_SLICE = 8
"""Sentences tagged at a time: some 10 ms."""


class WordDescription(NamedTuple):
    """What a word is where it stands."""

    lemma: str
    pos: str
    upos: str


def describe_words(requests: Sequence[tuple[str, Span]]) -> list[WordDescription]:
    """Describe words in their sentences, one description a request, in order.

    It blocks while it tags; call it in a thread.

    Args:
        requests: a sentence and the range of the word in it.

    Returns:
        The lemma, the part of speech shown (``n v adj adv``, else ``prep conj pron det num intj
        part x``) and the Universal tag. A word of several tokens ("well-being") keeps its form
        in lower case, unless the dictionary has it, and the part of speech of its last token.

    Raises:
        MissingDependencyError: no spaCy model is installed.
    """
    clear = [_clear_by_itself(sentence[start:end]) for sentence, (start, end) in requests]
    asked = [r for r, description in zip(requests, clear, strict=True) if description is None]
    docs = _docs_of(dict.fromkeys(sentence for sentence, _ in asked))
    return [
        description or _describe(sentence, span, docs[sentence])
        for (sentence, span), description in zip(requests, clear, strict=True)
    ]


def _clear_by_itself(said: str) -> WordDescription | None:
    """What a word is that the dictionary has in one part of speech only; about half of them."""
    if not (said.isalpha() and said.islower()) or zipf(said) > _FUNCTION_WORDS_FROM:
        return None
    known = known_pos(said)
    if len(known) != 1:
        return None
    (upos,) = known
    return WordDescription(dictionary_forms(said, upos, said)[0], POS_OF_UPOS.get(upos, "x"), upos)


def _docs_of(sentences: Iterable[str]) -> dict[str, SpacyDoc]:
    """Each sentence tagged, a few at a time.

    The tagger holds on to the interpreter while it works. Between slices other threads have their
    turn, an event loop with answers to fetch among them.
    """
    docs: dict[str, SpacyDoc] = {}
    pending = iter(sentences)
    while part := list(islice(pending, _SLICE)):
        docs.update(zip(part, tagged([readable(each) for each in part]), strict=True))
        time.sleep(0)
    return docs


def _describe(sentence: str, span: Span, doc: SpacyDoc) -> WordDescription:
    start, end = span
    said = sentence[start:end].lower()
    tokens = [token for token in doc if _overlaps(token, start, end)]
    if not tokens:
        return WordDescription(said, "x", "X")
    following = next((token for token in doc if token.idx >= end and not token.is_space), None)
    upos = _upos(said, tokens, following)
    return WordDescription(_lemma(said, upos, tokens), POS_OF_UPOS.get(upos, "x"), upos)


def _overlaps(token: SpacyToken, start: int, end: int) -> bool:
    return not token.is_space and token.idx < end and token.idx + len(token.text) > start


def _upos(said: str, tokens: Sequence[SpacyToken], following: SpacyToken | None) -> str:
    """That of the last token, save for what hyphens make of it."""
    last = tokens[-1].pos_
    if len(tokens) == 1:
        return last
    known = known_pos(said)
    if len(known) == 1:
        return next(iter(known))
    if "-" in said and last in ("VERB", "AUX"):
        # "a fast-growing town", "hand-made", but "our well-being".
        before_noun = following is not None and following.pos_ == "NOUN"
        modifies = not said.endswith("ing") or (before_noun and not said.endswith("-being"))
        return "ADJ" if modifies else "NOUN"
    return last


def _lemma(said: str, upos: str, tokens: Sequence[SpacyToken]) -> str:
    spacy_lemma = tokens[0].lemma_.lower() if len(tokens) == 1 else said
    return dictionary_forms(said, upos, spacy_lemma)[0]
