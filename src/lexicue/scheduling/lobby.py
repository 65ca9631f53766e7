"""Whose turn it is: the order in which requests wait for a place.

Higher priority first; then jobs in turn; within a job in order of coming, but a request over a
chunk that is in flight goes before the others of its job. A job's turn lasts for two requests over
one chunk, so that a chunk's two tasks are sent together and share its prefix. A new job has its
first turn at once, but of two new ones in a row the second waits for its turn, so that many short
jobs do not keep a long one out. Nobody is passed for being large: what does not fit waits at the
head until it does.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

from lexicue.scheduling.expectation import Asked

__all__ = ["Lobby", "Request", "Ticket"]

_TURN = 2
"""Requests over one chunk in one turn: a chunk has two tasks; with more, other jobs would wait."""


@dataclass(frozen=True, slots=True)
class Request:
    """What wants to go to the server.

    Attributes:
        job: whose it is; jobs take turns.
        chunk: names the shared prefix; requests of a job over one chunk pay it once.
        task: what is asked; answers are learned by task.
        prefix_tokens: from the prompt's start to the end of the chunk.
        own_tokens: the rest of the prompt.
        most_output: the request's ``max_tokens``, where there is one.
        priority: higher goes first; 0 is batch work, 1 somebody who waits.
        at_most: requests in flight in the whole process before this one has to wait.
        common: names a text that prompts of other chunks begin with, too.
        common_tokens: of the prefix, so many from its start.
    """

    job: Hashable
    chunk: Hashable
    task: str
    prefix_tokens: int
    own_tokens: int
    most_output: int | None = None
    priority: int = 0
    at_most: int = 1 << 30
    common: Hashable = None
    common_tokens: int = 0

    @property
    def asked(self) -> Asked:
        """What is known of the answer."""
        return Asked(self.task, self.most_output)

    @property
    def prefix(self) -> tuple[Hashable, Hashable]:
        """The name of the shared prefix among all jobs."""
        return (self.job, self.chunk)


@dataclass(slots=True, eq=False)
class Ticket:
    """A request and where it stands."""

    request: Request
    is_admitted: bool = False


@dataclass(slots=True)
class _Line:
    """The waiting requests of one job, at one priority."""

    tickets: OrderedDict[Ticket, None] = field(default_factory=OrderedDict)
    by_prefix: dict[Hashable, OrderedDict[Ticket, None]] = field(default_factory=dict)
    turn: int = 0
    is_first_turn: bool = False

    @property
    def head(self) -> Ticket:
        return next(iter(self.tickets))

    def add(self, ticket: Ticket) -> None:
        self.tickets[ticket] = None
        self.by_prefix.setdefault(ticket.request.prefix, OrderedDict())[ticket] = None

    def remove(self, ticket: Ticket) -> None:
        del self.tickets[ticket]
        mates = self.by_prefix[ticket.request.prefix]
        del mates[ticket]
        if not mates:
            del self.by_prefix[ticket.request.prefix]

    def prefer(self, prefix: Hashable) -> bool:
        """Bring the first request over a prefix to the head; whether there is one."""
        mates = self.by_prefix.get(prefix)
        if mates:
            self.tickets.move_to_end(next(iter(mates)), last=False)
        return bool(mates)


class Lobby:
    """The requests that wait. Every step takes the same time however many they are."""

    def __init__(self) -> None:
        self._floors: dict[int, OrderedDict[Hashable, _Line]] = {}
        self._waiting = 0
        self._has_jumped = False

    def __len__(self) -> int:
        return self._waiting

    def add(self, ticket: Ticket, *, is_mate: bool = False, is_new: bool = False) -> None:
        """Wait.

        Args:
            ticket: what for.
            is_mate: of a request in flight: it goes to the head of its job.
            is_new: as is its job, which goes first once.
        """
        request = ticket.request
        floor = self._floor(request.priority)
        jumps = is_new and request.job not in floor and not self._has_jumped
        line = floor.setdefault(request.job, _Line())
        line.add(ticket)
        self._waiting += 1
        if is_mate:
            line.tickets.move_to_end(ticket, last=False)
        if jumps:
            self._has_jumped = line.is_first_turn = True
            floor.move_to_end(request.job, last=False)

    def remove(self, ticket: Ticket) -> None:
        """Wait no more."""
        request = ticket.request
        floor = self._floors[request.priority]
        floor[request.job].remove(ticket)
        self._waiting -= 1
        if not floor[request.job].tickets:
            del floor[request.job]
        if not floor:
            del self._floors[request.priority]

    def take(self, ticket: Ticket) -> None:
        """Leave for the server; the job's turn ends unless a mate is to follow."""
        request = ticket.request
        floor = self._floors[request.priority]
        line = floor[request.job]
        self._has_jumped = self._has_jumped and line.is_first_turn
        self.remove(ticket)
        if not line.tickets:
            return
        line.turn += 1
        has_mate = line.prefer(request.prefix)
        if not has_mate or line.turn >= _TURN:
            line.turn = 0
            line.is_first_turn = False
            floor.move_to_end(request.job)

    def next(self, in_flight: int) -> Ticket | None:
        """Whose turn it is, jobs left out that allow no more than is in flight."""
        heads = (line.head for floor in self._floors.values() for line in floor.values())
        return next((head for head in heads if in_flight < head.request.at_most), None)

    def tickets(self) -> Iterator[Ticket]:
        """Everyone who waits."""
        for floor in self._floors.values():
            for line in floor.values():
                yield from line.tickets

    def _floor(self, priority: int) -> OrderedDict[Hashable, _Line]:
        if priority not in self._floors:
            self._floors[priority] = OrderedDict()
            self._floors = dict(sorted(self._floors.items(), reverse=True))
        return self._floors[priority]
