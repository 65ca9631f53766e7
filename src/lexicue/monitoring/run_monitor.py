"""What a run tells, in one place: to its own record, and to whoever else wants to hear it."""

from __future__ import annotations

import threading
from dataclasses import replace

from lexicue.errors import EngineError
from lexicue.monitoring.observer import RunStarted, observers, server_name
from lexicue.monitoring.record import RunRecord
from lexicue.monitoring.report import LimitStep, RunReport, ServerReport, TaskReport
from lexicue.scheduling.capacity import ServerSample
from lexicue.scheduling.gate import Gate
from lexicue.scheduling.limiter import LimitChange, Load, Outcome

__all__ = ["RunMonitor"]


class RunMonitor:
    """Watches one run. The pipeline tells it what happens; the report asks it what happened.

    Observers that are registered when it is made hear of the run. A look at the server before the
    run starts is welcome: what its counters show then is not the run's.

    Args:
        base_url: of the server; None where there is none.
    """

    def __init__(self, base_url: str | None) -> None:
        self._server = server_name(base_url or "")
        self._record = RunRecord()
        self._listeners = observers()
        self._observers = observers(self._record)
        self._lock = threading.Lock()
        self._last_change: LimitChange | None = None
        self.tasks: list[TaskReport] = []
        """Of the tasks that have ended, in the order in which they did."""

    def started(self, run: RunStarted) -> None:
        """The run begins."""
        self._observers.run_started(replace(run, server=self._server))

    def task_finished(self, task: TaskReport) -> None:
        """A task has ended."""
        self.tasks.append(task)
        self._observers.task_finished(task)

    def request_finished(self, outcome: Outcome, error: EngineError | None = None) -> None:
        """A request (one try) has ended."""
        self._observers.request_finished(self._server, outcome, error)

    def server_seen(self, sample: ServerSample) -> None:
        """A look at the server."""
        self._observers.server_seen(self._server, sample)

    def load_seen(self, load: Load) -> None:
        """What is in flight, where there is no gate that knows."""
        self._listeners.load_changed(self._server, load)

    def look_at(self, gate: Gate) -> None:
        """Read the gate's last sample, its load and what changed in its limit.

        Runs over one server take turns in looking at it, so each asks the gate what all have seen.
        The load is reckoned anew, so only where somebody wants to hear it.
        """
        if gate.limiter.latest is not None:
            self._observers.server_seen(self._server, gate.limiter.latest)
        for change in self._news(gate.limiter.history):
            self._observers.limit_changed(self._server, change)
        if self._listeners:
            self._listeners.load_changed(self._server, gate.load)

    def finished(self, report: RunReport) -> None:
        """The run is over, well or not."""
        self._observers.run_finished(report)

    @property
    def limit_history(self) -> tuple[LimitStep, ...]:
        """For the report."""
        return self._record.limit_history

    @property
    def server(self) -> ServerReport:
        """For the report."""
        return self._record.server

    def _news(self, history: tuple[LimitChange, ...]) -> list[LimitChange]:
        with self._lock:
            last, self._last_change = self._last_change, history[-1] if history else None
        if last not in history:
            return list(history)
        return list(history[history.index(last) + 1 :])
