"""Counting tokens by asking the server, for models whose tokenizer is not at hand."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

import httpx

from lexicue.engines.llm.failures import error_for_response, error_for_transport
from lexicue.errors import ModelNotFoundError, SettingsError
from lexicue.settings import Settings

__all__ = ["ServerTokenCounter"]

_AT_ONCE = 16
"""Counting is cheap for a server; this many at once hide the round trip."""

_TIMEOUT_S = 30.0


class ServerTokenCounter:
    """Counts with the server's ``/tokenize``, as vLLM has it. It blocks: use it in a thread.

    Args:
        settings: the base URL, the model and the API key are used.

    Raises:
        SettingsError: there is no base URL.
    """

    def __init__(self, settings: Settings) -> None:
        if settings.base_url is None:
            raise SettingsError("tokenizer: server needs a --base-url; or count with qwen")
        self._settings = settings
        self._url = f"{settings.base_url.removesuffix('/v1')}/tokenize"

    @property
    def name(self) -> str:
        """The server counted with."""
        return f"{self._settings.model} at {self._url}"

    def count(self, text: str) -> int:
        """The number of tokens of one text.

        Raises:
            EngineError: the server does not answer, or cannot count.
        """
        return self.counts([text])[0]

    def counts(self, texts: Sequence[str]) -> list[int]:
        """The number of tokens of each text.

        Raises:
            EngineError: the server does not answer, or cannot count.
        """
        with self._connected() as http, ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(lambda text: self._asked(http, text), texts))

    def _asked(self, http: httpx.Client, text: str) -> int:
        model = self._settings.model
        body = {"model": model, "prompt": text, "add_special_tokens": False}
        try:
            response = http.post(self._url, json=body)
        except httpx.HTTPError as error:
            raise error_for_transport(error, self._url) from error
        if response.status_code == httpx.codes.NOT_FOUND:
            raise ModelNotFoundError(
                f"{self._url} answers 404: the server has no /tokenize, or does not serve "
                f"{model!r} (--model); or count with --tokenizer qwen or a tokenizer.json"
            )
        if response.status_code != httpx.codes.OK:
            raise error_for_response(response, model)
        try:
            return int(response.json()["count"])
        except (ValueError, LookupError, TypeError) as error:
            raise SettingsError(
                f"{self._url} does not count tokens: count with qwen or a tokenizer.json"
            ) from error

    def _connected(self) -> httpx.Client:
        key = self._settings.api_key
        headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
        return httpx.Client(headers=headers, timeout=_TIMEOUT_S, verify=self._certificates)

    @cached_property
    def _certificates(self) -> ssl.SSLContext:
        """Loaded once: it takes longer than counting does."""
        return ssl.create_default_context()
