"""Finding a pattern in a line of words."""

from __future__ import annotations

from bisect import bisect_left
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
    chosen: list[Find] = []  # in order of the text
    for one in sorted(set(finds), key=_worth):
        place = bisect_left(chosen, one.end, key=lambda other: other.start)
        if place == 0 or chosen[place - 1].end <= one.start:
            chosen.insert(place, one)
    return chosen


def _worth(found: Find) -> tuple[float, int, int, Mention]:
    covered = sum(end - start for start, end in found.spans)
    return (-found.how, -covered, found.end - found.start, found.spans)


# A chain of places, last place first: sharing the beginnings keeps long items cheap.
_Chain = tuple[int, "_Chain | None"]


def _chains(line: Line, pattern: Pattern) -> Iterable[_Chain]:
    places = [_places(line, word, by_form=pattern.by_form) for word in pattern.words]
    if not all(places):
        return ()
    ending: dict[int, _Chain] = {place: (place, None) for place in places[0]}
    for link, here in zip(pattern.links, places[1:], strict=True):
        longer: dict[int, _Chain] = {}
        for place in here:
            nearest = _nearest(line, ending, place, link)
            if nearest is not None:
                longer[place] = (place, ending[nearest])
        if not longer:
            return ()
        ending = longer
    return ending.values()


def _places(line: Line, word: frozenset[str], *, by_form: bool) -> list[int]:
    if by_form:
        (form,) = word
        return line.by_form.get(form, [])
    return line.with_lemma(word)


def _nearest(line: Line, ending: dict[int, _Chain], place: int, link: Link) -> int | None:
    """The last place before `place` where the pattern so far ends and the link holds."""
    for left in range(place - 1, max(place - 2 - link.reach, -1), -1):
        if line.clause[left] != line.clause[place]:
            return None
        if left in ending and link.accepts(line, left, place):
            return left
    return None


def _spans(line: Line, chain: _Chain) -> Mention:
    spans: list[Span] = []
    first = last = chain[0]
    for place in _before(chain):
        if place != first - 1:
            spans.append(line.span(_whole(line, first), last))
            last = place
        first = place
    spans.append(line.span(_whole(line, first), last))
    return tuple(reversed(spans))


def _before(chain: _Chain) -> Iterator[int]:
    """The places of a chain but the last, backwards."""
    link = chain[1]
    while link is not None:
        yield link[0]
        link = link[1]


def _whole(line: Line, place: int) -> int:
    """The first half of "don't", given its second, which nobody would mark by itself."""
    return place - 1 if line.tokens[place].form == "n't" and place > 0 else place
