"""The fake server on a port of its own, in a thread."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from lexicue.testing.app import FakeApp
from lexicue.testing.leaving import RESET_EXTENSION
from lexicue.testing.options import FakeOptions
from lexicue.testing.tokens import encode

__all__ = ["FakeServer"]

_Message = MutableMapping[str, Any]
_AsgiApp = Callable[
    [_Message, Callable[[], Awaitable[_Message]], Callable[[_Message], Awaitable[None]]],
    Awaitable[None],
]

_T = TypeVar("_T")

_BACKLOG = 2048
_START_LIMIT_S = 30.0
_STOP_LIMIT_S = 10.0
_NO_LINGER = struct.pack("ii", 1, 0)
"""``SO_LINGER`` of 0 s: closing sends a reset (RST) and not an orderly end (FIN)."""


class FakeServer(FakeApp):
    """A fake vLLM server for the length of a ``with`` block.

    It runs in a thread with an event loop of its own, so it can be used from plain code, from a
    running event loop, and several at once.

    Args:
        host: the IPv4 address or name to listen on.
        port: 0 for any that is free.
        options: see `lexicue.testing.options.Behaviour`.

    Raises:
        ValueError: options that do not go together.

    Example:
        >>> import httpx
        >>> with FakeServer(models=("m",)) as server:
        ...     httpx.get(f"{server.base_url}/models").json()["data"][0]["id"]
        'm'
    """

    def __init__(
        self, *, host: str = "127.0.0.1", port: int = 0, **options: Unpack[FakeOptions]
    ) -> None:
        super().__init__(**options)
        self._host = host
        self._port = port
        self._thread: threading.Thread | None = None
        self._up = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._door: _Door | None = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._port

    @property
    def root_url(self) -> str:
        """Where ``/health``, ``/metrics`` and ``/tokenize`` are."""
        return f"http://{self._host}:{self._port}"

    @property
    def base_url(self) -> str:
        """What a client wants: with ``/v1``."""
        return f"{self.root_url}/v1"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Begin to listen; back when it is up.

        Raises:
            OSError: the port is taken.
            RuntimeError: it runs already, or did not come up.
        """
        if self._thread is not None:
            raise RuntimeError("this server has been started before")
        encode("")  # reads the vocabulary now, and not while the first requests wait
        listener = _listen(self._host, self._port)
        self._port = listener.getsockname()[1]
        self._thread = threading.Thread(
            target=self._run, args=(listener,), name=f"fake-vllm-{self._port}", daemon=True
        )
        self._thread.start()
        self._up.wait(_START_LIMIT_S)
        if self._loop is None:
            raise RuntimeError("the fake server did not come up")

    def stop(self) -> None:
        """Drop every connection and end the thread; without effect when it has ended."""
        if self._loop and self._stopping and self._thread and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(_STOP_LIMIT_S)

    def set_foreign_load(self, tokens: int, requests: int | None = None) -> None:
        """See `FakeApp.set_foreign_load`; from any thread but the server's own."""

        async def set_it() -> None:
            super(FakeServer, self).set_foreign_load(tokens, requests)

        self._in_its_thread(set_it())

    def restart(self, down_s: float = 1.0) -> None:
        """Go down and come back: connections are dropped, then refused, then taken again.

        Requests in work are lost, counters and caches begin anew; port, records and faults stay.
        Back as soon as it is down; from any thread but the server's own.

        Args:
            down_s: seconds during which connections are refused.

        Raises:
            RuntimeError: it is not up.
        """
        self._in_its_thread(self._restart(down_s))

    async def _restart(self, down_s: float) -> None:
        if self._door is None or not self._door.is_open:
            raise RuntimeError("the fake server is down already")
        self._begin_anew()
        await self._door.shut_for(down_s)

    def _in_its_thread(self, work: Coroutine[Any, Any, _T]) -> _T:
        if self._loop is None or self._thread is None or not self._thread.is_alive():
            work.close()
            raise RuntimeError("the fake server does not run")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_STOP_LIMIT_S)

    def _run(self, listener: socket.socket) -> None:
        try:
            asyncio.run(self._serve(listener))
        finally:
            self._up.set()

    async def _serve(self, listener: socket.socket) -> None:
        self._door = _Door(self, listener)
        await self._door.open()
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self._up.set()
        await self._stopping.wait()
        await self._door.close()


class _Door:
    """Where connections come in: open, shut for a while, or closed for good.

    Args:
        app: answers requests.
        listener: a socket that is bound.
    """

    def __init__(self, app: FakeApp, listener: socket.socket) -> None:
        # log_config=None and access logging by default leave the process's logging as it is.
        self._config = uvicorn.Config(app, log_config=None, proxy_headers=False, ws="none")
        self._config.load()
        self._state = ServerState()
        self._listener = listener
        self._server: asyncio.Server | None = None
        self._opening: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether connections are taken."""
        return self._server is not None

    async def open(self) -> None:
        """Take connections."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Protocol(
                config=self._config, server_state=self._state, app_state={}, _loop=loop
            ),
            sock=self._listener,
            backlog=_BACKLOG,
        )

    async def shut_for(self, seconds: float) -> None:
        """Drop all connections and refuse others for a while; back when it is shut."""
        host, port = self._listener.getsockname()
        await self._shut()
        self._listener = _bind(host, port)  # keeps the port, and refuses until it listens
        self._opening = asyncio.create_task(self._open_after(seconds))

    async def close(self) -> None:
        """Drop all connections, for good."""
        if self._opening:
            self._opening.cancel()
        await self._shut()
        self._listener.close()

    async def _open_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.open()

    async def _shut(self) -> None:
        server, self._server = self._server, None
        if server:
            server.close()
            await _drop_all(self._state)
            await server.wait_closed()


def _bind(host: str, port: int) -> socket.socket:
    # With the protocol named, asyncio turns Nagle's algorithm off; else an answer takes 40 ms.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens at once, so that nobody else gets the port."""
    listener = _bind(host, port)
    try:
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


async def _drop_all(state: ServerState) -> None:
    """End all connections, which ends the requests on them."""
    for connection in list(state.connections):
        connection.transport.abort()
    if state.tasks:
        await asyncio.wait(state.tasks, timeout=_STOP_LIMIT_S / 2)


class _Protocol(H11Protocol):
    """HTTP whose connection the application can reset, by an extension in the ASGI scope."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.access_log = False
        self.app = self._with_reset(self.app)

    def _with_reset(self, app: Any) -> Any:
        async def extended(scope: Any, receive: Any, send: Any) -> None:
            scope.setdefault("extensions", {})[RESET_EXTENSION] = self._reset
            await app(scope, receive, send)

        return extended

    def _reset(self) -> None:
        if self.transport.is_closing():
            return  # the whole server goes down
        raw = self.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.transport.abort()
