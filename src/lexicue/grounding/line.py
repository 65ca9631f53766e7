"""A chunk as a line of words: what stands where, and what parts a word from the next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import NamedTuple

import regex

from lexicue.grounding.folding import Folded, fold
from lexicue.grounding.lemmas import lemmas
from lexicue.model import Span

__all__ = ["UNSPACED", "Joint", "Line", "Token", "tokens_of"]

_UNSPACED_SET = (
    r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}ー々〆"
)

UNSPACED = regex.compile(rf"[{_UNSPACED_SET}]", regex.V1)
"""A letter of a script whose words are not, or not all, set apart by spaces."""

_LETTER = rf"[[\p{{L}}\p{{N}}\p{{M}}]--[{_UNSPACED_SET}]]"
_SUFFIX = r"(?:s|re|ve|ll|d|m)(?!\w)"

_WORD = regex.compile(
    rf"""
      [{_UNSPACED_SET}][{_UNSPACED_SET}\p{{M}}]*
    | n't(?!\w)                                 # the second half of "don't"
    | (?<=\w)'{_SUFFIX}                         # of "it's"
    | (?<!\w)[a-z]+?(?=n't(?!\w))               # the first half of "don't"
    | (?<!\w)can(?=not(?!\w))                   # of "cannot"
    | (?<!\w)(?:[ldjnstmc]|qu)'(?=\p{{L}}{{2}}) # of "l'école"
    | \d+(?:[.,:/]\d+)+(?!\w)                   # 3.5
    | {_LETTER}+(?:'(?!{_SUFFIX}){_LETTER}+)*(?:[+\#]+(?!\w))?   # o'clock, C++
    """,
    regex.V1 | regex.VERBOSE,
)

_ELLIPSIS = regex.compile(r"\.{2,}")
_STOP = regex.compile(r"[\n;:!?—。؟؛।]|--|(?:^|\s)[-–](?:\s|$)")
_SILENT = regex.compile(r"[ '\"]*")
_ABBREVIATED = 3  # "Mr.", "vs.", "U.": a full stop after so few letters need not be one


class Joint(IntEnum):
    """What stands between two words, weakest first."""

    HYPHEN = 0
    SPACE = 1
    COMMA = 2
    STOP = 3


class Token(NamedTuple):
    """A word, as a range of a folded text, and its joint to the word before."""

    form: str
    start: int
    end: int
    joint: Joint


def tokens_of(folded_text: str) -> list[Token]:
    """The words of a folded text; "don't" is two, "well-known" is two."""
    tokens: list[Token] = []
    start = end = 0
    for match in _WORD.finditer(folded_text):
        begins = match.start()
        joint = _joint(folded_text[end:begins], end - start) if tokens else Joint.STOP
        start, end = match.span()
        tokens.append(Token(match.group(), start, end, joint))
    return tokens


@lru_cache(maxsize=4096)
def _joint(between: str, length_before: int) -> Joint:
    if between in ("", "-", "–"):
        return Joint.HYPHEN
    rest = _ELLIPSIS.sub("", between)  # "I give... up": the voice waits, the sentence goes on
    if _SILENT.fullmatch(rest):
        return Joint.SPACE
    if _STOP.search(rest) or ("." in rest and length_before > _ABBREVIATED):
        return Joint.STOP
    return Joint.COMMA


@dataclass
class Line:
    """The numbered words of a chunk.

    Attributes:
        text: the chunk's text.
        folded: the folded text, sentences parted by "\\n", with offsets into the chunk.
        tokens: its words.
        clause: for each word the number of its clause; it grows at every stop.
        commas: for each word how many commas and their like stand before it.
        by_form: the places of each form.
        compounds: first and last word of "e-mail", under "email".
    """

    text: str
    folded: Folded
    tokens: list[Token]
    clause: list[int]
    commas: list[int]
    by_form: dict[str, list[int]]
    compounds: dict[str, list[Span]]

    @classmethod
    def of(cls, text: str, sentences: Iterable[Span]) -> Line:
        """The line of a chunk's text; what is outside its sentences is left out."""
        folded = _fold_sentences(text, sentences)
        tokens = tokens_of(folded.text)
        by_form: dict[str, list[int]] = {}
        for place, token in enumerate(tokens):
            by_form.setdefault(token.form, []).append(place)
        return cls(
            text,
            folded,
            tokens,
            list(accumulate(token.joint is Joint.STOP for token in tokens)),
            list(accumulate(token.joint is Joint.COMMA for token in tokens)),
            by_form,
            _compounds(tokens),
        )

    def with_lemma(self, wanted: frozenset[str]) -> list[int]:
        """The places of every word that has one of these lemmas, in order."""
        lists = [self._by_lemma[lemma] for lemma in wanted if lemma in self._by_lemma]
        return lists[0] if len(lists) == 1 else sorted({place for one in lists for place in one})

    def forms_between(self, left: int, right: int) -> list[str]:
        """The words between two words."""
        return [token.form for token in self.tokens[left + 1 : right]]

    def commas_between(self, left: int, right: int) -> int:
        """How many commas part two words."""
        return self.commas[right] - self.commas[left]

    def owns_by_apostrophe(self, place: int) -> bool:
        """Whether a bare apostrophe follows the word, as in "the dogs' dinner"."""
        return self.folded.text[self.tokens[place].end] == "'"

    def span(self, first: int, last: int) -> Span:
        """The range of the chunk's text from one word to another, both included."""
        start, end = self.tokens[first].start, self.tokens[last].end
        return self.folded.starts[start], self.folded.ends[end - 1]

    def cuts_a_word(self, offset: int) -> bool:
        """Whether an offset of the chunk's text is inside a word that spaces set apart."""
        return bool(self._inside[offset])

    @cached_property
    def _inside(self) -> bytearray:
        inside = bytearray(len(self.text) + 1)
        for place, token in enumerate(self.tokens):
            if not UNSPACED.match(token.form):
                start, end = self.span(place, place)
                inside[start + 1 : end] = b"\1" * (end - start - 1)
        return inside

    @cached_property
    def _by_lemma(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for form, places in self.by_form.items():
            for lemma in lemmas(form):
                found.setdefault(lemma, []).extend(places)
        return {lemma: sorted(places) for lemma, places in found.items()}


def _fold_sentences(text: str, sentences: Iterable[Span]) -> Folded:
    whole = Folded()
    parts = []
    for start, end in sentences:
        part = fold(text[start:end], start)
        parts.append(part.text + "\n")
        whole.starts += [*part.starts, -1]
        whole.ends += [*part.ends, -1]
    whole.text = "".join(parts)
    return whole


def _compounds(tokens: list[Token]) -> dict[str, list[Span]]:
    found: dict[str, list[Span]] = {}
    first = 0
    for place, token in enumerate(tokens):
        if token.joint is not Joint.HYPHEN:
            first = place
        following = tokens[place + 1] if place + 1 < len(tokens) else None
        if place > first and (following is None or following.joint is not Joint.HYPHEN):
            solid = "".join(one.form for one in tokens[first : place + 1])
            found.setdefault(solid, []).append((first, place))
    return found
