"""Scheduling: in which order, and how many at once, the tasks of the chunks are worked on.

It knows no engine: it schedules any async callable over (chunk, task).
"""

from lexicue.scheduling.capacity import CapacityWatch, ServerSample, read_metrics
from lexicue.scheduling.concurrency import ConcurrencyLimit, process_limit
from lexicue.scheduling.gate import Gate, Request, Slot, gate_for
from lexicue.scheduling.limiter import Ending, LimitChange, Limiter, Outcome
from lexicue.scheduling.meter import InFlightMeter
from lexicue.scheduling.runner import run_stages
from lexicue.scheduling.strategies import STRATEGIES, Stages, Unit, stages_for

__all__ = [
    "STRATEGIES",
    "CapacityWatch",
    "ConcurrencyLimit",
    "Ending",
    "Gate",
    "InFlightMeter",
    "LimitChange",
    "Limiter",
    "Outcome",
    "Request",
    "ServerSample",
    "Slot",
    "Stages",
    "Unit",
    "gate_for",
    "process_limit",
    "read_metrics",
    "run_stages",
    "stages_for",
]
