"""The public ways in: extract, aextract, stream, and the functions of the design note."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import NotRequired, TypedDict, Unpack

from lexicue.chunking import chunk_each_cue
from lexicue.equipment import token_counter
from lexicue.errors import LexicueError
from lexicue.model import ChunkResult, JsonValue, Task, Transcript
from lexicue.pipeline import Run
from lexicue.settings import Settings, SettingsOverrides
from lexicue.subtitles import read
from lexicue.vocabulary import Missing, Vocabulary

__all__ = [
    "ChunksResult",
    "Failure",
    "Source",
    "WordsAndPhrases",
    "aextract",
    "extract",
    "extract_phrases_from_chunks",
    "extract_words_and_phrases",
    "extract_words_and_phrases_parallel",
    "extract_words_and_phrases_sequential",
    "extract_words_from_chunks",
    "stream",
]

_log = logging.getLogger("lexicue")

Source = str | os.PathLike[str] | bytes | Transcript
"""A subtitle file's path, "-" for standard input, subtitle text or bytes, or a transcript."""


class Failure(TypedDict):
    """What could not be extracted of one chunk."""

    chunk: int
    task: str
    status: str
    error: str


class ChunksResult(TypedDict):
    """What `extract_words_from_chunks` returns; ``failures`` only where there are any."""

    videoId: str
    result: dict[str, JsonValue]
    failures: NotRequired[list[Failure]]


class WordsAndPhrases(TypedDict):
    """What `extract_words_and_phrases` returns; ``failures`` only where there are any."""

    words: dict[str, JsonValue]
    phrases: dict[str, JsonValue]
    failures: NotRequired[list[Failure]]


def extract(
    source: Source,
    *,
    video_id: str | None = None,
    settings: Settings | None = None,
    **overrides: Unpack[SettingsOverrides],
) -> Vocabulary:
    """The vocabulary of a video. Blocks; inside a running event loop use `aextract`.

    Args:
        source: a subtitle file's path, "-" for standard input, subtitle text or bytes, or a
            `Transcript`.
        video_id: the video's name in results; the file's name unless given.
        settings: all settings at once; by default from the environment and ``lexicue.toml``.
        **overrides: single settings, which win over `settings`.

    Raises:
        InputError: the source or a setting cannot be used.
        EngineError: the engine failed as a whole. What failed in part is in
            `Vocabulary.missing`.
    """
    _refuse_inside_a_loop()
    return asyncio.run(aextract(source, video_id=video_id, settings=settings, **overrides))


def _refuse_inside_a_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise LexicueError(
        "extract() blocks, and an event loop is running here (a notebook, or async code): "
        "use `await lexicue.aextract(...)`"
    )


async def aextract(
    source: Source,
    *,
    video_id: str | None = None,
    settings: Settings | None = None,
    **overrides: Unpack[SettingsOverrides],
) -> Vocabulary:
    """The vocabulary of a video, in an event loop; see `extract`."""
    run = await _start(source, video_id, _settled(settings, overrides))
    async with aclosing(run.stream()) as parts:
        async for _ in parts:
            pass
    return run.vocabulary()


async def stream(
    source: Source,
    *,
    video_id: str | None = None,
    settings: Settings | None = None,
    **overrides: Unpack[SettingsOverrides],
) -> AsyncGenerator[ChunkResult]:
    """The entries of each task of each chunk, grounded, as soon as they are there; see `extract`.

    The same entry comes again with each chunk it is said in; `Vocabulary.of` merges the parts.
    """
    run = await _start(source, video_id, _settled(settings, overrides))
    async with aclosing(run.stream()) as parts:
        async for part in parts:
            yield part


async def _start(source: Source, video_id: str | None, settings: Settings) -> Run:
    if not isinstance(source, Transcript):
        source = await asyncio.to_thread(read, source, video_id=video_id)
    return Run(source, settings)


def _settled(settings: Settings | None, overrides: SettingsOverrides) -> Settings:
    if settings is None:
        return Settings.load(**overrides)
    given = {name: getattr(settings, name) for name in settings.model_fields_set}
    return Settings.load(**{**given, **overrides})


