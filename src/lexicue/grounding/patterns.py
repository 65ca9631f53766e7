"""The patterns to look for when an item is to be found, from the strictest to the loosest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from lexicue.grounding.citation import Citation, Slot, Unit
from lexicue.grounding.english import (
    ARTICLES,
    AUXILIARIES,
    CONTENTLESS,
    GIVING,
    PARTICLES,
    PREPOSITIONS,
    PRONOUNS,
    REFLEXIVES,
)
from lexicue.grounding.gaps import (
    ADJACENT,
    ANYTHING,
    COMMA_APART,
    FRONTED,
    LOOSE_POSSESSIVE,
    OBJECT,
    PARTICLE,
    POSSESSIVE,
    REFLEXIVE,
    Link,
    modifiers,
)
from lexicue.grounding.lemmas import lemmas_in_phrase, parts_of_speech
from lexicue.model import PhraseKind

__all__ = ["How", "Pattern", "as_said", "inflected", "inflected_word", "stages"]


class How(float, Enum):
    """How an item was found; the value is how much that says for it."""

    EXACT = 1.0
    TYPOGRAPHY = 0.98
    INFLECTED = 0.95
    DISCONTINUOUS = 0.85


@dataclass(frozen=True, slots=True)
class Pattern:
    """Words to be found in order.

    Attributes:
        words: for each word the forms or lemmas it may have.
        links: what may part each word from the next; one fewer than the words.
        how: what a find by this pattern is called.
        by_form: whether `words` are forms, not lemmas.
    """

    words: tuple[frozenset[str], ...]
    links: tuple[Link, ...]
    how: How
    by_form: bool = False


# Longer items are sentences, and nobody stretches those.
_MOST_LOOSE_WORDS = 12

_SAID_WITH_BE = PRONOUNS | {"there", "here", "what", "who", "where", "how"}

_AFTER_OBJECTS = PREPOSITIONS | PARTICLES
_ANOTHER_WITHOUT_BE = CONTENTLESS - ARTICLES | {"used", "going"}
_NOT_STRETCHED = {PhraseKind.COMPOUND}
_NOT_VERBAL = {PhraseKind.COMPOUND, PhraseKind.PROVERB}


def as_said(citation: Citation) -> Pattern:
    """The words of a citation just as they are, in a row."""
    units = citation.units
    words = tuple(frozenset({unit.form}) for unit in units)
    return Pattern(words, _tight_links(units), How.TYPOGRAPHY, by_form=True)


def inflected(citation: Citation) -> Pattern:
    """The words of a citation in a row, each in any of its forms."""
    return _tight(citation.units)


def inflected_word(wanted: frozenset[str]) -> Pattern:
    """A single word that has one of these lemmas."""
    return Pattern((wanted,), (), How.INFLECTED)


def stages(citation: Citation, kind: PhraseKind | None) -> Iterator[list[Pattern]]:
    """Patterns of a citation of several words, in stages: a later one only if all before failed.

    What a citation may add by itself ("to", an article) is given up in the first stage; what may
    change the meaning ("be used to", a subject, the only other word) in the second.
    """
    units = citation.units
    if not 1 <= len(units) <= _MOST_LOOSE_WORDS:
        return
    first: list[Pattern] = []
    second: list[Pattern] = []
    for some in _without_openers(units):
        lost = {unit.form for unit in units[: len(units) - len(some)]}
        (second if _is_shaky(some, lost) else first).extend(
            _patterns(some, citation.trailing, kind)
        )
    yield first
    yield second


def _is_shaky(units: tuple[Unit, ...], lost: set[str]) -> bool:
    """Whether a citation may mean something else once its openers are lost."""
    first = units[0]
    if "be" in lost and first.form in _ANOTHER_WITHOUT_BE:
        return True
    alone = len(units) == 1 and lost != {"to"}
    return alone or first.slot not in (None, Slot.POSSESSIVE)


def _without_openers(units: tuple[Unit, ...]) -> Iterator[tuple[Unit, ...]]:
    """The units, then without a leading "to", then "be", then an article, as far as they go."""
    yield units
    for opener in ({"to"}, {"be"}, ARTICLES):
        if units and units[0].form in opener and _has_content(units[1:]):
            units = units[1:]
            yield units


def _patterns(
    units: tuple[Unit, ...], trailing: Slot | None, kind: PhraseKind | None
) -> Iterator[Pattern]:
    particle_verb = kind is PhraseKind.PHRASAL_VERB and len(units) > 1  # "be around"
    if not _has_content(units) and not particle_verb:
        if trailing is Slot.REFLEXIVE:  # "by oneself"
            yield _with_reflexive(units)
        if len(units) > 1 or not trailing:
            yield _tight(units)
        return
    yield _tight(units)
    if len(units) < 2 or kind in _NOT_STRETCHED or not _is_ascii(units):
        return
    yield _loose(units, kind)
    without_articles = tuple(
        unit for n, unit in enumerate(units) if n == 0 or unit.slot or unit.form not in ARTICLES
    )
    if 1 < len(without_articles) < len(units):
        yield _loose(without_articles, kind, determiners=True)
    if kind not in _NOT_VERBAL:
        yield from _reordered(units)


def _tight(units: tuple[Unit, ...]) -> Pattern:
    return Pattern(_keys(units), _tight_links(units), How.INFLECTED)


def _with_reflexive(units: tuple[Unit, ...]) -> Pattern:
    words = (*_keys(units), REFLEXIVES)
    return Pattern(words, (*_tight_links(units), ADJACENT), How.INFLECTED)


def _keys(units: tuple[Unit, ...]) -> tuple[frozenset[str], ...]:
    before = ("", *(unit.form for unit in units))
    return tuple(_key(unit.form, left) for unit, left in zip(units, before, strict=False))


def _key(form: str, before: str) -> frozenset[str]:
    if form == "'s" and before not in _SAID_WITH_BE:
        return frozenset({form})  # the possessive of "dog's dinner"
    return lemmas_in_phrase(form)


def _tight_links(units: tuple[Unit, ...]) -> tuple[Link, ...]:
    return tuple(_tight_link(unit) for unit in units[1:])


def _tight_link(unit: Unit) -> Link:
    match unit.slot:
        case Slot.POSSESSIVE:
            return POSSESSIVE
        case Slot.REFLEXIVE:
            return REFLEXIVE
        case Slot.OBJECT:
            return OBJECT
        case Slot.BLANK:
            return ANYTHING
        case None:
            return COMMA_APART if unit.comma else ADJACENT


def _loose(
    units: tuple[Unit, ...], kind: PhraseKind | None, *, determiners: bool = False
) -> Pattern:
    verbal = kind not in _NOT_VERBAL and _is_verb(units[0])
    links = [_loose_link(left, right, determiners) for left, right in pairwise(units)]
    if verbal and not units[1].slot:
        links[0] = _link_after_verb(units, kind) or links[0]
    return Pattern(_keys(units), tuple(links), How.DISCONTINUOUS)


def _loose_link(left: Unit, right: Unit, determiners: bool) -> Link:
    if right.slot is Slot.POSSESSIVE:
        return LOOSE_POSSESSIVE
    if right.slot:
        return _tight_link(right)
    clitic = right.form.startswith("'") or right.form in AUXILIARIES | {"n't"}
    if clitic or (left.form in CONTENTLESS and right.form in CONTENTLESS):
        stretchable = left.form in PARTICLES and right.form in PREPOSITIONS - {"of"}
        return modifiers(2) if stretchable and not clitic else ADJACENT
    small = {left.form, right.form} & CONTENTLESS - ARTICLES
    reach = 2 if small else 3
    return modifiers(reach + determiners, determiners=determiners)


def _link_after_verb(units: tuple[Unit, ...], kind: PhraseKind | None) -> Link | None:
    """What may follow the verb of a phrase before its next word."""
    verb, following = units[0].form, units[1].form
    if "be" in lemmas_in_phrase(verb):
        return modifiers(2)
    # "have on" and "do in" take objects, but "have to" and "get to" must stay together.
    light = verb in CONTENTLESS and kind is not PhraseKind.PHRASAL_VERB
    if following in PARTICLES and not light and kind is not PhraseKind.PREPOSITIONAL_VERB:
        return PARTICLE if len(units) == 2 else OBJECT
    if following in PREPOSITIONS and len(units) > 2 and not light:
        return OBJECT  # "take the fact for granted"
    if verb in GIVING and following in ARTICLES:
        return OBJECT  # "give my brother a hand"
    if kind is PhraseKind.LIGHT_VERB:
        return modifiers(5, determiners=True)
    return None


@dataclass(frozen=True, slots=True)
class _VerbPhrase:
    """A citation as a verb, its particle, its object and the rest."""

    verb: Unit
    particle: list[Unit]
    thing: list[Unit]
    rest: list[Unit]


def _reordered(units: tuple[Unit, ...]) -> Iterator[Pattern]:
    """A verb and its object in any other order in which they are said."""
    phrase = _verb_phrase(units)
    if phrase is None:
        return
    yield from _fronted(phrase)
    if phrase.particle and not phrase.rest:  # "make up one's mind", "make one's mind up"
        yield _moved([phrase.verb, *phrase.thing, *phrase.particle])
    elif len(phrase.rest) == 1 and phrase.rest[0].form in PARTICLES:
        yield _moved([phrase.verb, *phrase.rest, *phrase.thing])


def _verb_phrase(units: tuple[Unit, ...]) -> _VerbPhrase | None:
    verb, *after = units
    if not _is_verb(verb) or verb.form in AUXILIARIES - {"have", "do"}:
        return None
    start = 1 if after[0].form in PARTICLES else 0
    end = next((n for n in range(start, len(after)) if after[n].form in _AFTER_OBJECTS), len(after))
    thing = after[start:end]
    if not thing or not _is_noun(thing[-1]) or any(unit.slot is Slot.OBJECT for unit in after):
        return None
    return _VerbPhrase(verb, after[:start], thing, after[end:])


def _fronted(phrase: _VerbPhrase) -> Iterator[Pattern]:
    """The object first: "strings were pulled", "the towel was thrown in"."""
    action = [phrase.verb, *phrase.particle, *phrase.rest]
    yield _moved([*phrase.thing, *action], fronted=len(phrase.thing))
    if phrase.thing[0].form in ARTICLES and len(phrase.thing) > 1:
        yield _moved([*phrase.thing[1:], *action], fronted=len(phrase.thing) - 1)


def _moved(units: list[Unit], fronted: int = 0) -> Pattern:
    links = list(_tight_links(tuple(units)))
    if fronted:
        links[fronted - 1] = FRONTED
    return Pattern(_keys(tuple(units)), tuple(links), How.DISCONTINUOUS)


def _has_content(units: tuple[Unit, ...]) -> bool:
    return any(unit.form not in CONTENTLESS for unit in units)


def _is_ascii(units: tuple[Unit, ...]) -> bool:
    return all(unit.form.isascii() for unit in units)


def _is_verb(unit: Unit) -> bool:
    return not {"VERB", "AUX"}.isdisjoint(parts_of_speech(unit.form))


def _is_noun(unit: Unit) -> bool:
    return "NOUN" in parts_of_speech(unit.form) and unit.form not in CONTENTLESS
