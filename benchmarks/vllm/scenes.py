"""What is measured: each scene a server, jobs on it in turn, round after round."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.processes import ROOT
from benchmarks.results import Section, Spread, Table, Verdict
from benchmarks.vllm.client import Job
from benchmarks.vllm.plot import svg
from benchmarks.vllm.rounds import Played, RunningJob, play, quantile
from benchmarks.vllm.server import Vllm, Watched

__all__ = ["SCENES", "Rounds"]

IMAGES = ROOT / "docs" / "images"
SMOLLM = ROOT / ".cache" / "smollm2-135m"

_UNLIMITED = 512
_SWEEP = (2, 4, 6, 8, 12, 16, 32)
_BLOCK = 32
_PRESSURE_BLOCKS = 200
"""6,400 tokens of KV: some nine of the requests, or twelve in pairs."""
_TEN_VIDEOS = (3, 8, 5, 2, 7, 4, 6, 5, 8, 2)

Rounds = dict[str, list[Played]]
"""Jobs by name, one for each round."""


def pressure(repeats: int) -> Section:
    """The strategies and fixed limits where the KV cache is the limit."""
    with _crowded() as server:
        job = _job(server, videos=(50,))
        peers = _bare(job) | {"langextract": replace(job, client="langextract")}
        rounds = _in_turn(repeats, server, _strategies(job) | _fixed(job) | peers)
    _draw("pressure", rounds, ("parallel", "sequential", "conditional", "adaptive"))
    adaptive, unlimited = rounds["adaptive"], rounds["parallel"]
    name, fastest = _best(rounds, [_limited(limit) for limit in _SWEEP])
    verdicts = [
        _at_most("preemptions of `parallel`", _spread(unlimited, _preempted), None, 1),
        _at_most("preemptions of `adaptive` per 100", _spread(adaptive, _per_hundred), 1),
        _at_most(f"wall of `adaptive` ÷ {name}'s, the best limit", _ratio(adaptive, fastest), 1.10),
        _at_most("p95 of `adaptive` ÷ `parallel`'s", _ratio(adaptive, unlimited, _p95), 1 / 3),
    ]
    return Section("KV pressure", _PRESSURE, _table(rounds), verdicts)


def ample(repeats: int) -> Section:
    """The same where everything fits."""
    with Vllm(max_num_seqs=128) as server:
        job = _job(server, videos=(150,))
        every = _strategies(job)
        rounds = _in_turn(repeats, server, {n: every[n] for n in ("parallel", "adaptive")})
    ratio = _ratio(rounds["adaptive"], rounds["parallel"])
    verdicts = [_at_most("wall of `adaptive` ÷ `parallel`'s, ample KV", ratio, 1.05)]
    return Section("Ample KV", _AMPLE, _table(rounds), verdicts)


def pairing(repeats: int) -> Section:
    """Chunk first and in pairs, against instructions first, where a prompt costs time."""
    with Vllm(SMOLLM, block_size=_BLOCK, num_gpu_blocks_override=_PRESSURE_BLOCKS) as server:
        job = _job(server, videos=(16,), chunk_tokens=1500, answer_tokens=24)
        jobs = {"adaptive": job} | {
            f"bare, {limit}": replace(job, client="bare", at_most=limit) for limit in (4, 6)
        }
        rounds = _in_turn(repeats, server, jobs)
    name, fastest = _best(rounds, [name for name in rounds if name != "adaptive"])
    ratio = _ratio(rounds["adaptive"], fastest)
    verdicts = [_at_most(f"wall of `adaptive` ÷ {name}'s, the best unpaired", ratio, 0.7)]
    return Section("Pairs, on SmolLM2-135M", _PAIRING, _table(rounds), verdicts)


def prefill(repeats: int) -> Section:
    """What the prefix cache gives with chunks of 2,000 tokens in a small cache."""
    with _crowded() as server:
        job = _job(server, videos=(16,), chunk_tokens=2000)
        jobs = {name: replace(job, strategy=name) for name in ("adaptive", "sequential")}
        rounds = _in_turn(repeats, server, jobs)
    share = _spread(rounds["adaptive"], lambda played: played.cached_share)
    verdicts = [_at_most("cached prompt tokens, `adaptive`, 2000-token chunks", share, None, 0.45)]
    return Section("Prefill saved", _PREFILL, _table(rounds), verdicts)


def videos(repeats: int) -> Section:
    """Ten videos in one process, and a short one behind a long one."""
    with _crowded() as server:
        ten = _job(server, videos=_TEN_VIDEOS)
        limits = {_limited(n): replace(ten, strategy="parallel", at_most=n) for n in (8, 12, 16)}
        jobs = {
            "ten, adaptive": ten,
            "ten, parallel": replace(ten, strategy="parallel", at_most=_UNLIMITED),
            **limits,
            "one chunk alone": replace(ten, videos=(1,)),
            "one behind fifty": replace(ten, videos=(50, 1), delays_s=(0.0, 1.5)),
        }
        rounds = _in_turn(repeats, server, jobs)
    _draw("videos", rounds, ("ten, parallel", "ten, adaptive", "one behind fifty"))
    return Section("Many videos", _VIDEOS, _table(rounds), _videos_verdicts(rounds, list(limits)))


def _videos_verdicts(rounds: Rounds, limits: list[str]) -> list[Verdict]:
    adaptive, unlimited = rounds["ten, adaptive"], rounds["ten, parallel"]
    name, fastest = _best(rounds, limits)
    short = _ratio(rounds["one behind fifty"], rounds["one chunk alone"], _last_video)
    return [
        _at_most("ten videos: preemptions per 100", _spread(adaptive, _per_hundred), 1),
        _at_most(f"ten videos: wall ÷ {name}'s", _ratio(adaptive, fastest), 1.10),
        _at_most("ten videos: p95 ÷ `parallel`'s", _ratio(adaptive, unlimited, _p95), 1 / 3),
        _at_most("one chunk behind fifty ÷ alone", short, 3.0),
    ]


def others(repeats: int) -> Section:
    """A foreign client with half the cache, and a server killed in the middle."""
    rounds: Rounds = {"beside others": [], "server killed": []}
    shares: dict[str, list[float]] = {"before": [], "beside": [], "after": []}
    for _ in range(repeats):
        with _crowded() as server:
            played, foreign = _beside(server)
            rounds["beside others"].append(played)
            for when, share in _shares(played, foreign).items():
                shares[when].append(share)
            rounds["server killed"].append(_killed(server))
    _draw("others", rounds, tuple(rounds))
    before, beside, after = (Spread.of(shares[when]) for when in ("before", "beside", "after"))
    lost = _spread(rounds["server killed"], lambda played: float(played.report.failed))
    verdicts = [
        _at_most("our tokens beside others ÷ before", beside.over(before), 0.65),
        _at_most("our tokens after them ÷ before", after.over(before), None, 0.85),
        _at_most("results lost when the server is killed", lost, 0),
    ]
    return Section("Others on the server, and a restart", _OTHERS, _table(rounds), verdicts)


_FOREIGN_AT_S = 10.0
_SETTLING_S = 4.0
_KILLED_AT_S = 8.0


def _beside(server: Vllm) -> tuple[Played, Played]:
    with Watched(server) as watched:
        ours = RunningJob(_job(server, videos=(250,)))
        time.sleep(_FOREIGN_AT_S)
        theirs = RunningJob(_job(server, videos=(60,), client="bare", at_most=8))
        foreign = Played("others", theirs.report(), [])
        played = Played("beside others", ours.report(), watched.samples)
    return played, foreign


def _shares(ours: Played, theirs: Played) -> dict[str, float]:
    """Our tokens in flight on average, before, beside (once settled) and after the others."""
    begin, end = theirs.report.began, theirs.report.began + theirs.wall_s
    last = ours.report.began + ours.wall_s - _SETTLING_S
    spans = {
        "before": (ours.report.began + 1.0, begin),
        "beside": (begin + _SETTLING_S, end),
        "after": (end + _SETTLING_S, last),
    }
    return {when: _mean_held(ours, *span) for when, span in spans.items()}


def _mean_held(played: Played, start: float, end: float) -> float:
    held = [tokens for at, tokens, _ in played.report.held if start <= at <= end]
    return sum(held) / max(1, len(held))


def _killed(server: Vllm) -> Played:
    with Watched(server) as watched:
        ours = RunningJob(_job(server, videos=(100,)))
        time.sleep(_KILLED_AT_S)
        server.kill()
        server.start()
        server.wait_until_healthy()
        report = ours.report()
    return Played("server killed", report, watched.samples)


SCENES: dict[str, Callable[[int], Section]] = {
    "pressure": pressure,
    "ample": ample,
    "pairing": pairing,
    "prefill": prefill,
    "videos": videos,
    "others": others,
}
"""Every scene by its name on the command line, in the page's order."""


