"""A vLLM server in virtual time, and jobs that go to it through the real admission and limiter.

Modelled: blocks, FCFS admission, the KV of every decoded token, preemption of the latest request,
chunked prefill, shared prefixes (the text that all prompts begin with, and the chunk behind it), a
prefix cache that lives in the free blocks, a restart. A step takes
``step_s + prefilled × prefill_s + decoding × decode_s``.
"""

from __future__ import annotations

import itertools
import random
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field

from lexicue.scheduling.admission import Admission
from lexicue.scheduling.capacity import ServerSample
from lexicue.scheduling.limiter import Ending, Limiter, Outcome
from lexicue.scheduling.lobby import Request, Ticket

COMMON_TOKENS = 70
"""Of the system text that all our prompts begin with."""

Parts = tuple[tuple[Hashable, int], ...]
"""The shareable parts of a prompt by name, outermost first, and their tokens or blocks."""


@dataclass(eq=False)
class Sent:
    """A request at the server."""

    prefixes: Parts
    own_tokens: int
    output_tokens: int
    ours: bool = True
    sent_at: float = 0.0
    computed: int = 0
    generated: int = 0
    blocks: int = 0
    shared: Parts = ()
    preempted: int = 0

    @property
    def prompt_tokens(self) -> int:
        return self.own_tokens + sum(tokens for _, tokens in self.prefixes)

    @property
    def to_compute(self) -> int:
        return self.prompt_tokens + self.generated - self.computed


@dataclass(frozen=True)
class Speed:
    """Seconds: of a step, and what each prefilled and each decoding token adds."""

    step_s: float = 0.02
    prefill_s: float = 0.0001
    decode_s: float = 0.0003


