"""What a server's failure means, as an error of ours that says what to do."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import httpx

from lexicue.errors import (
    AuthenticationError,
    BadRequestError,
    EngineError,
    ModelNotFoundError,
    PromptTooLongError,
    ServerError,
    ServerFaultError,
    ServerOverloadedError,
    ServerTimeoutError,
    ServerUnreachableError,
)

__all__ = ["error_for_response", "error_for_transport"]

_TOO_LONG = ("maximum context length", "max_model_len", "context length", "too long", "longer than")


def error_for_response(response: httpx.Response, model: str) -> EngineError:
    """The error that a response other than 200 stands for."""
    status, said = response.status_code, _said(response)
    if status in (401, 403):
        return AuthenticationError(
            f"the server refuses the API key ({status}): {said}. Set LEXICUE_API_KEY"
        )
    if status == 404:
        return ModelNotFoundError(
            f"the server answers 404: {said}. Is {model!r} the name it serves (--model), "
            "and does --base-url end in /v1?"
        )
    if status < 500 and status != 429:
        if any(word in said.lower() for word in _TOO_LONG):
            return PromptTooLongError(f"the prompt is too long for the model: {said}")
        return BadRequestError(f"the server rejects the request ({status}): {said}")
    error: ServerError
    if status in (429, 503):
        error = ServerOverloadedError(f"the server is overloaded ({status}): {said}")
    else:
        error = ServerFaultError(f"the server failed ({status}): {said}")
    error.retry_after_s = _seconds(response.headers.get("retry-after", ""))
    return error


def error_for_transport(error: httpx.HTTPError, base_url: str) -> ServerError:
    """The error that a failed exchange stands for."""
    if isinstance(error, httpx.ConnectTimeout | httpx.ConnectError):
        return ServerUnreachableError(
            f"cannot reach {base_url}: {_words(error)}. Is the server running?"
        )
    if isinstance(error, httpx.TimeoutException):
        return ServerTimeoutError(f"no answer from {base_url} in time; is it overloaded?")
    return ServerUnreachableError(f"the connection to {base_url} broke: {_words(error)}")


def _words(error: httpx.HTTPError) -> str:
    return str(error) or type(error).__name__


def _seconds(value: str) -> float | None:
    """The header as seconds from now; it is a number or an HTTP date."""
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError):
        return None


def _said(response: httpx.Response) -> str:
    """The server's own words, short."""
    try:
        body = response.json()
        error = body.get("error", body) if isinstance(body, dict) else body
        said = error.get("message", error) if isinstance(error, dict) else error
    except ValueError:
        said = response.text
    return " ".join(str(said).split())[:300].rstrip(".") or response.reason_phrase
