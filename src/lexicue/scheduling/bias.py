"""How far the forecast is off: what the server holds for us, by what we take it to hold.

Where an answer stands in its last block, how fast the answers under way grow and what a chat
template adds are estimates. Their error is seen at every look at which all that is on the server is
ours and all of it runs.
"""

from __future__ import annotations

from lexicue.scheduling.capacity import ServerSample
from lexicue.scheduling.evidence import Load

__all__ = ["Bias"]

_STEP = 0.25
"""Of the difference per look: one look catches requests between two states, four do not."""

_ENOUGH = 0.3
"""Of the capacity in use, below which odds and ends weigh too much."""

_LEAST, _MOST = 1.0, 1.25
"""Bounds. Less than forecast is not believed: prompts still being computed look like that, and in
the tests' simulations down to 0.9 wins no time and costs several times the preemptions."""


class Bias:
    """Follows tokens in use ÷ tokens taken to be in use."""

    def __init__(self) -> None:
        self.factor = 1.0
        """To multiply a forecast with."""

    def learn(self, sample: ServerSample, load: Load, capacity: int | None) -> None:
        """Learn from a look at a server of this capacity while our `load` was in flight.

        `load` was forecast with the factor as it is.
        """
        if not capacity or not load.holding or sample.waiting or sample.running != load.requests:
            return
        used = (sample.kv_usage or 0.0) * capacity
        if used >= _ENOUGH * capacity:
            step = 1 + _STEP * (used / load.holding - 1)
            self.factor = min(_MOST, max(_LEAST, self.factor * step))
