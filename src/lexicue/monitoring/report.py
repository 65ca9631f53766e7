"""The run report: how each task of each chunk went, and the totals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from lexicue.model import ChunkResult, JsonValue, Status, Task, Usage
from lexicue.monitoring.quantiles import quantile

__all__ = [
    "SCHEMA_VERSION",
    "LimitStep",
    "RunReport",
    "RunTotals",
    "ServerReport",
    "TaskReport",
    "Timing",
    "totals_of",
]

SCHEMA_VERSION = 1
"""Raised when a field changes its meaning or goes away; new fields come without that."""


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
        seconds: from its start to its end; waiting for a slot is not in it.
        queued_s: time it waited for a slot, added up over its requests.
        chunk_tokens: the length of its chunk, tokens; 0 where it is not told.
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
    queued_s: float = 0.0
    chunk_tokens: int = 0

    @classmethod
    def of(cls, result: ChunkResult, queued_s: float = 0.0, chunk_tokens: int = 0) -> TaskReport:
        """What a result says of itself, and what it cannot know."""
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
            queued_s=round(queued_s, 4),
            chunk_tokens=chunk_tokens,
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
        p50_task_s: half of the tasks took no longer than this, seconds.
        p95_task_s: 95 of 100 took no longer than this, seconds.
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
    p50_task_s: float = 0.0
    p95_task_s: float = 0.0


@dataclass(frozen=True, slots=True)
class LimitStep:
    """What might be on the server at once, from a moment on.

    Attributes:
        at_s: seconds from the run's start; 0 for the limit the run found.
        limit_tokens: from then on.
        reason: why it was set to this, in a word or two.
    """

    at_s: float
    limit_tokens: int
    reason: str


@dataclass(frozen=True, slots=True)
class ServerReport:
    """The server as it was seen during a run; None is what it does not tell.

    It counts for all its clients, so others have their part in these figures.

    Attributes:
        kv_tokens: capacity of its KV cache, tokens.
        preemptions: requests thrown out of the KV cache during the run.
        peak_kv_usage: share of the KV cache in use, 0 to 1, at most.
        peak_running: requests being computed at once, at most.
        peak_waiting: requests in its queue, at most.
        prefix_queries: prompt tokens looked up in its prefix cache during the run.
        prefix_hits: of those, tokens found.
        restarts: times its counters began anew.
        overloads: times it turned requests away (429 or 503); each wave of them is one.
        out_of_memory: times its memory ran out.
        engine_deaths: times its engine died.
    """

    kv_tokens: int | None = None
    preemptions: int | None = None
    peak_kv_usage: float | None = None
    peak_running: int | None = None
    peak_waiting: int | None = None
    prefix_queries: int | None = None
    prefix_hits: int | None = None
    restarts: int = 0
    overloads: int = 0
    out_of_memory: int = 0
    engine_deaths: int = 0


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
        ran_as: what the strategy came to: ``conditional`` runs as ``parallel`` or ``sequential``;
            empty where it is not told.
        max_concurrency: requests in flight at most, as it was set; None where it is not told.
        limit_history: the limit in tokens over the run; empty where there was none.
        server: as it was seen during the run.
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
    ran_as: str = ""
    max_concurrency: int | None = None
    limit_history: tuple[LimitStep, ...] = ()
    server: ServerReport = field(default_factory=ServerReport)

    def to_dict(self) -> dict[str, JsonValue]:
        """As JSON has it; see ``docs/reference/report.md``."""
        return {"schema": SCHEMA_VERSION, **asdict(self)}


def totals_of(results: Sequence[ChunkResult], timing: Timing) -> RunTotals:
    """Add up a run."""
    usage = sum((result.usage for result in results), Usage())
    failures = sum(result.status is not Status.OK for result in results)
    seconds = [result.seconds for result in results]
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
        p50_task_s=round(quantile(seconds, 0.5), 4),
        p95_task_s=round(quantile(seconds, 0.95), 4),
    )
