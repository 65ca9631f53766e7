"""How large chunks should be on a server: ``chunk_tokens="auto"``.

Large chunks are asked about more cheaply, for the instructions around them are the same; small ones
make enough requests to fill the server. So: the largest size at which there are still as many
chunks as the server can work on at once. The same inputs give the same size.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LARGEST", "SMALLEST", "USUAL", "Surroundings", "auto_chunk_tokens"]

SMALLEST = 500
"""Tokens. Below, the instructions (about 350 tokens a pair) cost as much as the chunk."""

LARGEST = 4000
"""Tokens. Above, models begin to skip entries, and one lost answer loses much."""

USUAL = 2000
"""Tokens: the design note's size, taken where the capacity is unknown."""

_STEP = 100
_SHARE = 0.8
"""Of the capacity, as the limiter starts with."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the size depends on.

    Attributes:
        transcript_tokens: all there is to study.
        kv_tokens: the server's KV capacity; None where unknown.
        max_model_len: tokens of prompt and answer together; None where unknown.
        fixed_tokens: around a chunk in the prompts of its pair of tasks.
        answers_per_token: answer tokens of both tasks per chunk token.
    """

    transcript_tokens: int
    kv_tokens: int | None
    max_model_len: int | None
    fixed_tokens: int
    answers_per_token: float


def auto_chunk_tokens(around: Surroundings) -> int:
    """The chunk size to use, in tokens, from `SMALLEST` to `LARGEST` in hundreds."""
    sizes = [size for size in range(LARGEST, SMALLEST - 1, -_STEP) if _fits_model(size, around)]
    if around.kv_tokens is None:
        return min([USUAL, *sizes[:1]])
    for size in sizes:
        if -(-around.transcript_tokens // size) >= _pairs_at_once(size, around):
            return size
    return SMALLEST


def _pair_tokens(size: int, around: Surroundings) -> float:
    return around.fixed_tokens + size * (1 + around.answers_per_token)


def _fits_model(size: int, around: Surroundings) -> bool:
    return around.max_model_len is None or _pair_tokens(size, around) <= around.max_model_len


def _pairs_at_once(size: int, around: Surroundings) -> float:
    assert around.kv_tokens is not None
    return max(1.0, _SHARE * around.kv_tokens / _pair_tokens(size, around))
