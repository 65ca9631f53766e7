"""Verb–object phrases whose words are far apart or turned round, found by the parse.

"her bluff was called", "the decision that we made", "make a really very big mistake".
"""

from __future__ import annotations

from collections.abc import Iterator

from lexicue.lexicon.patterns import ARTICLES, Pattern, Slot, Word
from lexicue.lexicon.tokens import Token
from lexicue.lexicon.walking import Found, Sentence
from lexicue.model import PhraseKind

__all__ = ["linked_objects"]

_OBJECTS = frozenset({"dobj", "obj", "nsubjpass"})


def linked_objects(pattern: Pattern, sentence: Sentence) -> Iterator[Found]:
    """Where the pattern's verb governs the pattern's noun, whatever stands between."""
    if pattern.verb_object is None:
        return
    verb_form, noun_form = pattern.verb_object
    for v, verb in enumerate(sentence.tokens):
        if verb.pos != "VERB" or verb_form not in sentence.forms[v]:
            continue
        for n, noun in enumerate(sentence.tokens):
            if noun_form in sentence.forms[n] and _is_object(sentence, n, v):
                yield from _found(pattern, sentence, v, n) if noun.pos == "NOUN" else ()


def _is_object(sentence: Sentence, noun: int, verb: int) -> bool:
    tokens = sentence.tokens
    if tokens[noun].dep in _OBJECTS and tokens[noun].head == verb:
        return True
    return tokens[verb].dep == "relcl" and tokens[verb].head == noun


def _found(pattern: Pattern, sentence: Sentence, verb: int, noun: int) -> Iterator[Found]:
    determiner = next(
        (i for i, t in enumerate(sentence.tokens) if t.head == noun and t.dep in ("det", "poss")),
        None,
    )
    said = None if determiner is None else sentence.tokens[determiner]
    if not _determined_alike(pattern, said):
        return
    article = {determiner} if determiner is not None and said and said.lower in ARTICLES else set()
    yield Found(tuple(sorted({verb, noun} | article)), separated=True)


def _determined_alike(pattern: Pattern, said: Token | None) -> bool:
    """An idiom keeps its determiner ("the ice", "someone's leg"); a light verb need not."""
    if pattern.entry.kind is PhraseKind.LIGHT_VERB:
        return True
    wanted = pattern.elements[1:-1]
    if not wanted:
        return said is None
    if said is None:
        return False
    first = wanted[0]
    if isinstance(first, Slot):
        return said.dep == "poss"
    return isinstance(first, Word) and said.lower == first.form
