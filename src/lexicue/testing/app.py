"""The fake server as an ASGI application."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol, Unpack, runtime_checkable

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from lexicue.testing.asked import MalformedBodyError, messages_of
from lexicue.testing.batching import BatchingEngine
from lexicue.testing.chat import ChatEndpoint, is_authorized
from lexicue.testing.engine import EngineStats, TimedEngine
from lexicue.testing.faults import Fault
from lexicue.testing.metrics import prometheus_text
from lexicue.testing.options import Behaviour, FakeOptions
from lexicue.testing.records import RequestLog, RequestRecord
from lexicue.testing.responses import VERSION, bad_request, no_such_model, unauthorized
from lexicue.testing.tokens import encode, encode_chat

__all__ = ["FakeApp", "fake_app"]

_Endpoint = Callable[[Request], Awaitable[Response]]


@runtime_checkable
class _Restartable(Protocol):
    """An engine that can forget everything."""

    def restart(self) -> None: ...


class FakeApp:
    """A fake vLLM server: an ASGI application that remembers what it was asked.

    Args:
        options: see `lexicue.testing.options.Behaviour`.

    Raises:
        ValueError: options that do not go together.
    """

    def __init__(self, **options: Unpack[FakeOptions]) -> None:
        self._behaviour = _fitting(Behaviour(**options))
        self._engine = self._behaviour.engine or TimedEngine(self._behaviour.latency)
        self._log = RequestLog(self._behaviour.keep_requests)
        self._chat = ChatEndpoint(self._behaviour, self._engine, self._log)
        self._asgi = Starlette(routes=self._routes())
        self._up_again: float | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it.

        Raises:
            httpx.ConnectError: it is down after `restart`.
        """
        if self._up_again is not None and asyncio.get_running_loop().time() < self._up_again:
            raise httpx.ConnectError("connection refused: the fake server restarts")
        await self._asgi(scope, receive, send)

    @property
    def requests(self) -> list[RequestRecord]:
        """The chat requests so far, oldest first; of very many, the last `keep_requests`."""
        return self._log.records

    @property
    def in_flight(self) -> int:
        """Chat requests in work now."""
        return self._log.in_flight

    @property
    def peak_in_flight(self) -> int:
        """The most chat requests in work at once so far."""
        return self._log.peak

    @property
    def mean_in_flight(self) -> float:
        """Chat requests in work on average, from the first one's start to the last one's end."""
        return self._log.mean

    @property
    def stats(self) -> EngineStats:
        """What the engine tells on ``/metrics``."""
        return self._engine.stats

    def set_faults(self, *faults: Fault) -> None:
        """From now on these faults happen, and no others: a server falls ill, or recovers."""
        self._chat.set_faults(faults)

    def set_foreign_load(self, tokens: int, requests: int | None = None) -> None:
        """Let another client hold part of the KV cache, until it is set to something else.

        See `BatchingEngine.set_foreign_load`.

        Args:
            tokens: what its requests hold; 0 for nothing.
            requests: how many they are; by default one for every 2,000 tokens begun.

        Raises:
            TypeError: the engine is no `BatchingEngine`, and its cache never fills.
            ValueError: more than the cache holds.
        """
        if not isinstance(self._engine, BatchingEngine):
            raise TypeError("only a BatchingEngine has a foreign load: FakeServer(engine=...)")
        self._engine.set_foreign_load(tokens, requests)

    def restart(self, down_s: float = 1.0) -> None:
        """Go down and come back: requests in work are dropped, counters and caches begin anew.

        Records and faults stay, as they belong to the test and not to the server.

        Args:
            down_s: seconds during which no connection is taken.
        """
        self._begin_anew()
        self._up_again = asyncio.get_running_loop().time() + down_s

    def _begin_anew(self) -> None:
        self._chat.drop_all()
        if isinstance(self._engine, _Restartable):
            self._engine.restart()

    def _routes(self) -> list[Route]:
        endpoints: list[tuple[str, str, _Endpoint]] = [
            ("/v1/chat/completions", "POST", self._chat.__call__),
            ("/v1/models", "GET", self._models),
            ("/tokenize", "POST", self._tokenize),
            ("/health", "GET", self._health),
            ("/version", "GET", self._version),
            ("/metrics", "GET", self._metrics),
        ]
        return [
            Route(path, endpoint, methods=[method])
            for path, method, endpoint in endpoints
            if path not in self._behaviour.without
        ]

    async def _models(self, request: Request) -> Response:
        if not is_authorized(request, self._behaviour.api_key):
            return unauthorized()
        card = {
            "object": "model",
            "created": int(time.time()),
            "owned_by": "vllm",
            "parent": None,
            "max_model_len": self._behaviour.max_model_len,
        }
        cards = [{"id": name, "root": name, **card} for name in self._behaviour.models]
        return JSONResponse({"object": "list", "data": cards})

    async def _tokenize(self, request: Request) -> Response:
        try:
            body = await request.json()
            tokens = encode(body["prompt"]) if "prompt" in body else encode_chat(messages_of(body))
        except (ValueError, TypeError, MalformedBodyError) as error:
            return bad_request(f"1 validation error:\n  {error}", "body")
        if body.get("model") not in (None, *self._behaviour.models):
            return no_such_model(body["model"], self._behaviour)
        return JSONResponse(
            {
                "count": len(tokens),
                "max_model_len": self._behaviour.max_model_len,
                "tokens": tokens,
                "token_strs": None,
            }
        )

    async def _health(self, _: Request) -> Response:
        return Response()

    async def _version(self, _: Request) -> Response:
        return JSONResponse({"version": VERSION})

    async def _metrics(self, _: Request) -> Response:
        model, length = self._behaviour.models[0], self._behaviour.max_model_len
        return PlainTextResponse(
            prometheus_text(self._chat.tally, self._engine.stats, model, length)
        )


def _fitting(behaviour: Behaviour) -> Behaviour:
    """With a model length that the KV cache holds, as vLLM does not start otherwise."""
    if not isinstance(behaviour.engine, BatchingEngine):
        return behaviour
    length = min(behaviour.max_model_len, behaviour.engine.longest)
    return replace(behaviour, max_model_len=length)


def fake_app(**options: Unpack[FakeOptions]) -> FakeApp:
    """The fake server without a socket, for ``httpx.ASGITransport(app=fake_app(...))``.

    Everything works as behind a socket, resets too; only connections as such are not there.

    Args:
        options: see `lexicue.testing.options.Behaviour`.

    Raises:
        ValueError: options that do not go together.
    """
    return FakeApp(**options)
