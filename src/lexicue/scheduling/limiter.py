"""How many tokens of ours may be on one server at once: a pure state machine, no I/O.

**What is limited**: the tokens that our requests in flight will hold at their peak (`admission`
makes the forecast): prompts, a chunk that several requests share once, and answers as long as
answers of their task have been. vLLM admits in order of arrival, so what fits at its peak is not
preempted.

**The control law**, at every look at the server:

1. *Room* is ``0.98 × capacity − what others hold``, and there the limit starts: the forecast is
   what is careful, and takes every answer for as long as it may be until the first have come back.
2. *Grow* when requests wait at our gate and none to speak of at the server, and an answer has come
   back: ``× (1 + 0.5 × (1 − usage ÷ 0.98))``, so by half on an empty cache and not at all on a full
   one, and never over the room.
3. *Cut*, to a share of what is in flight: after a preemption 0.8; at a cache 97 % full
   ``0.9 ÷ usage``; at a queue longer than half of what runs, six looks on end and while as many
   answers came as are in flight, what leaves a quarter. Not again until what is in flight has
   drained to it.
4. *Turned away* (429, 503) or *timed out*: ``0.8 ×``, once per wave: requests sent before a cut
   say nothing new after it. Retry-After is waited for.
5. *Setbacks are remembered*: the limit stays below 0.9 × where it was too much, and returns by
   small steps, each after a number of answers without trouble.
6. *Others* on the server: requests there that are not ours. What they hold goes off our room, at
   half the difference per look, down to a fifth of the capacity, which is always ours.
7. *Down*: after a refused connection one request at a time probes, with growing pauses, until
   something answers. A *restart* starts over, but what was learned of the answers stays.
8. *No metrics*: by latency per output token (`latency_law`). *Stale metrics*: no look, no growth;
   cuts go on.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from math import inf

from lexicue.scheduling.bias import Bias
from lexicue.scheduling.capacity import ServerSample
from lexicue.scheduling.evidence import Ending, LimitChange, Load, Outcome
from lexicue.scheduling.expectation import Answers, Asked, Progress
from lexicue.scheduling.latency_law import LatencyLaw
from lexicue.scheduling.others import OthersLoad
from lexicue.scheduling.prompt_scale import PromptScale
from lexicue.scheduling.server_queue import ServerQueue, is_short
from lexicue.scheduling.setback import Setback

__all__ = ["Ending", "LimitChange", "Limiter", "Load", "Outcome"]

_RESERVE = 0.02
"""Kept free beside the forecast, which has the answers' deviation in it already. In the tests'
simulations 3 % costs up to a tenth of the speed where chunks are large, and none is preempted more.
"""

_NEWCOMER = 0.1
"""Of the capacity, above the limit but not above the capacity: for a job's first pair. A pair takes
6 % of a 24 GB card; as soon as one of the old jobs' requests ends the limit holds again."""

_BLIND_START_TOKENS = 16_384
"""Where the capacity is unknown: six requests of the default size; a 24 GB card holds 49,696."""

_OUR_SHARE = 0.2
"""Of the capacity, whatever others hold: beside a client that knows no limit less would be next to
nothing, and two of us beside each other would stay as uneven as they began."""

_FLOOR = 0.02
"""Of the capacity: no run of cuts goes further, so that the way back takes seconds."""

_GROWTH = 0.5
"""Growth per look on an empty cache: from the start to full in two looks."""

_SATURATED = 0.9
"""Share of the limit in use above which it binds though nothing waits: one more may not fit."""

_IN_USE = 0.5
"""With less than this in use the limit does not bind: raising it would be no experiment."""

_CUT = 0.8
"""What is kept after a preemption, a rejection or a time-out: one request of five fewer is felt at
once, and made up for in two looks if it was a mistake."""

_FULL = 0.97
"""Usage from which the next block may not be there: too late to wait for the preemption."""

