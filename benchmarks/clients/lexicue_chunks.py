"""Chunks a subtitle file with Lexicue: lexicue_chunks.py FILE CHUNK_TOKENS REPEATS."""

from __future__ import annotations

import json
import sys
import time

import lexicue
from lexicue.chunking import QwenTokenCounter, chunk_transcript
from lexicue.model import Chunk, Transcript


def main(path: str, chunk_tokens: str, repeats: str) -> None:
    """Print the CPU seconds of each time, the first one with the tokenizer's loading."""
    transcript = lexicue.read(path)
    seconds = []
    for _ in range(int(repeats) + 1):
        # A transcript lays out its text once; a new one does it again.
        fresh = Transcript(transcript.video_id, transcript.cues)
        started = time.process_time()
        chunks = chunk(fresh, int(chunk_tokens))
        seconds.append(time.process_time() - started)
    print(json.dumps({"seconds": seconds, "chunks": len(chunks), "chars": len(fresh.text)}))


def chunk(transcript: Transcript, chunk_tokens: int) -> list[Chunk]:
    """What is measured."""
    return chunk_transcript(transcript, QwenTokenCounter(), chunk_tokens)


if __name__ == "__main__":
    main(*sys.argv[1:])
