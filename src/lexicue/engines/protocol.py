"""What every engine can do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from lexicue.errors import EngineError
from lexicue.model import Chunk, Extraction, Source, Task
from lexicue.scheduling import Outcome

__all__ = ["Cost", "Engine", "Tell"]

Tell = Callable[[Outcome, EngineError | None], None]
"""Hears how a request ended, and the error it ended in, if any."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a request holds of a server's KV cache, in tokens.

    Attributes:
        prefix_tokens: from the prompt's start to the end of the chunk, which both tasks share.
        own_tokens: the rest of the prompt.
        most_output: what the answer may take.
        common: names the text that prompts for every chunk begin with.
        common_tokens: of the prefix, so many from its start.
    """

    prefix_tokens: int
    own_tokens: int
    most_output: int
    common: str = ""
    common_tokens: int = 0


class Engine(Protocol):
    """Finds the words or the phrases of a chunk. Use it as an async context manager."""

    @property
    def name(self) -> Source:
        """The engine's name in results."""
        ...

    @property
    def max_model_len(self) -> int | None:
        """Tokens of prompt and answer together, where the engine knows a bound."""
        ...

    def cost(self, chunk: Chunk, task: Task) -> Cost | None:
        """What a request for this would hold of a server; None where there is no server."""
        ...

    async def metrics(self) -> str | None:
        """The server's metrics page, in Prometheus' text format; None where there is none."""
        ...

    async def extract(self, chunk: Chunk, task: Task, tell: Tell | None = None) -> Extraction:
        """What one task finds in one chunk.

        Args:
            chunk: the text.
            task: words or phrases.
            tell: told how each request ended, as soon as it has.

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
