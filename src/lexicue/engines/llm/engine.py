"""The llm engine: asks a server for the words or phrases of a chunk until the chunk is covered.

How each kind of answer is met:

=====================  =========================================================================
answer                 what is done
=====================  =========================================================================
valid                  its entries are the result
truncated              whole entries are kept; the chunk's halves are asked for the rest
prompt too long        the chunk's halves are asked instead
refused                the task fails for this chunk, with the model's words
empty, or no entries   asked once more with other sampling, the prompt unchanged; then it fails
some entries wrong     counted as refused items; the others are kept
=====================  =========================================================================
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Literal, Self

import httpx

from lexicue.chunking import TokenCounter, halve
from lexicue.engines.llm.answers import ParsedAnswer, parse_answer
from lexicue.engines.llm.client import Account, ChatClient, ChatRequest, Completion, Server
from lexicue.engines.llm.failures import error_for_response
from lexicue.engines.llm.prompt_tokens import PromptTokens
from lexicue.engines.llm.prompts import messages_for
from lexicue.engines.llm.schema import AnswerFormat, answer_format
from lexicue.engines.protocol import Cost, Tell
from lexicue.errors import (
    AnswerEmptyError,
    AnswerNotJsonError,
    AnswerRefusedError,
    AnswerTruncatedError,
    EngineError,
    FatalServerError,
    ModelNotFoundError,
    PromptTooLongError,
)
from lexicue.model import Candidate, Chunk, Extraction, Status, Task
from lexicue.scheduling import InFlightMeter

__all__ = ["LlmEngine"]

_MOST_HALVINGS = 3
"""A chunk is cut in at most 8 parts; one whose eighth is still too much has another fault."""

_GARBLED_TRIES = 2
"""Asks per prompt when the answer cannot be read; a third rarely differs from the second."""

_FEWEST_ANSWER_TOKENS = 128
"""With less room than this left in the model's length, the chunk is cut instead of asked."""


