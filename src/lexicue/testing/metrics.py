"""``/metrics`` in Prometheus text, under vLLM's names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lexicue.testing.engine import EngineStats

__all__ = ["Tally", "prometheus_text"]

_FINISH_REASONS = ("stop", "length", "abort", "error")


@dataclass(slots=True)
class Tally:
    """What was done since the server's start.

    Attributes:
        prompt_tokens: of prompts, cached ones counted.
        cached_tokens: of those, from the prefix cache.
        generation_tokens: of answers.
        finished: requests done, by finish reason.
        rejected: requests turned away because of ``max_num_queued_reqs``.
    """

    prompt_tokens: int = 0
    cached_tokens: int = 0
    generation_tokens: int = 0
    finished: Counter[str] = field(default_factory=Counter)
    rejected: int = 0

    def add(self, prompt: int, cached: int, generated: int, reason: str) -> None:
        """A request is done."""
        self.prompt_tokens += prompt
        self.cached_tokens += cached
        self.generation_tokens += generated
        self.finished[reason] += 1


def prometheus_text(tally: Tally, stats: EngineStats, model: str, max_model_len: int) -> str:
    """The page that a Prometheus server reads."""
    labels = {"engine": "0", "model_name": model}
    lines = [
        *_gauge("num_requests_running", stats.num_requests_running, labels),
        *_gauge("num_requests_waiting", stats.num_requests_waiting, labels),
        *_gauge("kv_cache_usage_perc", stats.kv_cache_usage, labels),
        *_counter("num_preemptions", stats.num_preemptions, labels),
        *_counter("prefix_cache_queries", stats.prefix_cache_queries, labels),
        *_counter("prefix_cache_hits", stats.prefix_cache_hits, labels),
        *_tokens(tally, stats, labels),
        *_finished(tally, labels),
        *_counter(
            "admission_rejections",
            tally.rejected,
            {"model_name": model, "reason": "max_num_queued_reqs"},
        ),
        *_gauge("cache_config_info", 1, {"engine": "0", **_cache_config(stats, max_model_len)}),
    ]
    return "\n".join(lines) + "\n"


def _tokens(tally: Tally, stats: EngineStats, labels: Mapping[str, str]) -> Iterator[str]:
    """As the engine counts them, or else as they were when requests were done."""
    counted = {
        "prompt_tokens": (stats.prompt_tokens, tally.prompt_tokens),
        "prompt_tokens_cached": (stats.prompt_tokens_cached, tally.cached_tokens),
        "generation_tokens": (stats.generation_tokens, tally.generation_tokens),
    }
    for name, (live, done) in counted.items():
        yield from _counter(name, done if live is None else live, labels)


def _cache_config(stats: EngineStats, max_model_len: int) -> dict[str, str]:
    size = stats.num_gpu_blocks * stats.block_size
    return {
        "block_size": str(stats.block_size),
        "cache_dtype": "auto",
        "enable_prefix_caching": str(stats.enable_prefix_caching),
        "gpu_memory_utilization": "0.92",
        "kv_cache_max_concurrency": str(size / max_model_len),
        "kv_cache_size_tokens": str(size),
        "num_gpu_blocks": str(stats.num_gpu_blocks),
    }


def _finished(tally: Tally, labels: Mapping[str, str]) -> Iterator[str]:
    yield "# TYPE vllm:request_success_total counter"
    for reason in _FINISH_REASONS:
        yield _sample(
            "request_success_total", tally.finished[reason], {**labels, "finished_reason": reason}
        )


def _gauge(name: str, value: float, labels: Mapping[str, str]) -> Iterator[str]:
    yield f"# TYPE vllm:{name} gauge"
    yield _sample(name, value, labels)


def _counter(name: str, value: float, labels: Mapping[str, str]) -> Iterator[str]:
    yield f"# TYPE vllm:{name}_total counter"
    yield _sample(f"{name}_total", value, labels)


def _sample(name: str, value: float, labels: Mapping[str, str]) -> str:
    shown = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"vllm:{name}{{{shown}}} {float(value)}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
