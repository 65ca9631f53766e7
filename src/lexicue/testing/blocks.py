"""The blocks of a KV cache, as vLLM's pool keeps them: lent, shared, remembered, forgotten.

A block that nobody uses is free, and a free block may still hold tokens that a later prompt begins
with. Such a block is lent to somebody else only when no empty one is left, the longest unused
first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["Block", "BlockPool"]


@dataclass(eq=False, slots=True)
class Block:
    """Room for the keys and values of a few tokens.

    Attributes:
        key: names the tokens in it and all before them; None while it is not full.
        users: requests that hold it now.
    """

    key: int | None = None
    users: int = 0


class BlockPool:
    """All blocks of a KV cache.

    Args:
        size: blocks there are.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._free: OrderedDict[Block, None] = OrderedDict.fromkeys(Block() for _ in range(size))
        # Two requests that compute the same tokens at the same time fill a block each.
        self._by_key: dict[int, dict[Block, None]] = {}

    @property
    def free(self) -> int:
        """Blocks that nobody uses."""
        return len(self._free)

    @property
    def used(self) -> int:
        """Blocks that somebody uses; one that is shared counts once."""
        return self.size - self.free

    def find(self, keys: Iterable[int]) -> list[Block]:
        """The blocks under these keys, up to the first key that is not there."""
        found = []
        for key in keys:
            alike = self._by_key.get(key)
            if alike is None:
                break
            found.append(next(iter(alike)))
        return found

    def share(self, blocks: Iterable[Block]) -> None:
        """Someone more uses these blocks."""
        for block in blocks:
            self._free.pop(block, None)
            block.users += 1

    def take(self, count: int) -> list[Block]:
        """Blocks for new tokens; what was in them is forgotten.

        Raises:
            ValueError: fewer are free.
        """
        if count > self.free:
            raise ValueError(f"{count} blocks wanted, {self.free} free")
        taken = [self._free.popitem(last=False)[0] for _ in range(count)]
        for block in taken:
            self._forget(block)
            block.users = 1
        return taken

    def remember(self, block: Block, key: int) -> None:
        """The block is full; from now on it is found under this key."""
        block.key = key
        self._by_key.setdefault(key, {})[block] = None

    def give_back(self, blocks: Sequence[Block]) -> None:
        """Someone uses these blocks no more; of those forgotten later, the last ones go first."""
        for block in reversed(blocks):
            block.users -= 1
            if not block.users:
                self._free[block] = None
                # What nobody can find is lent first, so that what can be found stays longer.
                self._free.move_to_end(block, last=block.key is not None)

    def _forget(self, block: Block) -> None:
        if block.key is None:
            return
        alike = self._by_key[block.key]
        del alike[block]
        if not alike:
            del self._by_key[block.key]
        block.key = None
