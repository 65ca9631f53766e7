"""The progress bar: chunks done, entries found, requests in flight; on standard error only."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import Progress as RichProgress
from rich.text import Text

from lexicue.model import ChunkResult
from lexicue.pipeline import Run

__all__ = ["Progress"]


class _InFlight(ProgressColumn):
    """Requests at the server now, read anew each time the bar is drawn."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run

    def render(self, task: Task) -> Text:  # noqa: ARG002 - rich's signature
        if self._run.engine.name != "llm":
            return Text()
        gate = self._run.gate
        if gate is not None and gate.limiter.is_down:
            return Text("the server is away, waiting for it")
        return Text(f"{self._run.meter.now} in flight")


class Progress:
    """A bar for one run; nothing at all when standard error is no terminal.

    Args:
        run: what is watched.
        shown: False for --quiet.
    """

    def __init__(self, run: Run, *, shown: bool) -> None:
        self._run = run
        self._entries = 0
        self._bar = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[entries]} entries"),
            _InFlight(run),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            transient=True,
            disable=not (shown and sys.stderr.isatty()),
        )
        self._task = self._bar.add_task("extracting", total=None, entries=0)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def advance(self, part: ChunkResult) -> None:
        """Count one result."""
        self._entries += len(part.words) + len(part.phrases)
        self._bar.update(self._task, total=self._run.units, advance=1, entries=self._entries)
