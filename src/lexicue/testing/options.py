"""What the fake server can be told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TypedDict

from lexicue.settings import DEFAULT_MODEL
from lexicue.testing.answers import Meaning, placeholder_meaning
from lexicue.testing.engine import EngineModel
from lexicue.testing.faults import Fault
from lexicue.testing.latency import Latency

__all__ = ["Behaviour", "FakeOptions"]


class FakeOptions(TypedDict, total=False):
    """The options of `FakeServer` and `fake_app`; see `Behaviour` for what each means."""

    latency: Latency
    engine: EngineModel | None
    faults: Iterable[Fault]
    models: Sequence[str]
    max_model_len: int
    api_key: str | None
    entries_per_answer: int
    meaning: Meaning
    max_num_queued_reqs: int | None
    clamp_max_tokens: bool
    prompt_tokens_details: bool
    without: Collection[str]
    keep_requests: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Behaviour:
    """How a fake server behaves.

    Attributes:
        latency: of each answer: seconds, `Lognormal`, or a function of the `Job`.
        engine: in place of a `TimedEngine` with that latency.
        faults: what goes wrong.
        models: the names it serves.
        max_model_len: tokens of prompt and answer together; no more than the KV cache of a
            `BatchingEngine` holds.
        api_key: what ``/v1`` wants as a bearer token, if anything.
        entries_per_answer: most entries of an answer.
        meaning: gives each entry its meaning.
        max_num_queued_reqs: requests taken at once; more get 503. None for no limit.
        clamp_max_tokens: whether ``max_tokens`` is cut in silence to the room left beside the
            prompt, as new vLLM versions do; older ones answer 400.
        prompt_tokens_details: whether usage tells cached tokens (vLLM's
            ``--enable-prompt-tokens-details``).
        without: paths that are not there, such as "/metrics".
        keep_requests: records kept.

    Raises:
        ValueError: both a latency and an engine, or no list of models.
    """

    latency: Latency = 0.0
    engine: EngineModel | None = None
    faults: Iterable[Fault] = ()
    models: Sequence[str] = (DEFAULT_MODEL,)
    max_model_len: int = 32_768
    api_key: str | None = None
    entries_per_answer: int = 12
    meaning: Meaning = placeholder_meaning
    max_num_queued_reqs: int | None = None
    clamp_max_tokens: bool = True
    prompt_tokens_details: bool = True
    without: Collection[str] = ()
    keep_requests: int = 10_000

    def __post_init__(self) -> None:
        if isinstance(self.models, str) or not self.models:
            raise ValueError(f"models={self.models!r} is no list of names")
        if self.engine is not None and self.latency != 0.0:
            raise ValueError("latency belongs to the built-in engine: give one of the two")
