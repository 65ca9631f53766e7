"""How many tokens the prompts have, counted without building them."""

from __future__ import annotations

from dataclasses import dataclass

from lexicue.chunking import TokenCounter
from lexicue.engines.llm.prompts import messages_for
from lexicue.engines.llm.schema import answer_format
from lexicue.engines.protocol import Cost
from lexicue.model import Chunk, Task

__all__ = ["PromptTokens"]

_TEMPLATE_TOKENS = 40
"""What a chat template adds around two messages; the longest we met takes 30."""


@dataclass(frozen=True, slots=True)
class _Fixed:
    before_chunk: int
    after_chunk: int


class PromptTokens:
    """Counts prompts: what stands around a chunk once, the chunk as it was counted.

    Args:
        counter: counts as the model does, or nearly.
        learner_language: of the meanings.
    """

    def __init__(self, counter: TokenCounter, learner_language: str) -> None:
        nothing = Chunk(0, "", 0, (), 0)
        self._fixed: dict[Task, _Fixed] = {}
        for task in Task:
            messages = messages_for(nothing, task, learner_language)
            system, user = counter.counts([each["content"] for each in messages])
            self._fixed[task] = _Fixed(system, user)

    def counted(self, chunk: Chunk, task: Task) -> int:
        """Tokens of a prompt as counted here, with a generous template around it."""
        fixed = self._fixed[task]
        return fixed.before_chunk + _TEMPLATE_TOKENS + chunk.tokens + fixed.after_chunk

    def cost(self, chunk: Chunk, task: Task) -> Cost:
        """What a request for this holds of the server's KV cache."""
        fixed = self._fixed[task]
        return Cost(
            prefix_tokens=fixed.before_chunk + _TEMPLATE_TOKENS + chunk.tokens,
            own_tokens=fixed.after_chunk,
            most_output=answer_format(chunk, task).max_tokens,
            common="system text",
            common_tokens=fixed.before_chunk,
        )
