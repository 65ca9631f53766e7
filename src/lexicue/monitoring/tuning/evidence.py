"""What past runs show, as far as it matters to the settings: counted, nothing concluded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lexicue.model import Status
from lexicue.monitoring.incidents import incident_in
from lexicue.monitoring.quantiles import quantile
from lexicue.monitoring.report import RunReport, TaskReport

__all__ = [
    "FEW_PREEMPTIONS",
    "ChunkCount",
    "Evidence",
    "FailureCount",
    "StrategyEvidence",
    "gather",
    "is_always_side_by_side",
    "is_side_by_side",
    "is_strained",
    "strategy_of",
]

FEW_PREEMPTIONS = 0.01
"""A request in a hundred thrown out and computed again costs less than holding back would."""


@dataclass(frozen=True, slots=True)
class ChunkCount:
    """How many runs had so many chunks.

    Attributes:
        chunks: of a run.
        runs: that had them.
    """

    chunks: int
    runs: int


@dataclass(frozen=True, slots=True)
class FailureCount:
    """How many tasks ended in an error.

    Attributes:
        error: its name.
        tasks: that ended so.
    """

    error: str
    tasks: int


@dataclass(frozen=True, slots=True)
class StrategyEvidence:
    """How the runs of one strategy went.

    Attributes:
        strategy: what they ran as.
        runs: how many.
        p50_wall_s: half of the runs took no longer.
        p95_wall_s: 95 of 100 took no longer.
        p50_task_s: half of their tasks took no longer.
        p95_task_s: 95 of 100 took no longer.
        mean_in_flight: requests at once, on average over the runs' time.
        peak_in_flight: requests at once, at most.
        preemptions_per_100: requests thrown out of the KV cache for 100 sent; None if not told.
        failed_tasks: tasks that are not ``ok``.
        within_target: share of the runs that took no longer than is tolerated.
    """

    strategy: str
    runs: int
    p50_wall_s: float
    p95_wall_s: float
    p50_task_s: float
    p95_task_s: float
    mean_in_flight: float
    peak_in_flight: int
    preemptions_per_100: float | None
    failed_tasks: int
    within_target: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the runs show together.

    Attributes:
        runs: how many.
        videos: by name.
        tasks: of chunks.
        requests: sent, retries counted.
        runs_with_server: whose report tells the server's preemptions.
        p50_chunks: half of the runs had no more chunks.
        p90_chunks: 9 in 10 had no more.
        most_chunks: of any run.
        chunk_counts: the distribution, fewest chunks first.
        strategies: by what the runs ran as.
        cached_share: of the prompt tokens, from the server's prefix cache.
        preemptions: seen at the server; None if no report tells.
        preemptions_per_100: for 100 requests of the runs that tell; None if none does.
        kv_tokens: the KV cache's capacity; None if not told. The smallest, where they differ.
        peak_kv_usage: share in use, at most; None if not told.
        strained_runs: with more than 1 preemption in 100 requests, time-outs, requests turned
            away, or an engine that died.
        failures: tasks that are not ``ok``, by error.
        within_target: share of the runs that took no longer than is tolerated.
    """

    runs: int
    videos: int
    tasks: int
    requests: int
    runs_with_server: int
    p50_chunks: int
    p90_chunks: int
    most_chunks: int
    chunk_counts: tuple[ChunkCount, ...]
    strategies: tuple[StrategyEvidence, ...]
    cached_share: float
    preemptions: int | None
    preemptions_per_100: float | None
    kv_tokens: int | None
    peak_kv_usage: float | None
    strained_runs: int
    failures: tuple[FailureCount, ...]
    within_target: float


def gather(runs: Sequence[RunReport], target_s: float) -> Evidence:
    """Count what runs show.

    Args:
        runs: all of one engine and model.
        target_s: the time that a run may take, seconds.
    """
    chunks = [run.chunks for run in runs]
    prompt = sum(run.totals.prompt_tokens for run in runs)
    cached = sum(run.totals.cached_tokens for run in runs)
    return Evidence(
        runs=len(runs),
        videos=len({run.video_id for run in runs}),
        tasks=sum(len(run.tasks) for run in runs),
        requests=sum(run.totals.requests for run in runs),
        runs_with_server=sum(run.server.preemptions is not None for run in runs),
        p50_chunks=int(quantile(chunks, 0.5)),
        p90_chunks=int(quantile(chunks, 0.9)),
        most_chunks=max(chunks, default=0),
        chunk_counts=tuple(ChunkCount(*each) for each in sorted(Counter(chunks).items())),
        strategies=tuple(_strategies(runs, target_s)),
        cached_share=round(cached / prompt, 4) if prompt else 0.0,
        preemptions=_told(run.server.preemptions for run in runs),
        preemptions_per_100=preemptions_per_100(runs),
        kv_tokens=min((run.server.kv_tokens for run in runs if run.server.kv_tokens), default=None),
        peak_kv_usage=max(
            (run.server.peak_kv_usage for run in runs if run.server.peak_kv_usage is not None),
            default=None,
        ),
        strained_runs=sum(is_strained(run) for run in runs),
        failures=tuple(_failures(runs)),
        within_target=_within(runs, target_s),
    )


