"""The way of the data, top to bottom: read → chunk → extract → ground → merge."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cached_property

from lexicue.chunking import QwenTokenCounter, TokenCounter, chunk_transcript
from lexicue.chunking.tokens import TokenizerJsonCounter
from lexicue.engines import Engine
from lexicue.entries import phrase_entries, prepare, word_entries
from lexicue.errors import FatalServerError, LexicueError, RunFailedError, SettingsError
from lexicue.grounding import ChunkIndex, Grounded, ground_all
from lexicue.model import Chunk, ChunkResult, Extraction, Phrase, Status, Task, Transcript
from lexicue.monitoring import RunReport, TaskReport
from lexicue.monitoring.report import Timing, totals_of
from lexicue.scheduling import InFlightMeter, Unit, process_limit, run_stages, stages_for
from lexicue.scheduling.strategies import ParallelRule
from lexicue.scheduling.turns import short_turns
from lexicue.settings import Settings
from lexicue.vocabulary import Vocabulary

__all__ = ["Run"]

_log = logging.getLogger("lexicue")


@dataclass(frozen=True, slots=True)
class _Extracted:
    unit: Unit
    extraction: Extraction
    seconds: float


class Run:
    """One extraction from one transcript; use it once.

    ::

        run = Run(lexicue.subtitles.read("talk.srt"), Settings.load())
        async for part in run.stream():
            ...                       # a ChunkResult as soon as it is there
        run.vocabulary(), run.report()

    Args:
        transcript: what is said.
        settings: how to extract.
        tasks: what to extract.
        chunks: of the transcript, where they are made elsewhere.

    Set `engine` before streaming to use another than the settings name.
    """

    def __init__(
        self,
        transcript: Transcript,
        settings: Settings,
        tasks: Sequence[Task] = tuple(Task),
        chunks: list[Chunk] | None = None,
    ) -> None:
        self.transcript = transcript
        self.settings = settings
        self.tasks = tuple(tasks)
        self.meter = InFlightMeter()
        self.counter = token_counter(settings)
        self.results: list[ChunkResult] = []
        self._given_chunks = chunks
        self._started = self._ended = 0.0

    @cached_property
    def chunks(self) -> list[Chunk]:
        """The chunks of the transcript; computed once.

        Raises:
            ChunkingError: the budget holds not even a piece of a sentence.
        """
        if self._given_chunks is not None:
            return self._given_chunks
        return chunk_transcript(self.transcript, self.counter, self.settings.chunk_tokens)

    @cached_property
    def engine(self) -> Engine:
        """The engine that extracts.

        Raises:
            SettingsError: the llm engine without a server.
        """
        return make_engine(self.settings, self.counter, self.meter)

    @property
    def units(self) -> int:
        """How many results there will be."""
        return len(self.chunks) * len(self.tasks)

    async def stream(self) -> AsyncGenerator[ChunkResult]:
        """Extract, and yield each task of each chunk as it is done.

        Raises:
            FatalServerError, ServerError: the server cannot be used at all.
            RunFailedError: not one task came through.
        """
        chunks = await asyncio.to_thread(lambda: self.chunks)
        self._started = self._ended = time.perf_counter()
        with short_turns():
            async with self.engine, _in_the_background(prepare):
                indexes = _IndexCache(self.transcript)
                async for extracted in run_stages(self._stages(chunks), self._work, self._width):
                    result = await asyncio.to_thread(self._ground, extracted, indexes)
                    self.results.append(result)
                    self._ended = time.perf_counter()
                    yield result
        self._raise_if_nothing_came()

    def vocabulary(self) -> Vocabulary:
        """What was found so far, merged; complete once the stream has ended."""
        return Vocabulary.of(
            self.results,
            video_id=self.transcript.video_id,
            learner_language=self.settings.learner_language,
            engine=self.engine.name,
        )

    def report(self) -> RunReport:
        """How it went so far."""
        wall_s = self._ended - self._started
        timing = Timing(wall_s, self.meter.peak, self.meter.mean)
        order = list(Task)
        results = sorted(self.results, key=lambda r: (r.chunk, order.index(r.task)))
        return RunReport(
            video_id=self.transcript.video_id,
            engine=self.engine.name,
            model=self.settings.model if self.engine.name == "llm" else "",
            strategy=self.settings.strategy,
            tokenizer=self.counter.name,
            chunk_tokens=self.settings.chunk_tokens,
            chunks=len(self.chunks),
            tasks=tuple(TaskReport.of(result) for result in results),
            totals=totals_of(results, timing),
        )

    @property
    def _width(self) -> int:
        return self.settings.max_concurrency

    def _stages(self, chunks: Sequence[Chunk]) -> list[list[Unit]]:
        rule = ParallelRule(
            self.settings.ENABLE_PARALLEL_WORD_PHRASE_EXTRACTION,
            self.settings.MAX_SAFE_CHUNKS_FOR_PARALLEL,
        )
        return stages_for(self.settings.strategy, chunks, self.tasks, rule)

    async def _work(self, unit: Unit) -> _Extracted:
        async with process_limit().slot(self._width):
            started = time.perf_counter()
            extraction = await self._extract(unit)
            return _Extracted(unit, extraction, time.perf_counter() - started)

    async def _extract(self, unit: Unit) -> Extraction:
        """The engine's answer; whatever goes wrong with this chunk stays with this chunk."""
        try:
            return await self.engine.extract(unit.chunk, unit.task)
        except FatalServerError:
            raise
        except LexicueError as error:
            return Extraction(status=Status.FAILED, error=f"{type(error).__name__}: {error}")
        except Exception as error:
            _log.exception("chunk %d, %s", unit.chunk.number, unit.task)
            return Extraction(status=Status.FAILED, error=f"{type(error).__name__}: {error}")

    def _ground(self, extracted: _Extracted, indexes: _IndexCache) -> ChunkResult:
        """Find every candidate in the text; what is not there is refused."""
        chunk, task = extracted.unit.chunk, extracted.unit.task
        extraction = extracted.extraction
        grounded, refused = ground_all(indexes.of(chunk), extraction.candidates)
        words = word_entries(grounded, self.engine.name) if task is Task.WORDS else ()
        phrases = self._phrases(grounded) if task is Task.PHRASES else ()
        return ChunkResult(
            chunk=chunk.number,
            task=task,
            status=extraction.status,
            error=extraction.error,
            words=words,
            phrases=phrases,
            refused=tuple(refused),
            seconds=extracted.seconds,
            usage=extraction.usage,
        )

    def _phrases(self, grounded: list[Grounded]) -> tuple[Phrase, ...]:
        entries = phrase_entries(grounded, self.engine.name)
        if self.settings.learner_reads_korean:
            return entries
        return tuple(replace(entry, literal="") for entry in entries)  # the lexicon's are Korean

    def _raise_if_nothing_came(self) -> None:
        if self.results and all(result.status is Status.FAILED for result in self.results):
            first = self.results[0]
            raise RunFailedError(
                f"all {len(self.results)} tasks failed; the first, chunk {first.chunk}, "
                f"{first.task}: {first.error}"
            )


