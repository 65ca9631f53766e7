"""Requests of ours that wait at the server, and whether that is too many for too long.

A queue belongs at our gate, where jobs take turns. But a wave of prompts being computed makes one
that passes by itself, and to hold back for that would leave the cache empty.
"""

from __future__ import annotations

from lexicue.scheduling.capacity import ServerSample
from lexicue.scheduling.evidence import Load
from lexicue.scheduling.others import queued_of_ours

__all__ = ["ServerQueue", "is_short"]

_SHORT = 0.125
"""Waiting at the server ÷ running. A new request waits for the next step: that is no queue."""

_LONG = 0.5
"""Waiting ÷ running above which a queue costs latency and wins nothing."""

_LOOKS = 6
"""Looks that a long one has to last at least. On a slow GPU a wave of long prompts takes ten
seconds, so a generation of answers has to come meanwhile, too."""

_KEPT = 0.25
"""Of what runs, left waiting there: the server should never look for work."""


class ServerQueue:
    """Follows the queue at a server."""

    def __init__(self) -> None:
        self._looks = 0
        self._answered_before = 0

    def learn(self, sample: ServerSample, load: Load, answered: int) -> None:
        """Learn from a look at the server.

        Args:
            sample: what it showed.
            load: what was in flight then.
            answered: answers so far.
        """
        if queued_of_ours(sample, load) <= max(1, _LONG * (sample.running or 0)):
            self._looks = 0
        else:
            self._answered_before = self._answered_before if self._looks else answered
            self._looks += 1

    def is_lasting(self, load: Load, answered: int) -> bool:
        """Whether a long one has been there while as many answers came as are in flight."""
        return self._looks >= _LOOKS and answered - self._answered_before >= load.requests

    def share_without(self, sample: ServerSample, load: Load) -> float:
        """What is left of our requests when all but a short queue are gone; then looks anew."""
        self._looks = 0
        kept = _KEPT * (sample.running or 0)
        queued = max(kept, queued_of_ours(sample, load))
        return max(1, load.requests - queued + kept) / max(1, load.requests)


def is_short(sample: ServerSample) -> bool:
    """Whether as good as nothing waits at the server, whoever it belongs to."""
    return (sample.waiting or 0) <= max(1, _SHORT * (sample.running or 0))
