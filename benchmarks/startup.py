"""What it costs to start the command."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.processes import BENCH_PYTHON, LEXICUE, LEXICUE_PYTHON, run
from benchmarks.results import Section, Spread, Table, Verdict

__all__ = ["measure"]

_TIMES = 10
_LIMIT_S = 0.3

_COMMANDS: dict[str, Sequence[str | Path]] = {
    "`lexicue --help`": (LEXICUE, "--help"),
    "`python -c 'import lexicue'`": (LEXICUE_PYTHON, "-c", "import lexicue"),
    "`python -c 'import langextract'`": (BENCH_PYTHON, "-c", "import langextract"),
    "`python -c pass`": (LEXICUE_PYTHON, "-c", "pass"),
}

_READING = f"""
CPU seconds (user and system) of the whole process, {_TIMES} times each in turn. `python -c pass`
is what Python itself takes; the rest of a figure is the program's.
"""


def measure(repeats: int) -> Section:
    """Run each command 10 times, however many repeats are asked for of the others."""
    seconds: dict[str, list[float]] = {name: [] for name in _COMMANDS}
    for _ in range(max(_TIMES, repeats)):
        for name, command in _COMMANDS.items():
            seconds[name].append(run(command).cpu_s)
    spreads = {name: Spread.of(values) for name, values in seconds.items()}
    helping = spreads["`lexicue --help`"]
    return Section(
        "Starting the command",
        _READING,
        Table(("command", "CPU s"), [(name, spread.show(3)) for name, spread in spreads.items()]),
        (
            Verdict(
                "CPU seconds of `lexicue --help`",
                helping.show(3),
                f"< {_LIMIT_S}",
                helping.median < _LIMIT_S,
            ),
        ),
    )
