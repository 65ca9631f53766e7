"""What one run's report wants to know of the server, gathered while it runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from lexicue.errors import EngineError
from lexicue.monitoring.incidents import Incident, IncidentWaves, incident_in, incident_of
from lexicue.monitoring.observer import NullObserver, RunStarted
from lexicue.monitoring.report import LimitStep, ServerReport, TaskReport
from lexicue.monitoring.server_tally import ServerTally
from lexicue.scheduling.capacity import ServerSample
from lexicue.scheduling.limiter import LimitChange, Outcome

__all__ = ["RunRecord"]

_MOST_STEPS = 1000
"""Steps of the limit kept besides the first, the last ones: one a second fills 17 minutes."""


class RunRecord(NullObserver):
    """An observer of one run, for its report.

    Args:
        clock: seconds that only go forward; the clock of samples and of the limiter.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started = clock()
        self._lock = threading.Lock()
        self._tally = ServerTally()
        self._waves = IncidentWaves(clock)
        self._incidents = dict.fromkeys(Incident, 0)
        self._found: LimitChange | None = None
        self._changes: dict[LimitChange, None] = {}

    def run_started(self, run: RunStarted) -> None:  # noqa: ARG002
        """See `lexicue.monitoring.observer.Observer`; times of the report count from here."""
        with self._lock:
            self._started = self._clock()
            for change in list(self._changes):
                del self._changes[change]
                self._take(change)

    def request_finished(
        self,
        server: str,  # noqa: ARG002
        outcome: Outcome,
        error: EngineError | None = None,
    ) -> None:
        """See `lexicue.monitoring.observer.Observer`."""
        self._note(incident_of(outcome, error))

    def task_finished(self, task: TaskReport) -> None:
        """See `lexicue.monitoring.observer.Observer`; its error may tell what no request did."""
        self._note(incident_in(task.error))

    def server_seen(self, server: str, sample: ServerSample) -> None:  # noqa: ARG002
        """See `lexicue.monitoring.observer.Observer`."""
        with self._lock:
            self._tally.seen(sample)

    def limit_changed(self, server: str, change: LimitChange) -> None:  # noqa: ARG002
        """See `lexicue.monitoring.observer.Observer`; the whole of a limiter's history is welcome.

        Of the changes before the run began only the last matters: it was in force.
        """
        with self._lock:
            self._take(change)

    def _take(self, change: LimitChange) -> None:
        if change.at > self._started:
            self._changes[change] = None
            if len(self._changes) > _MOST_STEPS:
                del self._changes[min(self._changes, key=_moment)]
        elif self._found is None or change.at >= self._found.at:
            self._found = change

    @property
    def limit_history(self) -> tuple[LimitStep, ...]:
        """The limit that the run began with, and its changes from then on."""
        with self._lock:
            found = [] if self._found is None else [self._found]
            during = sorted(self._changes, key=_moment)
        return tuple(self._step(change) for change in found + during)

    @property
    def server(self) -> ServerReport:
        """The server as it was seen during the run."""
        with self._lock:
            return replace(
                self._tally.report(),
                overloads=self._incidents[Incident.OVERLOADED],
                out_of_memory=self._incidents[Incident.OUT_OF_MEMORY],
                engine_deaths=self._incidents[Incident.ENGINE_DEAD],
            )

    def _note(self, incident: Incident | None) -> None:
        if incident is not None:
            with self._lock:
                self._incidents[incident] += self._waves.is_new(incident)

    def _step(self, change: LimitChange) -> LimitStep:
        at_s = max(0.0, round(change.at - self._started, 3))
        return LimitStep(at_s, change.limit_tokens, change.reason)


def _moment(change: LimitChange) -> float:
    return change.at
