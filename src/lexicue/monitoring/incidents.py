"""What goes wrong with a server as a whole: it turns work away, its memory ran out, it died.

A client sees such an incident many times over, once for every request that was in flight. It is
told once: what comes within `WAVE_S` of the last of its kind belongs to it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from enum import StrEnum

from lexicue.errors import EngineError, ServerOverloadedError
from lexicue.scheduling.limiter import Ending, Outcome

__all__ = ["WAVE_S", "Incident", "IncidentWaves", "incident_in", "incident_of"]

WAVE_S = 30.0
"""Signs of one kind closer together than this are one incident: a request that was in flight when
an engine died is told so within seconds, and a pause before a retry is 30 s at most."""


class Incident(StrEnum):
    """A kind of incident."""

    OVERLOADED = "overloaded"  # 429 or 503
    OUT_OF_MEMORY = "out_of_memory"
    ENGINE_DEAD = "engine_dead"
    RESTARTED = "restarted"  # its counters began anew


_OUT_OF_MEMORY = re.compile(r"out of memory|OutOfMemoryError|more system memory", re.IGNORECASE)
"""In the words of PyTorch (CUDA and ROCm), llama.cpp and Ollama."""

_ENGINE_DEAD = re.compile(r"EngineDead|EngineCore (?:encountered|died)|engine is dead", re.I)
"""vLLM: ``EngineDeadError``, "EngineCore encountered an issue. See stack trace …"."""


def incident_in(error: EngineError | str | None) -> Incident | None:
    """The incident that an error, or a task's error text in a report, is a sign of; mostly none."""
    told = str(error or "")
    if _OUT_OF_MEMORY.search(told):
        return Incident.OUT_OF_MEMORY
    if _ENGINE_DEAD.search(told):
        return Incident.ENGINE_DEAD
    if isinstance(error, ServerOverloadedError) or told.startswith("ServerOverloadedError"):
        return Incident.OVERLOADED
    return None


def incident_of(outcome: Outcome, error: EngineError | None) -> Incident | None:
    """The incident that a request's end is a sign of; mostly none."""
    if outcome.status is Ending.OVERLOADED:
        return Incident.OVERLOADED
    return incident_in(error)


class IncidentWaves:
    """Tells a new incident from another sign of the last one.

    Args:
        clock: seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last_sign: dict[Incident, float] = {}

    def is_new(self, incident: Incident) -> bool:
        """Note a sign; whether an incident begins with it."""
        now = self._clock()
        last = self._last_sign.get(incident)
        self._last_sign[incident] = now
        return last is None or now - last > WAVE_S
