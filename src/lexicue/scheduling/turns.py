"""Short turns between threads while requests are in flight.

A thread that computes keeps the interpreter for 5 ms at a time. The event loop wants it several
times for one answer, so with grounding beside it the next request leaves tens of milliseconds late
and the server idles. Turns of half a millisecond cost the computing thread little.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["SHORT_TURN_S", "short_turns"]

SHORT_TURN_S = 0.0005
"""Seconds. Measured with 16 in flight: in-flight ratio to a bare client 0.96, with 5 ms 0.88."""

_lock = threading.Lock()
_users = 0
_usual_s = 0.005


@contextmanager
def short_turns() -> Iterator[None]:
    """Let threads take short turns while the block runs; the interpreter's own setting after.

    The setting is the process's. Runs side by side share it: the first sets it, the last resets it.
    """
    global _users, _usual_s
    with _lock:
        if _users == 0:
            _usual_s = sys.getswitchinterval()
            sys.setswitchinterval(min(SHORT_TURN_S, _usual_s))
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                sys.setswitchinterval(_usual_s)
