"""Telling a verb's own particle from a preposition that merely follows it.

"looked up the word" is a phrasal verb, "looked up the stairs" is not. The parser's word is right
about half the time for particles; what it calls a preposition with an object is a phrasal verb
one time in sixteen, so that is refused.
"""

from __future__ import annotations

from lexicue.lexicon.patterns import Gate, Pattern
from lexicue.lexicon.tokens import Token, children, word_set
from lexicue.lexicon.walking import Found, Sentence
from lexicue.model import PhraseKind

__all__ = ["passes", "reads_literally"]

_WAYS = word_set(
    "aisle alley avenue bridge corridor driveway escalator fence hall hallway highway hill ladder "
    "lane mountain path river road rock roof slope stair staircase step street stream track tree "
    "tunnel wall"
)
"""What one goes, looks or runs up, down, along and over; the parser calls that a particle too."""

_WAY_PARTICLES = frozenset({"across", "along", "around", "down", "off", "over", "through", "up"})

_OBJECT_OF_PREPOSITION = frozenset({"pobj", "pcomp"})

_PLACE_PREPOSITIONS = frozenset({"at", "behind", "beside", "in", "inside", "near", "on", "under"})


def passes(pattern: Pattern, sentence: Sentence, found: Found) -> bool:
    """Whether the particle stands in the sentence as the pattern's gate wants it."""
    if pattern.gate is Gate.NONE:
        return True
    verb, particle = found.tokens[0], found.tokens[-1]
    if pattern.gate is Gate.PREPOSITION:
        return _belongs_to(sentence, particle, verb)
    return _is_particle(sentence, particle, verb) and not _leads_along(sentence, particle)


def reads_literally(pattern: Pattern, sentence: Sentence, found: Found) -> bool:
    """Whether an idiom's noun is placed in the world: "broke the ice on the lake"."""
    if pattern.entry.kind is not PhraseKind.IDIOM or pattern.verb_object is None:
        return False
    below = children(sentence.tokens, found.tokens[-1])
    return any(token.dep == "prep" and token.lower in _PLACE_PREPOSITIONS for token in below)


def _is_particle(sentence: Sentence, particle: int, verb: int) -> bool:
    token = sentence.tokens[particle]
    if any(child.dep in _OBJECT_OF_PREPOSITION for child in children(sentence.tokens, particle)):
        return False
    return token.tag == "RP" or _belongs_to(sentence, particle, verb)


def _belongs_to(sentence: Sentence, particle: int, verb: int) -> bool:
    token = sentence.tokens[particle]
    if not token.dep:
        return token.tag in ("RP", "RB", "IN")
    return token.head == verb


def _leads_along(sentence: Sentence, particle: int) -> bool:
    """Whether a way or a place follows: "up the stairs", "down the dark street", "out here"."""
    following = sentence.tokens[particle + 1 : particle + 2]
    if following and following[0].lower in ("here", "there"):
        return True
    if sentence.tokens[particle].lower not in _WAY_PARTICLES:
        return False
    noun = _next_noun(sentence, particle + 1)
    return noun is not None and noun.lemma in _WAYS


def _next_noun(sentence: Sentence, start: int) -> Token | None:
    """The head noun of the phrase that begins at `start`."""
    noun = None
    for token in sentence.tokens[start:]:
        if token.pos in ("NOUN", "PROPN"):
            noun = token
        elif noun or token.pos not in ("DET", "ADJ", "NUM", "PRON", "ADV"):
            break
    return noun
