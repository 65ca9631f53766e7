"""The run report's own reckoning."""

import json

from lexicue.model import ChunkResult, Status, Task, Usage
from lexicue.monitoring import TaskReport
from lexicue.monitoring.report import Timing, totals_of

from .conftest import MadeUpServer


def result(seconds: float, status: Status = Status.OK) -> ChunkResult:
    return ChunkResult(1, Task.WORDS, status, seconds=seconds, usage=Usage(requests=2))


def test_totals_have_percentiles() -> None:
    totals = totals_of([result(n) for n in range(1, 21)], Timing(30.0, 8, 4.0))
    assert (totals.p50_task_s, totals.p95_task_s) == (10, 19)
    assert totals.requests == 40


def test_totals_of_nothing() -> None:
    totals = totals_of([], Timing(0.0, 0, 0.0))
    assert totals.p50_task_s == totals.p95_task_s == 0.0


def test_a_task_says_what_only_the_pipeline_knows() -> None:
    task = TaskReport.of(result(1.0), queued_s=0.123456, chunk_tokens=1800)
    assert (task.queued_s, task.chunk_tokens) == (0.1235, 1800)


def test_the_report_is_json(server: MadeUpServer) -> None:
    data = server.run(2, "adaptive").to_dict()
    assert json.loads(json.dumps(data))["server"]["kv_tokens"] == 49_696
    assert data["schema"] == 1
