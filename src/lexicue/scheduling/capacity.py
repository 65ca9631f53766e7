"""What a server can hold and how it stands, read off its ``/metrics``.

A server without metrics, one that is being restarted and one that is only slow are all the same to
a job: it goes on, and the watch has nothing to tell.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import NamedTuple, Self

__all__ = ["CapacityWatch", "ServerSample", "read_metrics"]

_log = logging.getLogger("lexicue.capacity")

_FIRST_LOOK_S = 2.0
"""A job waits this long for the first sample: a guess at the capacity is dear on a small server."""

_LOOK_TIMEOUT_S = 5.0
"""A server too busy to answer within this time has told nothing."""

_LONGEST_PAUSE_S = 5.0
"""Looks get rarer while nothing comes back; a server that returns is seen within this time."""


@dataclass(frozen=True, slots=True)
class ServerSample:
    """One look at a server. None is what the server does not tell.

    Attributes:
        at: seconds, on the monotonic clock.
        kv_tokens: capacity of the KV cache, tokens.
        block_size: tokens of a block of it.
        kv_usage: share of it held by running requests, 0 to 1.
        running: requests being computed.
        waiting: requests queued.
        preemptions: requests thrown out of the cache, since the server's start.
        prefix_queries: prompt tokens looked up in the prefix cache, since the start.
        prefix_hits: of those, tokens found.
        prefix_caching: whether prompts share blocks.
    """

    at: float
    kv_tokens: int | None = None
    block_size: int | None = None
    kv_usage: float | None = None
    running: int | None = None
    waiting: int | None = None
    preemptions: int | None = None
    prefix_queries: int | None = None
    prefix_hits: int | None = None
    prefix_caching: bool | None = None

    def restarted_since(self, earlier: ServerSample) -> bool:
        """Whether the server started anew in between: a counter fell, or the capacity changed."""
        return self._has_other_capacity(earlier) or any(
            now is not None and before is not None and now < before
            for now, before in zip(self._counters, earlier._counters, strict=True)
        )

    def preemptions_since(self, earlier: ServerSample) -> int:
        """Requests thrown out in between, as far as the server tells."""
        if self.preemptions is None or earlier.preemptions is None:
            return 0
        return max(0, self.preemptions - earlier.preemptions)

    @property
    def _counters(self) -> tuple[int | None, ...]:
        return (self.preemptions, self.prefix_queries, self.prefix_hits)

    def _has_other_capacity(self, earlier: ServerSample) -> bool:
        both_told = self.kv_tokens is not None and earlier.kv_tokens is not None
        return both_told and self.kv_tokens != earlier.kv_tokens


def read_metrics(text: str, at: float) -> ServerSample:
    """A sample from a page in Prometheus text, under vLLM's old and new names.

    Several engines (data parallel) are summed; their usage is the mean. What cannot be read is
    None; nothing is raised.

    Args:
        text: the page.
        at: when it was fetched, seconds.
    """
    page = _Page(_readings(text.splitlines()))
    engines = page.labels("cache_config_info")
    usages = page.values("kv_cache_usage_perc") or page.values("gpu_cache_usage_perc")
    return ServerSample(
        at=at,
        kv_tokens=_total(_kv_tokens(labels) for labels in engines),
        block_size=next((_whole(labels.get("block_size")) for labels in engines), None),
        kv_usage=min(1.0, max(0.0, sum(usages) / len(usages))) if usages else None,
        running=page.total("num_requests_running"),
        waiting=page.total("num_requests_waiting"),
        preemptions=page.counter("num_preemptions"),
        prefix_queries=_first(page, "prefix_cache_queries", "gpu_prefix_cache_queries"),
        prefix_hits=_first(page, "prefix_cache_hits", "gpu_prefix_cache_hits"),
        prefix_caching=_flag(engines),
    )


class _Reading(NamedTuple):
    name: str
    labels: Mapping[str, str]
    value: float


_LINE = re.compile(r"^vllm:(\w+)(?:\{(.*)\})?\s+(\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def _readings(lines: Iterable[str]) -> Iterator[_Reading]:
    for line in lines:
        if found := _LINE.match(line):
            name, labels, value = found.groups()
            with suppress(ValueError):
                yield _Reading(name, dict(_LABEL.findall(labels or "")), float(value))


class _Page:
    """The readings of a page by name; NaN, which an idle gauge may show, is left out."""

    def __init__(self, readings: Iterable[_Reading]) -> None:
        self._by_name: dict[str, list[_Reading]] = defaultdict(list)
        for reading in readings:
            if abs(reading.value) < float("inf"):
                self._by_name[reading.name].append(reading)

    def values(self, name: str) -> list[float]:
        return [reading.value for reading in self._by_name.get(name, ())]

    def labels(self, name: str) -> list[Mapping[str, str]]:
        return [reading.labels for reading in self._by_name.get(name, ())]

    def total(self, name: str) -> int | None:
        values = self.values(name)
        return round(sum(values)) if values else None

    def counter(self, name: str) -> int | None:
        """A counter; the text format ends its name in ``_total``, old pages did not."""
        total = self.total(f"{name}_total")
        return self.total(name) if total is None else total


def _first(page: _Page, *names: str) -> int | None:
    return next((total for name in names if (total := page.counter(name)) is not None), None)


def _kv_tokens(labels: Mapping[str, str]) -> int | None:
    """Capacity of one engine. Its own figure is right for hybrid models too, the product is not."""
    told = _whole(labels.get("kv_cache_size_tokens"))
    blocks, size = _whole(labels.get("num_gpu_blocks")), _whole(labels.get("block_size"))
    return told or (blocks * size if blocks and size else None)


def _whole(text: str | None) -> int | None:
    """A positive whole number, or None: vLLM writes ``None`` for what is not set yet."""
    try:
        return max(0, int(float(text or 0))) or None
    except (ValueError, OverflowError):
        return None


def _total(counts: Iterable[int | None]) -> int | None:
    return sum(count for count in counts if count is not None) or None


def _flag(engines: Iterable[Mapping[str, str]]) -> bool | None:
    told = [
        labels["enable_prefix_caching"] for labels in engines if "enable_prefix_caching" in labels
    ]
    return all(text.lower() in ("true", "1") for text in told) if told else None


class CapacityWatch:
    """Looks at a server now and then; use it as an async context manager.

    Entering takes one look and waits two seconds for it at most, for a start without knowing the
    capacity is a guess. After that the watching goes on in a task of its own. Whatever goes wrong
    with a look, no job hears of it: the sample just grows old.

    Args:
        fetch: the text of ``/metrics``, or None where there is none; may raise.
        on_sample: told of every sample, in the event loop of the watch.
        due: asked before each look, so that several watches of one server take turns.
        every_s: seconds between looks.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[str | None]],
        on_sample: Callable[[ServerSample], None] | None = None,
        due: Callable[[], bool] | None = None,
        every_s: float = 0.5,
    ) -> None:
        self._fetch = fetch
        self._on_sample = on_sample or (lambda _: None)
        self._due = due or (lambda: True)
        self._every_s = every_s
        self._failures = 0
        self._task: asyncio.Task[None] | None = None
        self.latest: ServerSample | None = None
        """The last sample of this watch."""

    def age_s(self) -> float | None:
        """Seconds since the latest sample; None before the first."""
        return None if self.latest is None else time.monotonic() - self.latest.at

    async def __aenter__(self) -> Self:
        """Take the first look and start watching; never raises what the look does."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_FIRST_LOOK_S):
                await self._look()
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop watching."""
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._pause_s())
            if self._due():
                await self._look()

    def _pause_s(self) -> float:
        """Doubles while nothing comes back, so that a server without metrics is left in peace."""
        return max(
            self._every_s, min(_LONGEST_PAUSE_S, self._every_s * 2.0 ** min(self._failures, 8))
        )

    async def _look(self) -> None:
        try:
            async with asyncio.timeout(_LOOK_TIMEOUT_S):
                text = await self._fetch()
            self._failures = 0 if text else self._failures + 1
            if text:
                self.latest = read_metrics(text, time.monotonic())
                self._on_sample(self.latest)
        except Exception as error:
            self._failures += 1
            _log.debug("no sample: %s: %s", type(error).__name__, error)