_DRAINED_USAGE = 0.9
"""Usage that a full cache is drained to: what runs has room to grow by a tenth."""

_REMEMBERED = 0.9
"""Of what was in flight at a setback: the limit stays below. What was too much once will be again,
and half way back to the cut is not."""

_GENERATION = 8
"""Answers in a generation at least, so that one request alone is none."""

_LEAST_BETWEEN_S = 0.2
"""Looks nearer than this are one: several jobs may watch one server."""

_LONGEST_RETRY_AFTER_S = 120.0
"""A server that asks for more is not waited for: its clock or its proxy is off."""

_FIRST_PROBE_S = 0.5
_LONGEST_PROBE_S = 8.0
"""Pauses between probes of a server that is down, doubled from the first to the longest: a reset
connection costs half a second, and a server that is back is not kept waiting."""

_HOPELESS_S = 300.0
"""Down for so long, nothing is held back any more: those who wait are to learn that it is over."""

_KEPT_CHANGES = 512
"""Of the history: a change per second for eight minutes, and small."""


class Limiter:
    """Decides in tokens how much of ours may be on one server at once.

    Not safe to share between threads: the gate calls it under its lock.

    Args:
        kv_tokens: the capacity where it is known without metrics.
        clock: seconds that only go forward.
    """

    def __init__(
        self, kv_tokens: int | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._capacity = kv_tokens
        self._history: deque[LimitChange] = deque(maxlen=_KEPT_CHANGES)
        self._answers = Answers()
        self._prompt_scale = PromptScale()
        self._latest: ServerSample | None = None
        self._begin()

    def _begin(self) -> None:
        """The state beside a server of which only the capacity is known."""
        self._law = LatencyLaw()
        self._setback = Setback()
        self._others = OthersLoad()
        self._bias = Bias()
        self._load_before = Load()
        self._queue = ServerQueue()
        self._answered = self._settled = 0
        self._cut_at = -inf
        self._draining = False
        self._is_down = False
        self._down_since = -inf
        self._probe_s = _FIRST_PROBE_S
        self._retry_at = self._probe_at = -inf
        self._limit = self._room if self._capacity else float(_BLIND_START_TOKENS)
        self._note("start")

    # --- what it says

    @property
    def limit_tokens(self) -> int:
        """Tokens that may be in flight now; 0 while the server is down (one request probes)."""
        return 0 if self.is_down else int(self._limit)

    @property
    def newcomer_limit_tokens(self) -> int:
        """The limit for the first pair of a job, which may use the reserve instead of waiting."""
        capacity = self._capacity or 0
        most = max(self._limit, capacity - self._others.tokens)
        return 0 if self.is_down else int(min(self._limit + _NEWCOMER * capacity, most))

    @property
    def is_down(self) -> bool:
        """Whether the server refused a connection and nothing has answered since."""
        return self._is_down

    @property
    def paused_until(self) -> float:
        """No request before this time on the clock: Retry-After, or a server that is down."""
        return max(self._retry_at, self._probe_at if self.is_down else -inf)

    @property
    def capacity_tokens(self) -> int | None:
        """The KV capacity, as told by the server or the settings."""
        return self._capacity

    @property
    def foreign_tokens(self) -> int:
        """What others hold of it, as far as we can tell."""
        return int(self._others.tokens)

    @property
    def latest(self) -> ServerSample | None:
        """The last sample that counted."""
        return self._latest

    @property
    def shares_prefixes(self) -> bool:
        """Whether requests over one chunk hold it once; assumed where the server does not say."""
        return self._latest is None or self._latest.prefix_caching is not False

    @property
    def block_size(self) -> int:
        """Tokens of a block of the cache; 16 is vLLM's default."""
        return (self._latest and self._latest.block_size) or 16

    @property
    def bias(self) -> float:
        """Tokens in use per token that a forecast says; a forecast is to be multiplied with it."""
        return self._bias.factor

    @property
    def prompt_scale(self) -> float:
        """Tokens that a prompt has per token counted; a count is to be multiplied with it."""
        return self._prompt_scale.factor

    @property
    def history(self) -> tuple[LimitChange, ...]:
        """The last changes of the limit, oldest first."""
        return tuple(self._history)

    def expected_output(self, task: str, most: int | None = None) -> int:
        """Answer tokens to expect of a request, learned from what came back.

        Args:
            task: what is asked.
            most: the request's ``max_tokens``, where there is one.
        """
        return round(self._answers.expected(Asked(task, most)))

    def longest_output(self, asked: Asked) -> float:
        """Answer tokens that a request will hardly exceed."""
        return self._answers.longest(asked)

    def progress(self, asked: Asked, age_s: float) -> Progress:
        """How far an answer is that was asked for `age_s` seconds ago."""
        return self._answers.progress(asked, age_s)

    # --- what it learns from an answer

    def finished(self, outcome: Outcome, load: Load) -> None:
        """Learn from a request that ended.

        Args:
            outcome: how.
            load: what was in flight then, this request counted.
        """
        if outcome.retry_after_s is not None:
            wait_s = min(outcome.retry_after_s, _LONGEST_RETRY_AFTER_S)
            self._retry_at = max(self._retry_at, self._clock() + wait_s)
        if outcome.status is Ending.OK:
            self._answer_came(outcome, load)
        elif outcome.status is not Ending.FAILED and not self._is_old_news(outcome):
            self._turned_away(outcome.status, load)

    def _is_old_news(self, outcome: Outcome) -> bool:
        """Whether it was sent before the last cut, so belongs to the wave that caused that."""
        return self._clock() - outcome.seconds <= self._cut_at

    def _answer_came(self, outcome: Outcome, load: Load) -> None:
        self._is_up()
        asked = Asked(outcome.task, outcome.most_output)
        self._answers.add(asked, outcome.output_tokens, outcome.seconds)
        self._prompt_scale.learn(outcome.prompt_tokens, outcome.counted_prompt)
        self._answered += 1
        self._setback.answered()
        if outcome.output_tokens > 0:
            factor = self._law.answered(outcome.seconds / outcome.output_tokens, load.requests)
            if self._is_blind and factor is not None:
                self._follow_latency(factor, load)

    def _turned_away(self, status: Ending, load: Load) -> None:
        if status is Ending.UNREACHABLE:
            self._refused_connection(load)
            return
        generation = max(_GENERATION, load.requests)
        self._setback.turned_away(_REMEMBERED * load.tokens, generation)
        self._cut(_CUT, load, status.value)

    def _refused_connection(self, load: Load) -> None:
        """A server that is away says nothing of what it holds when it is there: one cut only."""
        now = self._clock()
        if self.is_down:
            self._probe_s = min(_LONGEST_PROBE_S, 2 * self._probe_s)
        else:
            self._cut(_CUT, load, Ending.UNREACHABLE.value)
            self._down_since = now
        self._is_down = True
        is_hopeless = now - self._down_since >= _HOPELESS_S
        self._probe_at = now if is_hopeless else now + self._probe_s

    def _is_up(self) -> None:
        self._is_down, self._probe_s = False, _FIRST_PROBE_S

    @property
    def _is_blind(self) -> bool:
        return self._latest is None or self._latest.kv_usage is None

    def _follow_latency(self, factor: float, load: Load) -> None:
        if factor < 1 or self._binds(load):
            self._move(self._limit * factor, "latency" if factor < 1 else "room")

    # --- what it learns from a look at the server

    def observe(self, sample: ServerSample, load: Load) -> None:
        """Learn from a look at the server.

        Args:
            sample: what it showed.
            load: what was in flight then.
        """
        earlier = self._latest
        if earlier is not None and sample.at - earlier.at < _LEAST_BETWEEN_S:
            return
        self._latest = sample
        self._is_up()
        if sample.kv_tokens not in (None, self._capacity) or (
            earlier is not None and sample.restarted_since(earlier)
        ):
            self._capacity = sample.kv_tokens or self._capacity
            self._begin()
        elif not self._is_blind:
            self._adapt(sample, load, sample.preemptions_since(earlier) if earlier else 0)

    def _adapt(self, sample: ServerSample, load: Load, preempted: int) -> None:
        if self._answered:  # before that no pace is known, and answers under way count for nothing
            self._bias.learn(sample, load, self._capacity)
        self._others.learn(sample, load, self._capacity)
        # One alone may be over the limit for as long as there are such requests.
        is_over = load.requests > 1 and load.tokens > self._limit
        self._draining = self._draining and is_over
        self._queue.learn(sample, load, self._answered)
        before, self._load_before = self._load_before, load
        if preempted:
            self._preempted(max(before, load, key=lambda each: each.tokens))
        elif self._draining:
            pass
        elif (sample.kv_usage or 0.0) >= _FULL and load.requests > 1:
            self._cut(_DRAINED_USAGE / (sample.kv_usage or 1.0), load, "cache full")
        elif self._queue.is_lasting(load, self._answered):
            self._cut(self._queue.share_without(sample, load), load, "queue")
        elif self._may_grow(sample, load):
            self._grow(sample.kv_usage or 0.0)
        self._move(self._limit, "foreign load" if self._others.tokens else "capacity")

    def _preempted(self, load: Load) -> None:
        """Remember it as a setback of ours, unless it has a cause that is seen to elsewhere.

        It happened since the look before, and what was too much then may have been answered by now:
        so `load` is the larger of the two. A wave that ended at once would leave next to nothing.

        What is expected now may be over the limit already, because answers turned out longer or
        others came: then nothing is admitted until that has drained.
        """
        if load.tokens > self._limit or self._answered < self._settled:
            return
        if not self._others.tokens:
            self._setback.preempted(_REMEMBERED * load.tokens)
        self._settled = self._answered + load.requests
        self._cut(_CUT, load, "preemption")

    def _cut(self, factor: float, load: Load, reason: str) -> None:
        """Keep a share of what is in flight: a limit far above that is no guide.

        Beside others our share stays ours: the trouble may be theirs.
        """
        self._cut_at, self._draining = self._clock(), True
        kept = factor * min(self._limit, load.tokens or self._limit)
        self._move(max(kept, self._our_share) if self._others.tokens else kept, reason)

    def _may_grow(self, sample: ServerSample, load: Load) -> bool:
        return is_short(sample) and self._answered > 0 and self._binds(load)

    def _binds(self, load: Load) -> bool:
        if load.tokens >= _SATURATED * self._limit:
            return True
        return load.waiting > 0 and load.tokens >= _IN_USE * self._limit

    def _grow(self, usage: float) -> None:
        taper = max(0.0, 1 - usage / (1 - _RESERVE))
        self._move(self._limit * (1 + _GROWTH * taper), "room")

    # --- the bounds

    @property
    def _room(self) -> float:
        if self._capacity is None:
            return inf
        left = (1 - _RESERVE) * self._capacity - self._others.tokens
        return max(self._our_share, left)

    @property
    def _our_share(self) -> float:
        return _OUR_SHARE * (self._capacity or 0)

    @property
    def _floor(self) -> float:
        return _FLOOR * (self._capacity or _BLIND_START_TOKENS)

    def _move(self, tokens: float, reason: str) -> None:
        """Set the limit, within the room and what is remembered, above the floor."""
        before = int(self._limit)
        self._limit = max(self._floor, min(tokens, self._room, self._setback.tokens))
        if int(self._limit) != before:
            self._note(reason)

    def _note(self, reason: str) -> None:
        self._history.append(LimitChange(self._clock(), int(self._limit), reason))
