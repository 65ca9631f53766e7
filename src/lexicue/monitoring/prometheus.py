"""The Prometheus metrics; ``docs/reference/metrics.md`` lists them.

Only `lexicue.monitoring.metrics` imports this, and only when metrics are asked for.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from lexicue.errors import EngineError
from lexicue.monitoring.incidents import Incident, IncidentWaves, incident_of
from lexicue.monitoring.observer import RunStarted
from lexicue.monitoring.report import RunReport, TaskReport
from lexicue.monitoring.server_tally import Growth, ServerTally
from lexicue.scheduling.capacity import ServerSample
from lexicue.scheduling.limiter import LimitChange, Load, Outcome

__all__ = ["PrometheusObserver"]

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600)
"""From a cached answer on a GPU to the default time-out; people ask about waits of 5 and 10."""

_CHUNKS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256)
"""Fine where ``MAX_SAFE_CHUNKS_FOR_PARALLEL`` lies; 32 chunks of 500 tokens are a talk."""

_CHUNK_TOKENS = (125, 250, 500, 750, 1000, 1500, 2000, 3000, 4000, 8000)
"""Around the sizes that a chunk can reasonably have, 500 to 4000."""


class PrometheusObserver:
    """Keeps Prometheus metrics of everything it is told; see `lexicue.monitoring.observer`.

    Args:
        registry: where they are registered; another observer cannot share it.
        clock: seconds that only go forward.

    Raises:
        ValueError: the registry has metrics of these names.
    """

    def __init__(
        self, registry: CollectorRegistry, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._tallies: defaultdict[str, ServerTally] = defaultdict(ServerTally)
        self._waves: dict[str, IncidentWaves] = {}
        self._last_change: dict[str, LimitChange] = {}
        self._runs = _RunMetrics(registry)
        self._tasks = _TaskMetrics(registry)
        self._requests = _RequestMetrics(registry)
        self._server = _ServerMetrics(registry)

    @property
    def collectors(self) -> list[Counter | Gauge | Histogram]:
        """All its metrics, as a registry knows them."""
        groups = (self._runs, self._tasks, self._requests, self._server)
        return [metric for group in groups for metric in vars(group).values()]

    def run_started(self, run: RunStarted) -> None:
        """See `lexicue.monitoring.observer.Observer`."""
        self._runs.chunks.labels(run.engine).observe(len(run.chunk_tokens))
        for tokens in run.chunk_tokens:
            self._runs.chunk_tokens.labels(run.engine).observe(tokens)
        if run.server and run.most_requests is not None:
            self._requests.most.labels(run.server).set(run.most_requests)

    def run_finished(self, report: RunReport) -> None:
        """See `lexicue.monitoring.observer.Observer`."""
        outcome = "complete" if report.totals.complete else "incomplete"
        self._runs.runs.labels(report.engine, report.strategy, outcome).inc()
        self._runs.seconds.labels(report.engine, report.strategy).observe(report.totals.wall_s)

    def task_finished(self, task: TaskReport) -> None:
        """See `lexicue.monitoring.observer.Observer`."""
        name = str(task.task)
        self._tasks.tasks.labels(name, str(task.status)).inc()
        self._tasks.work.labels(name).observe(task.seconds)
        self._tasks.queued.labels(name).observe(task.queued_s)
        self._tasks.retries.labels(name).inc(max(0, task.attempts - 1))
        self._tasks.entries.labels(name).inc(task.entries)
        self._tasks.refused.labels(name).inc(len(task.refused))
        self._tasks.prompt.labels(name).inc(task.prompt_tokens)
        self._tasks.cached.labels(name).inc(task.cached_tokens)
        self._tasks.completion.labels(name).inc(task.completion_tokens)

    def request_finished(
        self, server: str, outcome: Outcome, error: EngineError | None = None
    ) -> None:
        """See `lexicue.monitoring.observer.Observer`."""
        self._requests.requests.labels(server, outcome.task, str(outcome.status)).inc()
        self._requests.seconds.labels(server, outcome.task).observe(outcome.seconds)
        incident = incident_of(outcome, error)
        if incident is not None:
            self._note_incident(server, incident)

    def server_seen(self, server: str, sample: ServerSample) -> None:
        """See `lexicue.monitoring.observer.Observer`."""
        with self._lock:
            growth = self._tallies[server].seen(sample)
        if growth is None:
            return  # told before, or older than what is shown
        self._server.show(server, sample, growth)
        if growth.restarted:
            self._note_incident(server, Incident.RESTARTED)

    def limit_changed(self, server: str, change: LimitChange) -> None:
        """See `lexicue.monitoring.observer.Observer`."""
        with self._lock:
            last = self._last_change.get(server)
            if last is not None and change <= last:
                return  # told before, by another run over this server
            self._last_change[server] = change
        self._requests.limit.labels(server).set(change.limit_tokens)
        self._requests.limit_changes.labels(server, change.reason).inc()

    def load_changed(self, server: str, load: Load) -> None:
        """See `lexicue.monitoring.observer.Observer`."""
        self._requests.in_flight.labels(server).set(load.requests)
        self._requests.in_flight_tokens.labels(server).set(load.tokens)
        self._requests.waiting.labels(server).set(load.waiting)

    def _note_incident(self, server: str, incident: Incident) -> None:
        with self._lock:
            waves = self._waves.setdefault(server, IncidentWaves(self._clock))
            is_new = waves.is_new(incident)
        if is_new:
            self._server.incidents.labels(server, str(incident)).inc()


class _RunMetrics:
    """Of whole runs and how they are cut."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.runs = Counter(
            "lexicue_runs",
            "Runs that ended; complete when every task of every chunk is ok.",
            ["engine", "strategy", "outcome"],
            registry=registry,
        )
        self.seconds = Histogram(
            "lexicue_run_seconds",
            "Wall time of a run, from the first task's start to the last result.",
            ["engine", "strategy"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.chunks = Histogram(
            "lexicue_run_chunks",
            "Chunks of a run.",
            ["engine"],
            buckets=_CHUNKS,
            registry=registry,
        )
        self.chunk_tokens = Histogram(
            "lexicue_chunk_tokens",
            "Length of a chunk, tokens.",
            ["engine"],
            buckets=_CHUNK_TOKENS,
            registry=registry,
        )


class _TaskMetrics:
    """Of the two tasks of each chunk."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(name: str, told: str, *labels: str) -> Counter:
            return Counter(f"lexicue_{name}", told, ["task", *labels], registry=registry)

        def seconds(name: str, told: str) -> Histogram:
            return Histogram(f"lexicue_{name}", told, ["task"], buckets=_SECONDS, registry=registry)

        self.tasks = counter("tasks", "Tasks of chunks that ended.", "status")
        self.work = seconds("task_seconds", "Time a task was worked on, retries counted.")
        self.queued = seconds("task_queue_seconds", "Time a task waited for a slot.")
        self.retries = counter("retries", "Requests of a task beyond its first: retries, halves.")
        self.entries = counter("entries", "Entries found in the text.")
        self.refused = counter("refused_items", "Items of the model that are not in the text.")
        self.prompt = counter("prompt_tokens", "Prompt tokens, cached ones counted.")
        self.cached = counter("cached_prompt_tokens", "Of those, from the server's prefix cache.")
        self.completion = counter("completion_tokens", "Tokens generated.")


class _RequestMetrics:
    """Of requests, and of the limit on what is in flight."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, told: str) -> Gauge:
            return Gauge(f"lexicue_{name}", told, ["server"], registry=registry)

        self.requests = Counter(
            "lexicue_requests",
            "Requests that ended, each try counted.",
            ["server", "task", "outcome"],
            registry=registry,
        )
        self.seconds = Histogram(
            "lexicue_request_seconds",
            "Time from sending a request to its end.",
            ["server", "task"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.in_flight = gauge("in_flight_requests", "Requests at the server now.")
        self.in_flight_tokens = gauge("in_flight_tokens", "Tokens they are reckoned to hold.")
        self.waiting = gauge("waiting_requests", "Requests that wait for a slot now.")
        self.limit = gauge("limit_tokens", "Tokens of ours that may be at the server at once.")
        self.most = gauge("limit_requests", "Requests that may be in flight at once, in any case.")
        self.limit_changes = Counter(
            "lexicue_limit_changes",
            "Changes of the limit.",
            ["server", "reason"],
            registry=registry,
        )


class _ServerMetrics:
    """Of the server as its own metrics tell it; other clients have their part in them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, told: str) -> Gauge:
            return Gauge(f"lexicue_server_{name}", told, ["server"], registry=registry)

        def counter(name: str, told: str) -> Counter:
            return Counter(f"lexicue_server_{name}", told, ["server"], registry=registry)

        self.kv_tokens = gauge("kv_tokens", "Capacity of the KV cache, tokens.")
        self.kv_usage = gauge("kv_usage_ratio", "Share of the KV cache in use, 0 to 1.")
        self.running = gauge("running_requests", "Requests that the server computes now.")
        self.waiting = gauge("waiting_requests", "Requests in the server's queue now.")
        self.preemptions = counter("preemptions", "Requests thrown out of the KV cache.")
        self.prefix_queries = counter(
            "prefix_queried_tokens", "Prompt tokens looked up in the prefix cache."
        )
        self.prefix_hits = counter("prefix_hit_tokens", "Of those, tokens found.")
        self.incidents = Counter(
            "lexicue_incidents",
            "Times the server turned work away, ran out of memory, died or began anew.",
            ["server", "kind"],
            registry=registry,
        )

    def show(self, server: str, sample: ServerSample, growth: Growth) -> None:
        """Set what a sample tells; what it does not tell stays as it is."""
        levels = (
            (self.kv_tokens, sample.kv_tokens),
            (self.kv_usage, sample.kv_usage),
            (self.running, sample.running),
            (self.waiting, sample.waiting),
        )
        for gauge, level in levels:
            if level is not None:
                gauge.labels(server).set(level)
        self.preemptions.labels(server).inc(growth.preemptions)
        self.prefix_queries.labels(server).inc(growth.prefix_queries)
        self.prefix_hits.labels(server).inc(growth.prefix_hits)
