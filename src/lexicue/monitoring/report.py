"""The run report: how each task of each chunk went, and the totals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from lexicue.model import ChunkResult, JsonValue, Status, Task, Usage

__all__ = ["RunReport", "RunTotals", "TaskReport"]

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class TaskReport:
    """One task of one chunk.

    Attributes:
        chunk: the chunk's number, from 1.
        task: words or phrases.
        status: ``ok``, ``partial`` or ``failed``.
        error: what went wrong, or None.
        entries: grounded entries.
        refused: what the engine returned that is not in the text.
        attempts: requests made, retries and halves counted.
        prompt_tokens: prefilled, cached ones counted.
        cached_tokens: of those, from the server's prefix cache.
        completion_tokens: generated.
        seconds: from its start to its end.
    """

    chunk: int
    task: Task
    status: Status
    error: str | None
    entries: int
    refused: tuple[str, ...]
    attempts: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    seconds: float

    @classmethod
    def of(cls, result: ChunkResult) -> TaskReport:
        """What a result says of itself."""
        return cls(
            chunk=result.chunk,
            task=result.task,
            status=result.status,
            error=result.error,
            entries=len(result.words) + len(result.phrases),
            refused=result.refused,
            attempts=result.usage.requests,
            prompt_tokens=result.usage.prompt_tokens,
            cached_tokens=result.usage.cached_tokens,
            completion_tokens=result.usage.completion_tokens,
            seconds=round(result.seconds, 4),
        )


@dataclass(frozen=True, slots=True)
class RunTotals:
    """The run as a whole.

    Attributes:
        wall_s: from the first task's start to the last result.
        requests: sent to the server, retries and halves counted.
        peak_in_flight: requests at the server at once, at most.
        mean_in_flight: on average, from the first request's start to the last one's end.
        prompt_tokens: prefilled, cached ones counted.
        cached_tokens: of those, from the server's prefix cache.
        completion_tokens: generated.
        refused_items: items that are not in the text, or no items at all.
        failures: tasks of chunks that are not ``ok``.
        complete: whether there are none.
    """

    wall_s: float
    requests: int
    peak_in_flight: int
    mean_in_flight: float
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    refused_items: int
    failures: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Timing:
    """What the tasks cannot know of the run.

    Attributes:
        wall_s: how long it took.
        peak_in_flight: requests at once, at most.
        mean_in_flight: requests at once, on average.
    """

    wall_s: float
    peak_in_flight: int
    mean_in_flight: float


@dataclass(frozen=True)
class RunReport:
    """How a run went.

    Attributes:
        video_id: the video's name.
        engine: ``lexical`` or ``llm``.
        model: the language model; empty for the embedded engine.
        strategy: how the tasks were put in order.
        tokenizer: what the chunks were counted with.
        chunk_tokens: the budget of a chunk.
        chunks: how many there were.
        tasks: one line each, in order of the text, words before phrases.
        totals: of the run.
    """

    video_id: str
    engine: str
    model: str
    strategy: str
    tokenizer: str
    chunk_tokens: int
    chunks: int
    tasks: tuple[TaskReport, ...]
    totals: RunTotals

    def to_dict(self) -> dict[str, JsonValue]:
        """As JSON has it; see ``docs/reference/report.md``."""
        return {"schema": SCHEMA_VERSION, **asdict(self)}


def totals_of(results: Sequence[ChunkResult], timing: Timing) -> RunTotals:
    """Add up a run."""
    usage = sum((result.usage for result in results), Usage())
    failures = sum(result.status is not Status.OK for result in results)
    return RunTotals(
        wall_s=round(timing.wall_s, 4),
        requests=usage.requests,
        peak_in_flight=timing.peak_in_flight,
        mean_in_flight=round(timing.mean_in_flight, 3),
        prompt_tokens=usage.prompt_tokens,
        cached_tokens=usage.cached_tokens,
        completion_tokens=usage.completion_tokens,
        refused_items=sum(len(result.refused) for result in results),
        failures=failures,
        complete=failures == 0,
    )
