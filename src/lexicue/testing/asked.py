"""What a chat completion request asks for: the chunk, the task, and how much may be answered."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lexicue.engines.llm.prompts import CHUNK_CLOSE, CHUNK_OPEN
from lexicue.model import Task

__all__ = ["ChatCall", "MalformedBodyError"]

_TASK_BY_SCHEMA = {f"lexicue_{task}": task for task in Task}
_TASK_BY_INSTRUCTION = {f"Task: {task}.": task for task in Task}


class MalformedBodyError(Exception):
    """The body is not what the API takes; the message says why, ``param`` where."""

    def __init__(self, message: str, param: str) -> None:
        super().__init__(message)
        self.param = param


@dataclass(frozen=True)
class ChatCall:
    """A chat completion request, as the fake server reads it.

    Attributes:
        number: its place among the chat requests of the server, from 1.
        body: the JSON that came.
        messages: role and text of each message.
        occurrence: how many times this very prompt has come, this time counted: a retry has 2.
    """

    number: int
    body: Mapping[str, Any]
    messages: tuple[tuple[str, str], ...]
    occurrence: int = 1

    @property
    def model(self) -> str | None:
        """The model asked for."""
        return self.body.get("model")

    @property
    def max_tokens(self) -> int | None:
        """The most tokens that may be answered; None where the model's length alone limits it."""
        limit = self.body.get("max_completion_tokens", self.body.get("max_tokens"))
        return limit if isinstance(limit, int) else None

    @property
    def prompt(self) -> str:
        """All that was said, for faults that look for a text in it."""
        return "\n".join(content for _, content in self.messages)

    @cached_property
    def task(self) -> Task | None:
        """Words or phrases: by the schema's name, or else by the instruction; None for neither."""
        by_schema = _TASK_BY_SCHEMA.get(str(_inside(self._json_schema, "name")))
        return by_schema or self._task_by_instruction()

    @cached_property
    def chunk(self) -> str:
        """The text between the chunk's marks; empty where there is none."""
        return self._around_chunk[0]

    @property
    def schema(self) -> Mapping[str, Any]:
        """The JSON schema to be answered in; empty where there is none."""
        schema = _inside(self._json_schema, "schema")
        return schema if isinstance(schema, Mapping) else {}

    def random(self, seed: int) -> random.Random:
        """Chance that depends on the seed and the prompt, not on which request came first."""
        return random.Random(f"{seed}:{self.occurrence}:{self.digest}")  # noqa: S311

    @cached_property
    def digest(self) -> str:
        """Names the prompt: equal for equal messages."""
        return hashlib.sha256(repr(self.messages).encode()).hexdigest()

    @property
    def _json_schema(self) -> object:
        return _inside(self.body.get("response_format"), "json_schema")

    @cached_property
    def _around_chunk(self) -> tuple[str, str]:
        """The chunk, and what follows it."""
        for role, content in reversed(self.messages):
            start, end = content.find(CHUNK_OPEN), content.rfind(CHUNK_CLOSE)
            if role == "user" and 0 <= start < end:
                return content[start + len(CHUNK_OPEN) : end], content[end + len(CHUNK_CLOSE) :]
        return "", ""

    def _task_by_instruction(self) -> Task | None:
        instruction = self._around_chunk[1]
        tasks = [task for words, task in _TASK_BY_INSTRUCTION.items() if words in instruction]
        return tasks[0] if tasks else None


def messages_of(body: object) -> tuple[tuple[str, str], ...]:
    """Role and text of each message of a body.

    Raises:
        MalformedBodyError: it has no list of messages.
    """
    messages = _inside(body, "messages")
    if not isinstance(messages, list) or not messages:
        raise MalformedBodyError("Input should be a valid list of messages", "body.messages")
    if not all(isinstance(message, Mapping) for message in messages):
        raise MalformedBodyError("Input should be a valid message", "body.messages")
    return tuple((str(m.get("role", "user")), _text_of(m.get("content"))) for m in messages)


def _text_of(content: object) -> str:
    """A message's text, which may come in parts."""
    if isinstance(content, list):
        return "".join(str(_inside(part, "text") or "") for part in content)
    return content if isinstance(content, str) else ""


def _inside(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, Mapping) else None
