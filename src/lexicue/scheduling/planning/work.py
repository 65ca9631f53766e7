"""What a job asks of a server's cache under each strategy, and what would come of it.

A request holds its prompt and what it has generated; the two requests of a chunk share the blocks
of the chunk. The server admits a request as soon as its *prompt* fits, so more than fits in full is
admitted, and when the answers grow some are thrown out and computed again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Protocol

from lexicue.errors import InputError

__all__ = ["Advice", "BlockPool", "Blocks", "Job", "Outcome", "StrategyPlan", "advise", "foresee"]

Outcome = Literal["fits", "queues", "preempts", "refused"]
"""``fits``: all at once; ``queues``: some wait at the server; ``preempts``: some wait and some are
computed again; ``refused``: not even one request can ever be held."""

_TASKS = 2
"""Words and phrases."""

_RESERVE = 0.05
"""Left free in advice. A reserve of 5 % gained throughput in vLLM's own trial, 15 % no more."""


class Blocks(Protocol):
    """How requests take blocks."""

    @property
    def block_size(self) -> int:
        """Tokens of a block."""
        ...

    def blocks_of(self, tokens: int) -> int:
        """Blocks that a request of so many tokens holds."""
        ...


@dataclass(frozen=True, slots=True)
class BlockPool:
    """A server's cache.

    Attributes:
        blocks: in all.
        layout: how requests take them.
        max_num_seqs: requests computed at once; None where it is unknown.
        longest: tokens of the longest request; None where it is unknown.
    """

    blocks: int
    layout: Blocks
    max_num_seqs: int | None = None
    longest: int | None = None

    def holds(self, tokens: int) -> int:
        """Requests of so many tokens, sharing nothing, that are resident at once."""
        return self.within_slots(self.blocks // self.layout.blocks_of(tokens))

    def within_slots(self, requests: int) -> int:
        """No more than the server computes at once."""
        return requests if self.max_num_seqs is None else min(requests, self.max_num_seqs)


@dataclass(frozen=True, slots=True)
class Job:
    """A video's work.

    Attributes:
        chunks: how many.
        chunk_tokens: tokens of a chunk.
        output_tokens: tokens of an answer.
        instruction_tokens: tokens of the texts around the chunk; 0 counts them as part of it.
        prefix_caching: whether the server lets a chunk's two prompts share its blocks.
    """

    chunks: int = 8
    chunk_tokens: int = 2000
    output_tokens: int = 600
    instruction_tokens: int = 0
    prefix_caching: bool = True

    def __post_init__(self) -> None:
        for name in ("chunks", "chunk_tokens", "output_tokens"):
            if getattr(self, name) < 1:
                option = name.replace("_", "-")
                raise InputError(f"--{option} {getattr(self, name)}: must be 1 or more")

    @property
    def prompt_tokens(self) -> int:
        """Tokens of a prompt."""
        return self.chunk_tokens + self.instruction_tokens

    @property
    def request_tokens(self) -> int:
        """Tokens of a request when it is done."""
        return self.prompt_tokens + self.output_tokens

    def request_blocks(self, pool: BlockPool) -> int:
        """Blocks of a request when it is done."""
        return pool.layout.blocks_of(self.request_tokens)

    def pair_blocks(self, pool: BlockPool) -> int:
        """Blocks of a chunk's requests when both are done; shared ones count once."""
        single = self.request_blocks(pool)
        if not self.prefix_caching:
            return _TASKS * single
        whole = self.chunk_tokens // pool.layout.block_size * pool.layout.block_size
        shared = pool.layout.blocks_of(whole) if whole else 0
        return shared + _TASKS * max(0, single - shared)


@dataclass(frozen=True, slots=True)
class StrategyPlan:
    """What one strategy asks for, and what comes of it.

    Attributes:
        strategy: its name in the settings.
        letter: its letter in the design note; empty for adaptive.
        requests_at_once: sent together at most.
        tokens_needed: of the cache, if all of these are to be resident until they are done.
        resident: of these, resident at once.
        outcome: see `Outcome`.
        why: the outcome in a sentence.
    """

    strategy: str
    letter: str
    requests_at_once: int
    tokens_needed: int
    resident: int
    outcome: Outcome
    why: str


@dataclass(frozen=True, slots=True)
class Advice:
    """Settings under which nothing is preempted.

    Attributes:
        max_safe_chunks: for ``MAX_SAFE_CHUNKS_FOR_PARALLEL``.
        max_concurrency: requests of the process at once, when they share nothing.
    """

    max_safe_chunks: int
    max_concurrency: int


def advise(pool: BlockPool, job: Job) -> Advice:
    """Safe settings for a server; give it the least that the pool may have."""
    room = int(pool.blocks * (1 - _RESERVE))
    slots = pool.within_slots(room // job.request_blocks(pool))
    chunks = min(room // job.pair_blocks(pool), pool.within_slots(pool.blocks) // _TASKS)
    fits_alone = _refusal(pool, job) is None
    return Advice(max(0, chunks) if fits_alone else 0, max(1, slots) if fits_alone else 0)


def foresee(pool: BlockPool, job: Job, max_safe_chunks: int) -> tuple[StrategyPlan, ...]:
    """What each strategy does to a server.

    Args:
        pool: the server's cache.
        job: the work.
        max_safe_chunks: up to this many chunks strategy C runs as A.
    """
    parallel = _pairs("parallel", "A", pool, job)
    sequential = _singles("sequential", "B", pool, job)
    chosen, as_what = (parallel, "A") if job.chunks <= max_safe_chunks else (sequential, "B")
    conditional = StrategyPlan(
        "conditional",
        "C",
        chosen.requests_at_once,
        chosen.tokens_needed,
        chosen.resident,
        chosen.outcome,
        f"as {as_what} with MAX_SAFE_CHUNKS_FOR_PARALLEL={max_safe_chunks}: {chosen.why}",
    )
    return parallel, sequential, conditional, _adaptive(pool, job)


def _pairs(strategy: str, letter: str, pool: BlockPool, job: Job) -> StrategyPlan:
    pair = job.pair_blocks(pool)
    pairs, left = divmod(pool.blocks, pair)
    room = _Demand(_TASKS * job.chunks, job.chunks * pair, _TASKS * pairs)
    if left >= job.request_blocks(pool):
        room = replace(room, resident=room.resident + 1)
    return _judged((strategy, letter), room, pool, job)


def _singles(strategy: str, letter: str, pool: BlockPool, job: Job) -> StrategyPlan:
    each = job.request_blocks(pool)
    return _judged(
        (strategy, letter), _Demand(job.chunks, job.chunks * each, pool.blocks // each), pool, job
    )


@dataclass(frozen=True, slots=True)
class _Demand:
    """What is sent together: requests, the blocks they end with, and how many the pool holds."""

    requests: int
    blocks: int
    resident: int


def _judged(who: tuple[str, str], demand: _Demand, pool: BlockPool, job: Job) -> StrategyPlan:
    resident = pool.within_slots(min(demand.requests, demand.resident))
    demand = replace(demand, resident=resident)
    outcome, why = _outcome(demand, pool, job)
    tokens = _tokens(demand.blocks, pool)
    return StrategyPlan(*who, demand.requests, tokens, resident, outcome, why)


def _outcome(demand: _Demand, pool: BlockPool, job: Job) -> tuple[Outcome, str]:
    if refusal := _refusal(pool, job):
        return "refused", refusal
    requests, resident = demand.requests, demand.resident
    waiting = requests - resident
    if waiting <= 0:
        share = demand.blocks / pool.blocks
        return "fits", f"all {requests} requests at once, {share:.0%} of the cache"
    if _is_held_by_slots(demand, pool) or _grows_no_block(pool, job):
        return "queues", f"{resident} at once, {waiting} wait at the server"
    return "preempts", (
        f"{resident} fit to their end, {waiting} wait or are thrown out and computed again"
    )


def _is_held_by_slots(demand: _Demand, pool: BlockPool) -> bool:
    """Whether the requests the server computes at once all fit: the slots are what is short."""
    running = pool.within_slots(demand.requests)
    return running < demand.requests and demand.blocks * running <= pool.blocks * demand.requests


def _grows_no_block(pool: BlockPool, job: Job) -> bool:
    """Whether answers end within the last block of their prompt, so that nothing grows."""
    return pool.layout.blocks_of(job.prompt_tokens) == job.request_blocks(pool)


def _refusal(pool: BlockPool, job: Job) -> str | None:
    if pool.longest is not None and job.request_tokens > pool.longest:
        return f"a request of {job.request_tokens} tokens is over max_model_len {pool.longest}"
    if job.request_blocks(pool) > pool.blocks:
        return f"one request of {job.request_tokens} tokens is more than the cache holds"
    return None


def _adaptive(pool: BlockPool, job: Job) -> StrategyPlan:
    """As many pairs as fit with the reserve; the others wait in the client."""
    pair = job.pair_blocks(pool)
    room = int(pool.blocks * (1 - _RESERVE))
    pairs = min(job.chunks, room // pair, max(1, pool.within_slots(pool.blocks) // _TASKS))
    requests = _TASKS * pairs or 1  # where no pair fits, one request at a time
    needed = pairs * pair or job.request_blocks(pool)
    if refusal := _refusal(pool, job):
        return StrategyPlan("adaptive", "", 0, _tokens(needed, pool), 0, "refused", refusal)
    waiting = _TASKS * job.chunks - requests
    why = f"{requests} at once" + (f", {waiting} wait in the client" if waiting else "")
    return StrategyPlan(
        "adaptive", "", requests, _tokens(needed, pool), requests, "fits", f"{why}, none preempted"
    )


def _tokens(blocks: int, pool: BlockPool) -> int:
    """Blocks as tokens of requests of usual length."""
    per_block = pool.layout.blocks_of(pool.layout.block_size * 64) / 64
    return round(blocks / per_block * pool.layout.block_size)
