"""What a server holds and how fast it is, reckoned from runs, also for other chunk sizes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from lexicue.monitoring.report import RunReport
from lexicue.monitoring.tuning.evidence import is_side_by_side
from lexicue.monitoring.tuning.room import RequestCost, Room, cost_of, overlap_of, room_of
from lexicue.monitoring.tuning.waiting import Pace, Video, pace_of, video_of

__all__ = ["Reckoning"]

_MOST_REQUESTS = 256
"""vLLM's ``max_num_seqs`` by default below 70 GiB: more are not computed at once anyway."""

_INSTRUCTION_TOKENS = 200.0
"""A prompt without its chunk: 179 (words) and 217 (phrases) by Qwen2.5's tokenizer."""


class Reckoning:
    """What runs of one model say of their server.

    Args:
        runs: by their reports.
    """

    def __init__(self, runs: Sequence[RunReport]) -> None:
        self.runs = runs

    @cached_property
    def cost(self) -> RequestCost:
        """What a request of these runs held."""
        return cost_of(self.runs)

    @cached_property
    def room(self) -> Room | None:
        """What the server holds; None where nothing tells."""
        return room_of(self.runs, self.cost)

    @cached_property
    def pace(self) -> Pace | None:
        """How fast it is; None where the runs are too few or do not agree."""
        return pace_of(self.runs)

    @cached_property
    def were_parallel(self) -> bool:
        """Whether most runs had a chunk's tasks side by side."""
        side_by_side = sum(is_side_by_side(run) for run in self.runs)
        return 2 * side_by_side > len(self.runs)

    @cached_property
    def chunk_tokens_now(self) -> int | None:
        """The chunk budget that most runs had."""
        sizes = Counter(run.chunk_tokens for run in self.runs)
        return sizes.most_common(1)[0][0] if sizes else None

    def width(self, cost: RequestCost, *, paired: bool) -> int:
        """The requests that the room holds, sent together."""
        if self.room is None:
            return 0
        most = self.room.most_requests or _MOST_REQUESTS
        return min(most, cost.fitting(self.room.tokens, paired=paired))

    def limit(self, cost: RequestCost, *, paired: bool) -> int:
        """The requests that the room holds while one follows another; at least 1."""
        in_time = replace(cost, shared=cost.shared * self._overlap)
        return max(1, self.width(in_time, paired=paired))

    @cached_property
    def _overlap(self) -> float:
        return overlap_of(self.runs)

    def wall_s(self, video: Video, cost: RequestCost, *, side_by_side: bool) -> float:
        """The time of a video with as many requests at once as fit; there must be a pace."""
        assert self.pace is not None
        width = self.limit(cost, paired=side_by_side)
        return self.pace.wall_s(video, min(width, video.answers if side_by_side else video.chunks))

    def cut(self, run: RunReport, chunk_tokens: int) -> Video:
        """What a run had to do, with chunks of another size."""
        video = video_of(run)
        return video if chunk_tokens == run.chunk_tokens else video.cut_into(chunk_tokens)

    def cost_at(self, chunk_tokens: int) -> RequestCost:
        """What a request holds when chunks have another size."""
        if not self.cost.is_counted or not self.chunk_tokens_now:
            return self.cost
        share = chunk_tokens / self.chunk_tokens_now
        text = max(0.0, self.cost.prompt - _INSTRUCTION_TOKENS)
        prompt = self.cost.prompt - text + text * share
        return RequestCost(
            prompt,
            self.cost.output * share,
            self.cost.shared * share,
            self.cost.deviation * share,
        )

    def computed_at_once(self, run: RunReport) -> int:
        """What the server really had in work at the peak: beyond its room requests wait."""
        fits = self.limit(self.cost, paired=is_side_by_side(run))
        return min(run.totals.peak_in_flight, fits)
