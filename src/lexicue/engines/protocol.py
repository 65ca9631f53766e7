"""What every engine can do."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

from lexicue.model import Chunk, Extraction, Source, Task

__all__ = ["Engine"]


class Engine(Protocol):
    """Finds the words or the phrases of a chunk. Use it as an async context manager."""

    @property
    def name(self) -> Source:
        """The engine's name in results."""
        ...

    async def extract(self, chunk: Chunk, task: Task) -> Extraction:
        """What one task finds in one chunk.

        What goes wrong with this chunk is told in the extraction's status and error.

        Raises:
            FatalServerError: no further request can succeed.
        """
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
