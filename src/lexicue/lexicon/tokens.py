"""A token as the matcher sees it: light, and free of any tagger's own types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = ["Token", "children", "plain", "word_set"]


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a sentence with what a tagger and a parser say about it.

    Attributes:
        text: as said.
        lemmas: its dictionary forms, the likeliest first; lower case.
        pos: Universal POS tag.
        tag: Penn tag.
        start: where it begins, in characters of the analysed text.
        end: where it ends.
        dep: its dependency label; empty where nothing was parsed.
        head: the index in the sentence of the token it depends on.
        lower: `text` in lower case with straight apostrophes.
    """

    text: str
    lemmas: tuple[str, ...]
    pos: str
    tag: str
    start: int = 0
    end: int = 0
    dep: str = ""
    head: int = -1
    lower: str = field(init=False, default="")

    def __post_init__(self) -> None:
        object.__setattr__(self, "lower", plain(self.text))

    @property
    def lemma(self) -> str:
        """The likeliest dictionary form."""
        return self.lemmas[0] if self.lemmas else self.lower


def plain(text: str) -> str:
    """The text in lower case with straight apostrophes, as patterns are written."""
    return text.lower().replace("’", "'")


def children(tokens: Sequence[Token], index: int) -> list[Token]:
    """The tokens that depend on the token at `index`."""
    return [token for i, token in enumerate(tokens) if token.head == index and i != index]


def word_set(words: str) -> frozenset[str]:
    """The words of a space-separated list."""
    return frozenset(words.split())
