"""Finding a pattern in a line of words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lexicue.grounding.gaps import Link
from lexicue.grounding.line import Line
from lexicue.grounding.patterns import How, Pattern
from lexicue.model import Mention, Span

__all__ = ["Find", "apart", "find"]


@dataclass(frozen=True, slots=True)
class Find:
    """A mention of an item, as spans of the chunk's text.

    Attributes:
        spans: where, in order; words in a row are one span.
        how: by what tier it was found.
    """

    spans: Mention
    how: How

    @property
    def start(self) -> int:
        """Where it begins."""
        return self.spans[0][0]

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.spans[-1][1]


def find(line: Line, pattern: Pattern) -> Iterator[Find]:
    """Every place where a pattern ends, with its closest beginning."""
    for chain in _chains(line, pattern):
        yield Find(_spans(line, chain), pattern.how)


def apart(finds: Iterable[Find]) -> list[Find]:
    """The best of the finds that do not overlap or cross one another, in order of the text.

    A better tier wins, then the find that has more of the item in it, then the closer one.
    """
    chosen: list[Find] = []
    for one in sorted(set(finds), key=_worth):
        if all(one.end <= other.start or other.end <= one.start for other in chosen):
            chosen.append(one)
    return sorted(chosen, key=lambda found: found.start)


def _worth(found: Find) -> tuple[float, int, int, Mention]:
    covered = sum(end - start for start, end in found.spans)
    return (-found.how, -covered, found.end - found.start, found.spans)


def _chains(line: Line, pattern: Pattern) -> Iterable[tuple[int, ...]]:
    places = [_places(line, word, by_form=pattern.by_form) for word in pattern.words]
    if not all(places):
        return ()
    ending: dict[int, tuple[int, ...]] = {place: (place,) for place in places[0]}
    for link, here in zip(pattern.links, places[1:], strict=True):
        longer = {}
        for place in here:
            nearest = _nearest(line, ending, place, link)
            if nearest is not None:
                longer[place] = (*ending[nearest], place)
        ending = longer
    return ending.values()


def _places(line: Line, word: frozenset[str], *, by_form: bool) -> list[int]:
    if by_form:
        (form,) = word
        return line.by_form.get(form, [])
    return line.with_lemma(word)


def _nearest(line: Line, ending: dict[int, tuple[int, ...]], place: int, link: Link) -> int | None:
    """The last place before `place` where the pattern so far ends and the link holds."""
    for left in range(place - 1, max(place - 2 - link.reach, -1), -1):
        if line.clause[left] != line.clause[place]:
            return None
        if left in ending and link.accepts(line, left, place):
            return left
    return None


def _spans(line: Line, chain: tuple[int, ...]) -> Mention:
    spans: list[Span] = []
    first = before = chain[0]
    for place in (*chain[1:], None):
        if place is None or place != before + 1:
            spans.append(line.span(first, before))
            first = place if place is not None else first
        before = place if place is not None else before
    return tuple(spans)