class SimulatedServer:
    def __init__(
        self,
        kv_tokens: int,
        block: int = 16,
        speed: Speed = Speed(),
        max_num_seqs: int = 256,
        most_queued: int | None = None,
    ) -> None:
        self.block, self.speed, self.max_num_seqs = block, speed, max_num_seqs
        self.most_queued = most_queued
        self.batched_tokens = 2048
        self.prefix_caching = True
        self.start(kv_tokens)

    def __repr__(self) -> str:
        return f"SimulatedServer({self.total * self.block}, {self.block}, {self.speed})"

    def start(self, kv_tokens: int) -> None:
        """Start, with nothing in it and all counters at zero."""
        self.total = self.free = kv_tokens // self.block
        self.waiting: deque[Sent] = deque()
        self.running: list[Sent] = []
        self.holders: Counter[Hashable] = Counter()
        self.cached: OrderedDict[Hashable, int] = OrderedDict()
        self.cached_blocks = 0
        self.preemptions = self.queries = self.hits = self.prefilled = 0
        self.is_up = True

    def kill(self) -> list[Sent]:
        """Gone; returns what was in it."""
        lost = [*self.running, *self.waiting]
        self.is_up = False
        self.waiting.clear()
        self.running.clear()
        return lost

    def send(self, sent: Sent) -> bool:
        """Queue a request, unless the queue is at its limit."""
        if self.most_queued is not None and len(self.waiting) >= self.most_queued:
            return False
        self.waiting.append(sent)
        return True

    @property
    def held_by_others(self) -> int:
        """Tokens; they share nothing."""
        others = [sent for sent in self.running if not sent.ours]
        blocks = sum(sent.blocks + sum(shared for _, shared in sent.shared) for sent in others)
        return self.block * blocks

    def sample(self, at: float) -> ServerSample:
        return ServerSample(
            at=at,
            kv_tokens=self.total * self.block,
            block_size=self.block,
            kv_usage=1 - self.free / self.total,
            running=len(self.running),
            waiting=len(self.waiting),
            preemptions=self.preemptions,
            prefix_queries=self.queries,
            prefix_hits=self.hits,
            prefix_caching=self.prefix_caching,
        )

    def step(self) -> tuple[float, list[Sent]]:
        """One step of the engine: its seconds, and the requests that it finished."""
        budget = self.batched_tokens
        decoding = prefilled = 0
        is_full = False
        for sent in list(self.running):
            if sent not in self.running or budget <= 0:
                continue
            tokens = min(budget, sent.to_compute)
            while not self._make_room(sent, tokens):
                is_full = True
                if self._preempt_latest() is sent:
                    break
            else:
                budget -= tokens
                decoding += tokens == 1
                prefilled += tokens if tokens > 1 else 0
                sent.computed += tokens
        while not is_full and self.waiting and budget > 0 and len(self.running) < self.max_num_seqs:
            tokens = self._admit(self.waiting[0], budget)
            if not tokens:
                break
            budget -= tokens
            prefilled += tokens
        self.prefilled += prefilled
        return self._duration(prefilled, decoding), self._finished()

    def _duration(self, prefilled: int, decoding: int) -> float:
        speed = self.speed
        return speed.step_s + prefilled * speed.prefill_s + decoding * speed.decode_s

    def _finished(self) -> list[Sent]:
        for sent in self.running:
            sent.generated += sent.to_compute == 0
        done = [sent for sent in self.running if sent.generated >= sent.output_tokens]
        for sent in done:
            self._leave(sent)
        return done

    def _admit(self, sent: Sent, budget: int) -> int:
        """Tokens computed of a request that enters, 0 when there is no room for it.

        The blocks of a prefix are taken at once, and shared from then on: a second request over it
        enters in the step in which the first has computed it, or later.
        """
        shared = self._whole_blocks(sent.prefixes)
        hit = self.block * sum(blocks for _, blocks in self._known(shared))
        tokens = min(budget, sent.to_compute - hit)
        new = sum(blocks for name, blocks in shared if not self.holders[name])
        own = max(0, self._blocks(hit + tokens) - sum(blocks for _, blocks in shared))
        if own + new > self.free:
            return 0
        self.free -= own + new
        sent.computed, sent.blocks, sent.shared = hit + tokens, own, shared
        for name, _ in shared:
            self.cached_blocks -= self.cached.pop(name, 0)
            self.holders[name] += 1
        self._evict()
        self.queries += sent.prompt_tokens
        self.hits += hit
        self.running.append(self.waiting.popleft())
        return tokens

    def _whole_blocks(self, prefixes: Parts) -> Parts:
        """The shareable blocks of a prompt; half a block belongs to the part behind it."""
        if not self.prefix_caching:
            return ()
        ends = list(itertools.accumulate(tokens for _, tokens in prefixes))
        blocks = [end // self.block for end in ends]
        return tuple(
            (name, here - before)
            for (name, _), before, here in zip(prefixes, [0, *blocks], blocks, strict=False)
        )

    def _known(self, shared: Parts) -> Iterable[tuple[Hashable, int]]:
        """The parts that are in the cache, up to the first that is not."""
        return itertools.takewhile(
            lambda part: self.holders[part[0]] > 0 or part[0] in self.cached, shared
        )

    def _make_room(self, sent: Sent, tokens: int) -> bool:
        shared = sum(blocks for _, blocks in sent.shared)
        own = max(0, self._blocks(sent.computed + tokens) - shared)
        needed = own - sent.blocks
        if needed > self.free:
            return False
        self.free -= needed
        sent.blocks = own
        self._evict()
        return True

    def _preempt_latest(self) -> Sent:
        latest = self.running[-1]
        self._leave(latest)
        latest.computed = 0
        latest.preempted += 1
        self.preemptions += 1
        self.waiting.appendleft(latest)
        return latest

    def _leave(self, sent: Sent) -> None:
        self.running.remove(sent)
        self.free += sent.blocks
        for name, blocks in sent.shared:
            self.holders[name] -= 1
            if not self.holders[name]:
                del self.holders[name]
                self.free += blocks
                self.cached[name] = blocks
                self.cached_blocks += blocks
        sent.blocks, sent.shared = 0, ()

    def _evict(self) -> None:
        """Cached prefixes live in the free blocks only."""
        while self.cached_blocks > self.free:
            self.cached_blocks -= self.cached.popitem(last=False)[1]

    def _blocks(self, tokens: int) -> int:
        return -(-tokens // self.block)


@dataclass(frozen=True)
class Work:
    """A job: chunks of about so many tokens, two tasks each, answers of about so many."""

    chunks: int = 24
    chunk_tokens: int = 1600
    own_tokens: int = 60
    output_tokens: int = 400
    varies: float = 0.3
    most_output: int | None = None

    def requests(self, job: Hashable, chance: random.Random) -> list[tuple[Request, int]]:
        """The requests of a job in order, each with the length of its answer."""
        return [
            (
                Request(
                    job,
                    n,
                    task,
                    COMMON_TOKENS + self.chunk_tokens,
                    self.own_tokens,
                    self.most_output,
                    common="system text",
                    common_tokens=COMMON_TOKENS,
                ),
                self._output(chance),
            )
            for n in range(self.chunks)
            for task in ("words", "phrases")
        ]

    def _output(self, chance: random.Random) -> int:
        drawn = round(self.output_tokens * chance.lognormvariate(0, self.varies))
        return max(4, min(drawn, self.most_output or drawn))


@dataclass(frozen=True)
class Moment:
    """How it stood after a look."""

    at: float
    limit: int
    load: int
    waiting: int
    queued: int
    capacity: int
    foreign: int
    is_up: bool


@dataclass
class Seen:
    """What a simulation looked like. `sent` tells the load in tokens and requests at every send."""

    moments: list[Moment] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    done: dict[Hashable, float] = field(default_factory=dict)
    preempted: int = 0
    rejected: list[float] = field(default_factory=list)
    sent: list[tuple[int, int]] = field(default_factory=list)

    @property
    def completed(self) -> int:
        return len(self.answered)

    def limit_at(self, at: float) -> int:
        """The limit that the last look before left."""
        return next((moment.limit for moment in reversed(self.moments) if moment.at <= at), 0)


class Simulation:
    """Jobs, others' load, and a server. `run` until all jobs are done.

    Args:
        server: where everything goes.
        limit: of our requests in flight, in place of the limiter.
        looks: whether the server has metrics.
    """

    LOOK_S = 0.5
    RETRY_S = 0.5

    def __init__(
        self,
        server: SimulatedServer,
        limit: int | None = None,
        *,
        looks: bool = True,
        seed: int = 1,
    ) -> None:
        self.now = 0.0
        self.server, self.limit, self.looks = server, limit, looks
        self.chance = random.Random(seed)
        self.limiter = Limiter(clock=lambda: self.now)
        self.admission = Admission(self.limiter, lambda: self.now)
        self.seen = Seen()
        self.events: list[tuple[float, Callable[[], None]]] = []
        self.foreign_wanted = 0
        self.foreign_size = (800, 300)
        self.foreign_gone_at = 0.0
        self._foreign: set[Sent] = set()
        self._outputs: dict[Ticket, int] = {}
        self._tickets: dict[Sent, Ticket] = {}
        self._left: Counter[Hashable] = Counter()
        self._unlimited: deque[Ticket] = deque()
        self._in_flight = 0
        self._is_news = False
        self._ids = itertools.count()

    def submit(self, job: Hashable, work: Work, priority: int = 0) -> None:
        for request, output in work.requests(job, self.chance):
            ticket = Ticket(request)
            self._outputs[ticket] = output
            self._left[job] += 1
            self._ask(ticket)

    def at(self, when: float, do: Callable[[], None]) -> None:
        self.events = sorted([*self.events, (when, do)], key=lambda event: event[0])

    def foreign(self, share: float, start: float, end: float) -> None:
        """Others keep as many requests there as fill a share of the cache."""
        each = sum(self.foreign_size)
        wanted = round(share * self.server.total * self.server.block / each)
        self.at(start, lambda: setattr(self, "foreign_wanted", max(1, wanted)))
        self.at(end, lambda: setattr(self, "foreign_wanted", 0))

    def restart(self, down_s: float, kv_tokens: int) -> None:
        """Kill the server and start it again after a while, perhaps with another capacity."""
        lost = self.server.kill()
        self._foreign.clear()
        for sent in lost:
            if sent.ours:
                self._ended(sent, Ending.UNREACHABLE)
        self.at(self.now + down_s, lambda: self.server.start(kv_tokens))

    def run(self, most_s: float = 3600.0) -> Seen:
        next_look = 0.0
        while any(self._left.values()):
            assert self.now < most_s, f"{sum(self._left.values())} requests not done"
            while self.events and self.events[0][0] <= self.now:
                self.events.pop(0)[1]()
            if self.now >= next_look:
                next_look = self.now + self.LOOK_S
                self._look()
            self._send_foreign()
            self._send_ours()
            self._step()
        self.seen.preempted = self.server.preemptions
        return self.seen

    def _step(self) -> None:
        if not self.server.is_up or not (self.server.running or self.server.waiting):
            self.now += 0.05
            return
        seconds, done = self.server.step()
        self.now += seconds
        for sent in done:
            if sent.ours:
                self._ended(sent, Ending.OK)
            else:
                self._foreign.discard(sent)
                if not self._foreign:
                    self.foreign_gone_at = self.now

    def _look(self) -> None:
        if self.looks and self.server.is_up and self.limit is None:
            self.limiter.observe(self.server.sample(self.now), self.admission.load)
            self._is_news = True
        load = self.admission.load
        self.seen.moments.append(
            Moment(
                self.now,
                self.limiter.limit_tokens,
                load.tokens,
                load.waiting,
                len(self.server.waiting),
                self.server.total * self.server.block,
                self.server.held_by_others,
                self.server.is_up,
            )
        )

    def _send_foreign(self) -> None:
        while self.server.is_up and len(self._foreign) < self.foreign_wanted:
            prompt, output = self.foreign_size
            drawn = max(1, round(output * self.chance.lognormvariate(0, 0.3)))
            name = ("foreign", next(self._ids))
            sent = Sent(((name, prompt),), 8, drawn, ours=False)
            self._foreign.add(sent)
            self.server.send(sent)

    def _ask(self, ticket: Ticket) -> None:
        self._is_news = True
        if self.limit is None:
            self.admission.ask(ticket)
        else:
            self._unlimited.append(ticket)

    def _admitted(self) -> Iterable[Ticket]:
        if self.limit is None:
            if self._is_news and self.limiter.paused_until <= self.now:
                self._is_news = False
                yield from self.admission.admit()
            return
        while self._unlimited and self._in_flight < self.limit:
            self._in_flight += 1
            yield self._unlimited.popleft()

    def _send_ours(self) -> None:
        for ticket in list(self._admitted()):
            request = ticket.request
            rest = request.prefix_tokens - request.common_tokens
            prefixes = (request.common, request.common_tokens), (request.prefix, rest)
            sent = Sent(prefixes, request.own_tokens, self._outputs[ticket])
            sent.sent_at = self.now
            self._tickets[sent] = ticket
            if self.limit is None:
                load = self.admission.load
                self.seen.sent.append((load.tokens, load.requests))
            if not self.server.is_up:
                self._ended(sent, Ending.UNREACHABLE)
            elif not self.server.send(sent):
                self._ended(sent, Ending.OVERLOADED)

    def _tell(self, ticket: Ticket, how: Ending, sent: Sent, seconds: float) -> None:
        """As the gate does: what ends well makes no forecast of its own."""
        is_news = self.limiter.is_down or how is not Ending.OK
        request = ticket.request
        outcome = Outcome(
            request.task,
            how,
            sent.prompt_tokens,
            output_tokens=sent.generated,
            seconds=seconds,
            most_output=request.most_output,
            counted_prompt=sent.prompt_tokens,
        )
        admission = self.admission
        self.limiter.finished(outcome, admission.load if is_news else admission.recent_load)

    def _ended(self, sent: Sent, how: Ending) -> None:
        ticket = self._tickets.pop(sent)
        seconds = self.now - sent.sent_at
        if self.limit is None:
            self._tell(ticket, how, sent, seconds)
            self.admission.withdraw(ticket)
            self._is_news = True
        else:
            self._in_flight -= 1
        if how is Ending.OK:
            self.seen.answered.append(self.now)
            self.seen.latencies.append(seconds)
            self._left[ticket.request.job] -= 1
            if not self._left[ticket.request.job]:
                self.seen.done[ticket.request.job] = self.now
        else:
            if how is Ending.OVERLOADED:
                self.seen.rejected.append(self.now)
            again = Ticket(ticket.request)
            self._outputs[again] = self._outputs.pop(ticket)
            self.at(self.now + self.RETRY_S, lambda: self._ask(again))
