"""Grounding: every item an engine returns is found in its chunk, or refused.

The way of an item: `citation` reads which of its words are said and which hold a place,
`patterns` turns that into patterns from strict to loose, `matching` finds them in a `line` of
words, and `index` makes occurrences of what was found.
"""

from lexicue.grounding.index import ChunkIndex, Grounded, ground_all
from lexicue.grounding.patterns import How

__all__ = ["ChunkIndex", "Grounded", "How", "ground_all"]
