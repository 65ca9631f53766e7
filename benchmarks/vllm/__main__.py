"""``scripts/bench-vllm``: runs the scenes and writes ``docs/benchmarks-vllm.md``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import lexicue
from benchmarks.processes import ROOT
from benchmarks.results import Section, Table
from benchmarks.vllm.scenes import SCENES

__all__ = ["main"]

_PAGE = ROOT / "docs" / "benchmarks-vllm.md"
_REPEATS = 3

_INTRODUCTION = """\
# Benchmarks on a real vLLM

`make bench-vllm` wrote this page and writes it anew; nothing in it is typed by hand. The server is
vLLM for CPU with a tiny model of random weights, or SmolLM2-135M where a prompt must cost time. A
figure is the median of {repeats} rounds, with the lowest and the highest in brackets; the jobs of a
scene run in turn on one server, its prefix cache emptied before each. Every job is a new process,
whose limiter knows nothing yet. A target that is missed stands here as missed.

The requests are Lexicue's own. Random weights say noise of any length, so each answer gets a length
that its chunk and task decide (lognormal, sigma 0.25), the same for every client, and structured
output is off.

**What a CPU server cannot tell about a GPU.** Counts carry over: what fits the cache, what is
preempted, what the prefix cache gives; it is the same scheduler and the same block manager. Times
do not. Here a step costs about the same however small the model is, most of it Python; a GPU's step
reads the weights once for the whole batch, so more requests at once cost it less, and its prompts
are cheap beside its answers. Client and server share two cores here, and differences below a tenth
between two lines are noise. How much wall time a preemption costs is a matter of the prompt's
length and the GPU's speed, and nothing here says it.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the scenes; with names only those, to the screen."""
    parser = argparse.ArgumentParser(prog="scripts/bench-vllm", description=main.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SCENES))
    parser.add_argument("--repeats", type=int, default=_REPEATS, help="rounds (%(default)s)")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(SCENES):
        parser.error(f"no such scene: {', '.join(sorted(unknown))}")
    load_before = os.getloadavg()[0]
    sections = [_run(name, options.repeats) for name in options.names or SCENES]
    page = _render(sections, options.repeats, load_before)
    print(page)
    if not options.names:
        _PAGE.write_text(page, encoding="utf-8")
    return 0


def _run(name: str, repeats: int) -> Section:
    print(f"bench-vllm: {name}", file=sys.stderr, flush=True)
    return SCENES[name](repeats)


def _render(sections: Sequence[Section], repeats: int, load_before: float) -> str:
    verdicts = [verdict for section in sections for verdict in section.verdicts]
    targets = Table(
        ("figure", "measured", "target", ""),
        [(v.figure, v.measured, v.target, "met" if v.met else "**missed**") for v in verdicts],
    )
    where = (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, load {load_before:.1f} "
        f"before and {os.getloadavg()[0]:.1f} after, Lexicue {lexicue.__version__}."
    )
    parts = [_INTRODUCTION.format(repeats=repeats), where, "\n## Targets\n", targets.markdown(), ""]
    return "\n".join([*parts, *(section.markdown() for section in sections)])


if __name__ == "__main__":
    sys.exit(main())
