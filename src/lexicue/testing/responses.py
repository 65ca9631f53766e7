"""The bodies and status codes of responses, in vLLM's words (0.32)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import HTMLResponse, JSONResponse, Response

from lexicue.testing.asked import ChatCall
from lexicue.testing.faults import Fault
from lexicue.testing.options import Behaviour
from lexicue.testing.spoiling import Completion

__all__ = [
    "VERSION",
    "bad_request",
    "completed",
    "faulty",
    "no_room_for_output",
    "no_such_model",
    "overloaded",
    "prompt_too_long",
    "too_many_output_tokens",
    "unauthorized",
]

VERSION = "0.32.0"
"""The vLLM whose answers these are."""

_BUSY = (
    "The engine is currently busy and cannot accept new requests. "
    "Please try again later or on a different instance."
)
_MESSAGES = {
    500: "EngineCore encountered an issue. See stack trace (above) for the root cause.",
    503: _BUSY,
    429: "Too many requests.",
}
_TYPES = {500: "InternalServerError", 503: "Service Unavailable", 404: "NotFoundError"}


def completed(
    call: ChatCall, completion: Completion, usage: Mapping[str, Any], model: str
) -> Response:
    """A chat completion."""
    message = {
        "role": "assistant",
        "content": completion.content,
        "refusal": completion.refusal,
        "reasoning": completion.reasoning,
    }
    choice = {"index": 0, "message": message, "finish_reason": completion.finish_reason}
    return JSONResponse(
        {
            "id": f"chatcmpl-{call.number:016x}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": model,
            "choices": [choice],
            "system_fingerprint": f"vllm-{VERSION}-fake",
            "usage": usage,
        }
    )


def _error(
    status: int,
    message: str,
    param: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    kind = _TYPES.get(status, "BadRequestError" if status == 400 else HTTPStatus(status).phrase)
    error = {"message": message, "type": kind, "param": param, "code": status}
    return JSONResponse({"error": error}, status, headers)


def bad_request(message: str, param: str | None = None) -> Response:
    """400."""
    return _error(400, message, param)


def unauthorized() -> Response:
    """401."""
    return JSONResponse({"error": "Unauthorized"}, 401)


def no_such_model(asked: str | None, behaviour: Behaviour) -> Response:
    """404."""
    names = ", ".join(behaviour.models)
    message = f"The model `{asked}` does not exist. Valid aliases: {names}."
    return _error(404, message, "model")


def overloaded() -> Response:
    """503, without a Retry-After."""
    return _error(503, _BUSY)


def prompt_too_long(max_model_len: int) -> Response:
    """400: vLLM reads one token more than fits and tells no true count."""
    return bad_request(
        f"This model's maximum context length is {max_model_len} tokens. However, your prompt "
        f"contains at least {max_model_len + 1} input tokens, which exceeds this limit even "
        "without any output tokens. Please reduce the length of the input prompt. "
        f"(parameter=input_tokens, value={max_model_len + 1})",
        "input_tokens",
    )


def too_many_output_tokens(max_tokens: int, max_model_len: int) -> Response:
    """400: more tokens asked for than the model holds at all."""
    return bad_request(
        f"max_tokens={max_tokens} cannot be greater than max_model_len={max_model_len}. Please "
        f"request fewer output tokens. (parameter=max_tokens, value={max_tokens})",
        "max_tokens",
    )


def no_room_for_output(prompt: int, max_tokens: int, max_model_len: int) -> Response:
    """400 of older versions, which do not cut ``max_tokens`` to the room that is left."""
    return bad_request(
        f"This model's maximum context length is {max_model_len} tokens. However, you requested "
        f"{prompt + max_tokens} tokens ({prompt} in the messages, {max_tokens} in the "
        "completion). Please reduce the length of the messages or completion."
    )


def faulty(fault: Fault, call: ChatCall, behaviour: Behaviour) -> Response | None:
    """The response that a fault gives instead of a completion; None for faults that give one."""
    match fault.kind:
        case "unauthorized":
            return unauthorized()
        case "not_found":
            return no_such_model(call.model, behaviour)
        case "too_long":
            return prompt_too_long(behaviour.max_model_len)
        case "format_unsupported":
            return bad_request(
                "Invalid parameter: 'response_format' of type 'json_schema' is not supported "
                "with this model.",
                "response_format",
            )
        case "html":
            return HTMLResponse("<html><body><h1>Welcome to nginx!</h1></body></html>")
    return _status_of(fault) if fault.kind.startswith("http_") else None


def _status_of(fault: Fault) -> Response:
    status = int(fault.kind.removeprefix("http_"))
    headers = {} if fault.retry_after is None else {"retry-after": str(fault.retry_after)}
    return _error(status, _MESSAGES.get(status, HTTPStatus(status).phrase), headers=headers)
