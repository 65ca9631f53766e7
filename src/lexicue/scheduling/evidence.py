"""What the limiter learns from and tells: how requests ended, what is in flight, how it decided."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

__all__ = ["Ending", "LimitChange", "Load", "Outcome"]


class Ending(StrEnum):
    """How a request ended, as far as the limit is concerned."""

    OK = "ok"
    OVERLOADED = "overloaded"
    """429 or 503."""
    TIMEOUT = "timeout"
    """No answer in time."""
    UNREACHABLE = "unreachable"
    """Refused or reset: the server is down, or restarting."""
    FAILED = "failed"
    """Anything else; no evidence about load."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One request (one try) that came back, or did not.

    Attributes:
        task: what was asked.
        status: how it ended.
        prompt_tokens: of the whole prompt, cached ones counted.
        cached_tokens: of those, from the server's prefix cache.
        output_tokens: generated.
        seconds: from sending to the end.
        retry_after_s: what the server asked to wait, where it did.
        most_output: the request's ``max_tokens``, where there was one.
        counted_prompt: tokens of the prompt, as counted beforehand; 0 where nobody did.
    """

    task: str
    status: Ending
    prompt_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    retry_after_s: float | None = None
    most_output: int | None = None
    counted_prompt: int = 0


@dataclass(frozen=True, slots=True)
class Load:
    """What we have on the server now, and want on it (the gate keeps it).

    Attributes:
        tokens: that the requests in flight will hold at their peak.
        holding: that they hold now, as far as we can tell.
        requests: in flight.
        waiting: at our gate.
    """

    tokens: int = 0
    holding: int = 0
    requests: int = 0
    waiting: int = 0


class LimitChange(NamedTuple):
    """A step of the limit, for the run report.

    Attributes:
        at: seconds, on the limiter's clock.
        limit_tokens: from now on.
        reason: ``start``, ``room``, ``preemption``, ``queue``, ``foreign load`` …
    """

    at: float
    limit_tokens: int
    reason: str
