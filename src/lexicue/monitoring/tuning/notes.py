"""What to know besides: gaps in the evidence, evidence of several kinds, and what else there is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from lexicue.monitoring.report import RunReport
from lexicue.monitoring.tuning.advice import Recommendation
from lexicue.monitoring.tuning.evidence import is_always_side_by_side, strategy_of

__all__ = ["notes_on"]


def notes_on(
    runs: Sequence[RunReport], chunk_tokens: Recommendation, *, enough: bool
) -> tuple[str, ...]:
    """Notes on runs of one model.

    Args:
        runs: what is advised on.
        chunk_tokens: what is recommended of the chunks' size.
        enough: whether the runs are enough to tell what the server holds.
    """
    notes = [*_on_what_is_told(runs), *_on_settings(runs)]
    if enough:
        notes += [*_on_adaptive(runs, chunk_tokens), *_on_several_strategies(runs)]
    return tuple(notes)


def _on_what_is_told(runs: Sequence[RunReport]) -> Iterator[str]:
    if runs and all(run.server.preemptions is None for run in runs):
        yield (
            "no report tells the server's preemptions (reports of version 0.1.0 and servers "
            "without metrics do not): strain is only seen where requests failed"
        )
    capacities = {run.server.kv_tokens for run in runs if run.server.kv_tokens}
    if len(capacities) > 1:
        told = ", ".join(f"{each:,}" for each in sorted(capacities))
        yield f"the KV capacity differs between runs ({told}); the smallest counts"


def _on_settings(runs: Sequence[RunReport]) -> Iterator[str]:
    if any(map(is_always_side_by_side, runs)):
        yield (
            "MAX_SAFE_CHUNKS_FOR_PARALLEL and ENABLE_PARALLEL_WORD_PHRASE_EXTRACTION are for "
            "strategy conditional; adaptive and parallel do without them"
        )


def _on_adaptive(runs: Sequence[RunReport], chunk_tokens: Recommendation) -> Iterator[str]:
    if any(run.strategy != "adaptive" for run in runs):
        yield (
            "strategy adaptive works in pairs however many chunks there are, "
            "and finds the limit by itself"
        )
    elif chunk_tokens.value and chunk_tokens.now and chunk_tokens.value < chunk_tokens.now:
        yield "LEXICUE_CHUNK_TOKENS=auto picks a size for each video by itself"


def _on_several_strategies(runs: Sequence[RunReport]) -> Iterator[str]:
    strategies = Counter(map(strategy_of, runs))
    if len(strategies) > 1:
        told = ", ".join(f"{name} {count}" for name, count in sorted(strategies.items()))
        yield (
            f"the runs are of several strategies ({told}), and what is recommended has to suit "
            "all of them: for one strategy give its reports alone"
        )
