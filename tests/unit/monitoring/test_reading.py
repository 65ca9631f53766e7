"""Reports come back as they were written, those of 0.1.0 too; what is none is told."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lexicue.errors import InputError
from lexicue.monitoring import LimitStep, RunReport, ServerReport
from lexicue.monitoring.tuning import collect_reports, read_report

from .conftest import MadeUpServer

NEW_SINCE_0_1_0 = {"ran_as", "max_concurrency", "limit_history", "server"}
NEW_IN_TASKS = {"queued_s", "chunk_tokens"}
NEW_IN_TOTALS = {"p50_task_s", "p95_task_s"}


def written(report: object, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report), encoding="utf-8")
    return path


def as_0_1_0(report: RunReport) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(json.dumps(report.to_dict()))
    for name in NEW_SINCE_0_1_0:
        del data[name]
    for task in data["tasks"]:
        for name in NEW_IN_TASKS:
            del task[name]
    for name in NEW_IN_TOTALS:
        del data["totals"][name]
    return data


@pytest.fixture
def report(server: MadeUpServer) -> RunReport:
    return replace(
        server.run(3, "adaptive"),
        limit_history=(LimitStep(0.0, 40_000, "start"), LimitStep(1.5, 30_000, "preemption")),
    )


def test_a_report_comes_back_as_it_was(report: RunReport, tmp_path: Path) -> None:
    assert read_report(written(report.to_dict(), tmp_path / "r.json")) == report


def test_a_report_of_0_1_0_is_as_if_nothing_were_told(report: RunReport, tmp_path: Path) -> None:
    read = read_report(written(as_0_1_0(report), tmp_path / "r.json"))
    assert read.server == ServerReport()
    assert read.limit_history == ()
    assert read.max_concurrency is None
    assert read.tasks[0].queued_s == 0.0
    assert read.totals.wall_s == report.totals.wall_s


def test_fields_of_later_versions_are_passed_over(report: RunReport, tmp_path: Path) -> None:
    data = {**report.to_dict(), "later": {"a": 1}}
    assert read_report(written(data, tmp_path / "r.json")) == report


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"schema": 2}, "schema 2"),
        ({"tasks": {}}, "tasks is no list"),
        ({"tasks": [3]}, r"tasks\[0\] is no object"),
        ({"totals": []}, "totals is no object"),
        ({"chunks": "many"}, "chunks cannot be 'many'"),
        ({"chunks": True}, "chunks cannot be True"),
        ({"chunks": -1}, "chunks cannot be -1"),
        ({"server": {"kv_tokens": 1.5}}, "server.kv_tokens cannot be 1.5"),
        ({"server": 7}, "server is no object"),
    ],
)
def test_what_is_wrong_is_told_with_its_field(
    change: dict[str, Any], told: str, report: RunReport, tmp_path: Path
) -> None:
    file = written({**report.to_dict(), **change}, tmp_path / "bad.json")
    with pytest.raises(InputError, match=f"bad.json: .*{told}"):
        read_report(file)


def test_a_missing_field_is_told(report: RunReport, tmp_path: Path) -> None:
    data = as_0_1_0(report)
    del data["tasks"][1]["seconds"]
    with pytest.raises(InputError, match=r"tasks\[1\].seconds is missing"):
        read_report(written(data, tmp_path / "r.json"))


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"words": []}', "\0", "[" * 100_000, "NaN"])
def test_what_is_no_report_is_told(text: str, tmp_path: Path) -> None:
    file = tmp_path / "no.json"
    file.write_text(text)
    with pytest.raises(InputError, match=r"no\.json: no run report"):
        read_report(file)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone\.json: cannot be read"):
        collect_reports([str(tmp_path / "gone.json")])


def test_a_folder_is_searched_and_others_are_set_aside(report: RunReport, tmp_path: Path) -> None:
    written(report.to_dict(), tmp_path / "b.json")
    written(as_0_1_0(report), tmp_path / "deep" / "a.json")
    written({"words": []}, tmp_path / "talk.json")
    (tmp_path / "notes.txt").write_text("not looked at")
    found = collect_reports([str(tmp_path)])
    assert len(found.reports) == 2
    assert [Path(each.path).name for each in found.set_aside] == ["talk.json"]


def test_a_pattern_is_expanded(report: RunReport, tmp_path: Path) -> None:
    for name in ("run1.json", "run2.json", "other.json"):
        written(report.to_dict(), tmp_path / name)
    assert len(collect_reports([str(tmp_path / "run*.json")]).reports) == 2


def test_a_file_given_twice_counts_once(report: RunReport, tmp_path: Path) -> None:
    file = written(report.to_dict(), tmp_path / "r.json")
    assert len(collect_reports([str(file), str(tmp_path), str(file)]).reports) == 1


@pytest.mark.parametrize("name", ["", "*.json", "no*.json"])
def test_where_there_are_no_reports_it_is_told(name: str, tmp_path: Path) -> None:
    written({"words": []}, tmp_path / "talk.json")
    with pytest.raises(InputError, match="no run reports there"):
        collect_reports([str(tmp_path / name)])
