"""What the documentation says is tried: its code, its commands, its tables and its links.

An HTML comment on the line before a block says how to try it::

    <!-- run: server -->            against the fake server
    <!-- run: server refusal:contains=beans, exit 3, compare -->
                                    with a fault; the exit code; the output shown is the output
    <!-- run: pytest -->            as a test file
    <!-- no-run: needs a GPU -->    not at all

``python`` blocks of a page run in order, in one namespace. In ``console`` blocks the lines that
begin with "$ " are run; a line "..." of the output shown stands for any lines. Other blocks are
only shown.
"""

import asyncio
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any

import click
import pytest

import lexicue
from lexicue import Run, RunReport, Settings, Vocabulary
from lexicue import errors as error_tree
from lexicue.cli.main import command, main
from lexicue.exports import export
from lexicue.model import CEFR_LEVELS, PhraseKind
from lexicue.monitoring import ServerReport
from lexicue.monitoring.tuning import Advice, advise
from lexicue.settings import DEFAULT_MODEL
from lexicue.testing import FakeServer, Fault

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "README.ko.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINKED = [*PAGES, ROOT / "CHANGELOG.md", ROOT / "examples" / "README.md"]
REFERENCE = ROOT / "docs" / "reference"
OPTIONS = {"server", "pytest", "exit", "compare"}
SERVED = (DEFAULT_MODEL, "qwen2.5:14b")

