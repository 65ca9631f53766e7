"""From a transcript to chunks: whole sentences, counted in the model's own tokens."""

from lexicue.chunking.chunks import chunk_each_cue, chunk_transcript, halve
from lexicue.chunking.sentences import split_sentences
from lexicue.chunking.tokens import QwenTokenCounter, TokenCounter

__all__ = [
    "QwenTokenCounter",
    "TokenCounter",
    "chunk_each_cue",
    "chunk_transcript",
    "halve",
    "split_sentences",
]
