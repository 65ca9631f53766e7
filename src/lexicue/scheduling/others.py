"""What others hold on the server, told from what is there and is not ours."""

from __future__ import annotations

from lexicue.scheduling.capacity import ServerSample
from lexicue.scheduling.evidence import Load

__all__ = ["OthersLoad"]

_STEP = 0.5
"""Of the difference per look: half a second's error fades, a real load is met within two."""

_QUEUED_SHARE = 0.5
"""Of the capacity, to which others that wait are made room: an even share, however long their
queue is. What they hold already is theirs in any case."""

_NOTHING = 0.01
"""Of the capacity: less is the error of the estimate."""


class OthersLoad:
    """Follows the tokens of others, smoothed over a few looks."""

    def __init__(self) -> None:
        self.tokens = 0.0
        """What they hold, and what those of them that wait are made room for."""

    def learn(self, sample: ServerSample, load: Load, capacity: int | None) -> None:
        """Learn from a look at a server of this capacity while our `load` was in flight."""
        if capacity is None:
            return
        now = _tokens_of_others(sample, load, capacity)
        self.tokens += _STEP * (now - self.tokens)
        if self.tokens < _NOTHING * capacity:
            self.tokens = 0.0


def queued_of_ours(sample: ServerSample, load: Load) -> int:
    """Our requests that wait at the server, if those of others there all wait."""
    return (sample.waiting or 0) - requests_of_others(sample, load)


def requests_of_others(sample: ServerSample, load: Load) -> int:
    """Requests at the server that are not ours."""
    return max(0, (sample.running or 0) + (sample.waiting or 0) - load.requests)


def _tokens_of_others(sample: ServerSample, load: Load, capacity: int) -> float:
    used = (sample.kv_usage or 0.0) * capacity
    if sample.running is None or sample.waiting is None:
        return max(0.0, used - load.tokens)
    others = requests_of_others(sample, load)
    if not others:
        return 0.0
    running = sample.running / (sample.running + sample.waiting)
    holding = max(0.0, used - running * load.holding)
    return holding + _wanted(others, running, holding, capacity)


def _wanted(others: int, running: float, holding: float, capacity: int) -> float:
    """Tokens for those of them that wait: they came before requests of ours yet to be sent."""
    each = holding / max(1.0, others * running)
    room = max(0.0, _QUEUED_SHARE * capacity - holding)
    return min(each * others * (1 - running), room)
