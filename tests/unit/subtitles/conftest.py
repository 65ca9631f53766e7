from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data() -> Path:
    """The subtitles next to the project, which are not part of it."""
    folder = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "subtitles"
    if not folder.is_dir():
        pytest.skip(f"no shared subtitles at {folder}")
    return folder