_BLOCK = re.compile(
    r"(?:^<!-- (?P<how>(?:no-)?run: .*?) -->\n)?^```(?P<language>\w+)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_SERVER_URL = re.compile(r"http://127\.0\.0\.1:\d+/v1")


@dataclass(frozen=True)
class Block:
    page: Path
    line: int
    language: str
    code: str
    how: str

    @cached_property
    def options(self) -> dict[str, str]:
        """What the comment asks for, with what stands after each word."""
        asked = self.how.removeprefix("run: ").split(", ") if self.is_run else []
        return {name: value for name, _, value in (option.partition(" ") for option in asked)}

    @property
    def is_run(self) -> bool:
        return self.how.startswith("run: ")

    @property
    def is_skipped(self) -> bool:
        return self.how.startswith("no-run: ")

    @property
    def faults(self) -> list[Fault]:
        return [Fault.parse(text) for text in self.options.get("server", "").split()]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@lru_cache
def blocks_of(page: Path, language: str) -> list[Block]:
    text = page.read_text("utf-8")
    return [
        Block(
            page,
            line=text.count("\n", 0, found.start("code")) + 1,
            language=found["language"],
            code=found["code"],
            how=found["how"] or "",
        )
        for found in _BLOCK.finditer(text)
        if found["language"] == language
    ]


def pages_with(language: str) -> pytest.MarkDecorator:
    pages = [page for page in PAGES if blocks_of(page, language)]
    return pytest.mark.parametrize("page", pages, ids=name_of)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the pages speak of, and no settings from outside."""
    for name in os.environ:
        if (
            name.upper().startswith(("LEXICUE_", "ENABLE_PAR", "MAX_SAFE"))
            or "PROXY" in name.upper()
        ):
            monkeypatch.delenv(name)
    scripts = sysconfig.get_path("scripts")
    monkeypatch.setenv("PATH", os.pathsep.join([scripts, os.environ.get("PATH", os.defpath)]))
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8")
    monkeypatch.setenv("NO_COLOR", "1")
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    shutil.copy(ROOT / "examples" / "the-bakery.srt", tmp_path / "talk.srt")
    (tmp_path / "tokenizer.json").write_text(_words_as_tokens(), "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _words_as_tokens() -> str:
    """A ``tokenizer.json`` whose tokens are words."""
    model = {"type": "WordLevel", "vocab": {"[UNK]": 0}, "unk_token": "[UNK]"}
    return json.dumps({"version": "1.0", "pre_tokenizer": {"type": "Whitespace"}, "model": model})


@pytest.fixture
def servers() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def server_for(block: Block, servers: ExitStack) -> FakeServer | None:
    if "server" not in block.options:
        return None
    return servers.enter_context(FakeServer(models=SERVED, faults=block.faults))


def test_every_comment_about_a_block_is_understood() -> None:
    for page in PAGES:
        text = page.read_text("utf-8")
        languages = {found["language"] for found in _BLOCK.finditer(text)}
        blocks = [block for language in languages for block in blocks_of(page, language)]
        understood = [block for block in blocks if block.how]
        assert len(understood) == len(re.findall(r"^<!-- *(?:no-)?run\b", text, re.MULTILINE))
        assert all(set(block.options) <= OPTIONS for block in understood)


# Python blocks


@pages_with("python")
@pytest.mark.usefixtures("desk")
def test_python_blocks_run(page: Path, servers: ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks_of(page, "python"):
        if block.is_skipped:
            continue
        if "pytest" in block.options:
            run_as_test_file(block)
            continue
        server = server_for(block, servers)
        code = block.code
        with monkeypatch.context() as patch:
            if server:
                patch.setenv("LEXICUE_BASE_URL", server.base_url)
                code = _SERVER_URL.sub(server.base_url, code)
            # Empty lines in front give every line the number it has on the page.
            exec(compile("\n" * (block.line - 1) + code, str(page), "exec"), namespace)


def run_as_test_file(block: Block) -> None:
    Path("test_block.py").write_text(block.code, "utf-8")
    arguments = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_block.py"]
    ran = subprocess.run(arguments, capture_output=True, text=True, encoding="utf-8", check=False)
    assert ran.returncode == 0, ran.stdout
    assert f"{block.code.count('def test_')} passed" in ran.stdout


# Console blocks


@dataclass(frozen=True)
class Step:
    """A command and the output shown below it."""

    line: str
    shown: list[str]


def steps_of(block: Block) -> list[Step]:
    steps: list[Step] = []
    for line in block.code.splitlines():
        if line.startswith("$ "):
            steps.append(Step(line.removeprefix("$ "), []))
        else:
            steps[-1].shown.append(line)
    return steps


@pages_with("console")
def test_console_blocks_run(page: Path, desk: Path, servers: ExitStack) -> None:
    for block in blocks_of(page, "console"):
        if block.is_skipped:
            continue
        server = server_for(block, servers)
        for step in steps_of(block):
            output, code = run_command(step.line, server, desk)
            where = f"{name_of(page)}, line {block.line}: {step.line}"
            assert code == int(block.options.get("exit", 0)), f"{where}\n{output}"
            assert bool(step.shown) == ("compare" in block.options), f"{where}: mark it `compare`"
            if step.shown:
                assert_shows(step.shown, output, where)


def run_command(line: str, server: FakeServer | None, desk: Path) -> tuple[str, int]:
    """Run a line. Output and exit code; the server's address is as the page has it."""
    shown_url = _SERVER_URL.search(line)
    if server:
        assert shown_url, f"{line}: has no server to talk to"
        line = line.replace(shown_url[0], server.base_url)
    needs_shell = not line.startswith("lexicue ") or any(sign in line for sign in "|<>;&")
    output, code = run_in_shell(line, desk) if needs_shell else run_here(line)
    if server and shown_url:
        output = output.replace(server.base_url, shown_url[0])
    return output, code


def run_in_shell(line: str, desk: Path) -> tuple[str, int]:
    """Run a line as it stands, with the command that is installed."""
    ran = subprocess.run(
        line,
        shell=True,
        cwd=desk,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        check=False,
    )
    return ran.stdout, ran.returncode


def run_here(line: str) -> tuple[str, int]:
    """Run a plain ``lexicue`` in this process, which loads its model once."""
    output = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", shlex.split(line))
        with redirect_stdout(output), redirect_stderr(output), pytest.raises(SystemExit) as left:
            main()
    assert isinstance(left.value.code, int)
    return output.getvalue(), left.value.code


def assert_shows(shown: list[str], output: str, where: str) -> None:
    """The lines shown are those put out; "..." stands for any lines, white space for any other."""
    lines = words_of_lines(["", *output.splitlines(), ""])
    position = 0
    # Empty lines hold the first part to the beginning and the last one to the end.
    for part in parts_of(["", *shown, ""]):
        places = range(position, len(lines) - len(part) + 1)
        found = next((at for at in places if lines[at : at + len(part)] == part), None)
        assert found is not None, f"{where}: {part} is not where it should be in\n{output}"
        position = found + len(part)


def parts_of(shown: list[str]) -> Iterator[list[list[str]]]:
    """The runs of lines between those that say "..."."""
    for is_gap, lines in groupby(shown, key="...".__eq__):
        if not is_gap:
            yield words_of_lines(lines)


def words_of_lines(lines: Iterable[str]) -> list[list[str]]:
    return [line.split() for line in lines]


# Tables of fields

Json = Any
Fields = dict[str, str]

_FIELDS = re.compile(r"^<!-- fields: (?P<paths>.*?) -->\n(?P<table>(?:\|.*\n)+)", re.MULTILINE)
_ROW = re.compile(r"^\| `(?P<name>[^`]+)` \| (?P<type>[^|]+?) \|", re.MULTILINE)

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "string or null": (str, type(None)),
    "integer": (int,),
    "number": (int, float),
    "integer or null": (int, type(None)),
    "number or null": (int, float, type(None)),
    "integer, boolean or null": (int, bool, type(None)),
    "object or null": (dict, type(None)),
    "boolean": (bool,),
    "object": (dict,),
    "array of strings": (list,),
    "array of objects": (list,),
    "array of arrays": (list,),
}
_ITEM_TYPES = {"array of strings": str, "array of objects": dict, "array of arrays": list}


