"""``lexicue tune``: settings from what past runs show."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click

from lexicue.monitoring.tuning import Advice, Evidence, Recommendation, advise, collect_reports

__all__ = ["tune"]


@click.command(epilog="Exit codes: 0 done, also where nothing can be recommended; 2 wrong input.")
@click.argument("reports", nargs=-1, required=True, metavar="REPORT...")
@click.option(
    "--target-s",
    type=click.FloatRange(min=0, min_open=True),
    default=10.0,
    show_default=True,
    metavar="S",
    help="Seconds that a video may take.",
)
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON.")
@click.option("--env", "as_env", is_flag=True, help="Print the settings as lines for .env.")
def tune(reports: tuple[str, ...], target_s: float, as_json: bool, as_env: bool) -> int:
    """Settings that fit the server and the videos, from the run reports of past extractions:
    files, folders (with all .json in and below them) or patterns.

    \b
    Examples:
      lexicue tune reports/
      lexicue tune run1.json run2.json run3.json --target-s 5
      lexicue tune reports/ --env >> .env
    """
    if as_json and as_env:
        raise click.UsageError("--json and --env cannot go together")
    found = collect_reports(reports)
    advice = advise(found.reports, target_s, found.set_aside)
    if as_json:
        click.echo(json.dumps(advice.to_dict(), ensure_ascii=False, indent=1))
    else:
        click.echo("\n".join(_env_lines(advice) if as_env else _text(advice)))
    return 0


# --env


def _env_lines(advice: Advice) -> Iterator[str]:
    yield f"# lexicue tune: {_basis(advice)}; a video may take {advice.target_s:g} s"
    for each in advice.recommendations:
        yield f"# {each.why}"
        if each.value is None:
            yield f"# {each.variable}: nothing recommended"
        else:
            yield f"{each.variable}={_shown(each.value)}"


# Text


def _text(advice: Advice) -> Iterator[str]:
    yield f"{_basis(advice)}; a video may take {advice.target_s:g} s"
    if advice.evidence.runs:
        yield from ("", *_evidence(advice.evidence), "", *_strategies(advice.evidence))
    yield from ("", "recommended:", *map(_recommended, advice.recommendations))
    yield from _expected(advice)
    yield from _list("notes", advice.notes)
    yield from _list("set aside", [f"{each.path}: {each.reason}" for each in advice.set_aside])


def _basis(advice: Advice) -> str:
    evidence = advice.evidence
    if not evidence.runs:
        return "based on no runs"
    return (
        f"based on {evidence.runs} run(s) of {evidence.videos} video(s), {evidence.requests} "
        f"requests, {advice.model}"
    )


def _evidence(evidence: Evidence) -> Iterator[str]:
    counts = ", ".join(f"{each.chunks} × {each.runs}" for each in evidence.chunk_counts)
    yield (
        f"chunks of a video: median {evidence.p50_chunks}, 9 in 10 at most {evidence.p90_chunks}, "
        f"most {evidence.most_chunks}"
    )
    yield f"  chunks × runs: {counts}"
    yield f"within the target: {_percent(evidence.within_target)} of the runs"
    kv_tokens, usage = _tokens(evidence.kv_tokens), _maybe(evidence.peak_kv_usage)
    yield f"KV cache: {kv_tokens}, in use at most {usage}"
    yield f"preemptions: {_preemptions(evidence)}; strained runs: {evidence.strained_runs}"
    yield f"from the prefix cache: {_percent(evidence.cached_share)} of the prompt tokens"
    failures = ", ".join(f"{each.error} {each.tasks}" for each in evidence.failures)
    yield f"tasks not ok: {failures or 'none'}, of {evidence.tasks}"


def _strategies(evidence: Evidence) -> Iterator[str]:
    yield (
        f"{'strategy':12} {'runs':>5} {'video p50/p95 s':>16} {'task p50/p95 s':>15} "
        f"{'in flight':>10} {'preempted/100':>14} {'failed':>7}"
    )
    for each in evidence.strategies:
        preempted = "not told" if each.preemptions_per_100 is None else each.preemptions_per_100
        yield (
            f"{each.strategy:12} {each.runs:>5} "
            f"{f'{each.p50_wall_s:.1f}/{each.p95_wall_s:.1f}':>16} "
            f"{f'{each.p50_task_s:.1f}/{each.p95_task_s:.1f}':>15} "
            f"{f'{each.mean_in_flight:.1f}/{each.peak_in_flight}':>10} "
            f"{preempted!s:>14} {each.failed_tasks:>7}"
        )


def _recommended(each: Recommendation) -> str:
    if each.value is None:
        return f"  {each.variable}: nothing, {each.why}"
    now = "" if each.now is None else f" (now {_shown(each.now)})"
    return f"  {each.variable}={_shown(each.value)}{now}: {each.why}"


def _expected(advice: Advice) -> Iterator[str]:
    expected = advice.expected
    yield ""
    if expected is None:
        yield "expected: cannot be told"
        return
    yield "expected:"
    if expected.error is None or expected.within_target is None:
        yield "  the time of a video cannot be told: too few runs, or they do not agree"
    else:
        yield (
            f"  within {advice.target_s:g} s: {_percent(expected.within_target_now)} → "
            f"{_percent(expected.within_target)} of the videos"
        )
        yield (
            f"  time of a video: median {expected.p50_wall_s_now:.1f} → {expected.p50_wall_s:.1f}"
            f" s, p95 {expected.p95_wall_s_now:.1f} → {expected.p95_wall_s:.1f} s "
            f"(3 in 4 past runs are met within ±{_percent(expected.error)})"
        )
        yield (
            f"  time of a task at the server: p95 {expected.p95_task_s_now:.1f} → "
            f"{expected.p95_task_s or 0:.1f} s"
        )
    if expected.preemptions_per_100 is not None:
        yield (
            f"  preemptions in 100 requests: {expected.preemptions_per_100_now:g} → "
            f"{expected.preemptions_per_100:g} at most"
        )


def _list(title: str, lines: tuple[str, ...] | list[str]) -> Iterator[str]:
    if lines:
        yield from ("", f"{title}:", *(f"  {line}" for line in lines))


def _preemptions(evidence: Evidence) -> str:
    if evidence.preemptions is None:
        return "not told"
    return f"{evidence.preemptions}, {evidence.preemptions_per_100 or 0:g} in 100 requests"


def _shown(value: int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _tokens(tokens: int | None) -> str:
    return "capacity not told" if tokens is None else f"{tokens:,} tokens"


def _maybe(share: float | None) -> str:
    return "not told" if share is None else _percent(share)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
