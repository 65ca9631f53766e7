"""One chat completion after the other: reading, refusing, spoiling, answering."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from lexicue.testing.answers import entries_for
from lexicue.testing.asked import ChatCall, MalformedBodyError, messages_of
from lexicue.testing.engine import EngineModel, Job
from lexicue.testing.faults import Fault, FaultPlan
from lexicue.testing.leaving import (
    ClientLeftError,
    ConnectionDroppedError,
    drop_connection,
    unless_client_leaves,
)
from lexicue.testing.metrics import Tally
from lexicue.testing.options import Behaviour
from lexicue.testing.records import RequestLog
from lexicue.testing.responses import (
    bad_request,
    completed,
    faulty,
    no_room_for_output,
    no_such_model,
    overloaded,
    prompt_too_long,
    too_many_output_tokens,
    unauthorized,
)
from lexicue.testing.spoiling import Completion, good_completion, limited, spoilt
from lexicue.testing.tokens import encode_chat

__all__ = ["ChatEndpoint", "is_authorized"]


class ChatEndpoint:
    """``POST /v1/chat/completions``.

    Args:
        behaviour: how the server behaves.
        engine: takes its time.
        log: told of every request.

    Attributes:
        tally: what was answered since the server's start.
    """

    def __init__(self, behaviour: Behaviour, engine: EngineModel, log: RequestLog) -> None:
        self._behaviour = behaviour
        self._engine = engine
        self._log = log
        self._number = 0
        self._working: set[asyncio.Task[Response]] = set()
        self.tally = Tally()
        self._prompts_seen: Counter[str] = Counter()
        self.set_faults(behaviour.faults)

    def set_faults(self, faults: Iterable[Fault]) -> None:
        """From now on these faults happen, and no others."""
        self._plan = FaultPlan(faults)

    def drop_all(self) -> None:
        """Drop every request in work, and count answers anew."""
        for working in self._working:
            working.cancel()
        self.tally = Tally()

    async def __call__(self, request: Request) -> Response:
        """Answer one request, and write it down."""
        self._number += 1
        number = self._number
        self._log.start(number)
        status: int | None = None
        left = True
        try:
            response = await self._respond(request, number)
            status, left = response.status_code, False
        except (ClientLeftError, ClientDisconnect):
            response = Response(status_code=499)
        except ConnectionDroppedError:
            left = False
            response = await drop_connection(request)
        finally:
            self._log.end(number, status, disconnected=left)
        return response

    async def _respond(self, request: Request, number: int) -> Response:
        raw = await request.body()
        if not is_authorized(request, self._behaviour.api_key):
            return unauthorized()
        try:
            call = self._read(raw, number)
        except MalformedBodyError as error:
            return bad_request(f"1 validation error:\n  {error}", error.param)
        fault = self._plan.next_for(call)
        self._log.describe(call, fault.kind if fault else None)
        working = asyncio.create_task(self._answer(call, fault))
        self._working.add(working)
        working.add_done_callback(self._working.discard)
        return await unless_client_leaves(request, working)

    def _read(self, raw: bytes, number: int) -> ChatCall:
        try:
            body = json.loads(raw)
        except ValueError as error:
            raise MalformedBodyError(f"JSON decode error: {error}", "body") from error
        call = ChatCall(number, body, messages_of(body))
        self._prompts_seen[call.digest] += 1
        return ChatCall(number, body, call.messages, self._prompts_seen[call.digest])

    async def _answer(self, call: ChatCall, fault: Fault | None) -> Response:
        if fault:
            response = await self._instead_of_answer(call, fault)
            if response:
                return response
        prompt = encode_chat(call.messages)
        refused = self._refusal(call, len(prompt))
        return refused or await self._complete(call, fault, prompt)

    async def _instead_of_answer(self, call: ChatCall, fault: Fault) -> Response | None:
        await asyncio.sleep(fault.seconds or 0.0)
        if fault.kind == "hang" and fault.seconds is None:
            await asyncio.Event().wait()
        if fault.kind == "reset":
            raise ConnectionDroppedError
        return faulty(fault, call, self._behaviour)

    def _refusal(self, call: ChatCall, prompt: int) -> Response | None:
        """What a healthy server will not do."""
        behaviour = self._behaviour
        room = behaviour.max_model_len
        wanted = call.max_tokens
        if call.model is not None and call.model not in behaviour.models:
            return no_such_model(call.model, behaviour)
        if call.body.get("stream"):
            return bad_request("The fake server does not stream.", "stream")
        if wanted is not None and wanted < 1:
            return bad_request(f"max_tokens must be at least 1, got {wanted}.", "max_tokens")
        if wanted is not None and wanted > room:
            return too_many_output_tokens(wanted, room)
        if prompt >= room:
            return prompt_too_long(room)
        if wanted is not None and prompt + wanted > room and not behaviour.clamp_max_tokens:
            return no_room_for_output(prompt, wanted, room)
        return self._turned_away()

    def _turned_away(self) -> Response | None:
        limit = self._behaviour.max_num_queued_reqs
        stats = self._engine.stats
        if limit is None or stats.num_requests_running + stats.num_requests_waiting < limit:
            return None
        self.tally.rejected += 1
        return overloaded()

    async def _complete(self, call: ChatCall, fault: Fault | None, prompt: list[int]) -> Response:
        room = self._behaviour.max_model_len - len(prompt)
        completion = limited(self._completion(call, fault), min(room, call.max_tokens or room))
        tally = self.tally  # this server's life; after a restart another one counts
        try:
            cached = await self._engine.process(Job(call, prompt, completion.tokens))
        except asyncio.CancelledError:
            tally.finished["abort"] += 1
            raise
        tally.add(len(prompt), cached, completion.tokens, completion.finish_reason)
        usage = self._usage(len(prompt), cached, completion.tokens)
        return completed(call, completion, usage, call.model or self._behaviour.models[0])

    def _completion(self, call: ChatCall, fault: Fault | None) -> Completion:
        behaviour = self._behaviour
        entries = (
            entries_for(call, behaviour.entries_per_answer, behaviour.meaning) if call.task else {}
        )
        return spoilt(call, fault, entries) if fault else good_completion(entries)

    def _usage(self, prompt: int, cached: int, generated: int) -> dict[str, Any]:
        details = {"cached_tokens": cached} if self._behaviour.prompt_tokens_details else None
        return {
            "prompt_tokens": prompt,
            "total_tokens": prompt + generated,
            "completion_tokens": generated,
            "prompt_tokens_details": details,
        }


def is_authorized(request: Request, api_key: str | None) -> bool:
    """Whether a request brings the key that is wanted."""
    return api_key is None or request.headers.get("authorization") == f"Bearer {api_key}"
