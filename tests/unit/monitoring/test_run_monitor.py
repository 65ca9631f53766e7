"""What the pipeline tells reaches the report and the registered observers."""

from collections.abc import Iterator

import pytest

from lexicue.model import Status, Task
from lexicue.monitoring import TaskReport
from lexicue.monitoring.observer import NullObserver, RunStarted, register, unregister
from lexicue.monitoring.run_monitor import RunMonitor
from lexicue.scheduling.capacity import ServerSample
from lexicue.scheduling.gate import Gate
from lexicue.scheduling.limiter import Ending, LimitChange, Limiter, Load, Outcome

from .conftest import MadeUpServer

TASK = TaskReport(1, Task.WORDS, Status.OK, None, 0, (), 1, 10, 0, 5, 1.0)


class Hearing(NullObserver):
    def __init__(self) -> None:
        self.heard: list[object] = []

    def run_started(self, run: RunStarted) -> None:
        self.heard.append(run)

    def limit_changed(self, server: str, change: LimitChange) -> None:
        self.heard.append((server, change))

    def load_changed(self, server: str, load: Load) -> None:
        self.heard.append((server, load))


@pytest.fixture
def hearing() -> Iterator[Hearing]:
    observer = Hearing()
    register(observer)
    yield observer
    unregister(observer)


def a_gate(*samples: ServerSample) -> Gate:
    gate = Gate(Limiter())
    for sample in samples:
        gate.observe(sample)
    return gate


def test_the_look_before_the_start_is_where_counting_begins() -> None:
    monitor = RunMonitor("http://h:1/v1")
    monitor.server_seen(ServerSample(1.0, kv_tokens=3200, preemptions=40))
    monitor.started(RunStarted("llm", "parallel", (100,)))
    monitor.server_seen(ServerSample(2.0, kv_tokens=3200, preemptions=43))
    assert monitor.server.preemptions == 3


def test_a_gate_is_read_as_often_as_one_likes(hearing: Hearing) -> None:
    gate = a_gate(ServerSample(1.0, kv_tokens=50_000, kv_usage=0.1, preemptions=4))
    monitor = RunMonitor("http://user:secret@h:1/v1")
    monitor.started(RunStarted("llm", "adaptive", (100,)))
    for _ in range(3):
        monitor.look_at(gate)
    assert monitor.server.kv_tokens == 50_000
    assert monitor.server.preemptions == 0
    assert monitor.limit_history
    assert monitor.limit_history[-1].limit_tokens == gate.limiter.limit_tokens
    changes = [heard for heard in hearing.heard if isinstance(heard, tuple) and heard[1] != Load()]
    assert changes == [("h:1", change) for change in gate.limiter.history]


def test_the_load_is_not_reckoned_unless_somebody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    def reckon(_: Gate) -> Load:
        raise AssertionError("nobody asked")

    monkeypatch.setattr(Gate, "load", property(reckon))
    RunMonitor("http://h:1/v1").look_at(a_gate())


def test_where_there_is_no_gate_the_load_is_told(hearing: Hearing) -> None:
    RunMonitor("http://h:1/v1").load_seen(Load(requests=3))
    assert hearing.heard == [("h:1", Load(requests=3))]


def test_a_look_that_the_gate_passed_over_counts() -> None:
    gate = a_gate(ServerSample(1.0, kv_tokens=50_000, preemptions=4))
    monitor = RunMonitor("http://h:1/v1")
    monitor.look_at(gate)
    at_the_end = ServerSample(1.1, kv_tokens=50_000, preemptions=6)
    gate.observe(at_the_end)
    monitor.server_seen(at_the_end)
    monitor.look_at(gate)
    assert monitor.server.preemptions == 2


def test_two_runs_on_one_server_both_see_all_of_it() -> None:
    gate = a_gate(ServerSample(1.0, kv_tokens=50_000, preemptions=4))
    monitors = [RunMonitor("http://h:1/v1") for _ in range(2)]
    for monitor in monitors:
        monitor.look_at(gate)
    gate.observe(ServerSample(2.0, kv_tokens=50_000, preemptions=6))
    for monitor in monitors:
        monitor.look_at(gate)
        assert monitor.server.preemptions == 2


def test_tasks_and_requests(hearing: Hearing, server: MadeUpServer) -> None:
    monitor = RunMonitor(None)
    monitor.started(RunStarted("llm", "adaptive", (100,)))
    monitor.task_finished(TASK)
    monitor.request_finished(Outcome("words", Ending.OVERLOADED))
    monitor.finished(server.run(1))
    assert monitor.tasks == [TASK]
    assert monitor.server.overloads == 1
    assert hearing.heard == [RunStarted("llm", "adaptive", (100,), server="")]
