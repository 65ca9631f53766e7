"""What may stand between two words of a phrase.

A link joins one word of a pattern to the next. It looks at two places of a line and says whether
the words between them are a filler of the right sort. That both are in one clause is seen to by
the matcher.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lexicue.grounding.english import (
    AUXILIARIES,
    CLAUSE_OPENERS,
    CONTENTLESS,
    DETERMINERS,
    FRONT_FILLERS,
    FUNCTION_WORDS,
    PASSIVE_HELPERS,
    POSSESSIVES,
    PREPOSITIONS,
    PURE_PARTICLES,
    REFLEXIVES,
    SUBJECTS,
)
from lexicue.grounding.lemmas import is_participle, parts_of_speech
from lexicue.grounding.line import Line

__all__ = [
    "ADJACENT",
    "ANYTHING",
    "COMMA_APART",
    "FRONTED",
    "LOOSE_POSSESSIVE",
    "OBJECT",
    "PARTICLE",
    "POSSESSIVE",
    "REFLEXIVE",
    "Link",
    "modifiers",
]

Filler = Callable[[Line, int, int], bool]


@dataclass(frozen=True, slots=True)
class Link:
    """What may part a word from the next.

    Attributes:
        reach: how many words at most.
        accepts: whether the words between two places will do.
    """

    reach: int
    accepts: Filler


# A verb, its object and a particle: "shot every single one of my ideas down" has six words.
_OBJECT_WORDS = 6
# "my little brother's": four words and the "'s".
_OWNER_WORDS = 5
# What "..." stands for: "not only *what he said about it* but also".
_BLANK_WORDS = 10
# The strings *that they must surely have* pulled.
_FRONT_WORDS = 5

_NOT_IN_AN_OBJECT = AUXILIARIES | CLAUSE_OPENERS | SUBJECTS | PURE_PARTICLES
_NOT_A_MODIFIER = _NOT_IN_AN_OBJECT | (PREPOSITIONS - {"of", "about"}) | {"'s"}
# "the strings *you* pulled", "*that* were", "*to* pull"
_CLAUSE_OF_AN_OBJECT = SUBJECTS | {"you", "it", "that", "to"}


def _nothing(line: Line, left: int, right: int) -> bool:
    return right == left + 1 and line.commas_between(left, right) == 0


def _at_most_a_comma(_line: Line, left: int, right: int) -> bool:
    return right == left + 1


def _anything(_line: Line, _left: int, _right: int) -> bool:
    return True


def _an_object(line: Line, left: int, right: int) -> bool:
    """A noun phrase, as far as one can tell without a parser; or nothing at all."""
    gap = line.forms_between(left, right)
    if not gap:
        return _nothing(line, left, right)
    return (
        gap[0] not in PREPOSITIONS
        and _is_asides_only(line, left, right)
        and all(form not in _NOT_IN_AN_OBJECT and not _is_only_a_verb(form) for form in gap)
    )


def _an_object_before_a_particle(line: Line, left: int, right: int) -> bool:
    apart = right > left + 1
    return _an_object(line, left, right) and not (apart and _governs_a_noun(line, right))


def _an_owner(line: Line, left: int, right: int) -> bool:
    """A possessive: "my", "my friend's", "the dogs'"."""
    gap = line.forms_between(left, right)
    if not gap or line.commas_between(left, right):
        return False
    if len(gap) == 1 and gap[0] in POSSESSIVES:
        return True
    owner = right - 1 - (gap[-1] == "'s")
    marked = gap[-1] == "'s" or line.owns_by_apostrophe(right - 1)
    return marked and owner > left and _an_object(line, left, owner + 1)


def _an_owner_and_modifiers(line: Line, left: int, right: int) -> bool:
    """A possessive and at most two more words: "my poor old"."""
    return any(
        _an_owner(line, left, owned) and _are_modifiers(line.forms_between(owned - 1, right), "")
        for owned in range(right, max(left + 1, right - 3), -1)
    )


def _a_reflexive(line: Line, left: int, right: int) -> bool:
    gap = line.forms_between(left, right)
    return len(gap) == 1 and gap[0] in REFLEXIVES


def _the_front_of_a_verb(line: Line, left: int, right: int) -> bool:
    """What parts a fronted object from its verb: "strings *were* pulled", "*that he* pulled"."""
    gap = line.forms_between(left, right)
    fills = all(form in FRONT_FILLERS or _is_an_adverb(form) for form in gap)
    if not fills or line.commas_between(left, right):
        return False
    passive = not gap or not PASSIVE_HELPERS.isdisjoint(gap)
    if passive and is_participle(line.tokens[right].form):
        return True
    return any(form in _CLAUSE_OF_AN_OBJECT for form in gap)


def modifiers(reach: int, *, determiners: bool = False) -> Link:
    """A link over adjectives, adverbs and small words.

    Args:
        reach: how many of them.
        determiners: whether one may come with a possessive or an article of its own, as it may
            where the citation has an article: "kicked his bucket", but not "take his place".
    """

    def accepts(line: Line, left: int, right: int) -> bool:
        gap = line.forms_between(left, right)
        return (
            _is_asides_only(line, left, right)
            and (determiners or POSSESSIVES.isdisjoint(gap))
            and _are_modifiers(gap, line.tokens[right].form)
        )

    return Link(reach, accepts)


ADJACENT = Link(0, _nothing)
COMMA_APART = Link(0, _at_most_a_comma)
ANYTHING = Link(_BLANK_WORDS, _anything)
OBJECT = Link(_OBJECT_WORDS, _an_object)
PARTICLE = Link(_OBJECT_WORDS, _an_object_before_a_particle)
POSSESSIVE = Link(_OWNER_WORDS, _an_owner)
LOOSE_POSSESSIVE = Link(_OWNER_WORDS + 2, _an_owner_and_modifiers)
REFLEXIVE = Link(1, _a_reflexive)
FRONTED = Link(_FRONT_WORDS, _the_front_of_a_verb)


def _are_modifiers(gap: list[str], following: str) -> bool:
    """Whether words may stand before `following` and modify it, or what came before."""
    if not gap:
        return True
    *others, last = gap
    return all(map(_may_modify, others)) and (_may_modify(last) or _leans(last, following))


def _leans(noun: str, following: str) -> bool:
    """Whether a noun leans on the word after it, as in "made a *career* decision"."""
    kinds = parts_of_speech(noun)
    return "NOUN" in kinds and noun not in _NOT_A_MODIFIER and following not in CONTENTLESS


def _may_modify(form: str) -> bool:
    if form in _NOT_A_MODIFIER:
        return False
    kinds = parts_of_speech(form)
    return form in FUNCTION_WORDS or not kinds or "ADJ" in kinds or "ADV" in kinds


def _is_an_adverb(form: str) -> bool:
    return "ADV" in parts_of_speech(form)


def _is_only_a_verb(form: str) -> bool:
    return parts_of_speech(form) == {"VERB"}


def _is_asides_only(line: Line, left: int, right: int) -> bool:
    # Commas come in pairs around an aside ("kicked the, uh, bucket"); a single one ends a thought.
    return line.commas_between(left, right) % 2 == 0


def _governs_a_noun(line: Line, place: int) -> bool:
    """Whether a word that may be a preposition has its own noun: "put the book *on the* table"."""
    if line.tokens[place].form in PURE_PARTICLES or place + 1 == len(line.tokens):
        return False
    close = line.clause[place + 1] == line.clause[place] and not line.commas_between(
        place, place + 1
    )
    return close and line.tokens[place + 1].form in DETERMINERS
