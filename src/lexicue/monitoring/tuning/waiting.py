"""How long a video takes: fitted to past runs, and checked against them.

A token of an answer takes longer the more requests are in flight, ``base + per_request × load``
seconds: a batch's step gets slower as it grows. A run of `tasks` tasks, `at_once` of them at a
time, takes ``tasks ÷ at_once`` times as long as a task at that load. What the formula leaves out
(uneven chunks, the prompt, the last ones running alone) is in one factor, the median of measured ÷
reckoned over the past runs; how far the runs stray from it is the error that is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from lexicue.monitoring.quantiles import quantile
from lexicue.monitoring.report import RunReport
from lexicue.monitoring.tuning.evidence import is_strained

__all__ = ["Pace", "Video", "pace_of", "video_of"]

_FEWEST_RUNS = 3
"""Two points fit any line."""

_WORST_ERROR = 0.5
"""A formula that misses the runs it was fitted to by more than half says nothing of others."""

_TYPICAL = 0.75
"""Share of the runs that the error covers: some are a process's first, which loads things."""

_SPREAD = 1.5
"""Loads that differ less than this say nothing of how the pace depends on them."""

_BEYOND = 2.0
"""How far beyond the highest load seen the fitted line is followed; where no line could be fitted,
not at all."""

_ANSWER_LEFT_OUT = 1.0
"""Stands for a task's answer where the server tells no token counts."""


@dataclass(frozen=True, slots=True)
class Video:
    """What a run had to do.

    Attributes:
        chunks: of it.
        text_tokens: of all chunks.
        answer_tokens: of all answers.
        tasks: of each chunk.
    """

    chunks: int
    text_tokens: float
    answer_tokens: float
    tasks: int

    def cut_into(self, chunk_tokens: int) -> Video:
        """The same with chunks of another size."""
        return replace(self, chunks=max(1, -(-int(self.text_tokens) // chunk_tokens)))

    @property
    def answers(self) -> int:
        """Requests, without retries."""
        return self.chunks * self.tasks


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the server is.

    Attributes:
        base: seconds for a token of an answer, alone.
        per_request: more seconds for each request in flight.
        highest_load: requests in flight up to which this is believed.
        correction: measured time ÷ reckoned time.
        error: 3 in 4 past runs are met within this share of their time.
    """

    base: float
    per_request: float
    highest_load: float
    correction: float = 1.0
    error: float = 0.0

    def wall_s(self, video: Video, at_once: int) -> float:
        """The time a video takes with so many requests at once, seconds."""
        load = max(1.0, min(at_once, video.answers, self.highest_load))
        answer = video.answer_tokens / video.answers
        task_s = (self.base + self.per_request * load) * answer
        return self.correction * task_s * video.answers / load


def video_of(run: RunReport) -> Video:
    """What a run had to do, by its report."""
    tasks = len({task.task for task in run.tasks}) or 1
    told = {task.chunk: task.chunk_tokens for task in run.tasks if task.chunk_tokens}
    answers = float(run.totals.completion_tokens) or _ANSWER_LEFT_OUT * len(run.tasks)
    text = sum(told.values()) or run.chunks * run.chunk_tokens
    return Video(run.chunks, float(text), answers, tasks)


def pace_of(runs: Sequence[RunReport]) -> Pace | None:
    """The pace that runs show; None where they are too few or do not agree.

    Runs that strained the server are left out as long as there are enough others.
    """
    usable = [run for run in runs if _is_timed(run)]
    calm = [run for run in usable if not is_strained(run)]
    chosen = calm if len(calm) >= _FEWEST_RUNS else usable
    if len(chosen) < _FEWEST_RUNS:
        return None
    pace = _corrected(_fitted(chosen), chosen)
    return pace if pace.error <= _WORST_ERROR else None


def _is_timed(run: RunReport) -> bool:
    """Whether the run went to its end, and took time."""
    took_time = run.totals.wall_s > 0 and run.totals.mean_in_flight > 0
    worked = sum(task.seconds for task in run.tasks) > 0
    return took_time and worked and len(run.tasks) >= video_of(run).answers


def _fitted(runs: Sequence[RunReport]) -> Pace:
    loads = [run.totals.mean_in_flight for run in runs]
    paces = [_seconds_per_token(run) for run in runs]
    if max(loads) < _SPREAD * min(loads):
        return Pace(sum(paces) / len(paces), 0.0, max(loads))
    base, slope = _line(loads, paces)
    return Pace(base, slope, _BEYOND * max(loads))


def _seconds_per_token(run: RunReport) -> float:
    answer = video_of(run).answer_tokens
    return sum(task.seconds for task in run.tasks) / answer


def _line(xs: Sequence[float], ys: Sequence[float]) -> tuple[float, float]:
    """Least squares, with neither a negative base nor a negative slope."""
    mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - mean_x) ** 2 for x in xs)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread
    if slope <= 0:
        return mean_y, 0.0
    base = mean_y - slope * mean_x
    if base < 0:
        through_origin = sum(x * y for x, y in zip(xs, ys, strict=True)) / sum(x * x for x in xs)
        return 0.0, through_origin
    return base, slope


def _corrected(pace: Pace, runs: Sequence[RunReport]) -> Pace:
    ratios = [
        run.totals.wall_s / pace.wall_s(video_of(run), run.totals.peak_in_flight) for run in runs
    ]
    correction = quantile(ratios, 0.5)
    error = quantile([abs(ratio / correction - 1) for ratio in ratios], _TYPICAL)
    return replace(pace, correction=correction, error=error)
