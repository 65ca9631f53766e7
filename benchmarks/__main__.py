"""``scripts/bench``: runs the benchmarks and writes ``docs/benchmarks.md``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from benchmarks import answer_tokens, chunking, in_flight, startup, throughput
from benchmarks.machine import machine
from benchmarks.processes import ROOT
from benchmarks.results import Section, Table

__all__ = ["main"]

_BENCHMARKS: dict[str, Callable[[int], Section]] = {
    "chunking": chunking.measure,
    "startup": startup.measure,
    "in-flight": in_flight.measure,
    "answer-tokens": answer_tokens.measure,
    "throughput": throughput.measure,
}
"""Every benchmark by its name on the command line, in the page's order."""

_PAGE = ROOT / "docs" / "benchmarks.md"
_FEWEST_REPEATS = 3

_INTRODUCTION = """\
# Benchmarks

`make bench` wrote this page and writes it anew; nothing in it is typed by hand. A figure is the
median of {repeats} rounds, with the lowest and the highest in brackets. Peers are measured in the
same run on the same machine, one after the other, and it is the ratios that count: seconds are
this machine's, and a load above its cores makes them longer. A target that is missed stands here as
missed. One benchmark alone, to the screen: `scripts/bench in-flight`. The strategies on a real vLLM
have [a page of their own](benchmarks-vllm.md).
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks; with names only those, to the screen."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=main.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(_BENCHMARKS))
    parser.add_argument("--repeats", type=int, default=_FEWEST_REPEATS, help="rounds (%(default)s)")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(_BENCHMARKS):
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    if options.repeats < _FEWEST_REPEATS:
        parser.error(f"a spread needs {_FEWEST_REPEATS} rounds or more")
    load_before = os.getloadavg()[0]
    sections = [_run(name, options.repeats) for name in options.names or _BENCHMARKS]
    page = render(sections, machine(load_before), options.repeats)
    print(page)
    if not options.names:
        _PAGE.write_text(page, encoding="utf-8")
        print(f"written: {_PAGE.relative_to(ROOT)}", file=sys.stderr)
    return 0


def render(sections: Sequence[Section], where: Table, repeats: int) -> str:
    """The page."""
    return "\n".join(
        (
            _INTRODUCTION.format(repeats=repeats),
            where.markdown(),
            "\n## Targets\n",
            _targets(sections).markdown(),
            "",
            *(section.markdown() for section in sections),
        )
    )


def _targets(sections: Sequence[Section]) -> Table:
    verdicts = [verdict for section in sections for verdict in section.verdicts]
    return Table(
        ("figure", "measured", "target", ""),
        [(v.figure, v.measured, v.target, "met" if v.met else "**missed**") for v in verdicts],
    )


def _run(name: str, repeats: int) -> Section:
    print(f"bench: {name}", file=sys.stderr, flush=True)
    return _BENCHMARKS[name](repeats)


if __name__ == "__main__":
    sys.exit(main())
