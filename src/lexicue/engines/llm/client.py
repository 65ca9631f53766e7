"""One chat completion from an OpenAI-compatible server, with every way it can go wrong.

Retried, with growing pauses: 429, 500, 502, 503 and 504, connections refused or reset, and
time-outs. Not retried: 401, 403 and 404, which no retry mends, and 400.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from lexicue.engines.llm.failures import error_for_response, error_for_transport
from lexicue.engines.llm.outage import Outage
from lexicue.engines.llm.prompts import Messages
from lexicue.engines.llm.schema import AnswerFormat
from lexicue.engines.protocol import Tell
from lexicue.errors import (
    AnswerNotJsonError,
    BadRequestError,
    EngineError,
    ServerError,
    ServerOverloadedError,
    ServerTimeoutError,
    ServerUnreachableError,
)
from lexicue.model import Usage
from lexicue.scheduling import Ending, InFlightMeter, Outcome

__all__ = ["Account", "ChatClient", "ChatRequest", "Completion", "Server"]

_CONNECT_TIMEOUT_S = 10.0
_KEEPALIVE_S = 4.0
"""vLLM closes idle connections after 5 s; giving them up first avoids a reset."""
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_LONGEST_RETRY_AFTER_S = 120.0
_LONGEST_OUTAGE_PAUSE_S = 4.0
"""Pauses while a server is away grow no longer: a refused connection costs nothing, and one that is
back should not stand idle."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where the model is and how patient to be.

    Attributes:
        base_url: up to and with ``/v1``.
        model: the name it is served under.
        api_key: sent as a bearer token.
        timeout_s: longest wait for one answer.
        max_attempts: tries of one request, the first counted.
        longest_outage_s: how long a server that is away is waited for, besides.
    """

    base_url: str
    model: str
    api_key: str | None = None
    timeout_s: float = 600.0
    max_attempts: int = 4
    longest_outage_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What is asked.

    Attributes:
        messages: the chat so far.
        format: what may be answered.
        sampling_try: 0 for the model's likeliest answer; more to ask for another one.
        task: what it is about, for those who learn from how it ends.
        tell: hears how each try ended.
        counted_prompt: tokens of the messages, as counted beforehand.
    """

    messages: Messages
    format: AnswerFormat
    sampling_try: int = 0
    task: str = ""
    tell: Tell | None = None
    counted_prompt: int = 0


@dataclass(frozen=True, slots=True)
class Completion:
    """What came back.

    Attributes:
        content: the answer; empty when there is none.
        finish_reason: ``stop``, ``length``, ``content_filter`` …
        refusal: the model's words when it declines.
    """

    content: str
    finish_reason: str
    refusal: str | None = None


class Account:
    """Adds up what an extraction costs, failed requests counted.

    Args:
        tell: hears how each of its requests ended.
    """

    def __init__(self, tell: Tell | None = None) -> None:
        self.usage = Usage()
        self.tell = tell

    def charge(self, usage: Usage) -> None:
        """Add a request's cost."""
        self.usage += usage


@dataclass(slots=True)
class _Tries:
    """The tries of one request: how many, the present one counted, and when the last one failed."""

    counted: int = 1
    in_outage: int = 0
    failed_at: float | None = None


