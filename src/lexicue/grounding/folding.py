"""One spelling for all typographies: case, quotes, dashes, widths and spaces folded away.

Folding may lengthen a text ("ß" becomes "ss") or shorten it (soft hyphens go), so every folded
character remembers the characters of the original that it stands for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from unicodedata import category, normalize

import regex

__all__ = ["Folded", "fold", "folded"]

# ASCII goes through in runs; its last character stays out where a combining mark may follow it.
_PIECE = regex.compile(r"(?P<plain>[!-~]+(?=[\x00-\x7f]|\Z))|(?P<space>\s+)|\X")

_TYPOGRAPHY = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′ʼ´`＇", "'"),
        **dict.fromkeys("“”„‟″«»＂", '"'),
        **dict.fromkeys("\u2010\u2011\u2043\u2212\ufe63\uff0d", "-"),
        **dict.fromkeys("―⸺⸻", "—"),
        "‒": "–",
        "…": "...",
        "\u0640": None,  # Arabic tatweel only stretches a word
    }
)

# Vowel points, which are written or left out at will.
_POINTS = regex.compile(r"[\u0591-\u05bd\u05bf-\u05c7\u064b-\u0652\u0670]")


@dataclass(slots=True)
class Folded:
    """A folded text and where each of its characters comes from.

    Attributes:
        text: the folded text.
        starts: for each folded character, the start of its original.
        ends: for each folded character, the end of its original.
    """

    text: str = ""
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    def original(self, start: int, end: int) -> tuple[int, int] | None:
        """The original of a folded range, or None where the range cuts a character in two."""
        cuts_left = start > 0 and self.starts[start - 1] == self.starts[start]
        cuts_right = end < len(self.ends) and self.ends[end - 1] == self.ends[end]
        return None if cuts_left or cuts_right else (self.starts[start], self.ends[end - 1])


def fold(text: str, at: int = 0) -> Folded:
    """Fold `text`, whose first character stands at offset `at` of the original."""
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for piece in _PIECE.finditer(text):
        start, end = piece.start() + at, piece.end() + at
        if piece.lastgroup == "plain":
            parts.append(piece.group().lower().replace("`", "'"))
            starts.extend(range(start, end))
            ends.extend(range(start + 1, end + 1))
            continue
        plain = " " if piece.lastgroup == "space" else _fold_cluster(piece.group())
        parts.append(plain)
        starts.extend([start] * len(plain))
        ends.extend([end] * len(plain))
    return Folded("".join(parts), starts, ends)


def folded(text: str) -> str:
    """Only the folded text, without spaces around it."""
    return fold(text).text.strip()


@lru_cache(maxsize=8192)
def _fold_cluster(cluster: str) -> str:
    # Typography goes first: NFKC would turn "´" into a space and an accent.
    wide = normalize("NFKC", cluster.translate(_TYPOGRAPHY)).translate(_TYPOGRAPHY)
    cased = normalize("NFKC", wide.casefold()).replace("i\u0307", "i")
    return "".join(c for c in _POINTS.sub("", cased) if category(c) != "Cf")