@asynccontextmanager
async def _in_the_background(work: Callable[[], None]) -> AsyncGenerator[None]:
    """Run blocking work in a thread beside the block; nobody waits for it."""
    working = asyncio.create_task(asyncio.to_thread(work))
    try:
        yield
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


class _IndexCache:
    """The grounding index of a chunk serves its tasks; the last few are kept."""

    _KEPT = 32

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self._indexes: dict[int, ChunkIndex] = {}

    def of(self, chunk: Chunk) -> ChunkIndex:
        index = self._indexes.get(chunk.number)
        if index is None:
            index = self._indexes[chunk.number] = ChunkIndex(self._transcript, chunk)
            if len(self._indexes) > self._KEPT:
                del self._indexes[next(iter(self._indexes))]
        return index


def token_counter(settings: Settings) -> TokenCounter:
    """The counter that the settings name.

    Raises:
        SettingsError, MissingDependencyError: it cannot be had.
    """
    if settings.tokenizer == "server":
        from lexicue.engines.llm.tokenizing import ServerTokenCounter

        return ServerTokenCounter(settings)
    if settings.tokenizer_file is not None:
        return TokenizerJsonCounter(settings.tokenizer_file)
    return QwenTokenCounter()


def make_engine(settings: Settings, counter: TokenCounter, meter: InFlightMeter) -> Engine:
    """The engine that the settings name.

    Raises:
        SettingsError: the llm engine without a server, or the embedded one for a learner whose
            language it does not have.
    """
    if settings.engine_in_use == "lexical":
        from lexicue.engines.lexical import LexicalEngine

        _refuse_other_languages(settings)
        return LexicalEngine()
    from lexicue.engines.llm import LlmEngine
    from lexicue.engines.llm.client import Server

    assert settings.base_url is not None
    key = settings.api_key.get_secret_value() if settings.api_key else None
    server = Server(
        settings.base_url,
        settings.model,
        api_key=key,
        timeout_s=settings.request_timeout_s,
        max_attempts=settings.max_attempts,
    )
    return LlmEngine(server, settings.learner_language, counter, meter)


def _refuse_other_languages(settings: Settings) -> None:
    if not settings.learner_reads_korean:
        raise SettingsError(
            f"the embedded engine has meanings in Korean only, not in "
            f"{settings.learner_language!r}: use --learner-language ko, or the llm engine with "
            "--base-url"
        )