def documented() -> dict[str, Fields]:
    """Each table of fields in the reference, by the path of the object that it tells of."""
    tables: dict[str, Fields] = {}
    for page in sorted(REFERENCE.glob("*.md")):
        for found in _FIELDS.finditer(page.read_text("utf-8")):
            fields = {row["name"]: row["type"] for row in _ROW.finditer(found["table"])}
            tables |= dict.fromkeys(found["paths"].split(", "), fields)
    return tables


TABLES = documented()


@dataclass(frozen=True)
class RealOutput:
    vocabularies: list[Vocabulary]
    reports: list[RunReport]
    doctor: list[Json]

    @property
    def advice(self) -> Advice:
        """From the reports, as if the llm run had been three on a server that tells its room."""
        server = ServerReport(kv_tokens=49_696, preemptions=0, peak_kv_usage=0.1)
        told = [replace(report, server=server) for report in self.reports]
        return advise([*told, told[-1], told[-1]], target_s=10)

    @cached_property
    def documents(self) -> dict[str, list[Json]]:
        lines = [
            json.loads(line)
            for vocabulary in self.vocabularies
            for line in export(vocabulary, "jsonl").splitlines()
        ]
        return {
            "json": [json.loads(export(each, "json")) for each in self.vocabularies],
            "compact": [json.loads(export(each, "compact")) for each in self.vocabularies],
            "report": [json.loads(json.dumps(report.to_dict())) for report in self.reports],
            "doctor": self.doctor,
            "tune": [json.loads(json.dumps(self.advice.to_dict()))],
            "jsonl.vocabulary": [line for line in lines if line["type"] == "vocabulary"],
            "jsonl.word": [line for line in lines if line["type"] == "word"],
            "jsonl.phrase": [line for line in lines if line["type"] == "phrase"],
        }

    def at(self, path: str) -> list[Json]:
        """All objects that a path leads to: ``json.words[].occurrences[]``."""
        root = max((name for name in self.documents if path.startswith(name)), key=len)
        found = self.documents[root]
        for step in path.removeprefix(root).split(".")[1:]:
            inner = [each[step.rstrip("[]{}")] for each in found]
            if step.endswith("[]"):
                found = [item for items in inner for item in items]
            elif step.endswith("{}"):
                found = [item for items in inner for item in items.values()]
            else:
                found = inner
        return found


@pytest.fixture(scope="module")
def real_output() -> RealOutput:
    """Of both engines, with something missing and something refused."""
    faults = [
        Fault("refusal", when_prompt_contains="doughnut", task=lexicue.Task.PHRASES),
        Fault("hallucinated", on_requests=[1]),
    ]
    with FakeServer(faults=faults) as server, pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if "PROXY" in name.upper()]:
            patch.delenv(name)
        runs = [
            run_through(Settings.load(engine="lexical")),
            run_through(Settings.load(engine="llm", base_url=server.base_url, chunk_tokens=300)),
        ]
        patch.setenv("PATH", sysconfig.get_path("scripts"), prepend=os.pathsep)
        told = subprocess.run(
            ["lexicue", "doctor", "--json"], capture_output=True, encoding="utf-8", check=True
        )
    return RealOutput(
        [run.vocabulary() for run in runs],
        [run.report() for run in runs],
        [json.loads(told.stdout)],
    )


def run_through(settings: Settings) -> Run:
    run = Run(lexicue.read(ROOT / "examples" / "the-bakery.srt"), settings)

    async def drain() -> None:
        async for _ in run.stream():
            pass

    asyncio.run(drain())
    return run


@pytest.mark.parametrize("path", TABLES)
def test_field_tables_say_what_is_written(path: str, real_output: RealOutput) -> None:
    fields, objects = TABLES[path], real_output.at(path)
    assert objects, "nothing to compare with"
    for one in objects:
        assert set(one) == set(fields)
        for name, kind in fields.items():
            assert has_type(one[name], kind), f"{name} is no {kind}: {one[name]!r}"


def has_type(value: Json, kind: str) -> bool:
    if isinstance(value, bool) and "boolean" not in kind:
        return False
    items = _ITEM_TYPES.get(kind, object)
    return isinstance(value, _TYPES[kind]) and (
        not isinstance(value, list) or all(isinstance(item, items) for item in value)
    )


