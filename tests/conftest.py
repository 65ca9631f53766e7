"""What tests of every kind share: the real material beside the project, where it is."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own LEXICUE_… variables must not change what the tests see."""
    for name in list(os.environ):
        if name.startswith("LEXICUE_") and not name.startswith("LEXICUE_TEST_"):
            monkeypatch.delenv(name)
    for name in ("ENABLE_PARALLEL_WORD_PHRASE_EXTRACTION", "MAX_SAFE_CHUNKS_FOR_PARALLEL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def talks() -> list[Path]:
    """The six real talks beside the project; the test is skipped where they are not."""
    folder = ROOT.parent / "shared" / "data" / "subtitles" / "talks"
    found = sorted(folder.glob("*.srt"))
    if not found:
        pytest.skip("the real talks are not beside this checkout (../shared/data/subtitles/talks)")
    return found


@pytest.fixture
def bakery() -> Path:
    """The subtitle file that comes with the project."""
    return ROOT / "examples" / "the-bakery.srt"
