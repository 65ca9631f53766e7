"""From evidence to settings: what to set, why, and what to expect of it.

The order of the reasoning:

1. `room`: how many tokens the server holds without strain.
2. Parallel on or off: what works and is quick enough is left as it is; else it is on if videos of
   the chunk counts seen fit and are expected to be quicker.
3. ``chunk_tokens``: smaller where answers are cut off, where the room holds no pair, or where a
   video leaves requests unused and takes longer than is tolerated.
4. ``max_concurrency``: the requests of that size which fill the room, and
   ``MAX_SAFE_CHUNKS_FOR_PARALLEL``: the chunks whose two tasks do.

Where the evidence says nothing, nothing is recommended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property

from lexicue.monitoring.quantiles import quantile
from lexicue.monitoring.report import RunReport
from lexicue.monitoring.tuning.advice import Advice, Expectation, Recommendation
from lexicue.monitoring.tuning.evidence import (
    FEW_PREEMPTIONS,
    gather,
    is_always_side_by_side,
    is_side_by_side,
    is_strained,
)
from lexicue.monitoring.tuning.notes import notes_on
from lexicue.monitoring.tuning.reading import SetAside
from lexicue.monitoring.tuning.reckoning import Reckoning
from lexicue.monitoring.tuning.room import OFTEN, RequestCost
from lexicue.monitoring.tuning.waiting import video_of

__all__ = ["advise"]

FEWEST_RUNS = 3
"""Fewer say nothing of the next video."""

FEWEST_REQUESTS = 8
"""Fewer say nothing of what a request holds."""

_ENOUGH = 0.95
"""Share of the videos that should be within the target."""

_WORTH_IT = 0.95
"""A change that saves less than 5 % of the time is not worth making."""

_CHUNK_SIZES = (4000, 3000, 2000, 1500, 1000, 500)
"""Sizes that are tried, largest first: each chunk costs its instructions once more."""

_OFTEN_CUT = 0.05
"""Share of tasks cut off or too long from which on the chunks are too large."""

_CUT_ERRORS = ("AnswerTruncatedError", "PromptTooLongError")


def advise(
    reports: Sequence[RunReport], target_s: float, set_aside: Sequence[SetAside] = ()
) -> Advice:
    """What reports say about the settings.

    Args:
        reports: of any runs; those of the llm engine with the model that most of them have count.
        target_s: the time that a video may take, seconds.
        set_aside: files that are no reports, to be told with the rest.
    """
    model, runs, others = _of_one_model(reports)
    return _Adviser(runs, target_s).advice(model, [*set_aside, *others])


def _of_one_model(reports: Sequence[RunReport]) -> tuple[str, list[RunReport], list[SetAside]]:
    """The runs of the commonest model of the llm engine, and why others do not count."""
    models = Counter(run.model for run in reports if run.engine == "llm" and run.tasks)
    model = models.most_common(1)[0][0] if models else ""
    runs, others = [], []
    for run in reports:
        if run.engine != "llm":
            others.append(SetAside(f"report of {run.video_id}", "not of the llm engine"))
        elif not run.tasks:
            others.append(SetAside(f"report of {run.video_id}", "no task ended"))
        elif run.model != model:
            others.append(SetAside(f"report of {run.video_id}", f"of another model, {run.model}"))
        else:
            runs.append(run)
    return model, runs, others


class _Adviser:
    """Works out the advice for runs of one model."""

    def __init__(self, runs: Sequence[RunReport], target_s: float) -> None:
        self.runs = runs
        self.target_s = target_s
        self.evidence = gather(runs, target_s)
        self.known = Reckoning(runs)

    def advice(self, model: str, set_aside: Sequence[SetAside]) -> Advice:
        return Advice(
            model=model,
            target_s=self.target_s,
            evidence=self.evidence,
            recommendations=(self.concurrency, self.safe_chunks, self.parallel, self.chunk_tokens),
            expected=self.expected,
            notes=notes_on(self.runs, self.chunk_tokens, enough=not self.too_little),
            set_aside=tuple(set_aside),
        )

    @cached_property
    def cost_to_be(self) -> RequestCost:
        """With chunks of the size that is recommended."""
        return self.known.cost_at(self.size_to_be)

    @cached_property
    def size_to_be(self) -> int:
        return self.chunk_tokens.value or self.known.chunk_tokens_now or 0

    # Enough evidence?

    @cached_property
    def too_little(self) -> str:
        """Why not even the room can be told; empty if it can."""
        if not self.runs:
            return "no runs of the llm engine"
        if self.evidence.requests < FEWEST_REQUESTS:
            return f"{_count(self.evidence.requests, 'request')} only, {FEWEST_REQUESTS} are needed"
        if self.known.room is None:
            return "the reports tell neither the KV capacity nor what the server held"
        if self.known.room.basis != "capacity" and len(self.runs) < FEWEST_RUNS:
            return (
                f"{_count(len(self.runs), 'run')} only, and no KV capacity told; "
                f"{FEWEST_RUNS} runs are needed"
            )
        return ""

    @cached_property
    def too_few_runs(self) -> str:
        """Why nothing can be told of the next video; empty if it can."""
        if len(self.runs) >= FEWEST_RUNS:
            return ""
        return f"{_count(len(self.runs), 'run')} only, {FEWEST_RUNS} are needed"

    # The four settings

    @cached_property
    def concurrency(self) -> Recommendation:
        limits = Counter(run.max_concurrency for run in self._bounded or self.runs)
        now = limits.most_common(1)[0][0] if limits else None
        name = ("max_concurrency", "LEXICUE_MAX_CONCURRENCY", now)
        if self.too_little:
            return Recommendation(*name, None, self.too_little)
        value = self._limit_at(self.size_to_be)
        why = self._why_room(value)
        if not self._bounded:
            return Recommendation(*name, None, f"not needed with adaptive: {why}")
        if len(self._bounded) < len(self.runs):
            why += "; leave it unset with adaptive"
        return Recommendation(*name, value, why)

    @cached_property
    def _bounded(self) -> list[RunReport]:
        return [run for run in self.runs if not self._is_unbounded(run)]

    def _is_unbounded(self, run: RunReport) -> bool:
        """Whether a bound would only be in its way: requests smaller than the mean fit in more."""
        return run.strategy == "adaptive" and self._is_adaptive_calm

    @cached_property
    def _is_adaptive_calm(self) -> bool:
        adaptive = [run for run in self.runs if run.strategy == "adaptive"]
        return sum(map(is_strained, adaptive)) < OFTEN * len(adaptive)

    @cached_property
    def safe_chunks(self) -> Recommendation:
        name = ("MAX_SAFE_CHUNKS_FOR_PARALLEL", "MAX_SAFE_CHUNKS_FOR_PARALLEL", None)
        if self.too_little:
            return Recommendation(*name, None, self.too_little)
        value = self._safe_at(self.size_to_be)
        videos = [self.known.cut(run, self.size_to_be) for run in self.runs]
        covered = sum(video.chunks <= value for video in videos)
        why = f"each chunk is two requests; {covered} of {len(videos)} videos have no more chunks"
        return Recommendation(*name, value, why)

    @cached_property
    def parallel(self) -> Recommendation:
        setting = "ENABLE_PARALLEL_WORD_PHRASE_EXTRACTION"
        now = self.known.were_parallel if self.runs else None
        value, why = self._parallel()
        return Recommendation(setting, setting, now, value, why)

    def _parallel(self) -> tuple[bool | None, str]:
        if self.too_little:
            return None, self.too_little
        safe = self.known.width(self.known.cost, paired=True) // 2
        if safe < 1:
            return (
                False,
                "not even the two tasks of one chunk of the size now used fit side by side",
            )
        if self.too_few_runs:
            return None, self.too_few_runs
        if self.known.were_parallel:
            fit = f"up to {safe} chunks of the size now used fit"
            if all(map(is_always_side_by_side, self.runs)):
                return True, f"as with adaptive and parallel, which always work in pairs: {fit}"
            return True, f"it is on, and {fit}"
        if self.evidence.within_target >= _ENOUGH:
            return (
                False,
                f"not needed: {_percent(self.evidence.within_target)} of the runs took "
                + (f"{self.target_s:g} s or less without it"),
            )
        return self._parallel_by_gain(safe)

    def _parallel_by_gain(self, safe: int) -> tuple[bool | None, str]:
        fitting = [run for run in self.runs if run.chunks <= safe]
        if not fitting:
            return False, f"no video here has {safe} chunks or fewer"
        if self.known.pace is None:
            return None, "the runs do not agree on how the server's pace depends on the load"
        before, after = (
            sum(
                self.known.wall_s(video_of(run), self.known.cost, side_by_side=yes)
                for run in fitting
            )
            for yes in (False, True)
        )
        if after > _WORTH_IT * before:
            return False, "the server is as busy without it: no time is expected to be saved"
        saved = _percent(1 - after / before)
        return (
            True,
            f"expected to take {saved} off the {len(fitting)} runs of {safe} chunks or fewer",
        )

    @cached_property
    def chunk_tokens(self) -> Recommendation:
        now = self.known.chunk_tokens_now
        value, why = self._chunk_tokens(now) if now else (None, self.too_little)
        return Recommendation("chunk_tokens", "LEXICUE_CHUNK_TOKENS", now, value, why)

    def _chunk_tokens(self, now: int) -> tuple[int | None, str]:
        if self.too_little or self.too_few_runs:
            return None, self.too_little or self.too_few_runs
        smaller = [size for size in _CHUNK_SIZES if size < now]
        cut = sum(
            failure.tasks for failure in self.evidence.failures if failure.error in _CUT_ERRORS
        )
        if smaller and cut > _OFTEN_CUT * self.evidence.tasks:
            return smaller[0], f"{cut} of {self.evidence.tasks} tasks were cut off or too long"
        if smaller and self.known.width(self.known.cost, paired=True) < 2:
            return self._first_that_fits(smaller), "the server holds no pair of the size now used"
        if self.evidence.within_target >= _ENOUGH:
            return now, f"{_percent(self.evidence.within_target)} of the runs met the target"
        if self.known.pace is None:
            return None, "the runs do not agree on how the server's pace depends on the load"
        return self._quickest(now, smaller)

    def _first_that_fits(self, sizes: Sequence[int]) -> int:
        fitting = (
            size for size in sizes if self.known.width(self.known.cost_at(size), paired=True) >= 2
        )
        return next(fitting, sizes[-1])

    def _quickest(self, now: int, smaller: Sequence[int]) -> tuple[int, str]:
        """The largest size that meets the target, or else comes within 5 % of the quickest."""
        if not self._leave_room(now):
            return now, "most videos fill the server as they are; smaller chunks gain nothing"
        walls = {size: self._walls(size) for size in (now, *smaller)}
        total = {size: sum(times) for size, times in walls.items()}
        meeting = [s for s, times in walls.items() if quantile(times, _ENOUGH) <= self.target_s]
        near_best = [size for size in walls if total[size] * _WORTH_IT <= min(total.values())]
        best = (meeting or near_best)[0]
        if best == now or total[best] > total[now] * self._sure_gain:
            return now, "smaller ones are not expected to be quicker by more than the error"
        return best, (
            "smaller chunks put more requests side by side: expected to take "
            f"{_percent(1 - total[best] / total[now])} off the time of the videos"
        )

    def _leave_room(self, size: int) -> bool:
        """Whether most videos leave requests unused that the server could hold."""
        unused = sum(self._wanted(run, size) < self._limit_of(run, size) for run in self.runs)
        return 2 * unused > len(self.runs)

    def _wanted(self, run: RunReport, size: int) -> int:
        """The requests at once that a video has work for."""
        video = self.known.cut(run, size)
        return video.answers if self._is_to_pair(run, size) else video.chunks

    @cached_property
    def _sure_gain(self) -> float:
        """A time that is shorter than this share of another is shorter beyond the error."""
        return min(_WORTH_IT, 1 - (self.known.pace.error if self.known.pace else 0.0))

    # What to expect

    @cached_property
    def expected(self) -> Expectation | None:
        if self.too_little:
            return None
        told = self.known.pace is not None and not self.too_few_runs
        walls = self._walls(self.size_to_be) if told else []
        measured = [run.totals.wall_s for run in self.runs]
        within = sum(wall_s <= self.target_s for wall_s in walls) / len(walls) if walls else None
        return Expectation(
            within_target_now=self.evidence.within_target,
            within_target=_rounded(within),
            p50_wall_s_now=quantile(measured, 0.5),
            p50_wall_s=_rounded(quantile(walls, 0.5)) if walls else None,
            p95_wall_s_now=quantile(measured, 0.95),
            p95_wall_s=_rounded(quantile(walls, 0.95)) if walls else None,
            p95_task_s_now=quantile([t.seconds for run in self.runs for t in run.tasks], 0.95),
            p95_task_s=self._p95_task_s(walls) if walls else None,
            error=_rounded(self.known.pace.error) if walls and self.known.pace else None,
            preemptions_per_100_now=self.evidence.preemptions_per_100,
            preemptions_per_100=self._preemptions_to_be,
        )

    @cached_property
    def _preemptions_to_be(self) -> float | None:
        """At most; it can be told of a room that is known, not of one that was only tried."""
        if self.evidence.preemptions_per_100 is None or self.known.room is None:
            return None
        if self.known.room.basis == "calm":
            return self.evidence.preemptions_per_100
        return min(self.evidence.preemptions_per_100, 100 * FEW_PREEMPTIONS)

    def _walls(self, chunk_tokens: int) -> list[float]:
        """The time of each run with what is recommended and chunks of a size.

        Measured time × reckoned change, so that where nothing changes, nothing is expected to.
        """
        return [self._changed_wall_s(run, chunk_tokens) for run in self.runs]

    def _changed_wall_s(self, run: RunReport, chunk_tokens: int) -> float:
        assert self.known.pace is not None
        at_once = self._at_once(run, chunk_tokens)
        then = self.known.pace.wall_s(self.known.cut(run, chunk_tokens), at_once)
        now = self.known.pace.wall_s(video_of(run), self.known.computed_at_once(run))
        return run.totals.wall_s * then / now

    def _p95_task_s(self, walls: Sequence[float]) -> float:
        """By Little's law a task takes tasks at once ÷ tasks a second, and no longer than all."""
        seconds: list[float] = []
        for run, wall_s in zip(self.runs, walls, strict=True):
            at_once = self._at_once(run, self.size_to_be) / max(1, run.totals.peak_in_flight)
            tasks = self.known.cut(run, self.size_to_be).answers / max(1, len(run.tasks))
            change = at_once / tasks * wall_s / (run.totals.wall_s or 1.0)
            seconds.extend(min(wall_s, task.seconds * change) for task in run.tasks)
        return round(quantile(seconds, 0.95), 3)

    def _at_once(self, run: RunReport, chunk_tokens: int) -> int:
        return min(self._wanted(run, chunk_tokens), self._limit_of(run, chunk_tokens))

    def _limit_of(self, run: RunReport, chunk_tokens: int) -> int:
        """The requests that may be in flight when such a run is made again."""
        if self._is_unbounded(run):
            return self.known.limit(self.known.cost_at(chunk_tokens), paired=True)
        return self._limit_at(chunk_tokens)

    def _limit_at(self, chunk_tokens: int) -> int:
        """The requests that fit; those of a video that is not worked on in pairs are larger."""
        paired = self._are_paired(chunk_tokens)
        return self.known.limit(self.known.cost_at(chunk_tokens), paired=paired)

    def _are_paired(self, chunk_tokens: int) -> bool:
        return all(self._is_to_pair(run, chunk_tokens) for run in self._bounded or self.runs)

    def _is_to_pair(self, run: RunReport, chunk_tokens: int) -> bool:
        """Whether the two tasks of a chunk go side by side with what is recommended."""
        if is_always_side_by_side(run):
            return True
        if self.parallel.value is None:
            return is_side_by_side(run)
        fits = self.known.cut(run, chunk_tokens).chunks <= self._safe_at(chunk_tokens)
        return self.parallel.value is True and fits

    def _safe_at(self, chunk_tokens: int) -> int:
        return self.known.width(self.known.cost_at(chunk_tokens), paired=True) // 2

    # In words

    def _why_room(self, value: int) -> str:
        assert self.known.room is not None
        paired = self._are_paired(self.size_to_be) and self.known.cost.shared > 0
        held = "in pairs over a chunk" if paired else "each by itself"
        if self.known.room.basis == "capacity":
            return (
                f"{self.evidence.kv_tokens:,} KV tokens hold {value} requests {held}, of "
                f"{self.cost_to_be.prompt:,.0f} + "
                f"{self.cost_to_be.output:,.0f} tokens"
            )
        if self.known.room.basis == "strain":
            return f"more strained the server ({_count(self.evidence.strained_runs, 'run')})"
        return "the most that has been tried without strain; the server may hold more"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
