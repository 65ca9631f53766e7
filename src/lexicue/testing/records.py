"""What the server saw: each chat request, and how many there were at once."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lexicue.model import Task
from lexicue.testing.asked import ChatCall
from lexicue.testing.faults import FaultKind

__all__ = ["RequestLog", "RequestRecord"]


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One chat request, as it stood when it was looked at.

    Attributes:
        number: its place among the chat requests, from 1.
        started: when it came, in seconds of ``time.monotonic``.
        task: words, phrases, or None for a request that is about neither.
        chunk: the text it asks about.
        messages: role and text of each message.
        body: the JSON that came.
        ended: when it was answered, dropped or left; None while it is in work.
        status: of the response; None for a request in work, one whose connection was reset, and
            one whose client left.
        fault: the fault it met.
        disconnected: whether the client left before the answer.
    """

    number: int
    started: float
    task: Task | None = None
    chunk: str = ""
    messages: tuple[tuple[str, str], ...] = ()
    body: Mapping[str, Any] | None = None
    ended: float | None = None
    status: int | None = None
    fault: FaultKind | None = None
    disconnected: bool = False


class RequestLog:
    """The records of the last requests, and the load; read from any thread.

    Args:
        keep: records kept; older ones go.
        clock: seconds that only go forward.
    """

    def __init__(self, keep: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._keep = keep
        self._clock = clock
        self._lock = threading.Lock()
        self._records: OrderedDict[int, RequestRecord] = OrderedDict()
        self._in_flight = 0
        self._peak = 0
        self._area = 0.0
        self._first: float | None = None
        self._last = 0.0

    def start(self, number: int) -> None:
        """A request has come."""
        with self._lock:
            now = self._step(+1)
            self._records[number] = RequestRecord(number, now)
            while len(self._records) > self._keep:
                self._records.popitem(last=False)

    def describe(self, call: ChatCall, fault: FaultKind | None) -> None:
        """What the request asks for is now known."""
        self._update(
            call.number,
            task=call.task,
            chunk=call.chunk,
            messages=call.messages,
            body=call.body,
            fault=fault,
        )

    def end(self, number: int, status: int | None, *, disconnected: bool = False) -> None:
        """The request is done with."""
        with self._lock:
            now = self._step(-1)
        self._update(number, ended=now, status=status, disconnected=disconnected)

    def _update(self, number: int, **changes: Any) -> None:
        with self._lock:
            if number in self._records:
                self._records[number] = replace(self._records[number], **changes)

    def _step(self, change: int) -> float:
        """One request more or less, from now on."""
        now = self._clock()
        if self._first is None:
            self._first = now
        else:
            self._area += self._in_flight * (now - self._last)
        self._last = now
        self._in_flight += change
        self._peak = max(self._peak, self._in_flight)
        return now

    @property
    def records(self) -> list[RequestRecord]:
        """The requests, oldest first."""
        with self._lock:
            return list(self._records.values())

    @property
    def in_flight(self) -> int:
        """Requests in work now."""
        return self._in_flight

    @property
    def peak(self) -> int:
        """The most requests there were in work at once."""
        return self._peak

    @property
    def mean(self) -> float:
        """Requests in work on average, from the first one's start to the last change."""
        with self._lock:
            span = self._last - (self._first or 0.0)
            return self._area / span if span > 0 else 0.0
