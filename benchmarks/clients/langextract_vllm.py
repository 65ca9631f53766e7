"""langextract on a real vLLM: langextract_vllm.py FILE BASE_URL MODEL CHARACTERS TOKENS SIGMA.

Two passes, words and phrases, at its defaults (10 workers, batches of 10) but for the chunks' size.
As with the other clients, each answer gets a length that its prompt decides, and a valid answer
with nothing in it in place of the noise of random weights. Prints a report like the others.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import sys
import time
from pathlib import Path
from typing import Any

import httpx2 as httpx
import langextract
import openai  # type: ignore[import-not-found]
from langextract_run import extract  # type: ignore[import-not-found]

EMPTY = '{"extractions": []}'


class FixedAnswers(httpx.BaseTransport):
    """Gives each answer its length, empties it, and notes when it came."""

    def __init__(self, tokens: int, sigma: float) -> None:
        self._inner = httpx.HTTPTransport(trust_env=False)
        self._tokens, self._sigma = tokens, sigma
        self.requests: list[dict[str, Any]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        body |= {"max_tokens": self._length(str(body["messages"])), "ignore_eos": True}
        body.pop("response_format", None)
        kept = {k: v for k, v in request.headers.items() if k.lower() != "content-length"}
        start = time.time()
        response = self._inner.handle_request(
            httpx.Request(
                "POST", request.url, headers=kept, json=body, extensions=request.extensions
            )
        )
        payload = json.loads(response.read())
        usage = payload["usage"]
        details = usage.get("prompt_tokens_details") or {}
        self.requests.append(
            {
                "start": start,
                "end": time.time(),
                "status": response.status_code,
                "prompt_tokens": usage["prompt_tokens"],
                "cached_tokens": details.get("cached_tokens") or 0,
                "output_tokens": usage["completion_tokens"],
            }
        )
        payload["choices"][0]["message"]["content"] = EMPTY
        payload["choices"][0]["finish_reason"] = "stop"
        return httpx.Response(response.status_code, json=payload)

    def _length(self, prompt: str) -> int:
        drawn = random.Random(hashlib.sha256(prompt.encode()).hexdigest())
        mean = math.log(self._tokens) - self._sigma**2 / 2
        return max(4, round(drawn.lognormvariate(mean, self._sigma)))


def main(path: str, base_url: str, model: str, buffer: str, tokens: str, sigma: str) -> None:
    """Do the whole job and print how it went."""
    transport = FixedAnswers(int(tokens), float(sigma))
    _answer_through(transport)
    text = Path(path).read_text(encoding="utf-8")
    began, started = time.time(), time.perf_counter()
    for task in ("words", "phrases"):
        extract(text, base_url, model, int(buffer), [task])
    wall_s = time.perf_counter() - started
    answered = [request for request in transport.requests if request["status"] == 200]
    report = {
        "began": began,
        "wall_s": wall_s,
        "requests": transport.requests,
        "failed": len(transport.requests) - len(answered),
        "results": len(transport.requests),
        "video_s": [wall_s],
        "limits": [],
        "held": [],
        "errors": [],
    }
    print(json.dumps(report))


def _answer_through(transport: httpx.BaseTransport) -> None:
    """Have langextract's OpenAI client send its requests this way."""
    made = openai.OpenAI.__init__

    def with_transport(self: openai.OpenAI, **how: Any) -> None:
        made(self, **how, http_client=httpx.Client(transport=transport, timeout=600))

    openai.OpenAI.__init__ = with_transport
    assert langextract is not None


if __name__ == "__main__":
    main(*sys.argv[1:])
