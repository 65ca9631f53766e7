"""The limit's growth where the server tells nothing: by latency per output token.

Raw latency follows the answers' length, latency per output token follows the load. One generation
of answers (as many as are in flight) is compared with one at a lower limit. If `n` times the
requests took only a little longer per token, the server had room; if they took `n` times as long,
the added ones only waited. The **gain** is that share::

    gain = 1 - ln(latency ÷ latency before) ÷ ln(requests ÷ requests before)

1 is free, 0 is a queue. The next step tapers with it, a step that did not pay is taken back, and
then nothing is tried for a while. (Netflix's gradient limits compare with a latency at rest
instead; a GPU's latency rises several times on the way to its best throughput, and they would stop
there too early.)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log
from statistics import median

__all__ = ["LatencyLaw"]

_GENERATION = 12
"""Answers in a generation at least: the median of fewer is too rough to compare."""

_STEP = 0.5
"""Growth of a step that was free so far. Smaller ones drown in the noise of a dozen answers."""

_LEAST_GAIN = 0.25
"""A step that gains less has mostly made a queue."""

_SAME = 0.1
"""Loads within this share of each other are one load: their latencies are not compared."""

_REST = 8
"""Generations without a try after one that did not pay: at most one in nine is spent on it."""

_SLOWED = 1.5
"""At one load, this many times the latency before is more than noise: somebody else has come."""

_BACK_OFF = 0.8
"""What is kept of the limit then."""


@dataclass
class LatencyLaw:
    """Watches answers and says by which factor the limit should change."""

    _latencies: list[float] = field(default_factory=list)
    _in_flight: int = 0
    _reference: tuple[float, float] | None = None
    _gain: float = 1.0
    _rest: int = 0

    def answered(self, seconds_per_token: float, in_flight: int) -> float | None:
        """An answer came back; the factor for the limit when a generation is complete."""
        self._latencies.append(seconds_per_token)
        self._in_flight += in_flight
        if len(self._latencies) < max(_GENERATION, in_flight):
            return None
        load = self._in_flight / len(self._latencies)
        latency = median(self._latencies)
        self._latencies, self._in_flight = [], 0
        return self._judge(max(load, 1.0), max(latency, 1e-6))

    def _judge(self, load: float, latency: float) -> float:
        if self._reference is None or load < self._reference[0] * (1 - _SAME):
            self._reference = (load, latency)
            return self._next_step()
        before, latency_before = self._reference
        if load < before * (1 + _SAME):
            return self._at_one_load(load, latency, latency_before)
        self._gain = min(1.0, 1 - log(latency / latency_before) / log(load / before))
        if self._gain < _LEAST_GAIN:
            self._rest = _REST
            return before / load
        self._reference = (load, latency)
        return self._next_step()

    def _at_one_load(self, load: float, latency: float, before: float) -> float:
        self._reference = (load, 0.7 * before + 0.3 * latency)
        return _BACK_OFF if latency > _SLOWED * before else self._next_step()

    def _next_step(self) -> float:
        if self._rest > 0:
            self._rest -= 1
            return 1.0
        return 1.0 + _STEP * max(_LEAST_GAIN, self._gain)
