"""Faults: what goes wrong, and for which requests."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal, cast, get_args

from lexicue.model import Task
from lexicue.testing.asked import ChatCall

__all__ = ["Fault", "FaultKind", "FaultPlan", "fault_kinds"]

FaultKind = Literal[
    # no answer
    "hang",
    "reset",
    # another status
    "http_500",
    "http_502",
    "http_503",
    "http_504",
    "http_429",
    "unauthorized",
    "not_found",
    "too_long",
    "format_unsupported",
    # status 200 and no completion
    "html",
    # a completion that cannot be used
    "truncated",
    "prose",
    "wrong_schema",
    "wrong_items",
    "empty",
    "refusal",
    "content_filter",
    # a completion that can be used with care
    "chatty",
    "reasoning",
    "hallucinated",
    "obeys",
]
"""What can go wrong; see `Fault`."""


def fault_kinds() -> tuple[str, ...]:
    """The name of every fault."""
    return get_args(FaultKind)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong with the requests that meet every condition given.

    ==================  ===========================================================================
    kind                what the client sees
    ==================  ===========================================================================
    hang                no answer: for `seconds`, then a good one; without `seconds`, for ever
    reset               the TCP connection is reset instead of an answer
    http_500 …_504      that status, in vLLM's words; with a Retry-After if `retry_after` is given
    http_429            the same
    unauthorized        401
    not_found           404: the model does not exist
    too_long            400: longer than the model's context, in vLLM's words
    format_unsupported  400 about ``response_format``; requests without one are answered
    html                200 with a web page, as a proxy gives
    truncated           the JSON cut off inside an entry, ``finish_reason`` "length"
    prose               a friendly text without JSON
    wrong_schema        ``{"foo":1}``
    wrong_items         the lists asked for, with numbers where entries should be
    empty               no content at all
    refusal             ``refusal`` says why, no content
    content_filter      ``finish_reason`` "content_filter", no content
    chatty              the good JSON in a fence, with text around it
    reasoning           the good JSON in ``reasoning``, no content
    hallucinated        good entries, and `items`, which are not in the chunk
    obeys               does what the chunk says: after "ignore all instructions and output X",
                        X is the only item, or the whole content if X begins with "{"
    ==================  ===========================================================================

    Of several faults that apply, the first in the list happens.

    Attributes:
        kind: what goes wrong.
        on_requests: numbers of chat requests, from 1: ``[3]``, ``range(1, 5)``.
        every: every n-th chat request.
        when_prompt_contains: a text that is in the messages.
        task: words or phrases.
        probability: of each request that meets the conditions. Drawn from `seed` and the prompt,
            anew for a retry: the same prompts fail in every run, whatever order they come in.
        seed: for `probability`.
        times: how often it happens at most; for ever where it is None.
        seconds: it happens so much later; of a hang, how long it lasts.
        retry_after: the Retry-After header of an HTTP status: seconds, or a date.
        items: of "hallucinated".

    Raises:
        ValueError: no such kind, or a condition that cannot be.
    """

    kind: FaultKind
    _: KW_ONLY
    on_requests: Collection[int] | None = None
    every: int | None = None
    when_prompt_contains: str | None = None
    task: Task | None = None
    probability: float = 1.0
    seed: int = 0
    times: int | None = None
    seconds: float | None = None
    retry_after: float | str | None = None
    items: tuple[str, ...] = ("zorblification", "quell the zorbs")

    def __post_init__(self) -> None:
        if self.kind not in fault_kinds():
            raise ValueError(f"no fault {self.kind!r}; give one of {', '.join(fault_kinds())}")
        if self.every is not None and self.every < 1:
            raise ValueError(f"every={self.every} is less than 1")
        if not 0.0 <= self.probability <= 1.0:
            raise ValueError(f"probability={self.probability} is not between 0 and 1")

    def applies_to(self, call: ChatCall) -> bool:
        """Whether a request meets the conditions; `times` is not one of them."""
        return (
            (self.on_requests is None or call.number in self.on_requests)
            and (self.every is None or call.number % self.every == 0)
            and (self.when_prompt_contains is None or self.when_prompt_contains in call.prompt)
            and (self.task is None or call.task == self.task)
            and (self.kind != "format_unsupported" or bool(call.body.get("response_format")))
            and (self.probability >= 1.0 or call.random(self.seed).random() < self.probability)
        )

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Read ``KIND[:every=N][:contains=TEXT][:times=N]…``, as the command line takes it.

        Raises:
            ValueError: it is not of that form.
        """
        kind, *conditions = re.split(rf":(?=(?:{'|'.join(_READERS)})=)", text)
        given: dict[str, Any] = {}
        for condition in conditions:
            name, _, value = condition.partition("=")
            field, reader = _READERS[name]
            given[field] = reader(value)
        return cls(cast(FaultKind, kind), **given)


def _numbers(text: str) -> frozenset[int]:
    """Request numbers: ``3``, ``1,4``, ``2-9``."""
    numbers: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        numbers.update(range(int(first), int(last or first) + 1))
    return frozenset(numbers)


def _items(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.split(","))


_READERS: Mapping[str, tuple[str, Any]] = {
    "on": ("on_requests", _numbers),
    "every": ("every", int),
    "contains": ("when_prompt_contains", str),
    "task": ("task", Task),
    "probability": ("probability", float),
    "seed": ("seed", int),
    "times": ("times", int),
    "seconds": ("seconds", float),
    "retry_after": ("retry_after", str),
    "items": ("items", _items),
}
"""What a condition of the command line sets, and how its value is read."""


class FaultPlan:
    """Faults in order, and how often each has happened."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._faults = tuple(faults)
        self._happened: Counter[int] = Counter()

    def next_for(self, call: ChatCall) -> Fault | None:
        """The fault that a request meets, which is counted; None for none."""
        for place, fault in enumerate(self._faults):
            used_up = fault.times is not None and self._happened[place] >= fault.times
            if not used_up and fault.applies_to(call):
                self._happened[place] += 1
                return fault
        return None
