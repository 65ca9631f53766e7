from functools import cache

import pytest

from lexicue.chunking import QwenTokenCounter
from lexicue.engines.llm.prompt_tokens import PromptTokens
from lexicue.engines.llm.prompts import messages_for
from lexicue.engines.llm.schema import answer_format
from lexicue.model import Chunk, Sentence, Task

TEXT = "We gave it up. She was resilient, and nobody could have told her otherwise. " * 30
TEMPLATE = 40


@cache
def counter() -> QwenTokenCounter:
    return QwenTokenCounter()


@cache
def prompts() -> PromptTokens:
    return PromptTokens(counter(), "ko")


@cache
def chunk() -> Chunk:
    (tokens,) = counter().counts([TEXT])
    return Chunk(3, TEXT, 0, (Sentence(0, len(TEXT)),), tokens)


@pytest.mark.parametrize("task", Task)
def test_the_count_is_that_of_the_prompt_as_it_is_sent(task: Task) -> None:
    messages = messages_for(chunk(), task, "ko")
    sent = sum(counter().counts([each["content"] for each in messages]))
    assert prompts().counted(chunk(), task) == pytest.approx(sent + TEMPLATE, abs=4)


@pytest.mark.parametrize("task", Task)
def test_a_cost_is_the_whole_prompt(task: Task) -> None:
    cost = prompts().cost(chunk(), task)
    assert cost.prefix_tokens + cost.own_tokens == prompts().counted(chunk(), task)
    assert cost.most_output == answer_format(chunk(), task).max_tokens


def test_both_tasks_of_a_chunk_have_one_prefix() -> None:
    words, phrases = (prompts().cost(chunk(), task) for task in Task)
    assert words.prefix_tokens == phrases.prefix_tokens
    assert words.own_tokens < 0.2 * words.prefix_tokens


def test_prompts_of_all_chunks_begin_with_the_system_text() -> None:
    (system,) = counter().counts([messages_for(chunk(), Task.WORDS, "ko")[0]["content"]])
    other = Chunk(4, "No.", 0, (Sentence(0, 3),), 2)
    costs = [prompts().cost(one, task) for one in (chunk(), other) for task in Task]
    assert {(cost.common, cost.common_tokens) for cost in costs} == {("system text", system)}


def test_a_longer_chunk_costs_its_own_tokens_more() -> None:
    half = Chunk(4, TEXT[: len(TEXT) // 2], 0, (Sentence(0, 9),), chunk().tokens // 2)
    whole, less = prompts().cost(chunk(), Task.WORDS), prompts().cost(half, Task.WORDS)
    assert whole.prefix_tokens - less.prefix_tokens == chunk().tokens - half.tokens
    assert whole.own_tokens == less.own_tokens
    assert whole.most_output > less.most_output
