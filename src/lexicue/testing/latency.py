"""How long an answer takes, where no model of a server's engine says so."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lexicue.testing.engine import Job

__all__ = ["Latency", "Lognormal", "seconds_for"]

Latency = float | Callable[["Job"], float]
"""Seconds for every answer, or a function that tells the seconds of a job."""


@dataclass(frozen=True, slots=True)
class Lognormal:
    """Latency as servers have it: most answers near the median, a few much later.

    The same prompts take the same time in every run, in whatever order they arrive.

    Attributes:
        median: seconds that half of the answers stay under.
        sigma: spread of the logarithm; 0.5 puts one answer in a hundred at 3.2 times the median.
        seed: another one gives other times.
    """

    median: float
    sigma: float = 0.5
    seed: int = 0

    def __call__(self, job: Job) -> float:
        """The seconds of a job."""
        return job.call.random(self.seed).lognormvariate(math.log(self.median), self.sigma)


def seconds_for(latency: Latency, job: Job) -> float:
    """How long a job takes."""
    return latency(job) if callable(latency) else latency
