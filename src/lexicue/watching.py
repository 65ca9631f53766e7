"""A run's eye on its server: looks at the metrics, for the gate and for the run's monitor."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from lexicue.engines import Engine, Tell
from lexicue.errors import EngineError
from lexicue.monitoring.run_monitor import RunMonitor
from lexicue.scheduling import (
    CapacityWatch,
    Gate,
    Outcome,
    ServerSample,
    process_limit,
    read_metrics,
)
from lexicue.scheduling.limiter import Load

__all__ = ["ServerWatch"]

_LAST_LOOK_S = 1.0


class ServerWatch:
    """Looks at a server while a run works there, and passes on what it sees.

    Args:
        engine: the run's.
        base_url: the server's; None for an engine without one.
        gate: what decides how much is in flight; None for a fixed limit.
    """

    def __init__(self, engine: Engine, base_url: str | None, gate: Gate | None) -> None:
        self._engine = engine
        self._has_server = base_url is not None
        self._gate = gate
        self.monitor = RunMonitor(base_url)

    @asynccontextmanager
    async def watching(self) -> AsyncGenerator[None]:
        """Look at the server's metrics now and then while the block runs."""
        if not self._has_server:
            yield
            return
        due = self._gate.look_due if self._gate else None
        async with CapacityWatch(self._engine.metrics, self._seen, due):
            try:
                yield
            finally:
                await self._look_once_more()
                self.look_at_load()

    async def _look_once_more(self) -> None:
        """A run shorter than the time between looks would hide what it did to the server."""
        with suppress(Exception):  # no job hears of a look that fails
            async with asyncio.timeout(_LAST_LOOK_S):
                text = await self._engine.metrics()
            if text:
                self._seen(read_metrics(text, time.monotonic()))

    def teller(self, tell: Tell | None) -> Tell:
        """Who hears how a task's requests end: the gate's slot, and the monitor."""

        def hear(outcome: Outcome, error: EngineError | None) -> None:
            if tell is not None:
                tell(outcome, error)
            self.monitor.request_finished(outcome, error)
            self.look_at_load()

        return hear

    def look_at_load(self) -> None:
        """Have the monitor see load and limit as they are now."""
        if self._gate is not None:
            self.monitor.look_at(self._gate)
        elif self._has_server:
            self.monitor.load_seen(Load(requests=process_limit().in_flight))

    def _seen(self, sample: ServerSample) -> None:
        if self._gate is not None:
            self._gate.observe(sample)
        self.monitor.server_seen(sample)  # the gate passes over one that follows too soon
        self.look_at_load()
