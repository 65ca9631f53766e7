"""The plan: what a server holds, how many requests that is, and what each strategy does to it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from math import ceil
from typing import Any

from lexicue.errors import InputError
from lexicue.model import JsonValue
from lexicue.scheduling.capacity import ServerSample
from lexicue.scheduling.planning.budget import GIB, Budget, budget_of
from lexicue.scheduling.planning.gpus import Gpu
from lexicue.scheduling.planning.layout import KvLayout, layout_of
from lexicue.scheduling.planning.server import ServerFlags
from lexicue.scheduling.planning.shapes import ModelShape
from lexicue.scheduling.planning.work import (
    Advice,
    BlockPool,
    Job,
    StrategyPlan,
    advise,
    foresee,
)

__all__ = ["Estimate", "Plan", "Range", "estimate", "plan_estimated", "plan_live"]

_MEASURED_UP_TO = (0, 19)
_USUAL_BLOCK = 16
_MOST_GIB = 10_000


@dataclass(frozen=True, slots=True)
class Range:
    """A number, and between what it lies where it is an estimate."""

    expected: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """A server's cache, worked out before its start.

    Attributes:
        shape: the model.
        gpu: each of its GPUs.
        flags: how it is started.
        budget: one GPU's memory.
        layout: of the cache.
        kv_tokens: that the server will report.
        weights_derived: whether the weights were worked out, not given.
    """

    shape: ModelShape
    gpu: Gpu
    flags: ServerFlags
    budget: Budget
    layout: KvLayout
    kv_tokens: Range
    weights_derived: bool

    @property
    def starts(self) -> bool:
        """Whether the cache holds one request of the longest length, which vLLM insists on."""
        return self.longest_that_fits >= self.longest

    @property
    def longest(self) -> int:
        """Tokens of the longest request."""
        return self.flags.longest_request(self.shape)

    @property
    def longest_that_fits(self) -> int:
        """The largest ``--max-model-len`` with which the server starts."""
        blocks = self.layout.blocks_in(self.budget.available * GIB)
        if blocks >= self.layout.blocks_of(self.longest):
            return self.longest
        fits, too_long = 0, self.longest
        while too_long - fits > 1:
            middle = (fits + too_long) // 2
            if self.layout.blocks_of(middle) <= blocks:
                fits = middle
            else:
                too_long = middle
        return fits

    def pool(self, available_gib: float) -> BlockPool:
        """The cache if so many GiB are left for it."""
        blocks = self.layout.blocks_in(available_gib * GIB)
        return BlockPool(blocks, self.layout, self.flags.sequences(self.gpu), self.longest)


def estimate(
    shape: ModelShape, gpu: Gpu, flags: ServerFlags, weights_gib: float | None = None
) -> Estimate:
    """Work out what a server will hold.

    Args:
        shape: the model.
        gpu: each of its GPUs.
        flags: how it is started.
        weights_gib: on each GPU, GiB, as a server logged it; else derived from the shape.

    Raises:
        InputError: the model cannot be split over so many GPUs, or the weights have no size.
    """
    if weights_gib is not None and not 0 < weights_gib < _MOST_GIB:
        raise InputError(f"--weights-gib {weights_gib:g}: is no size of weights")
    if shape.attention.heads % flags.tensor_parallel:
        raise InputError(
            f"--tensor-parallel {flags.tensor_parallel}: must divide the model's "
            f"{shape.attention.heads} attention heads"
        )
    budget = budget_of(shape, gpu, flags, weights_gib)
    layout = layout_of(shape, flags, flags.step_tokens(gpu))
    longest = flags.longest_request(shape)
    expected, low, high = (
        layout.reported_tokens(layout.blocks_in(gib * GIB), longest, flags.version)
        for gib in (budget.available, budget.available_low, budget.available_high)
    )
    tokens = Range(expected, low, high)
    return Estimate(shape, gpu, flags, budget, layout, tokens, weights_gib is None)


@dataclass(frozen=True, slots=True)
class Plan:
    """A server and a job, planned.

    Attributes:
        source: ``estimate``, or ``server`` where a running one told its capacity.
        kv_tokens: capacity of the cache, tokens.
        job: the work.
        resident: requests of the job that are resident at once, sharing nothing.
        strategies: what each would do.
        advice: safe settings, worked out for the low end of the range.
        estimate: where `kv_tokens` comes from, for an estimate.
        max_model_len: tokens of the longest request, where it is known.
        notes: what to know about these numbers.
    """

    source: str
    kv_tokens: Range
    job: Job
    resident: Range
    strategies: tuple[StrategyPlan, ...]
    advice: Advice
    estimate: Estimate | None = None
    max_model_len: int | None = None
    notes: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, JsonValue]:
        """As JSON has it."""
        document: dict[str, Any] = {
            "schema": 1,
            "source": self.source,
            "kv_tokens": self.kv_tokens.expected,
            "kv_tokens_low": self.kv_tokens.low,
            "kv_tokens_high": self.kv_tokens.high,
            "resident_requests": self.resident.expected,
            "resident_requests_low": self.resident.low,
            "resident_requests_high": self.resident.high,
            "max_model_len": self.max_model_len,
            "job": asdict(self.job) | {"request_tokens": self.job.request_tokens},
            "strategies": [asdict(strategy) for strategy in self.strategies],
            "MAX_SAFE_CHUNKS_FOR_PARALLEL": self.advice.max_safe_chunks,
            "max_concurrency": self.advice.max_concurrency,
            "server": None if self.estimate is None else _server_dict(self.estimate),
            "notes": list(self.notes),
        }
        return document


def _server_dict(of: Estimate) -> dict[str, Any]:
    flags, gpu = of.flags, of.gpu
    return {
        "model": of.shape.name,
        "parameters": round(of.shape.parameters),
        "quantization": of.shape.quantization.name,
        "gpu": gpu.name,
        "gpu_gib": gpu.gib,
        "tensor_parallel": flags.tensor_parallel,
        "vllm_version": ".".join(map(str, flags.version)),
        "gpu_memory_utilization": flags.utilization,
        "max_num_seqs": flags.sequences(gpu),
        "max_num_batched_tokens": flags.step_tokens(gpu),
        "enforce_eager": flags.enforce_eager,
        "kv_cache_dtype": flags.kv_cache_dtype,
        "starts": of.starts,
        "longest_that_fits": of.longest_that_fits,
        "requested_gib": round(of.budget.requested, 3),
        "available_kv_gib": round(of.budget.available, 3),
        "memory": [
            {key: value if key == "name" else round(value, 3) for key, value in asdict(t).items()}
            for t in of.budget.terms
        ],
        "weights_derived": of.weights_derived,
        "kv_bytes_per_token": of.layout.bytes_per_token,
        "kv_bytes_per_token_allocated": of.layout.allocated_bytes_per_token,
        "block_size": of.layout.block_size,
    }


def plan_estimated(of: Estimate, job: Job) -> Plan:
    """A plan for a server that is not running yet."""
    expected, low, high = (
        of.pool(gib)
        for gib in (of.budget.available, of.budget.available_low, of.budget.available_high)
    )
    advice = advise(low, job)
    return Plan(
        "estimate",
        of.kv_tokens,
        job,
        Range(*(pool.holds(job.request_tokens) for pool in (expected, low, high))),
        foresee(expected, job, advice.max_safe_chunks),
        advice,
        of,
        of.longest,
        tuple(_notes(of)),
    )


def _notes(of: Estimate) -> list[str]:
    notes = [_not_starting(of)] if not of.starts else []
    if of.weights_derived:
        notes.append(
            "the weights are worked out from the model's dimensions; give --weights-gib as a "
            'server logs it ("Model loading took … GiB") for a closer estimate'
        )
    if of.flags.version > _MEASURED_UP_TO and not of.flags.enforce_eager:
        notes.append(
            "the formulas are measured up to vLLM 0.19; from 0.20 on the server also sets its "
            "estimate of CUDA graphs aside, which is known less well here"
        )
    if of.flags.tensor_parallel > 1 and not of.gpu.is_large:
        notes.append("NCCL's memory is measured on NVLink servers only; assumed 0.5 GiB here")
    return notes


def _not_starting(of: Estimate) -> str:
    if of.budget.available <= 0:
        return (
            f"nothing is left for the cache: {-of.budget.available:.1f} GiB are missing on each "
            "GPU. The server will not start; take a larger GPU or --tensor-parallel"
        )
    return (
        f"the cache holds {of.kv_tokens.expected:,} tokens, less than one request of "
        f"max_model_len {of.longest:,}: the server will not start. Give it --max-model-len "
        f"{of.longest_that_fits} at most"
    )


def plan_live(sample: ServerSample, job: Job, max_model_len: int | None) -> Plan:
    """A plan for a running server, from what it tells of itself.

    Args:
        sample: a look at its metrics.
        job: the work.
        max_model_len: tokens of its longest request, if it tells.

    Raises:
        InputError: its metrics do not tell its capacity.
    """
    if sample.kv_tokens is None:
        raise InputError(
            "the server's /metrics do not tell its KV capacity: give --model and --gpu to "
            "estimate it"
        )
    pool = _live_pool(sample.kv_tokens, sample.block_size or _USUAL_BLOCK, max_model_len)
    advice = advise(pool, job)
    resident = pool.holds(job.request_tokens)
    return Plan(
        "server",
        Range(sample.kv_tokens, sample.kv_tokens, sample.kv_tokens),
        job,
        Range(resident, resident, resident),
        foresee(pool, job, advice.max_safe_chunks),
        advice,
        max_model_len=max_model_len,
        notes=("capacity as the server reports it; its max_num_seqs is not told",),
    )


@dataclass(frozen=True, slots=True)
class _PlainBlocks:
    """Blocks of a server of which only the size is known."""

    block_size: int

    def blocks_of(self, tokens: int) -> int:
        return ceil(tokens / self.block_size)


def _live_pool(tokens: int, block_size: int, longest: int | None) -> BlockPool:
    return BlockPool(tokens // block_size, _PlainBlocks(block_size), None, longest)
