"""Every error Lexicue raises, in one tree.

::

    LexicueError                     exit code 1 unless said otherwise
    ├── InputError                   exit code 2: what was given cannot be used
    │   ├── SubtitleError            not a subtitle, or a broken one: names file and line
    │   ├── SettingsError            a setting that cannot be: names the setting
    │   └── ChunkingError            a chunk budget that no sentence piece fits
    ├── MissingDependencyError       something that is not installed: says what to install
    └── EngineError                  the engine could not do its work
        ├── RunFailedError           not one chunk came through
        ├── FatalServerError         no request can succeed: the run stops at once
        │   ├── AuthenticationError  401 or 403
        │   └── ModelNotFoundError   404, or a model the server does not list
        ├── ServerError              one request failed, after its retries
        │   ├── ServerUnreachableError   refused, reset, or no such host
        │   ├── ServerTimeoutError       no answer in time
        │   ├── ServerOverloadedError    429 or 503
        │   └── ServerFaultError         any other 5xx
        ├── BadRequestError          another 4xx: the request itself is wrong
        ├── PromptTooLongError       400: the prompt is over the model's length
        └── AnswerError              the server answered, but not usefully
            ├── AnswerTruncatedError     cut off at max_tokens, again after splitting
            ├── AnswerRefusedError       the model declined
            ├── AnswerNotJsonError       no JSON in it, or not of a shape we know
            └── AnswerEmptyError         no content at all

Each message says what is at fault (file, line, cue or chunk) and what to do next.
"""

from __future__ import annotations

__all__ = [
    "AnswerEmptyError",
    "AnswerError",
    "AnswerNotJsonError",
    "AnswerRefusedError",
    "AnswerTruncatedError",
    "AuthenticationError",
    "BadRequestError",
    "ChunkingError",
    "EngineError",
    "FatalServerError",
    "InputError",
    "LexicueError",
    "MissingDependencyError",
    "ModelNotFoundError",
    "PromptTooLongError",
    "RunFailedError",
    "ServerError",
    "ServerFaultError",
    "ServerOverloadedError",
    "ServerTimeoutError",
    "ServerUnreachableError",
    "SettingsError",
    "SubtitleError",
]


class LexicueError(Exception):
    """Anything Lexicue raises on purpose."""

    exit_code: int = 1


class InputError(LexicueError):
    """What was given cannot be used as it is."""

    exit_code = 2


class SubtitleError(InputError):
    """A file that is no subtitle, or one broken beyond reading.

    Args:
        message: what is wrong and what to do.
        source: the file's name, or "<stdin>" or "<string>".
        line: the 1-based line at fault, where there is one.
    """

    def __init__(self, message: str, *, source: str, line: int | None = None) -> None:
        self.source = source
        self.line = line
        place = source if line is None else f"{source}, line {line}"
        super().__init__(f"{place}: {message}")


class SettingsError(InputError):
    """A setting that cannot be; the message names it and its allowed values."""


class ChunkingError(InputError):
    """A chunk budget too small for any piece of the text."""


class MissingDependencyError(LexicueError):
    """Something Lexicue needs here is not installed; the message says what to install."""


class EngineError(LexicueError):
    """The engine could not do its work."""


class RunFailedError(EngineError):
    """Every task of every chunk failed; the message tells the first reason."""


class FatalServerError(EngineError):
    """An answer after which no further request can succeed, so the run stops."""


class AuthenticationError(FatalServerError):
    """The server wants another API key (401 or 403)."""


class ModelNotFoundError(FatalServerError):
    """The server does not serve this model, or has no such path (404)."""


class ServerError(EngineError):
    """One request failed for good, after its retries.

    Attributes:
        retry_after_s: seconds the server asked to wait, where it did.
    """

    retry_after_s: float | None = None


class ServerUnreachableError(ServerError):
    """The connection was refused or reset, or there is no such host."""


class ServerTimeoutError(ServerError):
    """No answer within the request time-out."""


class ServerOverloadedError(ServerError):
    """The server turned the request away (429 or 503)."""


class ServerFaultError(ServerError):
    """The server broke while answering (5xx other than 503)."""


class BadRequestError(EngineError):
    """The server rejects the request (4xx), for another reason than its length."""


class PromptTooLongError(EngineError):
    """The prompt is longer than the model allows."""


class AnswerError(EngineError):
    """The server answered, but not in a way that can be used."""


class AnswerTruncatedError(AnswerError):
    """The answer ran into ``max_tokens``, also after the chunk was split."""


class AnswerRefusedError(AnswerError):
    """The model declined to answer."""


class AnswerNotJsonError(AnswerError):
    """No JSON could be read from the answer, or JSON of an unknown shape."""


class AnswerEmptyError(AnswerError):
    """The answer has no content."""
