"""The design note's table of requests at once by GPU size, corrected."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from lexicue.model import JsonValue
from lexicue.scheduling.planning.gpus import find_gpu
from lexicue.scheduling.planning.plan import Range, estimate, plan_estimated
from lexicue.scheduling.planning.server import ServerFlags
from lexicue.scheduling.planning.shapes import ModelShape
from lexicue.scheduling.planning.work import Job

__all__ = ["NoteRow", "note_table"]

_NOTE = (
    (24, "A10G", "4-8"),
    (40, "A100-40GB", "8-16"),
    (48, "L40S", ""),
    (80, "H100", "16-32"),
)
"""The size on the box, a GPU of that size, and what the note allows."""


@dataclass(frozen=True, slots=True)
class NoteRow:
    """One size of GPU.

    Attributes:
        size_gb: as the note has it.
        gpu: the one taken for this size.
        note: requests at once that the note allows; empty where it has no such size.
        kv_tokens: capacity, tokens.
        resident_requests: at once, sharing nothing.
        max_safe_chunks: for ``MAX_SAFE_CHUNKS_FOR_PARALLEL``, at the low end of the range.
        max_concurrency: safe, at the low end of the range.
    """

    size_gb: int
    gpu: str
    note: str
    kv_tokens: Range
    resident_requests: Range
    max_safe_chunks: int
    max_concurrency: int

    def to_dict(self) -> dict[str, JsonValue]:
        """As JSON has it."""
        return asdict(self)


def note_table(
    shape: ModelShape, flags: ServerFlags, job: Job, weights_gib: float | None = None
) -> tuple[NoteRow, ...]:
    """The table for a model and a job, on the GPUs that stand for the note's sizes."""
    rows = []
    for size, name, said in _NOTE:
        of = estimate(shape, find_gpu(name), flags, weights_gib)
        plan = plan_estimated(of, job)
        rows.append(
            NoteRow(
                size,
                name,
                said,
                plan.kv_tokens,
                plan.resident,
                plan.advice.max_safe_chunks,
                plan.advice.max_concurrency,
            )
        )
    return tuple(rows)
