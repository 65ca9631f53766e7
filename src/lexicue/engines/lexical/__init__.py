"""The embedded engine: a tagger, a parser and the authored lexicon; no server, no network.

Importing this package is cheap: spaCy and the word lists load with the first chunk.
"""

from lexicue.engines.lexical.describing import WordDescription, describe_words
from lexicue.engines.lexical.engine import LexicalEngine
from lexicue.engines.lexical.levels import level_of, zipf
from lexicue.engines.lexical.pipeline import ModelOrigin, model_origin

__all__ = [
    "LexicalEngine",
    "ModelOrigin",
    "WordDescription",
    "describe_words",
    "level_of",
    "model_origin",
    "zipf",
]
