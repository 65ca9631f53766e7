"""How the KV cache is laid out: bytes of a token, blocks of a request.

vLLM cuts the cache into blocks of (mostly) 16 tokens. Layers of one kind make one group, and a
block of a group holds 16 tokens of all its layers. Where full and sliding layers are mixed, they
are put into groups of equal size, the last one padded, and one pool serves all groups: a request
takes blocks in each, and in the sliding ones only as many as its window needs.

Source: ``vllm/v1/core/kv_cache_utils.py``; agrees with the logged start-ups to a block.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from lexicue.scheduling.planning.server import ServerFlags, Version
from lexicue.scheduling.planning.shapes import Attention, ModelShape

__all__ = ["KvLayout", "layout_of"]

_HYBRID_SINCE: Version = (0, 10)
"""Earlier versions gave sliding layers beside full ones as many blocks as the full ones."""

_EXACT_SIZE_SINCE: Version = (0, 24)
"""From here on the server tells tokens of the longest requests, window by window."""


@dataclass(frozen=True, slots=True)
class KvLayout:
    """The cache of one GPU.

    Attributes:
        block_size: tokens of a block.
        bytes_per_token: of the model's layers, without padding.
        block_bytes: bytes of a block, of one group.
        kept: for each group the tokens of a request it keeps, at most: a sliding group its window
            and the step being computed; 0 is all.
    """

    block_size: int
    bytes_per_token: int
    block_bytes: int
    kept: tuple[int, ...]

    @property
    def allocated_bytes_per_token(self) -> int:
        """What a token takes in all groups, padding included."""
        return self.block_bytes * len(self.kept) // self.block_size

    def blocks_in(self, nbytes: float) -> int:
        """Blocks that fit into so many bytes."""
        return max(0, int(nbytes // self.block_bytes))

    def blocks_of(self, tokens: int) -> int:
        """Blocks that a request of so many tokens holds."""
        return sum(self._in_group(kept, tokens) for kept in self.kept)

    def _in_group(self, kept: int, tokens: int) -> int:
        if not kept:
            return ceil(tokens / self.block_size)
        return ceil(min(kept, tokens) / self.block_size) + 1  # a window may begin inside a block

    def reported_tokens(self, blocks: int, longest: int, version: Version) -> int:
        """The tokens that the server says these blocks hold.

        Args:
            blocks: of the pool.
            longest: tokens of the longest request.
            version: the server's.
        """
        if any(self.kept) and version >= _EXACT_SIZE_SINCE:
            return blocks * longest // self.blocks_of(longest)
        return blocks // len(self.kept) * self.block_size


def layout_of(shape: ModelShape, flags: ServerFlags, step_tokens: int) -> KvLayout:
    """The layout of a model's cache on each GPU.

    Args:
        shape: the model.
        flags: of the server.
        step_tokens: tokens that one step computes at most.
    """
    layer_bytes = _layer_bytes(shape, flags)
    group_size, windows = _groups(shape, flags.version)
    return KvLayout(
        block_size=flags.block_size,
        bytes_per_token=layer_bytes * shape.layers,
        block_bytes=layer_bytes * group_size * flags.block_size,
        kept=tuple(window and window - 1 + step_tokens for window in windows),
    )


def _layer_bytes(shape: ModelShape, flags: ServerFlags) -> int:
    """Bytes of one token in one layer: K and V of this GPU's heads, or one compressed vector."""
    number = flags.kv_bytes(shape.kv_bytes)
    if shape.latent is not None:  # no factor 2, and every GPU holds all of it
        return (shape.latent.kv_rank + shape.latent.rope_dim) * number
    heads = ceil(shape.attention.kv_heads / flags.tensor_parallel)  # replicated if GPUs are more
    return 2 * heads * shape.attention.head_dim * number


def _groups(shape: ModelShape, version: Version) -> tuple[int, tuple[int, ...]]:
    """Layers of a group, and each group's window."""
    of = shape.attention
    full = shape.layers - of.sliding_layers
    if not of.sliding_layers or not full or version < _HYBRID_SINCE:
        return shape.layers, (of.window if not full else 0,)
    size = _group_size(full, of)
    windows = (0,) * ceil(full / size) + (of.window,) * ceil(of.sliding_layers / size)
    return size, windows


def _group_size(full: int, of: Attention) -> int:
    """The rarer kind's layers, or the commoner's when padding the rarer one to it is cheap."""
    fewer, more = sorted((full, of.sliding_layers))
    return more if more < 1.25 * fewer else fewer
