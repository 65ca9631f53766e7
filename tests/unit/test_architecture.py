"""Imports point down the floors of the house, and there are no cycles."""

import ast
from pathlib import Path

import pytest

import lexicue

SOURCE = Path(lexicue.__file__).parent

FLOORS = (
    {"_version", "errors", "model"},
    {
        "settings",
        "subtitles",
        "chunking",
        "lexicon",
        "scheduling",
        "grounding",
        "vocabulary",
    },
    {"engines", "monitoring", "exports"},
    {"entries", "testing"},
    {"admission", "equipment", "watching"},
    {"pipeline"},
    {"extraction", "diagnosis"},
    {"cli"},
)
"""From the ground up. Parts on one floor are neighbours and do not import each other."""

FLOOR_OF = {part: number for number, floor in enumerate(FLOORS) for part in floor}
ENTRANCES = {"__init__", "__main__"}


def part_of(file: Path) -> str:
    return file.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports(file: Path) -> set[str]:
    """The parts of Lexicue that a file imports, at the top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
    return {name.split(".")[1] for name in found if name.startswith("lexicue.")}


FILES = sorted(file for file in SOURCE.rglob("*.py") if part_of(file) not in ENTRANCES)


def test_every_part_has_its_floor() -> None:
    assert {part_of(file) for file in FILES} == set(FLOOR_OF)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_imports_point_down(file: Path) -> None:
    own = part_of(file)
    for part in imports(file) - {own}:
        assert FLOOR_OF[part] < FLOOR_OF[own], f"{file} imports {part}"


def test_scheduling_knows_no_engine() -> None:
    for file in (SOURCE / "scheduling").glob("*.py"):
        assert imports(file) <= {"scheduling", "model", "errors"}


def test_there_is_no_place_for_odds_and_ends() -> None:
    assert not [file for file in FILES if file.stem in {"utils", "helpers", "common", "misc"}]
