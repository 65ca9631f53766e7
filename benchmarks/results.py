"""What a benchmark hands back: figures with their spread, verdicts, and a section of the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

__all__ = ["Section", "Spread", "Table", "Verdict"]


@dataclass(frozen=True, slots=True)
class Spread:
    """One figure, measured several times.

    Attributes:
        values: as measured, in order.
    """

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """The spread of some measurements.

        Raises:
            ValueError: there are none.
        """
        measured = tuple(values)
        if not measured:
            raise ValueError("nothing was measured")
        return cls(measured)

    @property
    def median(self) -> float:
        """The value in the middle."""
        return median(self.values)

    def over(self, other: Spread) -> Spread:
        """The ratio to another figure, measurement by measurement of the same round."""
        pairs = zip(self.values, other.values, strict=True)
        return Spread(tuple(mine / theirs for mine, theirs in pairs))

    def show(self, digits: int = 2) -> str:
        """As the page has it: the median, and the lowest and highest value around it."""
        low, middle, high = (
            f"{value:,.{digits}f}" for value in (min(self.values), self.median, max(self.values))
        )
        return middle if low == high else f"{middle} ({low}–{high})"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A target, and whether the measurement meets it.

    Attributes:
        figure: what is measured.
        measured: the result, with its spread.
        target: in words.
        met: whether the median meets it.
    """

    figure: str
    measured: str
    target: str
    met: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the page.

    Attributes:
        header: the columns' names.
        rows: cells, as shown.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """The table in Markdown."""
        lines = [self.header, ["---"] * len(self.header), *self.rows]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the page.

    Attributes:
        title: its heading.
        reading: how it is measured and how to read the figures, in Markdown.
        table: the figures.
        verdicts: on targets, for those figures that have one.
    """

    title: str
    reading: str
    table: Table
    verdicts: Sequence[Verdict] = ()

    def markdown(self) -> str:
        """The section in Markdown."""
        return f"## {self.title}\n\n{self.reading.strip()}\n\n{self.table.markdown()}\n"
