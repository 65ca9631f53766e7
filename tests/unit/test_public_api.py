"""What `import lexicue` promises."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import lexicue

PROMISED = [
    "ChunkResult",
    "Cue",
    "LexicueError",
    "Occurrence",
    "Phrase",
    "PhraseKind",
    "Run",
    "RunReport",
    "Settings",
    "Status",
    "Task",
    "Transcript",
    "Vocabulary",
    "Word",
    "__version__",
    "aextract",
    "extract",
    "extract_phrases_from_chunks",
    "extract_words_and_phrases",
    "extract_words_and_phrases_parallel",
    "extract_words_and_phrases_sequential",
    "extract_words_from_chunks",
    "read",
    "stream",
]

USERS_FILE = """
import asyncio
import lexicue


def study(path: str) -> list[str]:
    vocabulary = lexicue.extract(path, engine="lexical", video_id="talk", max_concurrency=4)
    return [word.lemma for word in vocabulary.words if word.level == "B2"]


async def parts(path: str) -> int:
    entries = 0
    async for part in lexicue.stream(path, strategy="parallel"):
        entries += len(part.words) + len(part.phrases)
    result = await lexicue.extract_words_from_chunks(["some text"], "video")
    both = await lexicue.extract_words_and_phrases(["some text"], "video")
    return entries + len(result["result"]) + len(both["phrases"])


def first_second(vocabulary: lexicue.Vocabulary) -> float:
    return vocabulary.phrases[0].occurrences[0].start_ms / 1000


asyncio.run(parts("talk.srt"))
"""


def test_all_is_complete_and_sorted() -> None:
    assert lexicue.__all__ == PROMISED == sorted(PROMISED)
    assert dir(lexicue) == PROMISED


@pytest.mark.parametrize("name", PROMISED)
def test_every_name_is_there_and_documented(name: str) -> None:
    value = getattr(lexicue, name)
    if name == "__version__":
        return
    assert inspect.getdoc(value)
    if inspect.isclass(value):
        for member, thing in vars(value).items():
            if not member.startswith("_") and inspect.isfunction(thing):
                assert inspect.getdoc(thing), f"{name}.{member}"


def test_there_are_no_other_names() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = lexicue.nonsense


def test_mypy_strict_passes_on_a_users_file(tmp_path: Path) -> None:
    file = tmp_path / "users_file.py"
    file.write_text(USERS_FILE)
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout


def test_a_users_mistake_is_found_by_mypy(tmp_path: Path) -> None:
    file = tmp_path / "users_file.py"
    file.write_text(USERS_FILE.replace('engine="lexical"', 'engine="lexcal"'))
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert "lexcal" in done.stdout


def test_importing_is_light() -> None:
    heavy = ["spacy", "numpy", "httpx", "pydantic", "rich", "tiktoken", "lemminflect", "wordfreq"]
    code = f"import sys, lexicue, lexicue.cli; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
