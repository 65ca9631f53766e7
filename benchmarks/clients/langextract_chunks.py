"""Chunks a text with langextract: langextract_chunks.py FILE MAX_CHAR_BUFFER REPEATS."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from langextract.chunking import ChunkIterator
from langextract.core.tokenizer import RegexTokenizer


def main(path: str, max_char_buffer: str, repeats: str) -> None:
    """Print the CPU seconds of each time."""
    text = Path(path).read_text(encoding="utf-8")
    seconds = []
    for _ in range(int(repeats) + 1):
        started = time.process_time()
        chunks = chunk(text, int(max_char_buffer))
        seconds.append(time.process_time() - started)
    print(json.dumps({"seconds": seconds, "chunks": len(chunks), "chars": len(text)}))


def chunk(text: str, max_char_buffer: int) -> list[str]:
    """What is measured: its default tokenizer, its chunks, and their texts, which it makes late."""
    chunks = ChunkIterator(text, max_char_buffer, RegexTokenizer())
    return [chunk.chunk_text for chunk in chunks]


if __name__ == "__main__":
    main(*sys.argv[1:])
