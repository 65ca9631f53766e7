"""From a path, standard input, bytes or a string to a transcript."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import BinaryIO

from lexicue.errors import SubtitleError
from lexicue.model import Transcript
from lexicue.subtitles import formats
from lexicue.subtitles.assembly import assemble
from lexicue.subtitles.decoding import decode, tidy

__all__ = ["MAX_BYTES", "read", "read_bytes", "read_file", "read_stdin", "read_text"]

MAX_BYTES = 64 * 1024 * 1024
"""The largest input read. The subtitles of a day of film are some 5 MB."""

_STRING = "<string>"
_STDIN = "<stdin>"


def read(
    source: str | os.PathLike[str] | bytes | bytearray | memoryview,
    *,
    video_id: str | None = None,
    encoding: str | None = None,
) -> Transcript:
    """Read subtitles from wherever they are.

    Args:
        source: a path; "-" for standard input; the bytes of a file; or a string that contains a
            line break or "-->", which is taken for the subtitles themselves.
        video_id: the video's name in results; by default the file's name without its subtitle
            suffix ("talk.en.srt" is "talk.en"), or "stdin", or "string".
        encoding: of the bytes, when it should not be detected; a Python codec name.

    Raises:
        SubtitleError: it cannot be read, or is no subtitle; the message says what to do.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        return read_bytes(source, video_id=video_id, encoding=encoding)
    if source == "-":
        return read_stdin(video_id=video_id, encoding=encoding)
    if isinstance(source, str) and _is_text(source):
        return read_text(source, video_id=video_id)
    return read_file(source, video_id=video_id, encoding=encoding)


def read_file(
    path: str | os.PathLike[str], *, video_id: str | None = None, encoding: str | None = None
) -> Transcript:
    """Read a subtitle file; see `read` for the arguments and errors."""
    name = os.fspath(path)
    try:
        with open(path, "rb") as file:
            data = _read_bounded(file, name)
    except (OSError, ValueError) as error:
        raise SubtitleError(_why_unreadable(error), source=name or '""') from error
    return read_bytes(data, source=name, video_id=video_id, encoding=encoding)


def read_stdin(*, video_id: str | None = None, encoding: str | None = None) -> Transcript:
    """Read subtitles from standard input, to its end; see `read` for the arguments and errors."""
    stream = getattr(sys.stdin, "buffer", None)
    if stream is None:
        raise SubtitleError("there is none; give a file instead", source=_STDIN)
    try:
        data = _read_bounded(stream, _STDIN)
    except (OSError, ValueError) as error:
        raise SubtitleError(_why_unreadable(error), source=_STDIN) from error
    return read_bytes(data, source=_STDIN, video_id=video_id, encoding=encoding)


def read_bytes(
    data: bytes | bytearray | memoryview,
    *,
    source: str = _STRING,
    video_id: str | None = None,
    encoding: str | None = None,
) -> Transcript:
    """Read subtitles from the bytes of a file.

    Args:
        data: the bytes, at most `MAX_BYTES`.
        source: where they come from, for messages and for the suffix.
        video_id: see `read`.
        encoding: see `read`.

    Raises:
        SubtitleError: they are no subtitles, or not in that encoding.
    """
    _refuse_oversize(len(data), source)
    text = decode(bytes(data), source=source, encoding=encoding)
    return read_text(text, source=source, video_id=video_id)


def read_text(text: str, *, source: str = _STRING, video_id: str | None = None) -> Transcript:
    """Read subtitles from text.

    Args:
        text: the content of a subtitle file, at most `MAX_BYTES` characters.
        source: where it comes from, for messages and for the suffix.
        video_id: see `read`.

    Raises:
        SubtitleError: it is no subtitle.
    """
    _refuse_oversize(len(text), source)
    raw_cues = formats.parse(tidy(text), source)
    return Transcript(video_id or _video_id(source), assemble(raw_cues), source)


def _is_text(source: str) -> bool:
    return "\n" in source or "\r" in source or "-->" in source


def _read_bounded(file: BinaryIO, source: str) -> bytes:
    data = file.read(MAX_BYTES + 1)
    _refuse_oversize(len(data), source)
    return data


def _refuse_oversize(size: int, source: str) -> None:
    if size > MAX_BYTES:
        limit = MAX_BYTES // (1024 * 1024)
        raise SubtitleError(
            f"larger than {limit} MiB, so hardly a subtitle file; "
            "give the subtitles themselves, not the video",
            source=source,
        )


def _why_unreadable(error: OSError | ValueError) -> str:
    match error:
        case FileNotFoundError():
            return "no such file; check the path"
        case IsADirectoryError():
            return "is a folder; give one of the subtitle files in it"
        case PermissionError():
            return "may not be read; check its permissions"
        case OSError():
            return f"cannot be read: {error.strerror or error}"
    return f"cannot be read: {error}"


def _video_id(source: str) -> str:
    if source in (_STRING, _STDIN):
        return source.strip("<>")
    path = Path(source)
    return path.stem if path.suffix.lower() in formats.SUFFIXES else path.name
