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
    run.vocabulary()  # merging is part of the job
    report = run.report()
    print(
        json.dumps(
            {
                "complete": report.totals.complete,
                "grounded": sum(task.entries for task in report.tasks),
                "refused": report.totals.refused_items,
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
