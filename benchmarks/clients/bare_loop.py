"""Sends request bodies as fast as a semaphore lets it: bare_loop.py BODIES BASE_URL CONCURRENCY.

The floor to measure against: AsyncOpenAI and an asyncio.Semaphore. It reads no subtitles, makes
no chunks, and looks at no answer.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from openai import AsyncOpenAI  # type: ignore[import-not-found,unused-ignore]


def main(path: str, base_url: str, concurrency: str) -> None:
    """Send every body once and print whether all were answered."""
    bodies = [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]
    answers = asyncio.run(ask_all(bodies, base_url, int(concurrency)))
    print(json.dumps({"complete": len(answers) == len(bodies) and all(answers)}))


async def ask_all(bodies: list[dict[str, Any]], base_url: str, concurrency: int) -> list[str]:
    """The answers, so many requests at once."""
    limit = asyncio.Semaphore(concurrency)
    async with AsyncOpenAI(base_url=base_url, api_key="none", max_retries=0) as client:
        return await asyncio.gather(*(ask(client, limit, body) for body in bodies))


async def ask(client: AsyncOpenAI, limit: asyncio.Semaphore, body: dict[str, Any]) -> str:
    """One answer."""
    async with limit:
        completion = await client.chat.completions.create(**body)
        return str(completion.choices[0].message.content)


if __name__ == "__main__":
    main(*sys.argv[1:])
