"""``lexicue tune`` as a user types it, also on reports of real runs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lexicue.testing import FakeServer

COMMAND = [sys.executable, "-m", "lexicue"]
SETTINGS = {
    "LEXICUE_MAX_CONCURRENCY",
    "LEXICUE_CHUNK_TOKENS",
    "MAX_SAFE_CHUNKS_FOR_PARALLEL",
    "ENABLE_PARALLEL_WORD_PHRASE_EXTRACTION",
}


def lexicue(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of real runs over the fake server: three chunk sizes give three chunk counts."""
    folder = tmp_path_factory.mktemp("reports")
    bakery = Path(__file__).parents[2] / "examples" / "the-bakery.srt"
    with FakeServer(latency=0.05) as server:
        for number, chunk_tokens in enumerate((200, 200, 400)):
            done = lexicue(
                *("extract", bakery, "-q", "-o", folder / f"talk{number}.json"),
                *("--report", folder / f"run{number}.json", "--strategy", "parallel"),
                *("--base-url", server.base_url, "--chunk-tokens", chunk_tokens),
            )
            assert done.returncode == 0, done.stderr
    return folder


def test_of_real_runs_as_text(reports: Path) -> None:
    done = lexicue("tune", reports)
    assert done.returncode == 0, done.stderr
    assert "based on 3 run(s) of 1 video(s)" in done.stdout
    assert all(name in done.stdout for name in SETTINGS)
    assert "talk0.json: no run report" in done.stdout


def test_of_real_runs_as_json(reports: Path) -> None:
    done = lexicue("tune", reports / "run*.json", "--json", "--target-s", "600")
    assert done.returncode == 0, done.stderr
    advice = json.loads(done.stdout)
    assert advice["schema"] == 1
    assert advice["target_s"] == 600
    evidence = advice["evidence"]
    assert evidence["runs"] == 3
    assert evidence["within_target"] == 1.0
    assert evidence["tasks"] == sum(2 * e["chunks"] * e["runs"] for e in evidence["chunk_counts"])
    assert {each["variable"] for each in advice["recommendations"]} == SETTINGS
    assert evidence["cached_share"] > 0.3  # pairs share their chunk


def test_environment_lines_can_be_used(reports: Path, tmp_path: Path) -> None:
    done = lexicue("tune", reports, "--env")
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if not line.startswith("# ")]
    assert lines
    assert {line.partition("=")[0] for line in lines} <= SETTINGS
    (tmp_path / ".env").write_text(done.stdout)
    code = "from lexicue import Settings; print(Settings.load().MAX_SAFE_CHUNKS_FOR_PARALLEL)"
    read = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert f"MAX_SAFE_CHUNKS_FOR_PARALLEL={read.stdout.strip()}" in lines


def test_of_one_run_it_says_so(reports: Path) -> None:
    done = lexicue("tune", reports / "run0.json")
    assert done.returncode == 0
    assert "based on 1 run(s)" in done.stdout
    assert "1 run only, 3 are needed" in done.stdout or "1 run only, and no" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["gone.json"], "gone.json: cannot be read"),
        (["BAD"], "bad.json: no run report"),
        (["EMPTY"], "no run reports there"),
        ([], "REPORT"),
        (["REPORTS", "--target-s", "0"], "target-s"),
        (["REPORTS", "--json", "--env"], "cannot go together"),
    ],
)
def test_what_cannot_be_is_told(
    arguments: list[str], told: str, reports: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "empty").mkdir()
    stands_for = {
        "REPORTS": str(reports),
        "BAD": str(tmp_path / "bad.json"),
        "EMPTY": str(tmp_path / "empty"),
    }
    done = lexicue("tune", *(stands_for.get(each, each) for each in arguments))
    assert done.returncode == 2, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_help_has_an_example() -> None:
    done = lexicue("tune", "--help")
    assert done.returncode == 0
    assert "Example" in done.stdout
    assert "Exit codes" in done.stdout
