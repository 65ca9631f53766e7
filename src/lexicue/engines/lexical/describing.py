"""Lemma and part of speech of words in their sentences, for engines that cannot tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lexicue.engines.lexical.analysis import readable
from lexicue.engines.lexical.lemmas import dictionary_forms
from lexicue.engines.lexical.pipeline import SpacyDoc, SpacyToken, tagged
from lexicue.engines.lexical.readings import POS_OF_UPOS
from lexicue.model import Span

__all__ = ["WordDescription", "describe_words"]


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
        in lower case and has the part of speech of its last token.

    Raises:
        MissingDependencyError: no spaCy model is installed.
    """
    sentences = list(dict.fromkeys(sentence for sentence, _ in requests))
    docs = dict(zip(sentences, tagged([readable(each) for each in sentences]), strict=True))
    return [_describe(sentence, span, docs[sentence]) for sentence, span in requests]


def _describe(sentence: str, span: Span, doc: SpacyDoc) -> WordDescription:
    start, end = span
    said = sentence[start:end].lower()
    tokens = [token for token in doc if _overlaps(token, start, end)]
    if not tokens:
        return WordDescription(said, "x", "X")
    upos = tokens[-1].pos_
    return WordDescription(_lemma(said, tokens), POS_OF_UPOS.get(upos, "x"), upos)


def _overlaps(token: SpacyToken, start: int, end: int) -> bool:
    return not token.is_space and token.idx < end and token.idx + len(token.text) > start


def _lemma(said: str, tokens: Sequence[SpacyToken]) -> str:
    if len(tokens) > 1:
        return said
    (token,) = tokens
    return dictionary_forms(said, token.pos_, token.lemma_.lower())[0]
