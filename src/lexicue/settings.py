"""Every setting, in one place.

Precedence, highest first: arguments, the environment (``LEXICUE_BASE_URL`` …), ``.env``,
``lexicue.toml`` (both in the working directory), the defaults below. The two settings of the
original design note are read under its own names, without the prefix.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict
from urllib.parse import urlsplit

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from lexicue.errors import SettingsError

__all__ = ["DEFAULT_MODEL", "EngineName", "Settings", "SettingsOverrides", "StrategyName"]

DEFAULT_MODEL = "Qwen/Qwen2.5-14B-Instruct-AWQ"
"""The model asked for unless another is named."""

EngineName = Literal["auto", "lexical", "llm"]
"""``auto`` is ``llm`` when a base URL is set, else ``lexical``."""

StrategyName = Literal["adaptive", "sequential", "parallel", "conditional"]
"""How the two tasks of the chunks are put in order; see `lexicue.scheduling.strategies`."""

_TOML = "lexicue.toml"
_KOREAN = frozenset({"ko", "kor", "ko-kr", "korean", "한국어"})

_MOST_FIXED = 16
"""Requests in flight where nothing else decides: the upper end of the design note's 8 to 16."""

_MOST_ADAPTIVE = 512
"""A bound on tasks and sockets only; the server's KV cache decides. vLLM itself runs 256 to 1024
sequences at once by default."""


def _as_base_url(value: object) -> object:
    """``http://host:8000`` and ``http://host:8000/v1/`` mean the same server."""
    if not isinstance(value, str) or not value.strip():
        return None if isinstance(value, str) else value
    url = value.strip().rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{value!r} is no http(s) URL, for example http://127.0.0.1:8000/v1")
    return url if parts.path else f"{url}/v1"


class SettingsOverrides(TypedDict, total=False):
    """The settings that can be given as arguments; see `Settings` for what each means."""

    engine: EngineName
    base_url: str | None
    api_key: str | None
    model: str
    strategy: StrategyName
    chunk_tokens: int | Literal["auto"]
    tokenizer: str
    learner_language: str
    max_concurrency: int | None
    kv_tokens: int | None
    priority: int
    request_timeout_s: float
    max_attempts: int
    ENABLE_PARALLEL_WORD_PHRASE_EXTRACTION: bool
    MAX_SAFE_CHUNKS_FOR_PARALLEL: int


class Settings(BaseSettings):
    """How Lexicue runs.

    Raises:
        SettingsError: from `Settings.load`, when a value cannot be.
    """

    model_config = SettingsConfigDict(
        env_prefix="LEXICUE_",
        env_file=".env",
        toml_file=_TOML,
        extra="ignore",
        populate_by_name=True,
        frozen=True,
        protected_namespaces=(),
    )

    engine: EngineName = "auto"
    base_url: Annotated[str | None, BeforeValidator(_as_base_url)] = Field(
        None, description="an OpenAI-compatible server, for example http://127.0.0.1:8000/v1"
    )
    api_key: SecretStr | None = Field(None, description="sent as a bearer token when set")
    model: str = Field(DEFAULT_MODEL, min_length=1, description="the model's name at the server")
    strategy: StrategyName = "adaptive"
    chunk_tokens: Annotated[int, Field(ge=64, le=100_000)] | Literal["auto"] = Field(
        2000, description="tokens a chunk may have; auto fits them to the server's capacity"
    )
    tokenizer: str = Field(
        "qwen",
        min_length=1,
        description="qwen (exact for Qwen2.5 and Qwen3, built in), server (asks the server's "
        "/tokenize), or the path of a tokenizer.json",
    )
    learner_language: str = Field("ko", min_length=1, max_length=60)
    max_concurrency: int | None = Field(
        None,
        ge=1,
        le=4096,
        description="requests in flight a process; unset is 16, or with the adaptive strategy "
        "what the server's KV cache holds",
    )
    kv_tokens: int | None = Field(
        None, ge=1, description="the server's KV capacity, for one that does not tell it"
    )
    priority: int = Field(0, ge=0, le=9, description="of this video; a higher one goes first")
    request_timeout_s: float = Field(600.0, gt=0, description="longest wait for one answer")
    max_attempts: int = Field(4, ge=1, le=20, description="tries of one request, the first counted")
    ENABLE_PARALLEL_WORD_PHRASE_EXTRACTION: bool = Field(
        False,
        validation_alias=AliasChoices(
            "ENABLE_PARALLEL_WORD_PHRASE_EXTRACTION",
            "LEXICUE_ENABLE_PARALLEL_WORD_PHRASE_EXTRACTION",
        ),
    )
    MAX_SAFE_CHUNKS_FOR_PARALLEL: int = Field(
        4,
        ge=0,
        validation_alias=AliasChoices(
            "MAX_SAFE_CHUNKS_FOR_PARALLEL", "LEXICUE_MAX_SAFE_CHUNKS_FOR_PARALLEL"
        ),
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the hook's signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, environment, ``.env``, ``lexicue.toml``."""
        toml = TomlConfigSettingsSource(settings_cls)
        unknown = sorted(set(toml()) - set(cls.model_fields))
        if unknown:
            known = ", ".join(cls.model_fields)
            raise SettingsError(f"{_TOML}: no such setting: {', '.join(unknown)}. Known: {known}")
        return init_settings, env_settings, dotenv_settings, toml

    @classmethod
    def load(cls, **given: Any) -> Settings:
        """Settings from all sources; arguments that are None are taken as not given.

        Raises:
            SettingsError: naming each setting that cannot be, and why.
        """
        arguments = {name: value for name, value in given.items() if value is not None}
        unknown = sorted(set(arguments) - set(cls.model_fields))
        if unknown:
            raise SettingsError(f"no such setting: {', '.join(unknown)}")
        try:
            return cls(**arguments)
        except ValidationError as invalid:
            raise SettingsError(_explain(invalid)) from invalid
        except ValueError as unreadable:  # tomllib and the environment's JSON both raise it
            raise SettingsError(f"the settings cannot be read: {unreadable}") from unreadable

    @property
    def engine_in_use(self) -> Literal["lexical", "llm"]:
        """The engine that ``auto`` stands for here.

        Raises:
            SettingsError: the llm engine without a base URL.
        """
        if self.engine == "llm" and self.base_url is None:
            raise SettingsError(
                "the llm engine needs a server: give --base-url http://HOST:8000/v1 "
                "(or set LEXICUE_BASE_URL), or use --engine lexical, which needs none"
            )
        if self.engine == "auto":
            return "llm" if self.base_url else "lexical"
        return self.engine

    @property
    def most_in_flight(self) -> int:
        """The bound on requests in flight that an unset `max_concurrency` stands for."""
        if self.max_concurrency is not None:
            return self.max_concurrency
        has_gate = self.strategy == "adaptive" and self.engine_in_use == "llm"
        return _MOST_ADAPTIVE if has_gate else _MOST_FIXED

    @property
    def learner_reads_korean(self) -> bool:
        """Whether what the lexicon says in Korean is of use."""
        return self.learner_language.casefold() in _KOREAN

    @property
    def tokenizer_file(self) -> Path | None:
        """The ``tokenizer.json`` to count with, if one is given."""
        return None if self.tokenizer in ("qwen", "server") else Path(self.tokenizer)


def _explain(invalid: ValidationError) -> str:
    problems = (
        f"{'.'.join(str(part) for part in error['loc'])}: "
        f"{error['msg'].removeprefix('Value error, ')} (got {error['input']!r})"
        for error in invalid.errors()
    )
    return "; ".join(problems)
