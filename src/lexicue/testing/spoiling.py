"""Completions, good ones and those that a fault has spoilt."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from lexicue.testing.answers import Entries, as_json, with_items
from lexicue.testing.asked import ChatCall
from lexicue.testing.faults import Fault, FaultKind
from lexicue.testing.tokens import decode, encode

__all__ = ["Completion", "good_completion", "limited", "spoilt"]

_GREETING = "This is the fake server of lexicue.testing; it knows only Lexicue's two tasks."


@dataclass(frozen=True, slots=True)
class Completion:
    """What the model says.

    Attributes:
        content: the answer; None for none.
        finish_reason: ``stop``, ``length`` or ``content_filter``.
        reasoning: what it thought, if it tells.
        refusal: its words when it declines.
    """

    content: str | None
    finish_reason: str = "stop"
    reasoning: str | None = None
    refusal: str | None = None

    @property
    def tokens(self) -> int:
        """Tokens generated; the one that ends an answer counts, as it does at vLLM."""
        said = sum(len(encode(text or "")) for text in (self.content, self.reasoning, self.refusal))
        return said if self.finish_reason == "length" else said + 1


def good_completion(entries: Entries) -> Completion:
    """An answer with these entries; a greeting where there is no task to have any."""
    return Completion(as_json(entries) if entries else _GREETING)


def limited(completion: Completion, max_tokens: int) -> Completion:
    """The completion as it is when only so many tokens may be generated."""
    if completion.tokens <= max_tokens or completion.content is None:
        return completion
    kept = decode(encode(completion.content)[:max_tokens])
    return replace(completion, content=kept, finish_reason="length")


@dataclass(frozen=True, slots=True)
class _Case:
    """A good answer about to be spoilt."""

    call: ChatCall
    fault: Fault
    entries: Entries
    content: str


def spoilt(call: ChatCall, fault: Fault, entries: Entries) -> Completion:
    """What a faulty model makes of a good answer."""
    good = good_completion(entries)
    spoil = _SPOILERS.get(fault.kind)
    return spoil(_Case(call, fault, entries, good.content or "")) if spoil else good


def _truncated(case: _Case) -> Completion:
    """Cut three characters into the entry after the middle."""
    middle = case.content.find('["', len(case.content) // 2)
    entry = middle if middle >= 0 else case.content.rfind('["')
    end = entry + 5 if entry >= 0 else len(case.content) // 2
    return Completion(case.content[:end], "length")


def _prose(case: _Case) -> Completion:
    names = ", ".join(case.entries) or "items"
    return Completion(
        f"What a lovely transcript! There are many {names} in it that a learner may enjoy, "
        "and I would be glad to go through them with you one by one."
    )


def _wrong_items(case: _Case) -> Completion:
    return Completion(as_json({name: [1, [2, 3], None] for name in case.entries or ("words",)}))


def _chatty(case: _Case) -> Completion:
    return Completion(
        f"Sure! Here is the list you asked for:\n\n```json\n{case.content}\n```\n\n"
        "Let me know if you would like more examples."
    )


def _hallucinated(case: _Case) -> Completion:
    if not case.entries:
        return Completion(case.content)
    return Completion(as_json(with_items(case.entries, case.call, case.fault.items)))


_INJECTION = re.compile(
    r"\b(?:ignore|disregard|forget)\b[^.!?\n]{0,80}?\binstructions?\b[^.!?\n]{0,40}?"
    r"\b(?:output|print|say|write|answer|reply|respond)\b(?:\s+(?:only|just|with|exactly))*:?\s+"
    r"(?P<said>\{.*\}|[^.!?\n]+)",
    re.IGNORECASE,
)
_QUOTES = " \"'“”‘’"


def _obeying(case: _Case) -> Completion:
    """What an instruction in the chunk demands."""
    order = _INJECTION.search(case.call.chunk)
    if order is None or not case.entries:
        return Completion(case.content)
    said = order["said"].strip(_QUOTES)
    if said.startswith("{"):
        return Completion(said)
    nothing: Entries = {name: [] for name in case.entries}
    return Completion(as_json(with_items(nothing, case.call, (said,))))


_SPOILERS: Mapping[FaultKind, Callable[[_Case], Completion]] = {
    "truncated": _truncated,
    "prose": _prose,
    "wrong_schema": lambda _: Completion(as_json({"foo": 1})),
    "wrong_items": _wrong_items,
    "empty": lambda _: Completion(None),
    "refusal": lambda _: Completion(None, refusal="I'm sorry, but I can't help with that."),
    "content_filter": lambda _: Completion(None, "content_filter"),
    "chatty": _chatty,
    "reasoning": lambda case: Completion(None, reasoning=case.content),
    "hallucinated": _hallucinated,
    "obeys": _obeying,
}