class LlmEngine:
    """Extraction by a language model. Use it as an async context manager.

    Args:
        server: where the model is.
        learner_language: of the meanings, as a code or a name.
        counter: counts the prompt's tokens.
        meter: told of every request in flight.
        transport: for tests, in place of the network.
    """

    name: Literal["llm"] = "llm"

    def __init__(
        self,
        server: Server,
        learner_language: str,
        counter: TokenCounter,
        meter: InFlightMeter,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._server = server
        self._language = learner_language
        self._counter = counter
        self._client = ChatClient(server, meter, transport)
        self.max_model_len: int | None = None
        """Tokens of prompt and answer together, as the server tells; None before entering."""
        self._tokens: PromptTokens | None = None

    async def __aenter__(self) -> Self:
        """Connect and see that the model is there, before any chunk waits for it.

        Raises:
            ServerUnreachableError, ServerTimeoutError: there is no server.
            AuthenticationError, ModelNotFoundError: it will not serve this.
        """
        await self._client.__aenter__()
        try:
            await self._look_up_model()
            self._tokens = await asyncio.to_thread(PromptTokens, self._counter, self._language)
        except BaseException:
            await self._client.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._client.__aexit__(kind, error, traceback)

    async def _look_up_model(self) -> None:
        response = await self._client.get("models")
        if response.status_code in (401, 403):
            raise error_for_response(response, self._server.model)
        served = _served_models(response)
        if served and self._server.model not in served:
            raise ModelNotFoundError(
                f"{self._server.base_url} does not serve {self._server.model!r} but "
                f"{', '.join(sorted(served)[:8])}: give one of these with --model"
            )
        self.max_model_len = served.get(self._server.model)

    def cost(self, chunk: Chunk, task: Task) -> Cost:
        """What a request for this holds of the server's KV cache."""
        assert self._tokens is not None, "entered"
        return self._tokens.cost(chunk, task)

    async def metrics(self) -> str | None:
        """The server's ``/metrics``; None where there is none."""
        root = self._server.base_url.removesuffix("/v1")
        response = await self._client.get(f"{root}/metrics")
        return response.text if response.status_code == httpx.codes.OK else None

    async def extract(self, chunk: Chunk, task: Task, tell: Tell | None = None) -> Extraction:
        """One task of one chunk; see `lexicue.engines.Engine`."""
        account = Account(tell)
        covered = await self._cover(chunk, task, account, halvings=0)
        return Extraction(covered.candidates, covered.status, covered.error, account.usage)

    async def _cover(self, chunk: Chunk, task: Task, account: Account, halvings: int) -> Extraction:
        """Everything found in a chunk, by halves where one answer cannot hold it."""
        try:
            answer = await self._ask(chunk, task, account)
        except FatalServerError:
            raise
        except PromptTooLongError as error:
            return await self._cover_halves(chunk, task, account, halvings, because=error)
        except EngineError as error:
            return Extraction(status=Status.FAILED, error=f"{type(error).__name__}: {error}")
        found = Extraction(answer.candidates + _as_refusable(answer.malformed))
        if answer.whole:
            return found
        cut_off = AnswerTruncatedError("the answer was cut off and the chunk cannot be cut further")
        rest = await self._cover_halves(chunk, task, account, halvings, because=cut_off)
        return _together(found, rest) if rest.status is Status.OK else _partly(found, rest)

    async def _cover_halves(
        self, chunk: Chunk, task: Task, account: Account, halvings: int, because: EngineError
    ) -> Extraction:
        halves = halve(chunk) if halvings < _MOST_HALVINGS else None
        if halves is None:
            return Extraction(status=Status.FAILED, error=f"{type(because).__name__}: {because}")
        first = await self._cover(halves[0], task, account, halvings + 1)
        second = await self._cover(halves[1], task, account, halvings + 1)
        return _together(first, second)

    async def _ask(self, chunk: Chunk, task: Task, account: Account) -> ParsedAnswer:
        """One answer that can be read."""
        assert self._tokens is not None, "entered"
        messages = messages_for(chunk, task, self._language)
        answer = self._within_model_length(chunk, task)
        counted = self._tokens.counted(chunk, task)
        for sampling_try in range(_GARBLED_TRIES):
            request = ChatRequest(messages, answer, sampling_try, task, account.tell, counted)
            try:
                return _read(await self._client.complete(request, account), task)
            except (AnswerNotJsonError, AnswerEmptyError) as error:
                garbled = error
        raise garbled

    def _within_model_length(self, chunk: Chunk, task: Task) -> AnswerFormat:
        """The answer's format, with `max_tokens` cut to what the prompt leaves of the model.

        New vLLM versions clamp it in silence, old ones answer 400.
        """
        answer = answer_format(chunk, task)
        if self.max_model_len is None or self._tokens is None:
            return answer
        prompt = self._tokens.counted(chunk, task)
        room = self.max_model_len - prompt
        if room < min(_FEWEST_ANSWER_TOKENS, answer.max_tokens):
            raise PromptTooLongError(
                f"{prompt} prompt tokens leave no room for an answer in the model's "
                f"{self.max_model_len}: lower --chunk-tokens"
            )
        return answer.limited_to(room)


def _read(completion: Completion, task: Task) -> ParsedAnswer:
    if completion.refusal or completion.finish_reason == "content_filter":
        raise AnswerRefusedError(f"the model declined: {(completion.refusal or 'filtered')[:200]}")
    cut_off = completion.finish_reason == "length"
    try:
        answer = parse_answer(completion.content, task)
    except (AnswerNotJsonError, AnswerEmptyError):
        if not cut_off:
            raise
        return ParsedAnswer((), (), whole=False)
    return ParsedAnswer(answer.candidates, answer.malformed, answer.whole and not cut_off)


def _as_refusable(malformed: tuple[str, ...]) -> tuple[Candidate, ...]:
    """Malformed entries go on as what they say; grounding refuses and counts them."""
    return tuple(Candidate(text=text, malformed=True) for text in malformed)


def _together(first: Extraction, second: Extraction) -> Extraction:
    statuses = {first.status, second.status}
    status = statuses.pop() if len(statuses) == 1 else Status.PARTIAL
    return Extraction(first.candidates + second.candidates, status, first.error or second.error)


def _partly(found: Extraction, rest: Extraction) -> Extraction:
    """Some entries, and a rest that could not be had."""
    candidates = found.candidates + rest.candidates
    return Extraction(candidates, Status.PARTIAL if candidates else Status.FAILED, rest.error)


def _served_models(response: httpx.Response) -> dict[str, int | None]:
    """Each model that the server lists, with its length; empty when it keeps no list."""
    try:
        models = response.json()["data"] if response.status_code == httpx.codes.OK else []
        return {str(model["id"]): _length(model.get("max_model_len")) for model in models}
    except (ValueError, LookupError, TypeError, AttributeError):
        return {}


def _length(value: object) -> int | None:
    return value if isinstance(value, int) and value > 0 else None
