"""What stands in for vLLM's engine: it takes its time, and keeps a prefix cache.

`EngineModel` is the seam. `TimedEngine` answers every request after its latency, however many
there are; another model of the engine goes in by ``FakeServer(engine=...)`` and nothing else
changes. `lexicue.testing.batching.BatchingEngine` is one with a KV pool that fills.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from lexicue.testing.asked import ChatCall
from lexicue.testing.latency import Latency, seconds_for
from lexicue.testing.machine import A10G_14B_BLOCKS

__all__ = ["EngineModel", "EngineStats", "Job", "TimedEngine"]


@dataclass(frozen=True, slots=True)
class Job:
    """One answer to be computed.

    Attributes:
        call: the request.
        prompt_tokens: ids of the whole prompt, chat template included.
        completion_tokens: how many tokens the answer has.
    """

    call: ChatCall
    prompt_tokens: Sequence[int]
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class EngineStats:
    """What an engine tells on ``/metrics``; the names are vLLM's.

    Attributes:
        num_gpu_blocks: blocks in the KV pool.
        block_size: tokens of a block.
        enable_prefix_caching: whether prompts share blocks.
        num_requests_running: being computed now.
        num_requests_waiting: queued now.
        kv_cache_usage: share of the pool held by running requests, 0 to 1.
        num_preemptions: requests thrown out of the pool, since the start.
        prefix_cache_queries: prompt tokens looked up, since the start.
        prefix_cache_hits: of those, tokens found.
        prompt_tokens: of prompts computed, since the start. None, here and below, where the
            server counts them itself when a request is done.
        prompt_tokens_cached: of those, from the prefix cache.
        generation_tokens: generated, of unfinished answers too.
    """

    num_gpu_blocks: int
    block_size: int
    enable_prefix_caching: bool
    num_requests_running: int = 0
    num_requests_waiting: int = 0
    kv_cache_usage: float = 0.0
    num_preemptions: int = 0
    prefix_cache_queries: int = 0
    prefix_cache_hits: int = 0
    prompt_tokens: int | None = None
    prompt_tokens_cached: int | None = None
    generation_tokens: int | None = None


class EngineModel(Protocol):
    """An engine of the fake server. Everything runs in the server's event loop."""

    async def process(self, job: Job) -> int:
        """Take as long as the job does.

        Cancelled when the client leaves: what the job holds is then to be given back.

        Returns:
            the prompt tokens that came from the prefix cache.
        """
        ...

    @property
    def stats(self) -> EngineStats:
        """How it stands now."""
        ...


class TimedEngine:
    """An engine with room for everything: each answer takes its latency, whatever else runs.

    Prompts share whole blocks with any prompt seen before, also one that came at the same moment,
    as vLLM's do; the last token of a prompt is always computed. Blocks least recently used go
    when there are more than the pool holds.

    Args:
        latency: seconds of each answer.
        num_gpu_blocks: blocks in the KV pool; only the cache and the usage gauge feel it.
        block_size: tokens of a block.
        prefix_caching: whether prompts share blocks.
    """

    def __init__(
        self,
        latency: Latency = 0.0,
        *,
        num_gpu_blocks: int = A10G_14B_BLOCKS,
        block_size: int = 16,
        prefix_caching: bool = True,
    ) -> None:
        self._latency = latency
        self._blocks, self._block_size = num_gpu_blocks, block_size
        self._prefix_caching = prefix_caching
        self._running = 0
        self._held: Counter[object] = Counter()
        self.restart()

    def restart(self) -> None:
        """Forget every prompt seen, and count anew."""
        self._cache = _PrefixCache(self._blocks, self._block_size)

    async def process(self, job: Job) -> int:
        """See `EngineModel`."""
        keys = list(self._cache.keys(job.prompt_tokens))
        cached = self._cache.look_up(keys, job.prompt_tokens) if self._prefix_caching else 0
        held = self._blocks_of(job, keys)
        self._running += 1
        self._held.update(held)
        try:
            await asyncio.sleep(seconds_for(self._latency, job))
        finally:
            self._running -= 1
            self._give_back(held)
        return cached

    def _give_back(self, blocks: list[object]) -> None:
        for block in blocks:
            self._held[block] -= 1
            if not self._held[block]:
                del self._held[block]

    def _blocks_of(self, job: Job, keys: list[int]) -> list[object]:
        """Names of all blocks a job fills; those of its answer are its own."""
        tokens = len(job.prompt_tokens) + job.completion_tokens
        shared = keys if self._prefix_caching else []
        own = -(-tokens // self._cache.block_size) - len(shared)
        return [*shared, *((job.call.number, block) for block in range(own))]

    @property
    def stats(self) -> EngineStats:
        """See `EngineModel`."""
        return EngineStats(
            num_gpu_blocks=self._cache.blocks,
            block_size=self._cache.block_size,
            enable_prefix_caching=self._prefix_caching,
            num_requests_running=self._running,
            kv_cache_usage=min(1.0, len(self._held) / self._cache.blocks),
            prefix_cache_queries=self._cache.queries,
            prefix_cache_hits=self._cache.hits,
        )


@dataclass
class _PrefixCache:
    """The blocks of prompts seen so far; a block's name stands for all tokens up to its end."""

    blocks: int
    block_size: int
    queries: int = 0
    hits: int = 0
    _seen: OrderedDict[int, None] = field(default_factory=OrderedDict)

    def keys(self, tokens: Sequence[int]) -> Iterator[int]:
        """The names of a prompt's whole blocks."""
        key = 0
        for end in range(self.block_size, len(tokens) + 1, self.block_size):
            key = hash((key, *tokens[end - self.block_size : end]))
            yield key

    def look_up(self, keys: list[int], tokens: Sequence[int]) -> int:
        """The tokens of a prompt found in the cache; the prompt is in it from now on."""
        usable = keys[: max(0, len(tokens) - 1) // self.block_size]
        found = next((i for i, key in enumerate(usable) if key not in self._seen), len(usable))
        for key in keys:
            self._seen[key] = None
            self._seen.move_to_end(key)
        while len(self._seen) > self.blocks:
            self._seen.popitem(last=False)
        self.queries += len(tokens)
        self.hits += found * self.block_size
        return found * self.block_size
