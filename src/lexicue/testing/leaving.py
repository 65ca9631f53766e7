"""Ends of connections: the client leaves, or the server drops it."""

from __future__ import annotations

import asyncio
from typing import TypeVar

import httpx
from starlette.requests import Request
from starlette.responses import Response

__all__ = [
    "RESET_EXTENSION",
    "ClientLeftError",
    "ConnectionDroppedError",
    "drop_connection",
    "unless_client_leaves",
]

RESET_EXTENSION = "lexicue.testing.reset"
"""Under this name the ASGI scope's extensions hold a function that resets the connection."""

_T = TypeVar("_T")


class ClientLeftError(Exception):
    """Nobody waits for the answer any more."""


class ConnectionDroppedError(Exception):
    """The server ends the connection here, without an answer."""


async def unless_client_leaves(request: Request, working: asyncio.Task[_T]) -> _T:
    """The result of the work, which is cancelled when the client goes away.

    Raises:
        ClientLeftError: it did.
        ConnectionDroppedError: the work was cancelled, as the server goes down.
    """
    leaving = asyncio.create_task(_departure(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientLeftError
        if working.cancelled():
            raise ConnectionDroppedError
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _departure(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def drop_connection(request: Request) -> Response:
    """Reset the request's connection; the response returned is never sent.

    Raises:
        httpx.ReadError: there is no connection, as the app is called in process; the client sees
            what it would see of a reset.
    """
    reset = request.scope.get("extensions", {}).get(RESET_EXTENSION)
    if reset is None:
        raise httpx.ReadError("connection reset by the fake server")
    reset()
    await _departure(request)
    return Response(status_code=499)