class ChatClient:
    """Talks to one server; as many connections as there are requests in flight.

    Args:
        server: where and how.
        meter: told of every request in flight.
        transport: for tests, in place of the network.
    """

    def __init__(
        self,
        server: Server,
        meter: InFlightMeter,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._server = server
        self._meter = meter
        self._clock = time.monotonic
        self._outage = Outage(server.base_url, server.longest_outage_s, self._clock)
        self._jitter = random.Random()  # noqa: S311 - spreads retries, guards nothing
        self.structured_output = True
        """Whether the server takes a JSON schema; unlearned when it says that it does not."""
        self._http = httpx.AsyncClient(
            base_url=f"{server.base_url.rstrip('/')}/",
            headers={"Authorization": f"Bearer {server.api_key}"} if server.api_key else {},
            # httpx would allow 100 connections and 20 idle ones without saying so.
            limits=httpx.Limits(
                max_connections=None,
                max_keepalive_connections=None,
                keepalive_expiry=_KEEPALIVE_S,
            ),
            timeout=httpx.Timeout(server.timeout_s, connect=_CONNECT_TIMEOUT_S, pool=None),
            transport=transport,
        )

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._http.__aexit__(kind, error, traceback)

    async def get(self, path: str, timeout_s: float = _CONNECT_TIMEOUT_S) -> httpx.Response:
        """A GET without retries; the path is relative to the base URL.

        Raises:
            ServerError: no answer.
        """
        try:
            response = await self._http.get(path, timeout=timeout_s)
            self._outage.answered()
            return response
        except httpx.HTTPError as error:
            raise error_for_transport(error, self._server.base_url) from error

    async def complete(self, request: ChatRequest, account: Account) -> Completion:
        """Ask once, again where that may help.

        Raises:
            FatalServerError: 401, 403, 404.
            PromptTooLongError, BadRequestError: 400.
            ServerError: still failing after the last try.
            AnswerNotJsonError: the response is no chat completion.
        """
        tries = _Tries()
        while True:
            structured = self.structured_output
            try:
                return await self._try(request, account, structured=structured)
            except ServerError as error:
                await self._pause_after(error, tries)
            except BadRequestError as error:
                if not (structured and _is_about_format(error)):
                    raise
                self.structured_output = False

    async def _pause_after(self, error: ServerError, tries: _Tries) -> None:
        """Wait before the next try.

        Raises:
            ServerError: there is none, for this was the last.
        """
        is_away = self._outage.explains(error, tries.failed_at)
        tries.failed_at = self._clock()
        if is_away:
            tries.in_outage += 1
            pause_s = min(self._pause(tries.in_outage, None), _LONGEST_OUTAGE_PAUSE_S)
        elif tries.counted < self._server.max_attempts and not self._outage.is_given_up:
            pause_s = self._pause(tries.counted, error.retry_after_s)
            tries.counted += 1
        else:
            raise type(error)(f"{error} ({tries.counted} tries)") from error
        await asyncio.sleep(pause_s)

    def _pause(self, attempt: int, asked_for: float | None) -> float:
        """Seconds to wait: what the server asks for, else doubling with jitter."""
        if asked_for is not None:
            return min(asked_for, _LONGEST_RETRY_AFTER_S) + self._jitter.uniform(0, 0.1)
        most = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(attempt - 1, 16))
        return self._jitter.uniform(most / 2, most)

    async def _try(self, request: ChatRequest, account: Account, *, structured: bool) -> Completion:
        started = asyncio.get_running_loop().time()
        usage = Usage(requests=1)
        failure: EngineError | None = None
        ending, retry_after_s = Ending.FAILED, None
        try:
            with self._meter.request():
                response = await self._post(self._body(request, structured=structured))
            self._outage.answered()
            if response.status_code != httpx.codes.OK:
                raise error_for_response(response, self._server.model)
            completion, tokens = _read(response)
            usage += tokens
            ending = Ending.OK
            return completion
        except EngineError as error:
            failure = error
            if isinstance(error, ServerError):
                ending, retry_after_s = _ending_of(error), error.retry_after_s
            raise
        finally:
            seconds = asyncio.get_running_loop().time() - started
            account.charge(usage + Usage(busy_seconds=seconds))
            if request.tell is not None:
                request.tell(
                    Outcome(
                        request.task,
                        ending,
                        usage.prompt_tokens,
                        usage.cached_tokens,
                        usage.completion_tokens,
                        seconds,
                        retry_after_s,
                        request.format.max_tokens,
                        request.counted_prompt,
                    ),
                    failure,
                )

    async def _post(self, body: Mapping[str, Any]) -> httpx.Response:
        try:
            async with asyncio.timeout(self._server.timeout_s):
                return await self._http.post("chat/completions", json=body)
        except TimeoutError as error:
            raise ServerTimeoutError(
                f"no answer from {self._server.base_url} within {self._server.timeout_s:g} s; "
                "raise LEXICUE_REQUEST_TIMEOUT_S or lower --max-concurrency"
            ) from error
        except httpx.HTTPError as error:
            raise error_for_transport(error, self._server.base_url) from error

    def _body(self, request: ChatRequest, *, structured: bool) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self._server.model,
            "messages": request.messages,
            "max_tokens": request.format.max_tokens,
            "temperature": 0.0 if request.sampling_try == 0 else 0.4,
            "seed": request.sampling_try,
        }
        if structured:
            body["response_format"] = request.format.response_format
        return body


def _ending_of(error: ServerError) -> Ending:
    for kind, ending in _ENDINGS.items():
        if isinstance(error, kind):
            return ending
    return Ending.FAILED


_ENDINGS: dict[type[ServerError], Ending] = {
    ServerOverloadedError: Ending.OVERLOADED,
    ServerTimeoutError: Ending.TIMEOUT,
    ServerUnreachableError: Ending.UNREACHABLE,
}


def _is_about_format(error: EngineError) -> bool:
    text = str(error).lower()
    return any(word in text for word in ("response_format", "json_schema", "grammar", "guided"))


def _read(response: httpx.Response) -> tuple[Completion, Usage]:
    """The completion in a response, and its tokens."""
    try:
        payload = response.json()
        choice = payload["choices"][0]
        message = choice["message"]
        content = message.get("content") or _from_reasoning(message)
        usage = _usage(payload.get("usage") or {})
        reason = str(choice.get("finish_reason") or "stop")
        completion = Completion(str(content), reason, message.get("refusal"))
        return completion, usage
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise AnswerNotJsonError(
            f"the server's response is no chat completion: {response.text[:80]!r}"
        ) from error


def _from_reasoning(message: Mapping[str, Any]) -> str:
    """Thinking models may leave the content empty and the JSON in their reasoning."""
    return str(message.get("reasoning") or message.get("reasoning_content") or "")


def _usage(usage: Mapping[str, Any]) -> Usage:
    details = usage.get("prompt_tokens_details") or {}
    return Usage(
        prompt_tokens=int(usage.get("prompt_tokens") or 0),
        cached_tokens=int(details.get("cached_tokens") or 0),
        completion_tokens=int(usage.get("completion_tokens") or 0),
    )
