"""The functions of the design note, by its names, with its result shapes."""

import logging

import pytest

import lexicue
from lexicue.model import Task
from lexicue.testing import FakeServer, Fault

TEXTS = ["The resilient engineer gave it up.", "They built remarkable machinery.", "Nobody came."]


def settings(server: FakeServer, **given: object) -> lexicue.Settings:
    return lexicue.Settings.load(base_url=server.base_url, max_attempts=1, **given)


def tasks(server: FakeServer) -> list[Task | None]:
    return [record.task for record in server.requests]


async def test_words() -> None:
    with FakeServer() as server:
        result = await lexicue.extract_words_from_chunks(TEXTS, "vid", settings=settings(server))
        assert tasks(server) == [Task.WORDS] * 3
    assert set(result) == {"videoId", "result"}
    assert result["videoId"] == "vid"
    assert {"resilient", "engineer", "remarkable", "machinery"} <= set(result["result"])


async def test_phrases() -> None:
    with FakeServer() as server:
        result = await lexicue.extract_phrases_from_chunks(TEXTS, "vid", settings=settings(server))
        assert tasks(server) == [Task.PHRASES] * 3
    assert set(result) == {"videoId", "result"}
    assert "give up" in result["result"]


async def test_b_sequential() -> None:
    with FakeServer() as server:
        both = await lexicue.extract_words_and_phrases_sequential(
            TEXTS, "vid", settings=settings(server)
        )
        assert tasks(server) == [Task.WORDS] * 3 + [Task.PHRASES] * 3
    assert set(both) == {"words", "phrases"}


async def test_a_parallel() -> None:
    with FakeServer(latency=0.2) as server:
        await lexicue.extract_words_and_phrases_parallel(TEXTS, "vid", settings=settings(server))
        assert server.peak_in_flight == 6


@pytest.mark.parametrize(("chunks", "peak"), [(3, 6), (5, 5)])
async def test_c_conditional(chunks: int, peak: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENABLE_PARALLEL_WORD_PHRASE_EXTRACTION", "true")
    texts = (TEXTS * 2)[:chunks]
    with FakeServer(latency=0.2) as server:
        await lexicue.extract_words_and_phrases(texts, "vid", settings=settings(server))
        assert server.peak_in_flight == peak


async def test_c_is_sequential_unless_enabled() -> None:
    with FakeServer(latency=0.2) as server:
        await lexicue.extract_words_and_phrases(TEXTS, "vid", settings=settings(server))
        assert server.peak_in_flight == 3


async def test_a_failed_chunk_takes_none_down_and_is_told(caplog: pytest.LogCaptureFixture) -> None:
    fault = Fault("http_500", when_prompt_contains="machinery")
    with FakeServer(faults=[fault]) as server, caplog.at_level(logging.WARNING, "lexicue"):
        result = await lexicue.extract_words_from_chunks(TEXTS, "vid", settings=settings(server))
    assert "resilient" in result["result"]
    assert [(each["chunk"], each["task"]) for each in result["failures"]] == [(2, "words")]
    assert "chunk 2" in caplog.text


async def test_the_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeServer() as server:
        monkeypatch.setenv("LEXICUE_BASE_URL", server.base_url)
        both = await lexicue.extract_words_and_phrases(TEXTS, "vid")
    assert "resilient" in both["words"]


async def test_without_a_server_the_embedded_engine_answers() -> None:
    both = await lexicue.extract_words_and_phrases(TEXTS, "vid")
    assert both["words"]["resilient"]["meanings"]  # type: ignore[index,call-overload]
    assert "give up" in both["phrases"]
