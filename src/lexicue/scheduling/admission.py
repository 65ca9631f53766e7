"""What is in flight, what it will hold at its peak, and who may go next. No waiting here.

vLLM's cache is made of blocks. Requests share the whole blocks of a common prefix; what is behind
them, and the answer, fills blocks of their own, the last one by half on average. A request holds
its prompt at first and its whole answer at its end, when everything it holds is given back. All
answers grow alike, so with the requests sorted by what they have yet to come the peak is::

    max over i of  Σ over j that end with i or later (held by j now + tokens to come of i) + z · s

(the "past-future" forecast of LightLLM's scheduler, ASPLOS 2025, made at the client). Requests that
began together count with their whole answers, requests spread over time with less. `s` is the
deviation of the sum of what those requests hold.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from math import sqrt
from operator import itemgetter
from typing import NamedTuple

from lexicue.scheduling.evidence import Load
from lexicue.scheduling.expectation import Asked
from lexicue.scheduling.limiter import Limiter
from lexicue.scheduling.lobby import Lobby, Request, Ticket

__all__ = ["Admission"]


_DEVIATIONS = 1.0
"""z. The highest of all moments is cautious already: in the tests' simulations 2 wins nothing, and
with 0 there is up to one preemption more per hundred requests."""

_FIRST_PAIR = 2
"""Requests with which a job is new: a video of one chunk should not wait for one of fifty, and the
reserve is there when it comes."""


@dataclass(slots=True)
class _Prefix:
    tokens: int
    holders: int = 0


class _Prompt(NamedTuple):
    """A prompt in the cache: the shared parts by name, outermost first, and what is its own."""

    shared: tuple[tuple[Hashable, int], ...]
    own: int


@dataclass(frozen=True, slots=True)
class _Held:
    """A request in flight: its prompt in the cache, when it was sent, and for what."""

    prompt: _Prompt
    sent_at: float
    asked: Asked


@dataclass(frozen=True, slots=True)
class _Forecast:
    """Tokens held now and at the peak, and the tokens to come of an answer that ends there."""

    now: int
    peak: int
    until: float = 0.0


class _InFlight:
    """The requests at the server."""

    def __init__(self, limiter: Limiter, clock: Callable[[], float]) -> None:
        self._limiter = limiter
        self._clock = clock
        self._held: dict[Ticket, _Held] = {}
        self._prefixes: dict[Hashable, _Prefix] = {}
        self._asked: Counter[Asked] = Counter()
        self._prompts = 0
        self.latest = _Forecast(0, 0)
        """The last forecast made; as good as a new one while nothing has come or gone."""

    @property
    def requests(self) -> int:
        return len(self._held)

    def holds(self, request: Request) -> bool:
        return request.prefix in self._prefixes

    def add(self, ticket: Ticket) -> None:
        request = ticket.request
        prompt = self._prompt_of(request)
        for name, tokens in prompt.shared:
            prefix = self._prefixes.setdefault(name, _Prefix(tokens))
            self._prompts += 0 if prefix.holders else prefix.tokens
            prefix.holders += 1
        self._prompts += prompt.own
        self._asked[request.asked] += 1
        self._held[ticket] = _Held(prompt, self._clock(), request.asked)

    def remove(self, ticket: Ticket) -> None:
        prompt = self._held.pop(ticket).prompt
        self._prompts -= prompt.own
        for name, _ in prompt.shared:
            prefix = self._prefixes[name]
            prefix.holders -= 1
            if not prefix.holders:
                self._prompts -= prefix.tokens
                del self._prefixes[name]
        asked = ticket.request.asked
        self._asked[asked] -= 1
        if not self._asked[asked]:
            del self._asked[asked]

    def cost(self, request: Request) -> int:
        """Tokens that one more would hold at its end."""
        answer = self._limiter.progress(request.asked, 0.0).to_come
        return self._added_by(self._prompt_of(request)) + round(answer)

    def _added_by(self, prompt: _Prompt) -> int:
        """Tokens of a prompt that nothing in flight holds."""
        new = (tokens for name, tokens in prompt.shared if name not in self._prefixes)
        return prompt.own + sum(new)

    def _prompt_of(self, request: Request) -> _Prompt:
        """A prompt in whole shared blocks, and blocks of its own with half a block to spare."""
        block, scale = self._limiter.block_size, self._limiter.prompt_scale
        prefix = round(scale * request.prefix_tokens)
        own = round(scale * request.own_tokens) + block // 2
        if not self._limiter.shares_prefixes:
            return _Prompt(((request.prefix, 0),), prefix + own)
        common = round(scale * request.common_tokens) // block * block
        shared = max(common, prefix // block * block)
        parts = (("common", request.common), common), (request.prefix, shared - common)
        return _Prompt(parts, max(0, prefix - shared) + own)

    def forecast(self, request: Request | None = None) -> _Forecast:
        """What will be held, with one more request if one is given."""
        parts, held = self._parts(request)
        peak, until = _peak(parts)
        bias = self._limiter.bias
        self.latest = _Forecast(round(bias * held), round(bias * peak), until)
        return self.latest

    def surely_exceeds(self, request: Request, limit: int) -> bool:
        """Whether one more is too much already at the peak of the latest forecast.

        It must be one of what is in flight now, and the request has to last until that peak.
        """
        added = self._added_by(self._prompt_of(request))
        answer = self._limiter.progress(request.asked, 0.0).to_come
        until = self.latest.until
        peak = self.latest.peak + self._limiter.bias * (added + until)
        return answer >= until and peak > limit

    def surely_fits(self, request: Request, limit: int) -> bool:
        """Whether one more fits though every answer be far longer than expected; takes no time."""
        longest = self._limiter.longest_output
        answers = sum(count * longest(asked) for asked, count in self._asked.items())
        added = self._added_by(self._prompt_of(request))
        most = self._prompts + answers + added + longest(request.asked)
        return self._limiter.bias * most <= limit

    def _parts(self, request: Request | None) -> tuple[list[_Part], int]:
        """Requests and prefixes in flight, one more request, and the tokens held without that.

        Where in its last block a request ends is anybody's guess: the variance of that is added.
        """
        now, progress = self._clock(), self._limiter.progress
        rounding = self._limiter.block_size**2 / 12
        parts: list[_Part] = []
        last: dict[Hashable, float] = {}
        generated = 0.0
        if request is not None:
            prompt, answer = self._prompt_of(request), progress(request.asked, 0.0)
            parts.append((answer.to_come, self._added_by(prompt), 1, answer.variance))
            last = dict.fromkeys((name for name, _ in prompt.shared), answer.to_come)
        for held in self._held.values():
            done, to_come, variance = progress(held.asked, now - held.sent_at)
            parts.append((to_come, held.prompt.own + done, 1, variance + rounding))
            generated += done
            for name, _ in held.prompt.shared:
                if to_come > last.get(name, 0.0):
                    last[name] = to_come
        parts.extend((last[name], kept.tokens, 0, 0.0) for name, kept in self._prefixes.items())
        return parts, self._prompts + round(generated)


_Part = tuple[float, float, int, float]
"""Tokens to come until it is given back, tokens held, whether it grows, variance of its length."""


def _peak(parts: list[_Part]) -> tuple[int, float]:
    """Tokens held at the peak, and the tokens to come of an answer that ends at it."""
    parts.sort(key=itemgetter(0), reverse=True)
    held = peak = spread = until = 0.0
    growing = 0
    for to_come, tokens, grows, variance in parts:
        held += tokens
        growing += grows
        spread += variance
        there = held + growing * to_come + _DEVIATIONS * sqrt(spread)
        if there > peak:
            peak, until = there, to_come
    return round(peak), until


class _Jobs:
    """How much of each job is here, and whether anything of it has been admitted yet."""

    def __init__(self) -> None:
        self._here: Counter[Hashable] = Counter()
        self._admitted: Counter[Hashable] = Counter()

    def came(self, job: Hashable) -> None:
        self._here[job] += 1

    def admitted(self, job: Hashable) -> None:
        self._admitted[job] += 1

    def left(self, job: Hashable) -> None:
        self._here[job] -= 1
        if not self._here[job]:
            del self._here[job], self._admitted[job]

    def is_new(self, job: Hashable) -> bool:
        return self._admitted[job] < _FIRST_PAIR


class Admission:
    """Who waits, what is in flight, and who may go. The gate calls it under its lock.

    Args:
        limiter: says how many tokens may be in flight.
        clock: the limiter's clock.
    """

    def __init__(self, limiter: Limiter, clock: Callable[[], float] = time.monotonic) -> None:
        self.limiter = limiter
        self.lobby = Lobby()
        self._clock = clock
        self._in_flight = _InFlight(limiter, clock)
        self._jobs = _Jobs()
        self._is_fresh = False

    @property
    def load(self) -> Load:
        """What is in flight and waiting now."""
        self._in_flight.forecast()
        return self.recent_load

    @property
    def recent_load(self) -> Load:
        """The same by the last forecast made, which takes no time."""
        latest = self._in_flight.latest
        return Load(latest.peak, latest.now, self._in_flight.requests, len(self.lobby))

    def cost(self, request: Request) -> int:
        """Tokens that a request would hold at its end, besides what is in flight."""
        return self._in_flight.cost(request)

    def ask(self, ticket: Ticket) -> bool:
        """Wait for a place; whether it is this one's turn now.

        If it is not, whoever's turn it is has been found not to fit, and still does not.
        """
        request = ticket.request
        is_mate, is_new = self._in_flight.holds(request), self._jobs.is_new(request.job)
        self.lobby.add(ticket, is_mate=is_mate, is_new=is_new)
        self._jobs.came(request.job)
        return self.lobby.next(self._in_flight.requests) is ticket

    def withdraw(self, ticket: Ticket) -> None:
        """Give up waiting, or give back the place."""
        self._jobs.left(ticket.request.job)
        if ticket.is_admitted:
            self._in_flight.remove(ticket)
        else:
            self.lobby.remove(ticket)

    def admit(self) -> Iterator[Ticket]:
        """Everyone whose turn it is and who fits; each is in flight when it is yielded."""
        if self._clock() < self.limiter.paused_until:
            return
        self._is_fresh = False
        while (ticket := self.lobby.next(self._in_flight.requests)) is not None:
            if not self._fits(ticket.request):
                return
            self.lobby.take(ticket)
            ticket.is_admitted = True
            self._in_flight.add(ticket)
            self._jobs.admitted(ticket.request.job)
            yield ticket

    def _fits(self, request: Request) -> bool:
        """Within the limit, or alone: a request larger than the limit must go some time.

        The bounds come first: a forecast looks at everything in flight.
        """
        in_flight, limit = self._in_flight, self._limit_for(request)
        if in_flight.requests == 0 or in_flight.surely_fits(request, limit):
            return True
        if self._is_fresh and in_flight.surely_exceeds(request, limit):
            return False
        self._is_fresh = True
        return in_flight.forecast(request).peak <= limit

    def _limit_for(self, request: Request) -> int:
        is_new = self._jobs.is_new(request.job)
        return self.limiter.newcomer_limit_tokens if is_new else self.limiter.limit_tokens
