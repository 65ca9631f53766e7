"""Who lets a task go to the server: a fixed limit, or the server's own capacity.

The strategies of the design note count requests against one limit of the process. The adaptive one
counts tokens at the server's gate, which knows what its KV cache holds.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Hashable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from lexicue.engines import Cost, Tell
from lexicue.scheduling import Gate, Request, Unit, process_limit

__all__ = ["Admission", "Admitted", "FixedAdmission", "GateAdmission"]


@dataclass(frozen=True, slots=True)
class Admitted:
    """A task that may go.

    Attributes:
        waited_s: how long it waited for that.
        tell: hears how its requests end; None where nobody learns from it.
    """

    waited_s: float
    tell: Tell | None = None


class Admission(Protocol):
    """Lets tasks go, one way or another."""

    def admit(self, unit: Unit, cost: Cost | None) -> AbstractAsyncContextManager[Admitted]:
        """Wait until the task may go, and hold its place while the block runs."""
        ...


@dataclass(frozen=True, slots=True)
class FixedAdmission:
    """So many tasks in flight in the process and no more.

    Attributes:
        at_most: tasks.
    """

    at_most: int

    @asynccontextmanager
    async def admit(self, unit: Unit, cost: Cost | None) -> AsyncIterator[Admitted]:  # noqa: ARG002
        """Wait for one of the process's slots."""
        started = time.perf_counter()
        async with process_limit().slot(self.at_most):
            yield Admitted(time.perf_counter() - started)


@dataclass(frozen=True, slots=True)
class GateAdmission:
    """As many tasks as their tokens fit the server.

    Attributes:
        gate: the server's, shared by all jobs.
        job: whose tasks these are.
        priority: of the job; a higher one goes first.
        at_most: tasks in flight in the process, whatever fits.
    """

    gate: Gate
    job: Hashable
    priority: int
    at_most: int

    @asynccontextmanager
    async def admit(self, unit: Unit, cost: Cost | None) -> AsyncIterator[Admitted]:
        """Wait until the server has room for the task's tokens."""
        assert cost is not None, "only an engine with a server has a gate"
        request = Request(
            job=self.job,
            chunk=unit.chunk.number,
            task=unit.task,
            prefix_tokens=cost.prefix_tokens,
            own_tokens=cost.own_tokens,
            most_output=cost.most_output,
            common=cost.common,
            common_tokens=cost.common_tokens,
            priority=self.priority,
            at_most=self.at_most,
        )
        async with self.gate.slot(request) as slot:
            yield Admitted(slot.waited_s, lambda outcome, _: slot.tell(outcome))
