"""The way of the data, top to bottom: read → chunk → extract → ground → merge."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from functools import cached_property

from lexicue.admission import Admission, FixedAdmission, GateAdmission
from lexicue.chunking import chunk_transcript
from lexicue.engines import Engine, Tell
from lexicue.entries import phrase_entries, prepare, word_entries
from lexicue.equipment import make_engine, token_counter
from lexicue.errors import FatalServerError, LexicueError, RunFailedError
from lexicue.grounding import ChunkIndex, Grounded, ground_all
from lexicue.model import Chunk, ChunkResult, Extraction, Phrase, Status, Task, Transcript
from lexicue.monitoring import RunReport, TaskReport
from lexicue.monitoring.observer import RunStarted
from lexicue.monitoring.report import Timing, totals_of
from lexicue.scheduling import (
    Gate,
    InFlightMeter,
    Unit,
    gate_for,
    run_stages,
    stages_for,
)
from lexicue.scheduling.sizing import Surroundings, auto_chunk_tokens
from lexicue.scheduling.strategies import ParallelRule
from lexicue.scheduling.turns import short_turns
from lexicue.settings import Settings
from lexicue.vocabulary import Vocabulary
from lexicue.watching import ServerWatch

__all__ = ["Run"]

_FIXED_TOKENS = 450
"""Around a chunk in its pair of prompts: one system text and template, two instructions."""

_ANSWERS_PER_TOKEN = 0.6
"""Answer tokens of a pair per chunk token, at the speech density of `llm.schema`."""

_log = logging.getLogger("lexicue")


@dataclass(frozen=True, slots=True)
class _Extracted:
    unit: Unit
    extraction: Extraction
    seconds: float
    queued_s: float


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
        self._queued_s: dict[tuple[int, Task], float] = {}
        self._started = self._ended = 0.0

    @cached_property
    def chunks(self) -> list[Chunk]:
        """The chunks of the transcript; computed once.

        Raises:
            ChunkingError: the budget holds not even a piece of a sentence.
        """
        if self._given_chunks is not None:
            return self._given_chunks
        return chunk_transcript(self.transcript, self.counter, self.chunk_tokens)

    @cached_property
    def chunk_tokens(self) -> int:
        """The budget of a chunk; with ``auto`` it depends on what the server can hold."""
        given = self.settings.chunk_tokens
        if given != "auto":
            return given
        return auto_chunk_tokens(
            Surroundings(
                transcript_tokens=self.counter.count(self.transcript.text),
                kv_tokens=self.gate.limiter.capacity_tokens if self.gate else None,
                max_model_len=self.engine.max_model_len,
                fixed_tokens=_FIXED_TOKENS,
                answers_per_token=_ANSWERS_PER_TOKEN,
            )
        )

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
        try:
            with short_turns():
                async with (
                    self.engine,
                    self._watch.watching(),
                    _in_the_background(prepare),
                    aclosing(self._results()) as results,
                ):
                    async for result in results:
                        yield result
        finally:
            if self._started:
                self._watch.monitor.finished(self.report())
        self._raise_if_nothing_came()

    async def _results(self) -> AsyncGenerator[ChunkResult]:
        """Every result as it is done, noted for the report."""
        chunks = await asyncio.to_thread(lambda: self.chunks)
        self._started = self._ended = time.perf_counter()
        indexes = _IndexCache(self.transcript)
        monitor = self._watch.monitor
        monitor.started(self._run_started(chunks))
        async with aclosing(run_stages(self._stages(chunks), self._work, self._width)) as done:
            async for extracted in done:
                result = await asyncio.to_thread(self._ground, extracted, indexes)
                self.results.append(result)
                self._queued_s[result.chunk, result.task] = extracted.queued_s
                monitor.task_finished(self._task_report(result))
                self._ended = time.perf_counter()
                yield result

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
            chunk_tokens=self.chunk_tokens,
            chunks=len(self.chunks),
            tasks=tuple(self._task_report(result) for result in results),
            totals=totals_of(results, timing),
            ran_as=self._ran_as,
            max_concurrency=self.settings.max_concurrency,
            limit_history=self._watch.monitor.limit_history,
            server=self._watch.monitor.server,
        )

    def _task_report(self, result: ChunkResult) -> TaskReport:
        queued_s = self._queued_s[result.chunk, result.task]
        return TaskReport.of(result, queued_s, self._tokens_of_chunks[result.chunk])

    @cached_property
    def _tokens_of_chunks(self) -> dict[int, int]:
        return {chunk.number: chunk.tokens for chunk in self.chunks}

    @property
    def _ran_as(self) -> str:
        """What the conditional strategy came to; the others are what they are called."""
        strategy = self.settings.strategy
        if strategy != "conditional":
            return strategy
        return "parallel" if self._rule.applies_to(len(self.chunks)) else "sequential"

    def _run_started(self, chunks: Sequence[Chunk]) -> RunStarted:
        lengths = tuple(chunk.tokens for chunk in chunks)
        return RunStarted(self.engine.name, self.settings.strategy, lengths, self._width)

    @cached_property
    def _watch(self) -> ServerWatch:
        base_url = self.settings.base_url if self.engine.name == "llm" else None
        return ServerWatch(self.engine, base_url, self.gate)

    @cached_property
    def gate(self) -> Gate | None:
        """The server's gate, which decides how much is in flight; None for a fixed limit."""
        settings = self.settings
        if self.engine.name != "llm" or settings.strategy != "adaptive":
            return None
        assert settings.base_url is not None
        return gate_for(settings.base_url, settings.kv_tokens)

    @cached_property
    def _admission(self) -> Admission:
        if self.gate is None:
            return FixedAdmission(self._width)
        return GateAdmission(self.gate, id(self), self.settings.priority, self._width)

    @property
    def _width(self) -> int:
        return self.settings.most_in_flight

    def _stages(self, chunks: Sequence[Chunk]) -> list[list[Unit]]:
        return stages_for(self.settings.strategy, chunks, self.tasks, self._rule)

    @property
    def _rule(self) -> ParallelRule:
        return ParallelRule(
            self.settings.ENABLE_PARALLEL_WORD_PHRASE_EXTRACTION,
            self.settings.MAX_SAFE_CHUNKS_FOR_PARALLEL,
        )

    async def _work(self, unit: Unit) -> _Extracted:
        cost = self.engine.cost(unit.chunk, unit.task)
        async with self._admission.admit(unit, cost) as admitted:
            self._watch.look_at_load()
            started = time.perf_counter()
            extraction = await self._extract(unit, self._watch.teller(admitted.tell))
            seconds = time.perf_counter() - started
            return _Extracted(unit, extraction, seconds, admitted.waited_s)

    async def _extract(self, unit: Unit, tell: Tell | None) -> Extraction:
        """The engine's answer; whatever goes wrong with this chunk stays with this chunk."""
        try:
            return await self.engine.extract(unit.chunk, unit.task, tell)
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
