"""Running a client in a process of its own, and what the process cost."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["BENCH_PYTHON", "CLIENTS", "LEXICUE", "LEXICUE_PYTHON", "ROOT", "WORKSPACE", "Finished"]
__all__ += ["ProcessFailedError", "run"]

ROOT = Path(__file__).resolve().parents[1]
"""The checkout."""

CLIENTS = ROOT / "benchmarks" / "clients"
WORKSPACE = ROOT / ".cache" / "bench"
"""Where inputs are laid; the processes run here, so that no .env or lexicue.toml is read."""

LEXICUE_PYTHON = ROOT / ".venv" / "bin" / "python"
LEXICUE = ROOT / ".venv" / "bin" / "lexicue"
BENCH_PYTHON = ROOT / ".venv-bench" / "bin" / "python"


class ProcessFailedError(Exception):
    """A measured process ended with an error; the message is what it wrote."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A process that has done its work.

    Attributes:
        wall_s: from its start to its end, imports counted.
        cpu_s: user and system time, of all its threads.
        output: what it printed.
    """

    wall_s: float
    cpu_s: float
    output: str

    @property
    def told(self) -> dict[str, Any]:
        """The JSON object that it printed last."""
        told: dict[str, Any] = json.loads(self.output.splitlines()[-1])
        return told


def run(command: Sequence[str | Path]) -> Finished:
    """Run a command to its end.

    Raises:
        ProcessFailedError: its exit status is not 0.
    """
    WORKSPACE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        started = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            cwd=WORKSPACE,
            env=environment(),
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise ProcessFailedError(f"{command}: {_end_of(errors.fileno())}")
        output.seek(0)
        return Finished(wall_s, usage.ru_utime + usage.ru_stime, output.read())


def environment() -> dict[str, str]:
    """This process's environment without settings of Lexicue, so that defaults are defaults."""
    mine = ("LEXICUE_", "ENABLE_PARALLEL_WORD_PHRASE", "MAX_SAFE_CHUNKS_FOR", "LANGEXTRACT_")
    return {name: value for name, value in os.environ.items() if not name.startswith(mine)}


def _end_of(descriptor: int, characters: int = 4000) -> str:
    size = os.lseek(descriptor, 0, os.SEEK_END)
    return os.pread(descriptor, characters, max(0, size - characters)).decode(errors="replace")
