"""A job over time as a small SVG: requests in flight, KV use, preemptions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise

from benchmarks.vllm.rounds import Played
from lexicue.scheduling.capacity import ServerSample

__all__ = ["svg"]

_WIDTH, _ROW, _LEFT, _TOP = 720, 96, 150, 34
_PLOT = _WIDTH - _LEFT - 20
_HEIGHT = _ROW - 26

_HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" \
font-size="11">
<rect width="{width}" height="{height}" fill="#fff"/>
<text x="{left}" y="18"><tspan fill="#1f77b4">in flight (0–{most})</tspan>  \
<tspan fill="#e08214">KV use (0–100 %)</tspan>  <tspan fill="#c00">preemptions</tspan></text>"""


def svg(jobs: Sequence[Played]) -> str:
    """A row for each job, on one scale of time and of requests."""
    longest = max(job.wall_s for job in jobs)
    most = max(job.peak_in_flight for job in jobs)
    height = _TOP + _ROW * len(jobs) + 16
    lines = [_HEAD.format(width=_WIDTH, height=height, left=_LEFT, most=most)]
    for place, job in enumerate(jobs):
        lines += _row(job, _TOP + _ROW * place, longest, most)
    lines.append(f'<text x="{_LEFT}" y="{height - 4}">0 s</text>')
    lines.append(
        f'<text x="{_WIDTH - 20}" y="{height - 4}" text-anchor="end">{longest:.0f} s</text>'
    )
    return "\n".join([*lines, "</svg>"]) + "\n"


def _row(job: Played, top: float, longest: float, most: int) -> list[str]:
    def x(at: float) -> float:
        return _LEFT + _PLOT * min(1.0, max(0.0, (at - job.report.began) / longest))

    def y(share: float) -> float:
        return top + _HEIGHT * (1 - min(1.0, share))

    flight = [(x(at), y(level / most)) for at, level in _levels(job)]
    usage = [(x(s.at), y(s.kv_usage or 0.0)) for s in _during(job)]
    name = escape(job.name)
    bottom = top + _HEIGHT
    marks = [
        f'<path d="M{x(at):.1f},{bottom}v-{min(_HEIGHT, 3.0 + count):.0f}" stroke="#c00" '
        'stroke-width="2"/>'
        for at, count in _preempted(job)
    ]
    return [
        f'<text x="8" y="{top + 14}" font-weight="bold">{name}</text>',
        f'<text x="8" y="{top + 30}">{job.wall_s:.1f} s</text>',
        f'<text x="8" y="{top + 44}">{job.preemptions} preemptions</text>',
        f'<path d="M{_LEFT},{bottom}h{_PLOT}" stroke="#999"/>',
        _line(usage, "#e08214"),
        _line(flight, "#1f77b4"),
        *marks,
    ]


def _during(job: Played) -> list[ServerSample]:
    end = job.report.began + job.wall_s
    return [s for s in job.samples if job.report.began <= s.at <= end]


def _levels(job: Played) -> Iterable[tuple[float, int]]:
    """Requests in flight after each one's start and end, as steps."""
    changes = sorted([(r.start, 1) for r in job.answered] + [(r.end, -1) for r in job.answered])
    level = 0
    for at, change in changes:
        yield at, level
        level += change
        yield at, level


def _preempted(job: Played) -> Iterable[tuple[float, int]]:
    for before, after in pairwise(job.samples):
        count = (after.preemptions or 0) - (before.preemptions or 0)
        if count > 0:
            yield after.at, count


def _line(points: Sequence[tuple[float, float]], colour: str) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.2"/>'