# --- servers and jobs


def _crowded(model_len: int = 4096) -> Vllm:
    return Vllm(
        max_model_len=model_len,
        max_num_seqs=64,
        block_size=_BLOCK,
        num_gpu_blocks_override=_PRESSURE_BLOCKS,
    )


def _job(server: Vllm, **how: object) -> Job:
    return Job(server.base_url, str(server.tokenizer), **how)  # type: ignore[arg-type]


def _strategies(job: Job) -> dict[str, Job]:
    return {
        "adaptive": job,
        "parallel": replace(job, strategy="parallel", at_most=_UNLIMITED),
        "sequential": replace(job, strategy="sequential"),
        "conditional": replace(job, strategy="conditional"),
    }


def _limited(limit: int) -> str:
    return f"limit {limit}"


def _fixed(job: Job) -> dict[str, Job]:
    return {_limited(n): replace(job, strategy="parallel", at_most=n) for n in _SWEEP}


def _bare(job: Job) -> dict[str, Job]:
    return {f"bare, {n}": replace(job, client="bare", at_most=n) for n in _SWEEP[1:]}


def _in_turn(repeats: int, server: Vllm, jobs: Mapping[str, Job]) -> Rounds:
    rounds: Rounds = {name: [] for name in jobs}
    for _ in range(repeats):
        for name, job in jobs.items():
            rounds[name].append(play(name, server, job))
    return rounds


