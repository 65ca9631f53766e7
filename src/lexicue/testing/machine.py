"""What a batching engine runs on: how much it holds, and how long a step takes."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["A10G_14B_BLOCKS", "BatchLimits", "Step", "StepCosts"]

A10G_14B_BLOCKS = 3106
"""What vLLM logs for Qwen2.5-14B-Instruct-AWQ on an A10G: 49,696 tokens in blocks of 16."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLimits:
    """What an engine holds; the defaults are vLLM's on a GPU below 70 GiB.

    Attributes:
        num_gpu_blocks: blocks in the KV pool. vLLM keeps one of them for itself.
        block_size: tokens of a block.
        max_num_seqs: requests that run at once.
        max_num_batched_tokens: tokens computed in one step.
        prefix_caching: whether prompts share blocks.

    Raises:
        ValueError: a limit that no request gets past.
    """

    num_gpu_blocks: int = A10G_14B_BLOCKS
    block_size: int = 16
    max_num_seqs: int = 256
    max_num_batched_tokens: int = 2048
    prefix_caching: bool = True

    def __post_init__(self) -> None:
        least = {"num_gpu_blocks": 2, "block_size": 1, "max_num_seqs": 1}
        for name, minimum in (least | {"max_num_batched_tokens": 1}).items():
            if getattr(self, name) < minimum:
                raise ValueError(f"{name}={getattr(self, name)} is less than {minimum}")

    @property
    def usable_blocks(self) -> int:
        """Blocks that requests get: vLLM's block 0 is a placeholder."""
        return self.num_gpu_blocks - 1

    @property
    def longest(self) -> int:
        """The tokens, prompt and answer together, of the longest request that ever finishes."""
        return self.usable_blocks * self.block_size

    def blocks_for(self, tokens: int) -> int:
        """Blocks that so many tokens fill or begin."""
        return -(-tokens // self.block_size)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCosts:
    """How long a step takes; the defaults are like those of a model of some billions on one GPU.

    Attributes:
        base_ms: of any step: the weights are read once for all.
        prefill_ms_per_token: for each token of a prompt that is computed.
        decode_ms_per_request: for each request that generates a token.

    Raises:
        ValueError: a negative cost.
    """

    base_ms: float = 20.0
    prefill_ms_per_token: float = 0.065
    decode_ms_per_request: float = 0.3

    def __post_init__(self) -> None:
        if min(self.base_ms, self.prefill_ms_per_token, self.decode_ms_per_request) < 0:
            raise ValueError(f"a cost is negative: {self}")

    def seconds(self, step: Step, foreign: int = 0) -> float:
        """The duration of a step that serves so many foreign requests, too."""
        prefill = step.prefill_tokens * self.prefill_ms_per_token
        decode = (step.decoding + foreign) * self.decode_ms_per_request
        return (self.base_ms + prefill + decode) / 1000


@dataclass(frozen=True, slots=True)
class Step:
    """What one step computes.

    Attributes:
        prefill_tokens: of prompts, and of answers computed again after a preemption.
        decoding: requests that generate one token each.
    """

    prefill_tokens: int
    decoding: int
