from pathlib import Path

import pytest

from lexicue.errors import SettingsError
from lexicue.settings import DEFAULT_MODEL, Settings


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_defaults_are_the_design_notes() -> None:
    settings = Settings.load()
    assert settings.model == DEFAULT_MODEL == "Qwen/Qwen2.5-14B-Instruct-AWQ"
    assert settings.chunk_tokens == 2000
    assert settings.most_in_flight == 16
    assert settings.strategy == "adaptive"
    served = Settings.load(base_url="http://127.0.0.1:8000/v1")
    assert served.most_in_flight > 100
    assert Settings.load(base_url=served.base_url, strategy="parallel").most_in_flight == 16
    assert settings.ENABLE_PARALLEL_WORD_PHRASE_EXTRACTION is False
    assert settings.MAX_SAFE_CHUNKS_FOR_PARALLEL == 4
    assert settings.engine_in_use == "lexical"


def test_the_notes_names_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENABLE_PARALLEL_WORD_PHRASE_EXTRACTION", "true")
    monkeypatch.setenv("MAX_SAFE_CHUNKS_FOR_PARALLEL", "9")
    settings = Settings.load()
    assert settings.ENABLE_PARALLEL_WORD_PHRASE_EXTRACTION
    assert settings.MAX_SAFE_CHUNKS_FOR_PARALLEL == 9
    assert Settings.load(MAX_SAFE_CHUNKS_FOR_PARALLEL=2).MAX_SAFE_CHUNKS_FOR_PARALLEL == 2


def test_precedence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lexicue.toml").write_text('model = "toml"\nchunk_tokens = 100\n')
    assert Settings.load().model == "toml"
    (tmp_path / ".env").write_text("LEXICUE_MODEL=dotenv\nOTHER=1\n")
    assert Settings.load().model == "dotenv"
    monkeypatch.setenv("LEXICUE_MODEL", "environment")
    assert Settings.load().model == "environment"
    assert Settings.load(model="argument").model == "argument"
    assert Settings.load(model=None).chunk_tokens == 100


@pytest.mark.parametrize(
    ("given", "means"),
    [
        ("http://h:8000", "http://h:8000/v1"),
        ("http://h:8000/", "http://h:8000/v1"),
        ("https://h/v1/", "https://h/v1"),
        ("https://h/api/v3", "https://h/api/v3"),
        ("", None),
    ],
)
def test_base_urls(given: str, means: str | None) -> None:
    assert Settings.load(base_url=given).base_url == means


def test_a_base_url_means_llm() -> None:
    assert Settings.load(base_url="http://h").engine_in_use == "llm"
    assert Settings.load(base_url="http://h", engine="lexical").engine_in_use == "lexical"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("chunk_tokens", 3, "chunk_tokens"),
        ("base_url", "ftp://h", "no http"),
        ("base_url", "localhost:8000", "no http"),
        ("engine", "magic", "engine"),
        ("max_concurrency", 0, "max_concurrency"),
        ("nonsense", 1, "nonsense"),
    ],
)
def test_what_cannot_be_is_named(name: str, value: object, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        Settings.load(**{name: value})


def test_llm_needs_a_server() -> None:
    with pytest.raises(SettingsError, match="--base-url"):
        _ = Settings.load(engine="llm").engine_in_use


def test_an_unknown_key_in_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "lexicue.toml").write_text("modle = 1\n")
    with pytest.raises(SettingsError, match="modle"):
        Settings.load()


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "lexicue.toml").write_text("model = \n")
    with pytest.raises(SettingsError, match=r"lexicue\.toml|cannot be read"):
        Settings.load()


def test_the_key_is_not_shown() -> None:
    assert "hunter2" not in repr(Settings.load(api_key="hunter2"))
