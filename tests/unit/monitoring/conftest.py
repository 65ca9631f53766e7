"""A made-up server whose right settings are known, and the reports of runs on it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from lexicue.model import Status, Task
from lexicue.monitoring import RunReport, RunTotals, ServerReport, TaskReport


@dataclass(frozen=True)
class MadeUpServer:
    """Every answer token takes ``base + slope × in flight`` seconds; too much is preempted."""

    kv_tokens: int = 49_696
    prompt: int = 2000
    output: int = 400
    base: float = 0.01
    slope: float = 0.0002
    tells_metrics: bool = True
    tells_tokens: bool = True
    shares_prefix: bool = True

    def run(self, chunks: int, ran_as: str = "sequential", limit: int = 16) -> RunReport:
        """A run of strategy conditional, or adaptive."""
        side_by_side = ran_as != "sequential"
        at_once = min(limit, 2 * chunks if side_by_side else chunks)
        computed = min(at_once, self.fitting(side_by_side))  # the rest waits
        step_s = (self.base + self.slope * computed) * self.output
        wall_s = step_s * 2 * chunks / computed
        seconds = step_s * at_once / computed
        tasks = tuple(self._task(n, t, seconds, side_by_side) for n in range(chunks) for t in Task)
        return RunReport(
            video_id=f"video-{chunks}",
            engine="llm",
            model="m",
            strategy="adaptive" if ran_as == "adaptive" else "conditional",
            tokenizer="qwen",
            chunk_tokens=2000,
            chunks=chunks,
            tasks=tasks,
            totals=self._totals(tasks, wall_s, at_once),
            ran_as=ran_as,
            max_concurrency=limit,
            server=self._seen(at_once, 2 * chunks, side_by_side),
        )

    def fitting(self, side_by_side: bool) -> int:
        """Requests that fit: by hand, for the answer must not come from what is tested."""
        alone = self.prompt + self.output
        shared = 1800 if side_by_side and self.shares_prefix else 0
        return max(1, int(self.kv_tokens / (alone - shared / 2)))

    def _task(self, n: int, task: Task, seconds: float, side_by_side: bool) -> TaskReport:
        cached = 1800 if self.shares_prefix and side_by_side and task is Task.PHRASES else 0
        counts = (self.prompt, cached, self.output) if self.tells_tokens else (0, 0, 0)
        return TaskReport(
            n + 1, task, Status.OK, None, 5, (), 1, *counts, seconds, 0.0, self.prompt - 200
        )

    def _totals(self, tasks: tuple[TaskReport, ...], wall_s: float, at_once: int) -> RunTotals:
        return RunTotals(
            wall_s=wall_s,
            requests=len(tasks),
            peak_in_flight=at_once,
            mean_in_flight=float(at_once),
            prompt_tokens=sum(task.prompt_tokens for task in tasks),
            cached_tokens=sum(task.cached_tokens for task in tasks),
            completion_tokens=sum(task.completion_tokens for task in tasks),
            refused_items=0,
            failures=0,
            complete=True,
        )

    def _seen(self, at_once: int, requests: int, side_by_side: bool) -> ServerReport:
        if not self.tells_metrics:
            return ServerReport()
        fits = self.fitting(side_by_side)
        return ServerReport(
            kv_tokens=self.kv_tokens,
            preemptions=requests // 3 if at_once > fits else 0,
            peak_kv_usage=min(1.0, at_once / fits),
            peak_running=min(at_once, fits),
        )


@pytest.fixture
def server() -> MadeUpServer:
    return MadeUpServer()


@pytest.fixture
def server_with() -> Callable[..., MadeUpServer]:
    return lambda **given: replace(MadeUpServer(), **given)
