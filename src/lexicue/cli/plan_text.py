"""A plan as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lexicue.scheduling.planning import Estimate, Job, NoteRow, Plan, Range

__all__ = ["note_text", "plan_text"]


def plan_text(plan: Plan) -> str:
    """Memory, capacity, strategies, safe settings and notes."""
    parts = [_memory(plan.estimate)] if plan.estimate else []
    parts += [_capacity(plan), _strategies(plan), _settings(plan), _notes(plan.notes)]
    return "\n\n".join(part for part in parts if part)


def _memory(of: Estimate) -> str:
    gpu, flags = of.gpu, of.flags
    count = f"{flags.tensor_parallel} x " if flags.tensor_parallel > 1 else ""
    version = ".".join(map(str, flags.version))
    title = f"{of.shape.name} on {count}{gpu.name}, vLLM {version}; GiB on each GPU"
    rows = [
        ("what CUDA shows", f"{of.budget.total:.2f}", ""),
        (f"x {flags.utilization:g}, the server's share", f"{of.budget.requested:.2f}", ""),
    ]
    rows += [
        (f"- {term.name}", f"{term.gib:.2f}", _spread(term.low, term.high))
        for term in of.budget.terms
    ]
    low, high = max(0.0, of.budget.available_low), max(0.0, of.budget.available_high)
    rows.append(("= KV cache", f"{of.budget.available:.2f}", _spread(low, high)))
    return f"{title}\n{_columns(rows, right={1})}"


def _spread(low: float, high: float) -> str:
    return "" if low == high else f"({low:.2f} to {high:.2f})"


def _capacity(plan: Plan) -> str:
    rows = [("KV tokens", *_ranged(plan.kv_tokens))]
    if plan.estimate:
        of = plan.estimate.layout
        padded = of.allocated_bytes_per_token
        extra = "" if padded == of.bytes_per_token else f"({padded:,} with padding)"
        rows.append(("KV bytes a token", f"{of.bytes_per_token:,}", extra))
    if plan.max_model_len:
        rows.append(("longest request", f"{plan.max_model_len:,}", ""))
    rows.append((f"requests at once, {_sum(plan.job)}", *_ranged(plan.resident)))
    return _columns(rows, right={1})


def _sum(job: Job) -> str:
    instructions = f" + {job.instruction_tokens:,}" if job.instruction_tokens else ""
    return f"{job.chunk_tokens:,}{instructions} + {job.output_tokens:,} tokens"


def _ranged(of: Range) -> tuple[str, str]:
    spread = "" if of.low == of.high else f"(estimate: {of.low:,} to {of.high:,})"
    return f"{of.expected:,}", spread


def _strategies(plan: Plan) -> str:
    rows = [("strategy", "at once", "KV tokens", "outcome")]
    rows += [
        (
            f"{each.letter} {each.strategy}".strip(),
            f"{each.requests_at_once:,}",
            f"{each.tokens_needed:,}",
            f"{each.outcome}: {each.why}",
        )
        for each in plan.strategies
    ]
    chunks = "1 chunk" if plan.job.chunks == 1 else f"{plan.job.chunks:,} chunks"
    return f"{chunks}, words and phrases of each\n{_columns(rows, right={1, 2})}"


def _settings(plan: Plan) -> str:
    rows = [
        ("MAX_SAFE_CHUNKS_FOR_PARALLEL", f"{plan.advice.max_safe_chunks:,}"),
        ("max_concurrency", f"{plan.advice.max_concurrency:,}"),
    ]
    return f"safe settings (nothing is preempted)\n{_columns(rows, right={1})}"


def _notes(notes: Sequence[str]) -> str:
    return "\n".join(f"note: {note}" for note in notes)


def note_text(model: str, job: Job, rows: Iterable[NoteRow]) -> str:
    """The design note's table and what is right."""
    lines = [("GPU", "", "the note", "KV tokens", "requests at once", "", "safe chunks for A")]
    lines += [
        (
            f"{row.size_gb} GB",
            row.gpu,
            row.note,
            f"{row.kv_tokens.expected:,}",
            f"{row.resident_requests.expected:,}",
            f"({row.resident_requests.low:,} to {row.resident_requests.high:,})",
            f"{row.max_safe_chunks:,}",
        )
        for row in rows
    ]
    return f"{model}, {_sum(job)} a request\n{_columns(lines, right={2, 3, 4, 6})}"


def _columns(rows: Sequence[Sequence[str]], right: set[int]) -> str:
    """Rows with their columns in line, those of `right` set to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_line(row, widths, right) for row in rows)


def _line(row: Sequence[str], widths: Sequence[int], right: set[int]) -> str:
    cells = (
        cell.rjust(width) if number in right else cell.ljust(width)
        for number, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return f"  {'  '.join(cells)}".rstrip()
