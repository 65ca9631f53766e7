"""The embedded engine: one analysis a chunk, read twice, for words and for phrases."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from types import TracebackType
from typing import Literal, Self

from lexicue.engines.lexical.analysis import Analysis, analyse
from lexicue.engines.lexical.phrases import phrase_candidates
from lexicue.engines.lexical.words import word_candidates
from lexicue.lexicon import Lexicon, PhraseMatcher, load_lexicon
from lexicue.model import Candidate, Chunk, Extraction, Status, Task

__all__ = ["LexicalEngine"]

_REMEMBERED = 64
"""Analyses kept for a chunk's other task: enough when all words come before all phrases."""


class LexicalEngine:
    """Finds words and phrases with a tagger, a parser and the authored lexicon.

    Everything slow runs in the engine's one worker thread. So the event loop is never held up,
    two calls for one chunk cannot analyse it twice, and no lock is needed.

    Args:
        lexicon: words and phrases to use instead of those that come with Lexicue.
    """

    name: Literal["lexical"] = "lexical"

    def __init__(self, lexicon: Lexicon | None = None) -> None:
        self._given_lexicon = lexicon
        self._analyses: OrderedDict[Chunk, Analysis] = OrderedDict()
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lexicue-lexical")

    max_model_len: None = None

    def cost(self, chunk: Chunk, task: Task) -> None:
        """Nothing: there is no server."""

    async def metrics(self) -> None:
        """None: there is no server."""

    async def extract(
        self,
        chunk: Chunk,
        task: Task,
        tell: object = None,  # noqa: ARG002 - there are no requests to tell of
    ) -> Extraction:
        """What one task finds in one chunk.

        Raises:
            MissingDependencyError: no spaCy model, or no lexicon, is installed.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._worker, self._extract, chunk, task)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._worker.shutdown(wait=False, cancel_futures=True)

    @cached_property
    def _lexicon(self) -> Lexicon:
        return self._given_lexicon or load_lexicon()

    @cached_property
    def _matcher(self) -> PhraseMatcher:
        return PhraseMatcher(self._lexicon.phrases)

    def _extract(self, chunk: Chunk, task: Task) -> Extraction:
        if not chunk.text.strip():
            return Extraction(status=Status.OK)
        return Extraction(self._candidates(self._analysis(chunk), task))

    def _candidates(self, analysis: Analysis, task: Task) -> tuple[Candidate, ...]:
        if task is Task.WORDS:
            return word_candidates(analysis, self._lexicon)
        return phrase_candidates(analysis)

    def _analysis(self, chunk: Chunk) -> Analysis:
        """The chunk's analysis, made at the first task and remembered for the second."""
        if chunk in self._analyses:
            self._analyses.move_to_end(chunk)
            return self._analyses[chunk]
        analysis = analyse(chunk, self._matcher)
        self._analyses[chunk] = analysis
        if len(self._analyses) > _REMEMBERED:
            self._analyses.popitem(last=False)
        return analysis