async def extract_words_from_chunks(
    chunk_texts: Sequence[str], video_id: str, *, settings: Settings | None = None
) -> ChunksResult:
    """The words of some texts, all texts at once as far as the concurrency limit goes.

    Args:
        chunk_texts: the texts; each is a chunk as it is.
        video_id: comes back in the result.
        settings: by default from the environment and ``lexicue.toml``.

    Returns:
        ``{"videoId": …, "result": {lemma: {"pos", "meanings", "synonyms", "level"}}}``. A text
        that fails takes none of the others down; it is told in ``failures`` and in the log.

    Raises:
        EngineError: every text failed.
    """
    vocabulary = await _from_texts(chunk_texts, video_id, (Task.WORDS,), settings)
    return _chunks_result(vocabulary, Task.WORDS)


async def extract_phrases_from_chunks(
    chunk_texts: Sequence[str], video_id: str, *, settings: Settings | None = None
) -> ChunksResult:
    """The phrases of some texts; see `extract_words_from_chunks`.

    Returns:
        ``{"videoId": …, "result": {phrase: {"kind", "meaning"}}}``.
    """
    vocabulary = await _from_texts(chunk_texts, video_id, (Task.PHRASES,), settings)
    return _chunks_result(vocabulary, Task.PHRASES)


async def extract_words_and_phrases_sequential(
    chunk_texts: Sequence[str], video_id: str, *, settings: Settings | None = None
) -> WordsAndPhrases:
    """Strategy B: all words, then all phrases; at most one request a chunk at once.

    Returns:
        ``{"words": {…}, "phrases": {…}}``.
    """
    return await _both(chunk_texts, video_id, _settled(settings, {"strategy": "sequential"}))


async def extract_words_and_phrases_parallel(
    chunk_texts: Sequence[str], video_id: str, *, settings: Settings | None = None
) -> WordsAndPhrases:
    """Strategy A: words and phrases of every chunk at once; at most two requests a chunk.

    Returns:
        ``{"words": {…}, "phrases": {…}}``.
    """
    return await _both(chunk_texts, video_id, _settled(settings, {"strategy": "parallel"}))


async def extract_words_and_phrases(
    chunk_texts: Sequence[str], video_id: str, *, settings: Settings | None = None
) -> WordsAndPhrases:
    """Strategy C: parallel if ``ENABLE_PARALLEL_WORD_PHRASE_EXTRACTION`` is set and there are at
    most ``MAX_SAFE_CHUNKS_FOR_PARALLEL`` chunks, else sequential.

    Returns:
        ``{"words": {…}, "phrases": {…}}``.
    """
    return await _both(chunk_texts, video_id, _settled(settings, {"strategy": "conditional"}))


async def _both(chunk_texts: Sequence[str], video_id: str, settings: Settings) -> WordsAndPhrases:
    vocabulary = await _from_texts(chunk_texts, video_id, tuple(Task), settings)
    compact = vocabulary.to_compact()
    result = WordsAndPhrases(words=compact["words"], phrases=compact["phrases"])
    if vocabulary.missing:
        result["failures"] = _failures(vocabulary.missing)
    return result


async def _from_texts(
    chunk_texts: Sequence[str], video_id: str, tasks: Sequence[Task], settings: Settings | None
) -> Vocabulary:
    settings = settings or Settings.load()
    transcript = Transcript.from_texts(chunk_texts, video_id)
    chunks = await asyncio.to_thread(chunk_each_cue, transcript, token_counter(settings))
    run = Run(transcript, settings, tasks, chunks)
    async with aclosing(run.stream()) as parts:
        async for _ in parts:
            pass
    vocabulary = run.vocabulary()
    for missing in vocabulary.missing:
        _log.warning("%s: chunk %d, %s: %s", video_id, missing.chunk, missing.task, missing.error)
    return vocabulary


def _chunks_result(vocabulary: Vocabulary, task: Task) -> ChunksResult:
    result = ChunksResult(videoId=vocabulary.video_id, result=vocabulary.to_compact()[task.value])
    if vocabulary.missing:
        result["failures"] = _failures(vocabulary.missing)
    return result


def _failures(missing: Sequence[Missing]) -> list[Failure]:
    return [
        Failure(chunk=each.chunk, task=each.task.value, status=each.status.value, error=each.error)
        for each in missing
    ]
