"""Extracts a vocabulary with Lexicue: lexicue_run.py FILE BASE_URL CHUNK_TOKENS CONCURRENCY."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import aclosing

import lexicue


async def main(path: str, base_url: str, chunk_tokens: str, concurrency: str) -> None:
    """Do the whole job, from the file to the merged vocabulary, and print what came of it."""
    settings = lexicue.Settings.load(
        engine="llm",
        base_url=base_url,
        strategy="parallel",
        chunk_tokens=int(chunk_tokens),
        max_concurrency=int(concurrency),
    )
    run = lexicue.Run(lexicue.read(path), settings)
    async with aclosing(run.stream()) as parts:
        async for _ in parts:
            pass
    vocabulary, totals = run.vocabulary(), run.report().totals
    mentions = sum(len(word.occurrences) for word in vocabulary.words)
    mentions += sum(len(phrase.occurrences) for phrase in vocabulary.phrases)
    print(
        json.dumps(
            {
                "chunks": len(run.chunks),
                "complete": totals.complete,
                "grounded": mentions,
                "refused": totals.refused_items,
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
