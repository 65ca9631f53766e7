"""Where a GPU's memory goes before the KV cache gets the rest.

``available = utilization x total - weights - activation peak - non-torch - CUDA graphs``

vLLM runs one worst step at start and keeps what is left, so all but the total are estimates, each
here with its range. Constants are measured on the start-up logs that docs/design/capacity.md
names; their shapes come from what the step allocates (``gpu_model_runner.profile_run``).
"""

from __future__ import annotations

from dataclasses import dataclass

from lexicue.scheduling.planning.gpus import Gpu
from lexicue.scheduling.planning.server import ServerFlags, Version
from lexicue.scheduling.planning.shapes import Experts, LatentAttention, ModelShape

__all__ = ["GIB", "Budget", "Term", "budget_of"]

GIB = 1024**3
"""Bytes of a GiB."""

_SAMPLER_REWRITTEN: Version = (0, 17)
"""From here on top-k and top-p need no sorted copies of the logits."""

_TRIAL_CAPTURE: Version = (0, 18)
"""From here on CUDA graphs are captured once on trial before the cache is sized."""

_GRAPHS_COUNTED: Version = (0, 20)
"""From here on what the trial took is taken off the cache."""

_LOGIT_BYTES = 14.7
"""Of one logit while sampling: its 16-bit and 32-bit copies, the index and the masks."""

_LOGIT_BYTES_SORTED = 37.8
"""The same with the sorted copies, their indices and the sums over them."""

_HIDDEN_COPIES = 4.26
"""Hidden states alive at once in a layer: residual, norm, attention's in- and output."""

_SMALL_GIB = 0.03
"""Inputs, positions, sampling parameters."""

_NON_TORCH_GIB = 0.13
"""CUDA modules and libraries loaded by the first step."""

_TRIAL_GIB = 0.12
"""What the trial capture loads and leaves loaded."""

_TRIAL_SHARE = 0.73
"""Of the graphs' memory, pages that stay behind when the trial's are dropped; on small GPUs only.
The least certain of the constants: one model on one GPU, twice."""

_GRAPH_GIB = 0.0215 / 102
"""One CUDA graph of one layer (the trial's estimate on an H100 for 102 graphs)."""

_NVLINK_GIB, _NVLINK_STEP_GIB = 1.81, 0.075
"""NCCL and the all-reduce's own buffers for two GPUs on a large server, and for each further."""

_PARALLEL_GIB = 0.5
"""NCCL's buffers elsewhere."""

_LATENT_WORKSPACE_TOKENS = 65_536
"""Cached tokens that latent attention expands at once in prefill."""


@dataclass(frozen=True, slots=True)
class Term:
    """One use of a GPU's memory.

    Attributes:
        name: what for.
        gib: GiB, as expected.
        low: GiB at least.
        high: GiB at most.
    """

    name: str
    gib: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Budget:
    """One GPU's memory, GiB.

    Attributes:
        total: what CUDA shows.
        requested: the share that the server may take.
        terms: what is taken off it before the cache, the weights first.
    """

    total: float
    requested: float
    terms: tuple[Term, ...]

    @property
    def available(self) -> float:
        """Left for the KV cache, as expected; negative when the server cannot start."""
        return self.requested - sum(term.gib for term in self.terms)

    @property
    def available_low(self) -> float:
        """Left when every use is at its most."""
        return self.requested - sum(term.high for term in self.terms)

    @property
    def available_high(self) -> float:
        """Left when every use is at its least."""
        return self.requested - sum(term.low for term in self.terms)


def budget_of(shape: ModelShape, gpu: Gpu, flags: ServerFlags, weights_gib: float | None) -> Budget:
    """The memory of each GPU that serves a model.

    Args:
        shape: the model.
        gpu: one of `flags.tensor_parallel` alike.
        flags: of the server.
        weights_gib: on each GPU, as logged ("Model loading took …"); else derived.
    """
    terms = (
        _weights(shape, flags, weights_gib),
        _activation(shape, gpu, flags),
        _non_torch(gpu, flags),
        _graphs(shape, gpu, flags),
        _unsure_total(gpu, flags),
    )
    return Budget(gpu.gib, gpu.gib * flags.utilization, tuple(t for t in terms if t.high))


def _weights(shape: ModelShape, flags: ServerFlags, given: float | None) -> Term:
    if given is not None:
        return Term("weights", given, given, given)
    derived = _weight_bytes(shape) / flags.tensor_parallel / GIB
    # Scratch of the quantized kernels and the allocator's rounding: 0.01-0.09 GiB over the sum.
    gib = derived + (0.03 if shape.quantization.bits == 16 else 0.08)
    return Term("weights", gib, 0.97 * gib, 1.05 * gib)