# --- figures


def _preempted(played: Played) -> float:
    return float(played.preemptions)


def _per_hundred(played: Played) -> float:
    return played.per_hundred


def _wall(played: Played) -> float:
    return played.wall_s


def _p95(played: Played) -> float:
    return quantile(played.latencies, 0.95)


def _last_video(played: Played) -> float:
    return played.report.video_s[-1]


def _spread(played: Sequence[Played], figure: Callable[[Played], float]) -> Spread:
    return Spread.of(map(figure, played))


def _ratio(
    mine: Sequence[Played], theirs: Sequence[Played], figure: Callable[[Played], float] = _wall
) -> Spread:
    return _spread(mine, figure).over(_spread(theirs, figure))


def _best(rounds: Rounds, names: Sequence[str]) -> tuple[str, list[Played]]:
    """The job with the shortest median wall time."""
    name = min(names, key=lambda name: _spread(rounds[name], _wall).median)
    return name, rounds[name]


def _at_most(
    what: str, measured: Spread, most: float | None, least: float | None = None
) -> Verdict:
    target = f"≤ {most:.3g}" if most is not None else f"≥ {least:.3g}"
    is_met = measured.median <= most if most is not None else measured.median >= (least or 0)
    return Verdict(what, measured.show(), target, is_met)


def _table(rounds: Rounds) -> Table:
    header = (
        "",
        "wall s",
        "preemptions",
        "p50 s",
        "p95 s",
        "in flight, mean",
        "peak",
        "cached prompt tokens",
        "not whole",
    )
    return Table(header, [_cells(name, played) for name, played in rounds.items() if played])


def _cells(name: str, played: Sequence[Played]) -> tuple[str, ...]:
    return (
        name,
        _spread(played, _wall).show(1),
        _spread(played, _preempted).show(0),
        _spread(played, lambda one: quantile(one.latencies, 0.5)).show(),
        _spread(played, _p95).show(),
        _spread(played, lambda one: one.mean_in_flight).show(1),
        _spread(played, lambda one: float(one.peak_in_flight)).show(0),
        _spread(played, lambda one: 100 * one.cached_share).show(0) + " %",
        _spread(played, lambda one: float(one.report.failed)).show(0),
    )


def _draw(scene: str, rounds: Rounds, names: Sequence[str]) -> None:
    """The last round as a plot beside the page."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    image = svg([rounds[name][-1] for name in names])
    Path(IMAGES / f"vllm-{scene}.svg").write_text(image, encoding="utf-8")


# --- how to read them

_PRESSURE = """
One video of 50 chunks of about 300 tokens, so 100 requests of some 570 prompt tokens and 150 answer
tokens, on a server with 6,400 tokens of KV. *limit N* is `strategy="parallel"` with
`max_concurrency=N`: pairs, chunk first, a fixed limit. *bare* is a plain client under a semaphore
with the instructions first, all words and then all phrases. *langextract* makes two passes at its
defaults over chunks of as many characters. *parallel* knows no limit.

![in flight, KV use and preemptions over time](images/vllm-pressure.svg)
"""
_AMPLE = """
150 such chunks where the cache holds all of them (1 GiB): whatever holds requests back, loses.
"""
_PAIRING = """
SmolLM2-135M, whose prompts cost time: 16 chunks of about 1,500 tokens, answers of 24 tokens, 6,400
tokens of KV. *bare* puts the instructions first, so nothing of a chunk is shared.
"""
_PREFILL = """
16 chunks of about 2,000 tokens: 6,400 tokens of KV hold two or three. A pair that is sent together
computes its chunk once; when `sequential` comes back with its second task, the chunk is gone.
"""
_VIDEOS = """
Ten videos of 2 to 8 chunks at once in one process, under one limit. Then a video of one chunk that
is begun 1.5 s after one of fifty.

![ten videos](images/vllm-videos.svg)
"""
_OTHERS = """
*beside others*: in the middle of a job, another client (8 requests at once, no limiter) comes and
goes. Our tokens in flight are taken from 4 s after it came, and 4 s after it left. *server killed*:
SIGKILL in the middle of a job, then a new server on the same port.

![others, and a restart](images/vllm-others.svg)
"""
