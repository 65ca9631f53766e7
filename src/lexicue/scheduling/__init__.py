"""Scheduling: in which order, and how many at once, the tasks of the chunks are worked on.

It knows no engine: it schedules any async callable over (chunk, task).
"""

from lexicue.scheduling.concurrency import ConcurrencyLimit, process_limit
from lexicue.scheduling.meter import InFlightMeter
from lexicue.scheduling.runner import run_stages
from lexicue.scheduling.strategies import STRATEGIES, Stages, Unit, stages_for

__all__ = [
    "STRATEGIES",
    "ConcurrencyLimit",
    "InFlightMeter",
    "Stages",
    "Unit",
    "process_limit",
    "run_stages",
    "stages_for",
]
