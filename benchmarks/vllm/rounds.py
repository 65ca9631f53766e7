"""Runs jobs on a server, watches it meanwhile, and reduces both to the figures of the page."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from benchmarks.processes import (
    BENCH_PYTHON,
    CLIENTS,
    LEXICUE_PYTHON,
    ROOT,
    WORKSPACE,
    ProcessFailedError,
    environment,
)
from benchmarks.vllm.client import Answered, Job, Report, videos_of
from benchmarks.vllm.server import MODEL, Vllm, Watched
from lexicue.scheduling.capacity import ServerSample

__all__ = ["Played", "RunningJob", "play", "quantile"]


@dataclass(frozen=True, slots=True)
class Played:
    """One job on one server.

    Attributes:
        name: in the tables.
        report: the client's.
        samples: the server's, before, meanwhile and after.
    """

    name: str
    report: Report
    samples: list[ServerSample]

    @property
    def wall_s(self) -> float:
        """Of the job."""
        return self.report.wall_s

    @property
    def preemptions(self) -> int:
        """During the job; a server that restarted meanwhile counts from there."""
        seen = [sample.preemptions or 0 for sample in self.samples]
        steps = pairwise(seen)
        return sum(now - before if now >= before else now for before, now in steps)

    @property
    def answered(self) -> list[Answered]:
        """Requests that were answered."""
        return [request for request in self.report.requests if request.status == 200]

    @property
    def per_hundred(self) -> float:
        """Preemptions per 100 requests."""
        return 100 * self.preemptions / max(1, len(self.answered))

    @property
    def latencies(self) -> list[float]:
        """Of the answered requests, at the client."""
        return [request.end - request.start for request in self.answered]

    @property
    def cached_share(self) -> float:
        """Of the prompt tokens, from the prefix cache, as the answers tell."""
        asked = sum(request.prompt_tokens for request in self.answered)
        return sum(request.cached_tokens for request in self.answered) / max(1, asked)

    @property
    def hits_share(self) -> float:
        """Of the tokens looked up in the prefix cache, as the server's counters tell."""
        first, last = self.samples[0], self.samples[-1]
        queries = (last.prefix_queries or 0) - (first.prefix_queries or 0)
        return ((last.prefix_hits or 0) - (first.prefix_hits or 0)) / max(1, queries)

    @property
    def mean_in_flight(self) -> float:
        """At the server."""
        return sum(self.latencies) / max(1e-9, self.wall_s)

    @property
    def peak_in_flight(self) -> int:
        """At the server."""
        steps = [(r.start, 1) for r in self.answered] + [(r.end, -1) for r in self.answered]
        level = peak = 0
        for _, step in sorted(steps):
            level += step
            peak = max(peak, level)
        return peak

    def line(self) -> str:
        """For who watches."""
        return (
            f"{self.name:24} wall {self.wall_s:6.1f} s  preempt {self.preemptions:3}  "
            f"p50 {quantile(self.latencies, 0.5):5.2f}  p95 {quantile(self.latencies, 0.95):5.2f}  "
            f"in flight {self.mean_in_flight:5.1f}/{self.peak_in_flight:3}  "
            f"cached {self.cached_share:.0%}  failed {self.report.failed}/{self.report.results}"
        )


class RunningJob:
    """A client at work.

    Args:
        job: what it does.
    """

    def __init__(self, job: Job) -> None:
        self._process = subprocess.Popen(
            _command(job),
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def report(self) -> Report:
        """Wait until it is done.

        Raises:
            ProcessFailedError: it ended with an error.
        """
        output, errors = self._process.communicate()
        if self._process.returncode != 0:
            raise ProcessFailedError(errors[-4000:])
        told: dict[str, Any] = json.loads(output.splitlines()[-1])
        requests = [Answered(**request) for request in told.pop("requests")]
        limits = [(at, tokens, reason) for at, tokens, reason in told.pop("limits")]
        return Report(requests=requests, limits=limits, **told)


def _command(job: Job) -> list[str]:
    if job.client != "langextract":
        return [str(LEXICUE_PYTHON), "-m", "benchmarks.vllm.client", json.dumps(asdict(job))]
    chunks = [chunk.text for _, chunks in videos_of(job) for chunk in chunks]
    text = WORKSPACE / "langextract.txt"
    text.write_text("\n".join(chunks), encoding="utf-8")
    longest = sum(map(len, chunks)) // len(chunks)
    client = CLIENTS / "langextract_vllm.py"
    how = (job.base_url, MODEL, longest, job.answer_tokens, job.spread)
    return [str(BENCH_PYTHON), str(client), str(text), *map(str, how)]


def play(name: str, server: Vllm, job: Job) -> Played:
    """Do a job on a server whose prefix cache is empty."""
    with Watched(server) as watched:
        report = RunningJob(job).report()
    played = Played(name, report, watched.samples)
    print("  " + played.line(), file=sys.stderr, flush=True)
    return played


def quantile(values: list[float], share: float) -> float:
    """A quantile of measurements; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
