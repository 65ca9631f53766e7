"""An engine whose KV cache fills: `lexicue.testing.batch`, step by step in the event loop's time.

It is what a server is under load: answers take longer the more of them there are, requests queue
when the cache is full, and those that started last are thrown out when the others grow.
"""

from __future__ import annotations

import asyncio

from lexicue.testing.batch import Batch, Work
from lexicue.testing.engine import EngineStats, Job
from lexicue.testing.machine import BatchLimits, StepCosts

__all__ = ["BatchingEngine"]

_CATCH_UP_S = 0.1
"""Late steps follow each other at once until they are on time again; what is later than this is
lost, lest a process that slept answers everything in one burst."""

_TYPICAL_TOKENS = 2000
"""What one request of somebody else's is taken to hold, where it is not said."""


class BatchingEngine:
    """An engine that batches requests over a KV cache of blocks, as vLLM does.

    Args:
        limits: what it holds.
        costs: how long its steps take.
        time_scale: real seconds for each of the engine's: 0.1 makes it ten times as fast. Steps
            below a millisecond are kept on average only; in virtual time
            (`lexicue.testing.virtual_time`) any scale is exact.

    Raises:
        ValueError: a time scale that is not above 0.

    Example:
        >>> from lexicue.testing import BatchLimits, FakeServer
        >>> engine = BatchingEngine(BatchLimits(num_gpu_blocks=801, block_size=16), time_scale=0.01)
        >>> with FakeServer(engine=engine) as server:
        ...     server.stats.kv_cache_usage
        0.0
    """

    def __init__(
        self,
        limits: BatchLimits | None = None,
        costs: StepCosts | None = None,
        *,
        time_scale: float = 1.0,
    ) -> None:
        if time_scale <= 0:
            raise ValueError(f"time_scale={time_scale} is not above 0")
        self._limits = limits or BatchLimits()
        self._costs = costs or StepCosts()
        self._time_scale = time_scale
        self._foreign_requests = 0
        self._start()

    @property
    def longest(self) -> int:
        """The tokens, prompt and answer together, of the longest request it takes."""
        return self._limits.longest

    @property
    def recomputed_tokens(self) -> int:
        """Tokens computed again after preemptions, since the start; vLLM tells no such number."""
        return self._batch.counters.recomputed_tokens

    @property
    def stats(self) -> EngineStats:
        """See `EngineModel`."""
        counters = self._batch.counters
        return EngineStats(
            num_gpu_blocks=self._limits.num_gpu_blocks,
            block_size=self._limits.block_size,
            enable_prefix_caching=self._limits.prefix_caching,
            num_requests_running=self._batch.running + self._foreign_requests,
            num_requests_waiting=self._batch.waiting,
            kv_cache_usage=self._batch.usage,
            num_preemptions=counters.preemptions,
            prefix_cache_queries=counters.prefix_queries,
            prefix_cache_hits=counters.prefix_hits,
            prompt_tokens=counters.prompt_tokens,
            prompt_tokens_cached=counters.cached_tokens,
            generation_tokens=counters.generation_tokens,
        )

    async def process(self, job: Job) -> int:
        """See `EngineModel`.

        Raises:
            ValueError: the cache is too small for this request alone.
        """
        work = self._batch.submit(job.prompt_tokens, job.completion_tokens)
        self._answers[work] = answered = asyncio.get_running_loop().create_future()
        self._keep_stepping()
        try:
            await answered
        finally:
            self._leave(work)
        return work.cached_tokens or 0

    def set_foreign_load(self, tokens: int, requests: int | None = None) -> None:
        """Let another client hold part of the cache, until it is set to something else.

        Its requests are older than all others: ours are preempted where they stand in the way.
        Each of them generates a token a step, and none of them ends.

        Args:
            tokens: what they hold; 0 for nothing.
            requests: how many they are; by default one for every 2,000 tokens begun.

        Raises:
            ValueError: more than the cache holds.
        """
        self._batch.hold_foreign(tokens)
        self._foreign_requests = -(-tokens // _TYPICAL_TOKENS) if requests is None else requests
        if self._answers:
            self._keep_stepping()

    def restart(self) -> None:
        """Forget everything: requests are cancelled, cache, counters and foreign load are gone."""
        if self._stepping:
            self._stepping.cancel()
        for answered in self._answers.values():
            answered.cancel()
        self._foreign_requests = 0
        self._start()

    def _start(self) -> None:
        self._batch = Batch(self._limits)
        self._answers: dict[Work, asyncio.Future[None]] = {}
        self._stepping: asyncio.Task[None] | None = None

    def _leave(self, work: Work) -> None:
        """Nobody waits for this answer: it was given, or its client is gone."""
        if self._answers.pop(work, None):
            self._batch.cancel(work)
            if self._answers:
                self._keep_stepping()

    def _keep_stepping(self) -> None:
        """See that steps are made, also after a time when nothing could be done."""
        if self._stepping is None or self._stepping.done():
            self._stepping = asyncio.create_task(self._step_on(self._batch))

    async def _step_on(self, batch: Batch) -> None:
        """Make steps while there is something to compute."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while step := batch.begin():
            seconds = self._costs.seconds(step, self._foreign_requests) * self._time_scale
            due = max(due, loop.time() - _CATCH_UP_S) + seconds
            await asyncio.sleep(max(0.0, due - loop.time()))
            for work in batch.end():
                self._answer(work)

    def _answer(self, work: Work) -> None:
        answered = self._answers.pop(work, None)
        if answered and not answered.done():
            answered.set_result(None)
