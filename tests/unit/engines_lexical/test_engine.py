"""The engine: one analysis a chunk, off the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from lexicue.engines import Engine
from lexicue.engines.lexical import LexicalEngine
from lexicue.engines.lexical.analysis import Analysis, analyse
from lexicue.lexicon import Lexicon, PhraseMatcher
from lexicue.model import Chunk, Status, Task

ENGINE = "lexicue.engines.lexical.engine"


@pytest.fixture
def analysed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """The chunks analysed so far, each with the name of the thread that did it."""
    calls: list[tuple[int, str]] = []

    def spy(chunk: Chunk, matcher: PhraseMatcher) -> Analysis:
        calls.append((chunk.number, threading.current_thread().name))
        return analyse(chunk, matcher)

    monkeypatch.setattr(f"{ENGINE}.analyse", spy)
    return calls


async def test_both_tasks_at_once_share_one_analysis(
    lexicon: Lexicon, chunk_of: Callable[..., Chunk], analysed: list[tuple[int, str]]
) -> None:
    chunk = chunk_of("They rejected the proposal and gave up.")
    async with LexicalEngine(lexicon) as embedded:
        words, phrases = await asyncio.gather(
            embedded.extract(chunk, Task.WORDS), embedded.extract(chunk, Task.PHRASES)
        )
    assert [each.text for each in words.candidates] == ["reject", "proposal"]
    assert [each.text for each in phrases.candidates] == ["give up"]
    assert words.status is phrases.status is Status.OK
    assert len(analysed) == 1
    assert analysed[0][1] != threading.main_thread().name


async def test_many_chunks_at_once(
    lexicon: Lexicon, chunk_of: Callable[..., Chunk], analysed: list[tuple[int, str]]
) -> None:
    chunks = [chunk_of(f"They gave up {n} times.", number=n) for n in range(1, 21)]
    async with LexicalEngine(lexicon) as embedded:
        results = await asyncio.gather(
            *(embedded.extract(chunk, task) for task in Task for chunk in chunks)
        )
    assert len(results) == 40
    assert sorted(number for number, _ in analysed) == list(range(1, 21))


async def test_the_loop_goes_on_while_it_works(
    lexicon: Lexicon, chunk_of: Callable[..., Chunk]
) -> None:
    async with LexicalEngine(lexicon) as embedded:
        work = asyncio.create_task(embedded.extract(chunk_of("We gave up. " * 50), Task.PHRASES))
        ticks = 0
        while not work.done():
            await asyncio.sleep(0.001)
            ticks += 1
    assert ticks > 1


async def test_old_analyses_are_forgotten(
    lexicon: Lexicon,
    chunk_of: Callable[..., Chunk],
    analysed: list[tuple[int, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(f"{ENGINE}._REMEMBERED", 1)
    first, second = chunk_of("One.", number=1), chunk_of("Two.", number=2)
    async with LexicalEngine(lexicon) as embedded:
        for chunk in (first, second, first):
            await embedded.extract(chunk, Task.WORDS)
    assert [number for number, _ in analysed] == [1, 2, 1]


async def test_nothing_said_nothing_found(lexicon: Lexicon) -> None:
    async with LexicalEngine(lexicon) as embedded:
        found = await embedded.extract(Chunk(1, " ", 0, (), 0), Task.WORDS)
    assert (found.status, found.candidates) == (Status.OK, ())


async def test_one_engine_serves_several_loops(
    lexicon: Lexicon, chunk_of: Callable[..., Chunk]
) -> None:
    embedded = LexicalEngine(lexicon)
    chunk = chunk_of("We gave up.")

    def in_its_own_loop() -> int:
        return len(asyncio.run(embedded.extract(chunk, Task.PHRASES)).candidates)

    assert await asyncio.gather(*(asyncio.to_thread(in_its_own_loop) for _ in range(3))) == [1] * 3


def test_it_speaks_the_protocol(lexicon: Lexicon) -> None:
    embedded: Engine = LexicalEngine(lexicon)
    assert embedded.name == "lexical"
