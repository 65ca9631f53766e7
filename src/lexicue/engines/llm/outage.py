"""Waiting for a server that is away: one that crashed or is being restarted comes back."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from lexicue.errors import ServerError, ServerUnreachableError

__all__ = ["Outage"]

_log = logging.getLogger("lexicue.llm")


class Outage:
    """Tells a server that is away from a request that fails.

    A connection that breaks again and again while the server answers others is the request's own
    fault. If nothing has come back since it broke the last time, it may be the server's.

    Args:
        base_url: names the server.
        longest_s: seconds without any answer that are waited for; 0 to wait for none.
        clock: seconds that only go forward.
    """

    def __init__(
        self, base_url: str, longest_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._url = base_url
        self._longest_s = longest_s
        self._clock = clock
        self._answered_at = clock()
        self._began: float | None = None

    def answered(self) -> None:
        """Something came back."""
        self._answered_at, self._began = self._clock(), None

    @property
    def is_given_up(self) -> bool:
        """Whether a server was waited for as long as it may be, and nothing has come back since."""
        waited_s = 0.0 if self._began is None else self._clock() - self._began
        return self._longest_s > 0 and waited_s >= self._longest_s

    def explains(self, error: ServerError, failed_before: float | None) -> bool:
        """Whether a request that ended so is to be asked again without counting the try.

        Args:
            error: how it ended.
            failed_before: when the same request failed the last time, on the clock; None if never.
        """
        was_up = failed_before is not None and self._answered_at > failed_before
        if was_up or not isinstance(error, ServerUnreachableError):
            return False
        if self._began is None:
            self._began = self._clock()
            if self._longest_s > 0:
                _log.warning("%s is away; waiting for it up to %.0f s", self._url, self._longest_s)
        return self._clock() - self._began < self._longest_s