def _weight_bytes(shape: ModelShape) -> float:
    stored = shape.quantization
    others = shape.attention_parameters + shape.dense_parameters
    plain = shape.embedding_parameters + shape.other_parameters
    if stored.experts_only:
        plain, others = plain + others, 0
    return 2 * plain + stored.bits / 8 * (others + shape.expert_parameters)


def _activation(shape: ModelShape, gpu: Gpu, flags: ServerFlags) -> Term:
    """The larger of two peaks: the forward pass, and sampling after it."""
    tokens = flags.step_tokens(gpu)
    peak = max(_sampling_bytes(shape, gpu, flags), _forward_bytes(shape, tokens, flags))
    gib = _SMALL_GIB + peak / GIB
    return Term("activation peak", gib, 0.9 * gib - 0.05, 1.12 * gib + 0.1)


def _sampling_bytes(shape: ModelShape, gpu: Gpu, flags: ServerFlags) -> float:
    """The logits of every sequence, on each GPU whole, beside the step's hidden states."""
    tokens = flags.step_tokens(gpu)
    rewritten = flags.version >= _SAMPLER_REWRITTEN
    logit = _LOGIT_BYTES if rewritten else _LOGIT_BYTES_SORTED
    sequences = min(flags.sequences(gpu), tokens)
    return sequences * shape.vocab * logit + 2 * tokens * shape.hidden


def _forward_bytes(shape: ModelShape, tokens: int, flags: ServerFlags) -> float:
    """The widest moment of a layer: the feed-forward part's inner values, 16 bits each."""
    wide = (3 if shape.gated else 2) * shape.intermediate / flags.tensor_parallel
    if shape.experts is not None:
        wide = _experts_width(shape, shape.experts, flags)
    values = wide + _HIDDEN_COPIES * shape.hidden
    return 2 * tokens * values + _latent_bytes(shape, shape.latent, flags)


def _experts_width(shape: ModelShape, of: Experts, flags: ServerFlags) -> float:
    """Inner values of a token: each active expert has its own, and its own output."""
    inner = 3 * of.intermediate / flags.tensor_parallel
    return of.active * (inner + shape.hidden) + of.shared * inner + shape.hidden


def _latent_bytes(shape: ModelShape, of: LatentAttention | None, flags: ServerFlags) -> float:
    if of is None:
        return 0
    heads = shape.attention.heads / flags.tensor_parallel
    return 2 * _LATENT_WORKSPACE_TOKENS * heads * (of.nope_dim + of.value_dim)


def _non_torch(gpu: Gpu, flags: ServerFlags) -> Term:
    others = flags.tensor_parallel - 1
    if not others:
        return Term("CUDA, non-torch", _NON_TORCH_GIB, 0.05, 0.3)
    if gpu.is_large and flags.version >= _SAMPLER_REWRITTEN:
        gib = _NON_TORCH_GIB + _NVLINK_GIB + _NVLINK_STEP_GIB * (others - 1)
        return Term("CUDA and NCCL, non-torch", gib, 0.4, gib + 0.5)
    return Term("CUDA and NCCL, non-torch", _NON_TORCH_GIB + _PARALLEL_GIB, 0.2, 2.3)


def _graphs(shape: ModelShape, gpu: Gpu, flags: ServerFlags) -> Term:
    """What the trial capture of CUDA graphs costs the cache: leftovers, from 0.20 on its estimate.

    The leftovers are part of what the estimate sees, so the larger of the two counts.
    """
    name = "CUDA graphs"
    if flags.enforce_eager or flags.version < _TRIAL_CAPTURE:
        return Term(name, 0, 0, 0)
    estimate = _GRAPH_GIB * shape.layers * _captured(flags.sequences(gpu))
    left = _TRIAL_GIB + (0 if gpu.is_large else _TRIAL_SHARE * estimate)
    if flags.version < _GRAPHS_COUNTED:
        return Term(f"{name}, trial capture", left, 0.05, max(0.45, 1.5 * left))
    return Term(name, max(left, estimate), 0.1, left + 1.5 * estimate)


def _captured(sequences: int) -> int:
    """CUDA graphs captured: piecewise ones up to twice the sequences, whole ones up to them."""
    return _sizes_up_to(2 * sequences) + _sizes_up_to(sequences)


def _sizes_up_to(most: int) -> int:
    """Of vLLM's capture sizes: 1, 2, 4; every 8 up to 256; every 16 up to 512."""
    sizes = [1, 2, 4, *range(8, 257, 8), *range(272, 513, 16)]
    return sum(size <= most for size in sizes)


def _unsure_total(gpu: Gpu, flags: ServerFlags) -> Term:
    """A GPU known by name only may show a little more or less."""
    unsure = 0.0 if gpu.logged else 0.01 * gpu.gib * flags.utilization
    return Term("uncertainty of the GPU's size", 0, -unsure, unsure)