def test_every_object_written_has_a_table() -> None:
    for path, fields in TABLES.items():
        for name, kind in fields.items():
            if kind == "array of objects" and not path.startswith("jsonl"):
                assert f"{path}.{name}[]" in TABLES


@pytest.mark.parametrize("entry", ["word", "phrase"])
def test_json_lines_have_the_fields_of_entries(entry: str, real_output: RealOutput) -> None:
    for line in real_output.at(f"jsonl.{entry}"):
        assert set(line) == {"schema", "type", *TABLES[f"json.{entry}s[]"]}


def test_values_are_listed() -> None:
    page = (REFERENCE / "json.md").read_text("utf-8")
    assert [value for value in (*PhraseKind, *CEFR_LEVELS) if f"`{value}`" not in page] == []


def test_the_example_of_json_is_real(real_output: RealOutput) -> None:
    (block,) = blocks_of(REFERENCE / "json.md", "json")
    shown = json.loads(block.code)
    document = real_output.documents["json"][0]
    (entry,) = (each for each in document["phrases"] if each["phrase"] == shown["phrase"])
    assert entry == {**entry, **shown}


# The other pages of the reference


def test_every_setting_is_listed_with_its_default() -> None:
    page = (REFERENCE / "settings.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (\S+) \|", page, re.MULTILINE)
    listed = {name: default for name, _, default in rows}
    real = {
        name: "none" if field.default is None else f"`{field.default}`"
        for name, field in Settings.model_fields.items()
    }
    assert listed == real
    for name, variable, _ in rows:
        assert variable == (name if name.isupper() else f"LEXICUE_{name.upper()}")


def test_every_option_is_listed_with_its_command() -> None:
    page = (REFERENCE / "cli.md").read_text("utf-8")
    sections = dict(
        re.findall(r"^## (lexicue[^\n]*)\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    )
    with click.Context(command) as context:
        names = command.list_commands(context)
        commands = {name: command.get_command(context, name) for name in names}
    assert set(sections) == {"lexicue", *(f"lexicue {name}" for name in names)}
    assert options_in(sections["lexicue"]) == options_of(command) | {"-h", "--help"}
    for name, subcommand in commands.items():
        assert subcommand is not None
        assert options_in(sections[f"lexicue {name}"]) == options_of(subcommand)


def options_in(section: str) -> set[str]:
    cells = re.findall(r"^\| (`-.*?) \|", section, re.MULTILINE)
    return {option for cell in cells for option in re.findall(r"`(-[\w-]+)", cell)}


def options_of(of: click.Command) -> set[str]:
    options = (each for each in of.params if isinstance(each, click.Option))
    return {name for option in options for name in option.opts}


@pytest.mark.usefixtures("desk")
def test_every_command_of_help_is_listed() -> None:
    told = subprocess.run(
        ["lexicue", "--help"], capture_output=True, encoding="utf-8", check=True
    ).stdout
    page = (REFERENCE / "cli.md").read_text("utf-8")
    assert [option for option in re.findall(r"--[\w-]+", told) if option not in page] == []


def test_every_error_is_in_the_tree_at_its_place() -> None:
    page = (REFERENCE / "errors.md").read_text("utf-8")
    tree = re.findall(r"^([│├└─ ]*)(\w+Error)  ", page, re.MULTILINE)
    assert {name for _, name in tree} == set(error_tree.__all__)
    parents: list[str] = []
    for branch, name in tree:
        parents[len(branch) // 4 :] = [name]
        parent = parents[-2] if len(parents) > 1 else "Exception"
        assert getattr(error_tree, name).__base__.__name__ == parent


def test_every_public_name_is_listed() -> None:
    page = (REFERENCE / "python.md").read_text("utf-8")
    assert [name for name in lexicue.__all__ if not re.search(rf"`{name}\b", page)] == []


def test_every_public_module_can_be_imported() -> None:
    page = (REFERENCE / "python.md").read_text("utf-8")
    for module in re.findall(r"^- `(lexicue\.\w+)`:", page, re.MULTILINE):
        import_module(module)


# Links


@pytest.mark.parametrize("page", LINKED, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    broken = [
        target
        for target in re.findall(r"\]\(([^)\s]+)\)", text)
        if not target.startswith(("https://", "http://", "mailto:")) and not leads(page, target)
    ]
    assert broken == []


def leads(page: Path, target: str) -> bool:
    path, _, anchor = target.partition("#")
    aim = (page.parent / path).resolve() if path else page
    return aim.exists() and (not anchor or anchor in anchors_of(aim))


def anchors_of(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
