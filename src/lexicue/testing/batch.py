"""Continuous batching over a KV cache of blocks, as vLLM's V1 scheduler does it: a pure machine.

Time goes in steps, and a step serves every running request at once. At a step's begin

1. each running request, the oldest first, gets blocks for its next tokens: the rest of its prompt
   as far as the step's token budget goes, then one token a step. Where no block is free, the
   request that started last is **preempted**: its blocks are free, its prompt and what it has
   generated will be computed again, and it waits before all others;
2. requests are admitted in the order they came, while seats and budget last and the whole prompt
   fits beside what runs. None is admitted in a step that preempted. The blocks of its prompt that
   are in the cache are shared, also when another request is computing them in this very step.

At a step's end every request whose tokens are all computed has one token more, and leaves when it
was the last. The rules are those of vLLM 0.32's ``Scheduler.schedule`` and ``KVCacheManager``
without their extensions (speculation, LoRA, connectors, priorities, sliding windows).

Nothing here knows of seconds, and nothing waits: the engine around it does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lexicue.testing.blocks import Block, BlockPool
from lexicue.testing.machine import BatchLimits, Step

__all__ = ["Batch", "Counters", "Work"]


@dataclass(eq=False, slots=True)
class Work:
    """A request in the engine.

    Attributes:
        number: its place among the requests of the batch, from 1.
        prompt_tokens: tokens of its prompt.
        output_tokens: tokens it generates.
        keys: names of its full blocks; those of its prompt at first.
        cached_tokens: of its prompt, found in the cache when it was first admitted.
        generated: tokens generated so far.
        computed: tokens whose keys and values it has in the pool.
        preemptions: how often it lost its blocks.
        blocks: what it holds, in order of its tokens.
    """

    number: int
    prompt_tokens: int
    output_tokens: int
    keys: list[int]
    cached_tokens: int | None = None
    generated: int = 0
    computed: int = 0
    preemptions: int = 0
    blocks: list[Block] = field(default_factory=list)

    @property
    def tokens(self) -> int:
        """Tokens it has: prompt and answer so far."""
        return self.prompt_tokens + self.generated

    @property
    def done(self) -> bool:
        """Whether its answer is whole; an empty one still costs the token that ends it."""
        return self.generated >= max(1, self.output_tokens)


@dataclass(slots=True)
class Counters:
    """What was done since the start. Tokens computed again after a preemption are in none.

    Attributes:
        preemptions: requests that lost their blocks.
        prefix_queries: prompt tokens looked up in the cache.
        prefix_hits: of those, tokens found.
        prompt_tokens: of prompts that were computed to their end, cached ones counted.
        cached_tokens: of those, from the cache.
        generation_tokens: of answers.
        recomputed_tokens: computed once more; vLLM tells no such number.
    """

    preemptions: int = 0
    prefix_queries: int = 0
    prefix_hits: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    generation_tokens: int = 0
    recomputed_tokens: int = 0


class Batch:
    """Requests that are served together; see the module for the rules.

    Args:
        limits: what the engine holds.

    Example:
        >>> batch = Batch(BatchLimits(num_gpu_blocks=11, block_size=16))
        >>> work = batch.submit(range(40), output_tokens=2)
        >>> batch.begin(), batch.end()
        (Step(prefill_tokens=40, decoding=0), [])
        >>> batch.begin(), batch.end() == [work]
        (Step(prefill_tokens=0, decoding=1), True)
    """

    def __init__(self, limits: BatchLimits) -> None:
        self.limits = limits
        self.counters = Counters()
        self._pool = BlockPool(limits.usable_blocks)
        self._waiting: deque[Work] = deque()
        self._running: list[Work] = []
        self._planned: dict[Work, int] = {}
        self._budget = 0
        self._submitted = 0
        self._foreign: list[Block] = []

    @property
    def running(self) -> int:
        """Requests that hold blocks."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """Requests in the queue, preempted ones among them."""
        return len(self._waiting)

    @property
    def used_blocks(self) -> int:
        """Blocks held by requests, foreign ones too."""
        return self._pool.used

    @property
    def usage(self) -> float:
        """The share of the pool that is held, 0 to 1."""
        return self._pool.used / self._pool.size

    def submit(self, prompt: Sequence[int], output_tokens: int) -> Work:
        """Put a request into the queue.

        Args:
            prompt: its token ids.
            output_tokens: tokens it generates.

        Raises:
            ValueError: it could never finish, as the pool is smaller.
        """
        if len(prompt) + output_tokens > self.limits.longest:
            raise ValueError(
                f"{len(prompt)} + {output_tokens} tokens never fit in a KV cache of "
                f"{self.limits.longest}: give the server a smaller max_model_len"
            )
        self._submitted += 1
        keys = list(self._keys(prompt)) if self.limits.prefix_caching else []
        work = Work(self._submitted, len(prompt), output_tokens, keys)
        self._waiting.append(work)
        return work

    def cancel(self, work: Work) -> None:
        """Give up a request, wherever it stands; without effect when it is done."""
        if work in self._running:
            self._running.remove(work)
            self._release(work)
        elif work in self._waiting:
            self._waiting.remove(work)

    def hold_foreign(self, tokens: int) -> None:
        """Let somebody else hold so many tokens of the pool, in place of what they held before.

        Requests are preempted where there is no room otherwise.

        Raises:
            ValueError: a negative number, or more than the pool has.
        """
        wanted = self.limits.blocks_for(tokens)
        if not 0 <= wanted <= self._pool.size:
            raise ValueError(f"{tokens} tokens do not fit in a pool of {self.limits.longest}")
        self._pool.give_back(self._foreign)
        self._foreign = []
        while self._pool.free < wanted:
            self._preempt()
        self._foreign = self._pool.take(wanted)

    def begin(self) -> Step | None:
        """Plan the next step and take the blocks it needs; None where there is nothing to do."""
        self._budget = self.limits.max_num_batched_tokens
        self._planned = {}
        preemptions = self.counters.preemptions
        self._continue_running()
        if self.counters.preemptions == preemptions:
            self._admit()
        return self._step() if self._planned else None

    def end(self) -> list[Work]:
        """The step is over: what it computed is there, and these requests are done."""
        finished = []
        for work, tokens in self._planned.items():
            work.computed += tokens
            if work.computed == work.tokens:
                self._generate(work)
            if work.done:
                finished.append(work)
        for work in finished:
            self._running.remove(work)
            self._pool.give_back(work.blocks)
            work.blocks = []
        self._planned = {}
        return finished

    def _continue_running(self) -> None:
        place = 0
        while place < len(self._running) and self._budget:
            work = self._running[place]
            tokens = min(work.tokens - work.computed, self._budget)
            if self._make_room(work, tokens):
                self._plan(work, tokens)
            place += 1

    def _make_room(self, work: Work, tokens: int) -> bool:
        """Preempt from the end until the tokens fit; False if the request itself had to go."""
        while self._blocks_missing(work, tokens) > self._pool.free:
            if self._preempt() is work:
                return False
        return True

    def _preempt(self) -> Work:
        victim = self._running.pop()
        self._release(victim)
        victim.computed = 0
        victim.preemptions += 1
        self.counters.preemptions += 1
        self._waiting.appendleft(victim)
        return victim

    def _release(self, work: Work) -> None:
        """Its blocks are free, and the step under way computes nothing for it."""
        self._pool.give_back(work.blocks)
        work.blocks = []
        self._planned.pop(work, None)

    def _admit(self) -> None:
        while self._waiting and self._budget and self.running < self.limits.max_num_seqs:
            work = self._waiting[0]
            found = self._pool.find(self._findable(work))
            if not self._fits(work, found):
                break
            self._waiting.popleft()
            self._start(work, found)

    def _findable(self, work: Work) -> list[int]:
        """Keys worth looking up: the last token is computed in any case, to generate from it."""
        return work.keys[: (work.tokens - 1) // self.limits.block_size]

    def _fits(self, work: Work, found: list[Block]) -> bool:
        """Whether all its tokens fit, whatever part of them the next step computes."""
        new = self.limits.blocks_for(work.tokens) - len(found)
        return new + sum(not block.users for block in found) <= self._pool.free

    def _start(self, work: Work, found: list[Block]) -> None:
        self._pool.share(found)
        work.blocks = list(found)
        work.computed = len(found) * self.limits.block_size
        if work.cached_tokens is None:
            self._count_lookup(work)
        else:
            self.counters.recomputed_tokens += work.tokens - work.computed
        self._running.append(work)
        self._plan(work, min(work.tokens - work.computed, self._budget))

    def _count_lookup(self, work: Work) -> None:
        work.cached_tokens = work.computed
        if self.limits.prefix_caching:
            self.counters.prefix_queries += work.prompt_tokens
            self.counters.prefix_hits += work.cached_tokens

    def _plan(self, work: Work, tokens: int) -> None:
        """Take blocks for the tokens; full ones can be shared from now on."""
        work.blocks += self._pool.take(self._blocks_missing(work, tokens))
        self._planned[work] = tokens
        self._budget -= tokens
        if self.limits.prefix_caching:
            size = self.limits.block_size
            for place in range(work.computed // size, (work.computed + tokens) // size):
                self._pool.remember(work.blocks[place], self._key(work, place))

    def _blocks_missing(self, work: Work, tokens: int) -> int:
        return self.limits.blocks_for(work.computed + tokens) - len(work.blocks)

    def _keys(self, prompt: Sequence[int]) -> Iterator[int]:
        """The names of a prompt's full blocks: each stands for all tokens up to its end."""
        key, size = 0, self.limits.block_size
        for end in range(size, len(prompt) + 1, size):
            key = hash((key, *prompt[end - size : end]))
            yield key

    def _key(self, work: Work, place: int) -> int:
        """The name of a full block; one with generated tokens is like no other request's."""
        while len(work.keys) <= place:
            before = work.keys[-1] if work.keys else 0
            work.keys.append(hash((before, -work.number)))
        return work.keys[place]

    def _generate(self, work: Work) -> None:
        if not work.generated:
            self.counters.prompt_tokens += work.prompt_tokens
            self.counters.cached_tokens += work.cached_tokens or 0
        work.generated += 1
        self.counters.generation_tokens += 1

    def _step(self) -> Step:
        decoding = sum(t == 1 and work.generated > 0 for work, t in self._planned.items())
        return Step(sum(self._planned.values()) - decoding, decoding)
