"""From bytes to clean text: which encoding it is, and what is no text at all."""

from __future__ import annotations

import codecs
import re

from lexicue.errors import SubtitleError

__all__ = ["decode", "tidy"]

_BOMS = (
    # UTF-32 first: its little-endian mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 64 * 1024
_UTF16_NULS = 0.15
"""Of the high bytes, how many are NUL at least in UTF-16: the times of any script are ASCII."""
_BINARY_CONTROLS = 0.02
"""The share of control characters over which a file is not text; compressed data has 10 %."""

_CANDIDATES = ["utf_8", "cp1252", "cp949", "utf_16"]
"""With more to choose from, charset-normalizer takes cp1252 and cp949 for neighbours of theirs."""

_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a\x1b")) + b"\x7f"
_NEWLINES = re.compile(r"\r\n?")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\ud800-\udfff]"
)


def decode(data: bytes, *, source: str, encoding: str | None = None) -> str:
    """The text of a file.

    Args:
        data: its bytes.
        source: its name, for messages.
        encoding: a Python codec name; None to find out.

    Raises:
        SubtitleError: it is binary, or not in `encoding`, or there is no such encoding.
    """
    if encoding is not None:
        return _decode_as(data, encoding, source)
    for bom, name in _BOMS:
        if data.startswith(bom):
            return data.decode(name, "replace")
    if utf16 := _utf16_without_bom(data):
        return data.decode(utf16, "replace")
    _refuse_binary(data, source)
    text = _decode_utf8(data)
    return _decode_by_guess(data) if text is None else text


def tidy(text: str) -> str:
    """Text with "\\n" for every line break and without invisible characters.

    Those are NULs and other controls, byte order marks, bidirectional marks and zero-width
    spaces; the joiners stay, because words of some scripts are spelled with them.
    """
    if "\r" in text:
        # Some tools write "\r\r\n": each break would count as an empty line.
        if text.count("\n") == text.count("\r\r\n"):
            text = text.replace("\r\r\n", "\n")
        text = _NEWLINES.sub("\n", text)
    return _INVISIBLE.sub("", text)


def _decode_as(data: bytes, encoding: str, source: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"is not in the encoding {encoding}: {error.reason}; leave it out to detect it"
        raise SubtitleError(message, source=source, line=line) from error
    except (LookupError, ValueError) as error:
        message = f"there is no text encoding {encoding!r}; try utf-8, cp1252 or cp949"
        raise SubtitleError(message, source=source) from error


def _utf16_without_bom(data: bytes) -> str | None:
    sample = data[: min(_SAMPLE, len(data) // 2 * 2)]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    enough = max(4, len(sample) / 2 * _UTF16_NULS)
    if odd >= enough and odd > 10 * even:
        return "utf-16-le"
    if even >= enough and even > 10 * odd:
        return "utf-16-be"
    return None


def _refuse_binary(data: bytes, source: str) -> None:
    sample = data[:_SAMPLE]
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    if controls > len(sample) * _BINARY_CONTROLS:
        message = "is binary, not text; give a subtitle file such as .srt or .vtt"
        raise SubtitleError(message, source=source, line=1)


def _decode_utf8(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    # One damaged letter must not turn all the others into mojibake.
    text = data.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    good = len(text) - len(text.encode("ascii", "ignore")) - bad
    return text if good > 10 * bad else None


def _decode_by_guess(data: bytes) -> str:
    from charset_normalizer import from_bytes

    # Only lines with other than ASCII tell anything, and a long file is slow to look through.
    telling = b"\n".join(line for line in data.splitlines() if not line.isascii())[:_SAMPLE]
    best = from_bytes(telling, cp_isolation=_CANDIDATES).best()
    return data.decode(best.encoding if best else "cp1252", "replace")
