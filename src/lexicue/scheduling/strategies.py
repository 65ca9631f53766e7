"""The strategies of the design note: which units of work may run side by side.

A strategy turns chunks into stages. All units of a stage may run at once, as far as the
concurrency limit goes; a stage begins when the one before it is done. A new strategy is a function
here and a line in `STRATEGIES`.

==============  =====================================================  ====================
strategy        stages                                                 most at once
==============  =====================================================  ====================
A, parallel     words and phrases of every chunk together              2 × chunks
B, sequential   all words; then all phrases                            chunks
C, conditional  A if it is enabled and the chunks are few, else B      as A or B
adaptive        chunk by chunk, its two tasks as a pair                what the server holds
==============  =====================================================  ====================
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lexicue.model import Chunk, Task

__all__ = ["STRATEGIES", "ParallelRule", "Stages", "Unit", "stages_for"]


@dataclass(frozen=True, slots=True)
class Unit:
    """One task of one chunk."""

    chunk: Chunk
    task: Task


Stages = list[list[Unit]]
"""Groups of units, each group begun when the one before is done."""


@dataclass(frozen=True, slots=True)
class ParallelRule:
    """When the conditional strategy runs in parallel.

    Attributes:
        enabled: the setting ``ENABLE_PARALLEL_WORD_PHRASE_EXTRACTION``.
        max_chunks: the setting ``MAX_SAFE_CHUNKS_FOR_PARALLEL``.
    """

    enabled: bool = False
    max_chunks: int = 4

    def applies_to(self, chunks: int) -> bool:
        """Whether so many chunks run in parallel."""
        return self.enabled and chunks <= self.max_chunks


def parallel(chunks: Sequence[Chunk], tasks: Sequence[Task], rule: ParallelRule) -> Stages:  # noqa: ARG001
    """Strategy A: everything at once, a chunk's tasks side by side."""
    return [[Unit(chunk, task) for chunk in chunks for task in tasks]]


def sequential(chunks: Sequence[Chunk], tasks: Sequence[Task], rule: ParallelRule) -> Stages:  # noqa: ARG001
    """Strategy B: one task of every chunk, then the next task."""
    return [[Unit(chunk, task) for chunk in chunks] for task in tasks]


def conditional(chunks: Sequence[Chunk], tasks: Sequence[Task], rule: ParallelRule) -> Stages:
    """Strategy C: A when it is enabled and there are few enough chunks, else B."""
    chosen = parallel if rule.applies_to(len(chunks)) else sequential
    return chosen(chunks, tasks, rule)


def adaptive(chunks: Sequence[Chunk], tasks: Sequence[Task], rule: ParallelRule) -> Stages:
    """Chunk by chunk, its tasks side by side; how many at once the gate of the server decides."""
    return parallel(chunks, tasks, rule)


STRATEGIES: dict[str, Callable[[Sequence[Chunk], Sequence[Task], ParallelRule], Stages]] = {
    "parallel": parallel,
    "sequential": sequential,
    "conditional": conditional,
    "adaptive": adaptive,
}
"""Every strategy by its name in the settings."""


def stages_for(
    strategy: str, chunks: Sequence[Chunk], tasks: Sequence[Task], rule: ParallelRule
) -> Stages:
    """The stages of a strategy, empty ones left out.

    Raises:
        KeyError: there is no strategy of this name.
    """
    return [stage for stage in STRATEGIES[strategy](chunks, tasks, rule) if stage]
