"""Who is told how the work goes: metrics, the run report, or an observer of your own.

Nothing is told to anybody unless somebody asked: a run without observers calls methods that do
nothing. `register` an observer to have it told of all runs of this process::

    class Log(NullObserver):
        def task_finished(self, task):
            print(task.task, task.status, task.seconds)

    register(Log())
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from lexicue.errors import EngineError
from lexicue.monitoring.report import RunReport, TaskReport
from lexicue.scheduling.capacity import ServerSample
from lexicue.scheduling.limiter import LimitChange, Load, Outcome

__all__ = [
    "NullObserver",
    "Observer",
    "Observers",
    "RunStarted",
    "observers",
    "register",
    "server_name",
    "unregister",
]

_log = logging.getLogger("lexicue.monitoring")


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run that begins.

    Attributes:
        engine: ``lexical`` or ``llm``.
        strategy: how the tasks are put in order.
        chunk_tokens: the length of each chunk, tokens.
        most_requests: of the process that the run lets be in flight at once; None if not told.
        server: its name; empty where there is none.
    """

    engine: str
    strategy: str
    chunk_tokens: tuple[int, ...]
    most_requests: int | None = None
    server: str = ""


class Observer(Protocol):
    """Told of what happens, as it happens. It must be quick and must not raise.

    Calls come from whatever thread the event happens in. `server` is always the server's name as
    `server_name` has it. Samples and changes of the limit come in order of time; one may be told
    more than once where several runs share a server.
    """

    def run_started(self, run: RunStarted) -> None:
        """The chunks are made and nothing is sent yet."""

    def task_finished(self, task: TaskReport) -> None:
        """One task of one chunk has ended, well or not."""

    def run_finished(self, report: RunReport) -> None:
        """All tasks have ended, or the run has stopped."""

    def request_finished(
        self, server: str, outcome: Outcome, error: EngineError | None = None
    ) -> None:
        """One request (one try) came back, or did not; with the error it ended in, if any."""

    def server_seen(self, server: str, sample: ServerSample) -> None:
        """A look at the server."""

    def limit_changed(self, server: str, change: LimitChange) -> None:
        """The limit of what may be on the server at once has changed."""

    def load_changed(self, server: str, load: Load) -> None:
        """A request was admitted or has left."""


class NullObserver:
    """Does nothing; the base of observers that want to hear of some things only."""

    def run_started(self, run: RunStarted) -> None:
        """See `Observer`."""

    def task_finished(self, task: TaskReport) -> None:
        """See `Observer`."""

    def run_finished(self, report: RunReport) -> None:
        """See `Observer`."""

    def request_finished(
        self, server: str, outcome: Outcome, error: EngineError | None = None
    ) -> None:
        """See `Observer`."""

    def server_seen(self, server: str, sample: ServerSample) -> None:
        """See `Observer`."""

    def limit_changed(self, server: str, change: LimitChange) -> None:
        """See `Observer`."""

    def load_changed(self, server: str, load: Load) -> None:
        """See `Observer`."""


class Observers:
    """Several observers as one. What one of them raises is logged and stays with it.

    Args:
        all_of_them: told in this order.
    """

    def __init__(self, all_of_them: Iterable[Observer] = ()) -> None:
        self._all = tuple(all_of_them)

    def __bool__(self) -> bool:
        return bool(self._all)

    def run_started(self, run: RunStarted) -> None:
        """See `Observer`."""
        self._tell(lambda each: each.run_started(run))

    def task_finished(self, task: TaskReport) -> None:
        """See `Observer`."""
        self._tell(lambda each: each.task_finished(task))

    def run_finished(self, report: RunReport) -> None:
        """See `Observer`."""
        self._tell(lambda each: each.run_finished(report))

    def request_finished(
        self, server: str, outcome: Outcome, error: EngineError | None = None
    ) -> None:
        """See `Observer`."""
        self._tell(lambda each: each.request_finished(server, outcome, error))

    def server_seen(self, server: str, sample: ServerSample) -> None:
        """See `Observer`."""
        self._tell(lambda each: each.server_seen(server, sample))

    def limit_changed(self, server: str, change: LimitChange) -> None:
        """See `Observer`."""
        self._tell(lambda each: each.limit_changed(server, change))

    def load_changed(self, server: str, load: Load) -> None:
        """See `Observer`."""
        self._tell(lambda each: each.load_changed(server, load))

    def _tell(self, what: Callable[[Observer], None]) -> None:
        for observer in self._all:
            try:
                what(observer)
            except Exception:
                _log.exception("an observer failed: %s", type(observer).__name__)


_registered: list[Observer] = []
_lock = threading.Lock()


def register(observer: Observer) -> None:
    """Have an observer told of every run that starts from now on; without effect a second time."""
    with _lock:
        if not any(each is observer for each in _registered):
            _registered.append(observer)


def unregister(observer: Observer) -> None:
    """Tell an observer nothing about later runs; without effect for one that is not registered."""
    with _lock:
        _registered[:] = [each for each in _registered if each is not observer]


def observers(*others: Observer) -> Observers:
    """The registered observers, and others, as one."""
    with _lock:
        return Observers((*_registered, *others))


def server_name(base_url: str) -> str:
    """The host and port of a base URL, without the user and password it may carry."""
    return urlsplit(base_url).netloc.rpartition("@")[2]