def strategy_of(run: RunReport) -> str:
    """What a run ran as: ``adaptive``, ``parallel`` or ``sequential``.

    Version 0.1.0 did not tell what ``conditional`` came to. More requests at once than there are
    chunks are only possible in parallel; else it was not, which is the default.
    """
    if run.ran_as or run.strategy != "conditional":
        return run.ran_as or run.strategy
    return "parallel" if run.totals.peak_in_flight > run.chunks else "sequential"


def is_side_by_side(run: RunReport) -> bool:
    """Whether a chunk's two tasks were at the server together, so that they share its blocks."""
    return strategy_of(run) != "sequential"


def is_always_side_by_side(run: RunReport) -> bool:
    """Whether its strategy puts the two tasks side by side however many chunks there are.

    The two settings of strategy ``conditional`` do not matter to it.
    """
    return run.strategy in ("parallel", "adaptive")


def is_strained(run: RunReport) -> bool:
    """Whether the run shows signs that the server had too much to do."""
    signs = (
        (run.server.preemptions or 0) > FEW_PREEMPTIONS * max(1, run.totals.requests),
        run.server.overloads + run.server.out_of_memory + run.server.engine_deaths > 0,
        any(_is_of_overload(task.error) for task in run.tasks),
    )
    return any(signs)


def preemptions_per_100(runs: Iterable[RunReport]) -> float | None:
    """Requests thrown out for 100 sent, of the runs that tell; None if none does."""
    telling = [run for run in runs if run.server.preemptions is not None]
    requests = sum(run.totals.requests for run in telling)
    if not requests:
        return None
    return round(100 * sum(run.server.preemptions or 0 for run in telling) / requests, 2)


def _is_of_overload(error: str | None) -> bool:
    return incident_in(error) is not None or (error or "").startswith("ServerTimeoutError")


def _strategies(runs: Sequence[RunReport], target_s: float) -> Iterable[StrategyEvidence]:
    for name in sorted({strategy_of(run) for run in runs}):
        yield _strategy(name, [run for run in runs if strategy_of(run) == name], target_s)


def _strategy(name: str, runs: Sequence[RunReport], target_s: float) -> StrategyEvidence:
    walls = [run.totals.wall_s for run in runs]
    tasks = [task.seconds for run in runs for task in run.tasks]
    busy = sum(run.totals.mean_in_flight * run.totals.wall_s for run in runs)
    return StrategyEvidence(
        strategy=name,
        runs=len(runs),
        p50_wall_s=quantile(walls, 0.5),
        p95_wall_s=quantile(walls, 0.95),
        p50_task_s=quantile(tasks, 0.5),
        p95_task_s=quantile(tasks, 0.95),
        mean_in_flight=round(busy / sum(walls), 2) if sum(walls) else 0.0,
        peak_in_flight=max(run.totals.peak_in_flight for run in runs),
        preemptions_per_100=preemptions_per_100(runs),
        failed_tasks=sum(run.totals.failures for run in runs),
        within_target=_within(runs, target_s),
    )


def _failures(runs: Sequence[RunReport]) -> Iterable[FailureCount]:
    names = Counter(_error_name(task) for run in runs for task in run.tasks if _went_wrong(task))
    for name, tasks in names.most_common():
        yield FailureCount(name, tasks)


def _went_wrong(task: TaskReport) -> bool:
    return task.status is not Status.OK


def _error_name(task: TaskReport) -> str:
    name = (task.error or "").partition(":")[0]
    return name if name.isidentifier() else "other"


def _within(runs: Sequence[RunReport], target_s: float) -> float:
    within = sum(run.totals.wall_s <= target_s for run in runs)
    return round(within / len(runs), 4) if runs else 0.0


def _told(values: Iterable[int | None]) -> int | None:
    told = [value for value in values if value is not None]
    return sum(told) if told else None
