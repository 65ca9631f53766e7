"""Prometheus metrics: what is told is counted, and nothing is when nobody asked."""

import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry

from lexicue.errors import InputError, MissingDependencyError, ServerFaultError
from lexicue.model import Status, Task
from lexicue.monitoring import TaskReport, metrics
from lexicue.monitoring.observer import (
    NullObserver,
    Observers,
    RunStarted,
    observers,
    register,
    server_name,
    unregister,
)
from lexicue.monitoring.prometheus import PrometheusObserver
from lexicue.scheduling.capacity import ServerSample
from lexicue.scheduling.limiter import Ending, LimitChange, Load, Outcome

from .conftest import MadeUpServer

TASK = TaskReport(
    chunk=1,
    task=Task.WORDS,
    status=Status.OK,
    error=None,
    entries=7,
    refused=("x", "y"),
    attempts=3,
    prompt_tokens=2000,
    cached_tokens=900,
    completion_tokens=300,
    seconds=4.0,
    queued_s=1.5,
    chunk_tokens=1800,
)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def observer(registry: CollectorRegistry) -> PrometheusObserver:
    return PrometheusObserver(registry)


@pytest.fixture(autouse=True)
def _switched_off_after() -> Iterator[None]:
    yield
    metrics.disable()


def shown(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(f"lexicue_{name}", labels)


def test_tasks(registry: CollectorRegistry, observer: PrometheusObserver) -> None:
    observer.task_finished(TASK)
    observer.task_finished(replace(TASK, status=Status.FAILED, attempts=0))
    assert shown(registry, "tasks_total", task="words", status="ok") == 1
    assert shown(registry, "tasks_total", task="words", status="failed") == 1
    assert shown(registry, "retries_total", task="words") == 2
    assert shown(registry, "refused_items_total", task="words") == 4
    assert shown(registry, "entries_total", task="words") == 14
    assert shown(registry, "prompt_tokens_total", task="words") == 4000
    assert shown(registry, "cached_prompt_tokens_total", task="words") == 1800
    assert shown(registry, "completion_tokens_total", task="words") == 600
    assert shown(registry, "task_seconds_sum", task="words") == 8.0
    assert shown(registry, "task_queue_seconds_sum", task="words") == 3.0


def test_runs(
    registry: CollectorRegistry, observer: PrometheusObserver, server: MadeUpServer
) -> None:
    observer.run_started(RunStarted("llm", "adaptive", (2000, 1900, 300), 512, "s:1"))
    observer.run_finished(server.run(3, "adaptive"))
    assert shown(registry, "run_chunks_sum", engine="llm") == 3
    assert shown(registry, "limit_requests", server="s:1") == 512
    assert shown(registry, "chunk_tokens_count", engine="llm") == 3
    assert shown(registry, "chunk_tokens_bucket", engine="llm", le="500.0") == 1
    done = {"engine": "llm", "strategy": "adaptive"}
    assert shown(registry, "runs_total", outcome="complete", **done) == 1
    assert shown(registry, "run_seconds_count", **done) == 1


def test_requests(registry: CollectorRegistry, observer: PrometheusObserver) -> None:
    observer.request_finished("s:1", Outcome("words", Ending.OK, seconds=2.0), None)
    observer.request_finished("s:1", Outcome("words", Ending.TIMEOUT, seconds=9.0), None)
    request = {"server": "s:1", "task": "words"}
    assert shown(registry, "requests_total", outcome="ok", **request) == 1
    assert shown(registry, "requests_total", outcome="timeout", **request) == 1
    assert shown(registry, "request_seconds_sum", **request) == 11.0


def test_load_and_limit(registry: CollectorRegistry, observer: PrometheusObserver) -> None:
    observer.load_changed("s:1", Load(tokens=9000, requests=4, waiting=2))
    for change in ((1.0, 40_000, "start"), (2.0, 30_000, "queue"), (1.0, 40_000, "start")):
        observer.limit_changed("s:1", LimitChange(*change))
    assert shown(registry, "in_flight_tokens", server="s:1") == 9000
    assert shown(registry, "in_flight_requests", server="s:1") == 4
    assert shown(registry, "waiting_requests", server="s:1") == 2
    assert shown(registry, "limit_tokens", server="s:1") == 30_000
    assert shown(registry, "limit_changes_total", server="s:1", reason="start") == 1
    assert shown(registry, "limit_changes_total", server="s:1", reason="queue") == 1


def test_the_server(registry: CollectorRegistry, observer: PrometheusObserver) -> None:
    first = ServerSample(1.0, kv_tokens=3200, kv_usage=0.5, running=2, waiting=0, preemptions=7)
    for seen in (first, first, replace(first, at=2.0, kv_usage=None, preemptions=9)):
        observer.server_seen("s:1", seen)
    assert shown(registry, "server_kv_tokens", server="s:1") == 3200
    assert shown(registry, "server_kv_usage_ratio", server="s:1") == 0.5
    assert shown(registry, "server_preemptions_total", server="s:1") == 2
    observer.server_seen("s:1", replace(first, at=1.5, kv_tokens=1))  # late
    assert shown(registry, "server_kv_tokens", server="s:1") == 3200
    observer.server_seen("s:1", replace(first, at=3.0, preemptions=0))
    assert shown(registry, "incidents_total", server="s:1", kind="restarted") == 1


def test_a_dead_engine_is_one_incident(
    registry: CollectorRegistry, observer: PrometheusObserver
) -> None:
    dead = ServerFaultError("EngineCore encountered an issue")
    for _ in range(16):
        observer.request_finished("s:1", Outcome("words", Ending.FAILED), dead)
    assert shown(registry, "incidents_total", server="s:1", kind="engine_dead") == 1


# Switching on and off


def test_enabled_metrics_hear_of_every_run(registry: CollectorRegistry) -> None:
    assert not observers()
    assert metrics.enable(registry) is metrics.enable(registry)
    observers().task_finished(TASK)
    assert shown(registry, "tasks_total", task="words", status="ok") == 1
    metrics.disable()
    assert not observers()
    metrics.enable(registry)  # the names are free again


def test_the_page(registry: CollectorRegistry) -> None:
    with metrics.serve(0, registry=registry) as page:
        observers().task_finished(TASK)
        with urllib.request.urlopen(f"http://127.0.0.1:{page.port}/metrics") as answer:
            assert 'lexicue_tasks_total{status="ok",task="words"} 1.0' in answer.read().decode()


@pytest.mark.parametrize("port", ["taken", 70_000, -1])
def test_a_port_that_cannot_be_used_is_told(port: int | str, registry: CollectorRegistry) -> None:
    with (
        metrics.serve(0, registry=registry) as page,
        pytest.raises(InputError, match="metrics port"),
    ):
        metrics.serve(page.port if port == "taken" else int(port), registry=registry)


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with pytest.raises(MissingDependencyError, match=r"lexicue\[metrics\]"):
        metrics.enable()


def test_nothing_is_imported_unless_it_is_switched_on() -> None:
    code = (
        "import sys, lexicue.pipeline, lexicue.cli.tune, lexicue.monitoring.metrics; "
        "print('prometheus_client' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# Observers


class Broken(NullObserver):
    def task_finished(self, task: TaskReport) -> None:
        raise RuntimeError("broken")


class Keeping(NullObserver):
    def __init__(self) -> None:
        self.tasks: list[TaskReport] = []

    def task_finished(self, task: TaskReport) -> None:
        self.tasks.append(task)


def test_an_observer_that_fails_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    keeping = Keeping()
    Observers((Broken(), keeping)).task_finished(TASK)
    assert keeping.tasks == [TASK]
    assert "Broken" in caplog.text


def test_an_observer_registered_twice_is_told_once() -> None:
    keeping = Keeping()
    register(keeping)
    register(keeping)
    observers().task_finished(TASK)
    unregister(keeping)
    observers().task_finished(TASK)
    assert keeping.tasks == [TASK]


def test_a_servers_name_has_no_password() -> None:
    assert server_name("http://user:secret@host:8000/v1") == "host:8000"
