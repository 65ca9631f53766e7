"""The ``lexicue`` command as a user types it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lexicue.testing import FakeServer, Fault

COMMAND = [sys.executable, "-m", "lexicue"]


def lexicue(*arguments: object, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if "LEXICUE_" not in name}
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment | {"PYTHONIOENCODING": "utf-8"},
        timeout=120,
        check=False,
    )


@pytest.fixture
def srt(tmp_path: Path) -> Path:
    """101 cues of one sentence each, which make 101 chunks of 64 tokens."""
    filler = "and the very same thing was said about it over and over again that afternoon"
    blocks = []
    for n in range(101):
        name = chr(97 + n // 26) + chr(97 + n % 26)
        text = f"The resilient engineer{name} gave it up, {filler}, {filler}, then machinery{name}."
        start = f"00:{n // 60:02}:{n % 60:02}"
        blocks.append(f"{n + 1}\n{start},000 --> {start},900\n{text}\n")
    file = tmp_path / "hundred-and-one.srt"
    file.write_text("\n".join(blocks), encoding="utf-8")
    return file


def test_a_table_of_the_example(bakery: Path) -> None:
    done = lexicue("extract", bakery)
    assert done.returncode == 0
    assert "engine: lexical" in done.stderr
    for entry in ("talk someone into", "resilient", "reluctant"):
        assert entry in done.stdout


def test_json_to_a_file_and_back(bakery: Path, tmp_path: Path) -> None:
    out, report = tmp_path / "out.json", tmp_path / "report.json"
    done = lexicue("extract", bakery, "-o", out, "--report", report, "--engine", "lexical")
    assert done.returncode == 0
    assert done.stdout == ""
    document = json.loads(out.read_text(encoding="utf-8"))
    assert document["schema"] == 1
    assert document["video_id"] == "the-bakery"
    assert document["complete"]
    assert json.loads(report.read_text(encoding="utf-8"))["totals"]["complete"]


@pytest.mark.parametrize("form", ["json", "jsonl", "compact", "table"])
def test_every_format_goes_to_stdout(bakery: Path, form: str) -> None:
    done = lexicue("extract", bakery, "--format", form, "-q")
    assert done.returncode == 0
    assert done.stderr == ""
    if form == "jsonl":
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert {line["type"] for line in lines} == {"vocabulary", "word", "phrase"}
        assert {line["schema"] for line in lines} == {1}
    elif form == "compact":
        assert set(json.loads(done.stdout)) == {"words", "phrases"}


def test_from_stdin(bakery: Path) -> None:
    done = lexicue("extract", "-", "--format", "json", stdin=bakery.read_text(encoding="utf-8"))
    assert done.returncode == 0
    assert json.loads(done.stdout)["video_id"] == "stdin"


def test_one_bad_chunk_of_101(srt: Path, tmp_path: Path) -> None:
    out, report = tmp_path / "out.json", tmp_path / "report.json"
    with FakeServer(faults=[Fault("http_500", when_prompt_contains="engineerby")]) as server:
        server_options = ("--base-url", server.base_url, "--chunk-tokens", 64)
        done = lexicue("extract", srt, "-o", out, "--report", report, *server_options)
    assert done.returncode == 3, done.stderr
    assert "chunk 51 (0:50–0:50), words: failed: ServerFaultError" in done.stderr
    assert "chunk 51 (0:50–0:50), phrases: failed" in done.stderr
    document = json.loads(out.read_text(encoding="utf-8"))
    assert not document["complete"]
    assert {missing["chunk"] for missing in document["missing"]} == {51}
    tasks = json.loads(report.read_text(encoding="utf-8"))["tasks"]
    assert [(t["chunk"], t["task"]) for t in tasks if t["status"] != "ok"] == [
        (51, "words"),
        (51, "phrases"),
    ]
    said = {o["surface"] for word in document["words"] for o in word["occurrences"]}
    assert sum(surface.startswith("engineer") for surface in said) == 100
    assert report.read_text(encoding="utf-8").count('"task": "words"') == 101


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["extract", "missing.srt"], 2, "missing.srt"),
        (["extract", "BAKERY", "--engine", "llm"], 2, "--base-url"),
        (["extract", "BAKERY", "--chunk-tokens", "3"], 2, "chunk_tokens"),
        (["extract", "BAKERY", "--base-url", "nonsense"], 2, "base_url"),
        (["extract", "BAKERY", "--base-url", "http://127.0.0.1:9"], 1, "Is the server running"),
        (["extract", "BAKERY", "--tokenizer", "nope.json"], 2, "nope.json"),
        (["extract", "BAKERY", "-o", "no/such/folder/out.json"], 2, "folder"),
        (["extract", "BAKERY", "--format", "nonsense"], 2, "nonsense"),
        (["extract", "BAKERY", "--learner-language", "fr"], 2, "Korean"),
        (["extract", "BAKERY", "-o", "deck.apkg"], 2, "--format"),
        (["extract"], 2, "SOURCE"),
        (["nonsense"], 2, "nonsense"),
    ],
)
def test_what_cannot_be_is_told(arguments: list[str], code: int, told: str, bakery: Path) -> None:
    done = lexicue(*(str(bakery) if each == "BAKERY" else each for each in arguments))
    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_what_is_no_subtitle_is_told_with_its_line(tmp_path: Path) -> None:
    prose = tmp_path / "prose.srt"
    prose.write_text("Once upon a time.\n")
    done = lexicue("extract", prose)
    assert done.returncode == 2
    assert "prose.srt, line 1" in done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["extract", "--help"], ["doctor", "--help"]])
def test_help_has_an_example(arguments: list[str]) -> None:
    done = lexicue(*arguments)
    assert done.returncode == 0
    assert "Example" in done.stdout
    assert "Exit codes" in done.stdout


def test_the_doctor_without_a_server() -> None:
    done = lexicue("doctor", "--json")
    assert done.returncode == 0
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert checks["spaCy model"]["state"] == "ok"
    assert checks["server"]["state"] == "note"


def test_the_doctor_with_a_server() -> None:
    with FakeServer() as server:
        done = lexicue("doctor", "--base-url", server.base_url)
    assert done.returncode == 0, done.stdout
    for found in ("structured output", "metrics", "prefix caching", "vLLM"):
        assert found in done.stdout


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"models": ["other"]}, "--model"),
        ({"api_key": "secret"}, "LEXICUE_API_KEY"),
        ({"faults": [Fault("http_500")]}, "log"),
    ],
)
def test_the_doctor_says_how_to_mend(options: dict[str, object], told: str) -> None:
    with FakeServer(**options) as server:  # type: ignore[arg-type]
        done = lexicue("doctor", "--base-url", server.base_url)
    assert done.returncode == 1
    assert told in done.stdout


def test_the_doctor_with_a_plain_server() -> None:
    with FakeServer(faults=[Fault("format_unsupported")], without=["/metrics", "/version"]) as s:
        done = lexicue("doctor", "--base-url", s.base_url)
    assert done.returncode == 0, done.stdout
    assert "takes no JSON schema" in done.stdout


def test_the_doctor_with_no_server_there() -> None:
    done = lexicue("doctor", "--base-url", "http://127.0.0.1:9")
    assert done.returncode == 1
    assert "cannot reach" in done.stdout


def test_the_servers_tokenizer(bakery: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    with FakeServer() as server:
        options = ("--base-url", server.base_url, "--tokenizer", "server", "--report", report)
        done = lexicue("extract", bakery, "--format", "compact", *options)
    assert done.returncode == 0, done.stderr
    assert "/tokenize" in json.loads(report.read_text(encoding="utf-8"))["tokenizer"]
