"""Reading run reports back from files, those of version 0.1.0 too, which tell less."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from lexicue.errors import InputError
from lexicue.model import Status, Task
from lexicue.monitoring.report import (
    SCHEMA_VERSION,
    LimitStep,
    RunReport,
    RunTotals,
    ServerReport,
    TaskReport,
)

__all__ = ["Collected", "SetAside", "collect_reports", "read_report"]

_MOST_BYTES = 64 * 1024 * 1024
"""A report has some 400 bytes a task; this is a run of over 50,000 chunks."""

_GLOB = frozenset("*?[")

Record = TypeVar("Record", TaskReport, RunTotals, LimitStep, ServerReport)


@dataclass(frozen=True, slots=True)
class SetAside:
    """A file that gives no evidence.

    Attributes:
        path: which.
        reason: why.
    """

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Collected:
    """The reports found.

    Attributes:
        reports: in order of their names in each folder, each file once.
        set_aside: JSON files of folders and patterns that are no reports.
    """

    reports: tuple[RunReport, ...]
    set_aside: tuple[SetAside, ...]


def collect_reports(sources: Iterable[str]) -> Collected:
    """The reports of some files, folders (all ``.json`` in and below them) and glob patterns.

    A file that is named itself must be a report; of a folder or a pattern, other files are set
    aside.

    Raises:
        InputError: nothing is there, or it is no report.
    """
    reports: dict[Path, RunReport] = {}
    set_aside: dict[Path, SetAside] = {}
    for source in sources:
        named, files = _files_of(source)
        before = len(reports)
        for file in files:
            try:
                reports.setdefault(file.resolve(), read_report(file))
            except InputError as error:
                if named:
                    raise
                reason = str(error).removeprefix(f"{file}: ")
                set_aside[file.resolve()] = SetAside(str(file), reason)
        if not files or (before == len(reports) == 0):
            raise InputError(f"{source}: no run reports there; write some with extract --report")
    return Collected(tuple(reports.values()), tuple(set_aside.values()))


def _files_of(source: str) -> tuple[bool, list[Path]]:
    """The files that a source means, and whether it is one file by its own name."""
    path = Path(source)
    if path.is_dir():
        return False, sorted(path.rglob("*.json"))
    if not path.exists() and _GLOB & set(source):
        root = Path(path.anchor)
        pattern = str(path.relative_to(path.anchor)) if path.anchor else source
        return False, sorted(file for file in root.glob(pattern) if file.is_file())
    return True, [path]


def read_report(path: Path) -> RunReport:
    """The report in a file; fields that its version did not have are as if not told.

    Raises:
        InputError: there is no such file, or it is no run report; names the file and the field.
    """
    try:
        return report_of(_json_of(path))
    except _NoReportError as error:
        raise InputError(f"{path}: {error}") from error


class _NoReportError(Exception):
    """The JSON is not that of a run report."""


def _json_of(path: Path) -> object:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise _NoReportError(f"no run report: larger than {_MOST_BYTES >> 20} MiB")
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise _NoReportError(f"cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise _NoReportError(f"no run report: not JSON ({error})") from error


def report_of(data: object) -> RunReport:
    """The report that JSON stands for."""
    if not isinstance(data, dict) or not {"schema", "tasks", "totals"} <= data.keys():
        raise _NoReportError("no run report: it has no schema, tasks and totals")
    if data["schema"] != SCHEMA_VERSION:
        raise _NoReportError(
            f"a run report of schema {data['schema']!r}; this version reads {SCHEMA_VERSION}"
        )
    simple = _values(RunReport, data, "", leave=_NESTED)
    return RunReport(
        **simple,
        tasks=tuple(_records(TaskReport, data, "tasks")),
        totals=_record(RunTotals, data["totals"], "totals"),
        limit_history=tuple(_records(LimitStep, data, "limit_history")),
        server=_record(ServerReport, data.get("server") or {}, "server"),
    )


_NESTED = frozenset({"tasks", "totals", "limit_history", "server"})


def _records(kind: type[Record], data: Mapping[str, Any], name: str) -> Iterator[Record]:
    items = data.get(name, [])
    if not isinstance(items, list):
        raise _NoReportError(f"{name} is no list")
    for number, item in enumerate(items):
        yield _record(kind, item, f"{name}[{number}]")


def _record(kind: type[Record], data: object, where: str) -> Record:
    if not isinstance(data, dict):
        raise _NoReportError(f"{where} is no object")
    return kind(**_values(kind, data, f"{where}."))


def _values(
    kind: type[Any], data: Mapping[str, Any], where: str, leave: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """The fields of a dataclass that the data has, each seen to be of its type."""
    types = get_type_hints(kind)
    values = {}
    for field in fields(kind):
        if field.name in leave:
            continue
        if field.name in data:
            values[field.name] = _checked(data[field.name], types[field.name], where + field.name)
        elif field.default is MISSING and field.default_factory is MISSING:
            raise _NoReportError(f"{where}{field.name} is missing")
    return values


def _checked(value: Any, kind: Any, where: str) -> Any:
    try:
        return _READ[kind](value)
    except (ValueError, TypeError):
        raise _NoReportError(f"{where} cannot be {value!r}"[:200]) from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise TypeError
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        raise TypeError
    return float(value)


_READ: Mapping[Any, Any] = {
    str: _text,
    bool: _flag,
    int: _count,
    float: _number,
    str | None: lambda value: None if value is None else _text(value),
    int | None: lambda value: None if value is None else _count(value),
    float | None: lambda value: None if value is None else _number(value),
    tuple[str, ...]: lambda value: tuple(map(_text, value)),
    Task: Task,
    Status: Status,
}
"""How each type of field is read; every number of a report is 0 or more."""
