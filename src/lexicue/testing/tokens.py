"""Tokens as Qwen2.5 has them, with the chat template around messages.

Special tokens that stand in a message's text are read as plain text; a real server may take them
for the real ones.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from lexicue.chunking.tokens import _qwen_encoding

__all__ = ["decode", "encode", "encode_chat"]

_IM_START = 151644
_IM_END = 151645


def encode(text: str) -> list[int]:
    """The token ids of a plain text."""
    return _qwen_encoding().encode_ordinary(unicodedata.normalize("NFC", text))


def decode(tokens: list[int]) -> str:
    """The text of token ids; a character that is not whole at the end is left out."""
    return _qwen_encoding().decode(tokens, errors="ignore")


def encode_chat(messages: Iterable[tuple[str, str]]) -> list[int]:
    """The token ids of a chat, given as roles and contents, with the opening of the answer."""
    tokens: list[int] = []
    for role, content in messages:
        tokens += [_IM_START, *encode(f"{role}\n{content}"), _IM_END, *encode("\n")]
    return [*tokens, _IM_START, *encode("assistant\n")]
