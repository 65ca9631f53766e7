"""Where requests wait until the server has room: one gate per server, shared by all jobs.

Videos may be worked on side by side, in several event loops and threads; the server sees their
sum. So there is one gate, one limiter behind it, and the jobs take turns.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from lexicue.scheduling.admission import Admission
from lexicue.scheduling.capacity import ServerSample
from lexicue.scheduling.limiter import Ending, Limiter, Load, Outcome
from lexicue.scheduling.lobby import Request, Ticket

__all__ = ["Gate", "Request", "Slot", "gate_for"]

_LOOK_EVERY_S = 0.45
"""A little less than a watch pauses, so that a single watch is never told to skip a look."""


@dataclass(slots=True, eq=False)
class _Waiter(Ticket):
    loop: asyncio.AbstractEventLoop | None = None
    admitted: asyncio.Future[None] | None = None


class Slot:
    """A place at the server, held while the ``async with`` block runs.

    Attributes:
        waited_s: seconds it took to get in.
        charged_tokens: what it added to the tokens in flight.
    """

    def __init__(self, gate: Gate, waited_s: float, charged_tokens: int) -> None:
        self._gate = gate
        self.waited_s = waited_s
        self.charged_tokens = charged_tokens

    def tell(self, outcome: Outcome) -> None:
        """Tell how a try ended, as soon as it has; several tries may use one slot."""
        self._gate.finished(outcome)


class Gate:
    """Admits requests as far as the limiter's tokens go.

    ::

        async with gate.slot(Request(job, chunk.number, "words", 2000, 60)) as slot:
            ...                                   # ask the server
            slot.tell(Outcome("words", Ending.OK, output_tokens=340, seconds=4.2))

    Safe to share between event loops and threads.

    Args:
        limiter: decides how much.
        clock: the limiter's clock.
    """

    def __init__(self, limiter: Limiter, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._admission = Admission(limiter, clock)
        self._loops: Counter[asyncio.AbstractEventLoop] = Counter()
        self._alarms: dict[asyncio.AbstractEventLoop, float] = {}
        self._looked_at = float("-inf")

    @property
    def limiter(self) -> Limiter:
        """Decides how much; read it, but tell it things through the gate."""
        return self._admission.limiter

    @property
    def load(self) -> Load:
        """What is in flight and waiting now."""
        with self._lock:
            return self._admission.load

    def observe(self, sample: ServerSample) -> None:
        """A look at the server: ``CapacityWatch(fetch, gate.observe, gate.look_due)``."""
        with self._lock:
            self.limiter.observe(sample, self._admission.load)
            self._admit()

    def finished(self, outcome: Outcome) -> None:
        """A try that ended; `Slot.tell` is the usual way."""
        with self._lock:
            is_news = self.limiter.is_down or outcome.status is not Ending.OK
            admission = self._admission
            self.limiter.finished(outcome, admission.load if is_news else admission.recent_load)
            if is_news:
                self._admit()

    def look_due(self) -> bool:
        """Whether a watch should look now; true for one only of several that ask at once."""
        with self._lock:
            now = self._clock()
            is_due = now - self._looked_at >= _LOOK_EVERY_S
            if is_due:
                self._looked_at = now
            return is_due

    @asynccontextmanager
    async def slot(self, request: Request) -> AsyncIterator[Slot]:
        """Wait until there is room, and hold it."""
        asked_at = self._clock()
        waiter = _Waiter(request, loop=asyncio.get_running_loop())
        charged = await self._enter(waiter)
        try:
            yield Slot(self, self._clock() - asked_at, charged)
        finally:
            self._leave(waiter)

    async def _enter(self, waiter: _Waiter) -> int:
        with self._lock:
            charged = self._admission.cost(waiter.request)
            if self._admission.ask(waiter):
                self._admit()
            if waiter.is_admitted:
                return charged
            assert waiter.loop is not None
            waiter.admitted = waiter.loop.create_future()
            self._loops[waiter.loop] += 1
            self._set_alarms()
        try:
            await waiter.admitted
        except asyncio.CancelledError:
            self._leave(waiter)
            raise
        return charged

    def _leave(self, waiter: _Waiter) -> None:
        with self._lock:
            self._admission.withdraw(waiter)
            if not waiter.is_admitted:
                self._wait_no_more(waiter)
            self._admit()

    # --- the lock is held in everything below

    def _admit(self) -> None:
        for ticket in self._admission.admit():
            if isinstance(ticket, _Waiter) and ticket.admitted is not None:
                self._call_in(ticket)
        if len(self._admission.lobby):
            self._set_alarms()

    def _call_in(self, waiter: _Waiter) -> None:
        assert waiter.loop is not None
        self._wait_no_more(waiter)
        try:
            waiter.loop.call_soon_threadsafe(_set, waiter.admitted)
        except RuntimeError:  # its loop was closed while it waited
            self._admission.withdraw(waiter)

    def _wait_no_more(self, waiter: _Waiter) -> None:
        assert waiter.loop is not None
        self._loops[waiter.loop] -= 1
        if not self._loops[waiter.loop]:
            del self._loops[waiter.loop]
            self._alarms.pop(waiter.loop, None)

    def _set_alarms(self) -> None:
        """While the limiter pauses, have every loop with a waiter come back when it ends."""
        until = self.limiter.paused_until
        if until <= self._clock():
            return
        for loop in self._loops:
            if self._alarms.get(loop) != until:
                self._alarms[loop] = until
                with suppress(RuntimeError):
                    loop.call_soon_threadsafe(self._set_alarm, loop, until)

    # --- in an event loop

    def _set_alarm(self, loop: asyncio.AbstractEventLoop, until: float) -> None:
        loop.call_later(max(0.0, until - self._clock()) + 0.001, self._alarm)

    def _alarm(self) -> None:
        with self._lock:
            self._alarms.clear()
            self._admit()


def _set(future: asyncio.Future[None] | None) -> None:
    if future is not None and not future.done():
        future.set_result(None)


_gates: dict[str, Gate] = {}
_gates_lock = threading.Lock()


def gate_for(base_url: str, kv_tokens: int | None = None) -> Gate:
    """The gate of a server, which all jobs of this process share.

    Args:
        base_url: names the server.
        kv_tokens: its capacity from the settings, used until it tells one itself.
    """
    with _gates_lock:
        name = base_url.rstrip("/")
        if name not in _gates:
            _gates[name] = Gate(Limiter(kv_tokens))
        return _gates[name]
