"""What a healthy fake server answers, asked in plain HTTP."""

import json
import re
import threading
from typing import Any

import httpx
import pytest
from tests.integration.fake_server.conftest import (
    TEXT,
    ask,
    body,
    choice,
    chunk,
    content,
    metrics,
    together,
    wait_until,
)

from lexicue.chunking import QwenTokenCounter
from lexicue.engines.llm.schema import AnswerFormat, answer_format
from lexicue.model import Task
from lexicue.testing import (
    FakeServer,
    Fault,
    TimedEngine,
)

LONG_TEXT = " ".join(f"{word} about it, {word} it up!" for word in "Bring Carry Give Take".split())
LONG_TEXT += " " + " ".join(f"wonder{'abcdefghijklmnopqrstuvwxyz'[n]}ful" for n in range(26))


def fits(value: Any, schema: Any) -> bool:
    """Whether a value satisfies a schema, as far as Lexicue's schemas go."""
    match schema["type"]:
        case "string":
            return isinstance(value, str) and (
                schema["minLength"] <= len(value) <= schema["maxLength"]
            )
        case "array":
            return isinstance(value, list) and (
                schema.get("minItems", 0) <= len(value) <= schema["maxItems"]
                and all(fits(item, schema["items"]) for item in value)
            )
        case "object":
            assert schema["additionalProperties"] is False
            return isinstance(value, dict) and (
                set(schema["required"]) <= set(value) <= set(schema["properties"])
                and all(fits(item, schema["properties"][key]) for key, item in value.items())
            )
        case other:
            raise AssertionError(other)


class TestAnswers:
    def test_words_are_real_words_of_the_chunk(self, client: httpx.Client) -> None:
        with FakeServer(models=["m"]) as server:
            answer = json.loads(content(ask(client, server, Task.WORDS)))
        words = [entry[0] for entry in answer["words"]]
        assert words[:4] == ["figured", "believed", "ridiculous", "explanation"]
        assert words.count("experiment") == 1
        assert answer["words"][0] == ["figured", "뜻 1"]

    def test_phrases_are_real_phrases_of_the_chunk(self, client: httpx.Client) -> None:
        with FakeServer(models=["m"]) as server:
            answer = json.loads(content(ask(client, server, Task.PHRASES)))
        assert {kind: [e[0] for e in entries] for kind, entries in answer.items()} == {
            "phrasal_verb": ["figure out", "give up", "work out"],
            "idiom": ["a piece of cake"],
            "expression": ["of course", "by the way"],
        }

    @pytest.mark.parametrize("task", list(Task))
    @pytest.mark.parametrize("text", [TEXT, LONG_TEXT, "Yes, he did.", ""])
    @pytest.mark.parametrize("kind", [None, "hallucinated", "obeys"])
    def test_they_satisfy_the_schema(
        self, client: httpx.Client, task: Task, text: str, kind: Any
    ) -> None:
        faults = [Fault(kind)] if kind else []
        with FakeServer(models=["m"], entries_per_answer=99, faults=faults) as server:
            response = ask(client, server, task, text=text)
        assert choice(response)["finish_reason"] == "stop"
        assert fits(json.loads(content(response)), answer_format(chunk(text), task).schema)

    def test_what_the_schema_checker_rejects(self) -> None:
        schema = answer_format(chunk(), Task.WORDS).schema
        wrongs: list[Any] = [{}, {"words": [1]}, {"words": [["a"]]}, {"words": [], "more": []}, []]
        for wrong in wrongs:
            assert not fits(wrong, schema)
        assert not fits({"words": [["a", ""]]}, schema)

    def test_the_task_is_told_by_the_instruction_too(self, client: httpx.Client) -> None:
        with FakeServer(models=["m"]) as server:
            for task in Task:
                plain = content(ask(client, server, task, response_format=None))
                assert plain == content(ask(client, server, task))
            assert [r.task for r in server.requests] == ["words"] * 2 + ["phrases"] * 2

    def test_entries_and_meanings_can_be_set(self, client: httpx.Client) -> None:
        with FakeServer(
            models=["m"], entries_per_answer=2, meaning=lambda text, number: f"{number}={text}"
        ) as server:
            answer = json.loads(content(ask(client, server)))
        assert answer == {"words": [["figured", "1=figured"], ["believed", "2=believed"]]}

    def test_an_answer_longer_than_max_tokens_is_cut(self, client: httpx.Client) -> None:
        with FakeServer(models=["m"]) as server:
            whole = ask(client, server)
            needed = whole.json()["usage"]["completion_tokens"]
            same = ask(client, server, max_tokens=needed)
            cut = ask(client, server, max_tokens=needed - 1)
            short = ask(client, server, max_tokens=10)
        assert content(same) == content(whole) == content(cut)  # only the end token is missing
        assert choice(same)["finish_reason"] == "stop"
        assert choice(cut)["finish_reason"] == choice(short)["finish_reason"] == "length"
        assert short.json()["usage"]["completion_tokens"] == 10
        assert content(whole).startswith(content(short))

    def test_a_request_of_another_kind_gets_an_answer(self, client: httpx.Client) -> None:
        messages = [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}]
        with FakeServer(models=["m"]) as server:
            response = ask(client, server, messages=messages, response_format=None)
            assert "fake server" in content(response)
            assert server.requests[0].messages == (("user", "Hello"),)
            assert server.requests[0].task is None


class TestProtocol:
    def test_the_models_and_their_length(self, client: httpx.Client) -> None:
        with FakeServer(models=["a", "b"], max_model_len=4096) as server:
            cards = client.get(f"{server.base_url}/models").json()["data"]
            assert [(card["id"], card["max_model_len"]) for card in cards] == [
                ("a", 4096),
                ("b", 4096),
            ]
            assert ask(client, server, model="b").json()["model"] == "b"

    def test_an_unknown_model(self, client: httpx.Client) -> None:
        with FakeServer(models=["m"]) as server:
            response = ask(client, server, model="x")
        assert response.status_code == response.json()["error"]["code"] == 404
        assert response.json()["error"]["type"] == "NotFoundError"

    def test_the_key(self, client: httpx.Client) -> None:
        with FakeServer(models=["m"], api_key="secret") as server:
            assert ask(client, server).status_code == 401
            assert client.get(f"{server.base_url}/models").status_code == 401
            assert client.get(f"{server.root_url}/health").status_code == 200
            client.headers["authorization"] = "Bearer secret"
            assert ask(client, server).status_code == 200
            assert client.get(f"{server.base_url}/models").status_code == 200
            assert [r.status for r in server.requests] == [401, 200]

    def test_tokens_are_counted_as_qwen_does(self, client: httpx.Client) -> None:
        with FakeServer(models=["m"]) as server:
            url = f"{server.root_url}/tokenize"
            plain = client.post(url, json={"prompt": "회복력 있는 cats"}).json()
            chat = client.post(url, json={"model": "m", "messages": body()["messages"]}).json()
            used = ask(client, server).json()["usage"]["prompt_tokens"]
            assert client.post(url, json={"model": "x", "prompt": "a"}).status_code == 404
            assert client.post(url, json={"neither": 1}).status_code == 400
            assert client.post(url, content=b"{").status_code == 400
        assert (
            plain["count"] == len(plain["tokens"]) == QwenTokenCounter().count("회복력 있는 cats")
        )
        assert chat["count"] == len(chat["tokens"]) == used
        assert chat["max_model_len"] == 32768

    @pytest.mark.parametrize(
        "wrong",
        [
            {"messages": "x"},
            {"messages": []},
            {"messages": ["x"]},
            {"max_tokens": 0},
            {"max_tokens": 99_999},
            {"stream": True},
        ],
    )
    def test_bad_requests(self, client: httpx.Client, wrong: dict[str, Any]) -> None:
        with FakeServer(models=["m"]) as server:
            response = ask(client, server, **wrong)
            assert response.status_code == response.json()["error"]["code"] == 400
            assert server.requests[0].status == 400

    @pytest.mark.parametrize("raw", [b"{", b"[]", b"3", b"\xff"])
    def test_bodies_that_are_no_requests(self, client: httpx.Client, raw: bytes) -> None:
        with FakeServer(models=["m"]) as server:
            response = client.post(f"{server.base_url}/chat/completions", content=raw)
        assert response.status_code == 400

    def test_a_prompt_too_long(self, client: httpx.Client) -> None:
        with FakeServer(models=["m"], max_model_len=200) as server:
            response = ask(client, server, max_tokens=10)
        assert response.status_code == 400
        message = response.json()["error"]["message"]
        assert message.startswith("This model's maximum context length is 200 tokens. However,")

    def test_max_tokens_beyond_the_room(self, client: httpx.Client) -> None:
        with (
            FakeServer(models=["m"], max_model_len=300) as new,
            FakeServer(models=["m"], max_model_len=300, clamp_max_tokens=False) as old,
        ):
            clamped = ask(client, new, max_tokens=280)
            refused = ask(client, old, max_tokens=280)
        assert clamped.status_code == 200
        assert clamped.json()["usage"]["total_tokens"] <= 300
        assert refused.status_code == 400
        assert "maximum context length" in refused.json()["error"]["message"]

    def test_a_server_without_some_of_it(self, client: httpx.Client) -> None:
        with FakeServer(models=["m"], without={"/metrics"}, prompt_tokens_details=False) as server:
            assert client.get(f"{server.root_url}/metrics").status_code == 404
            assert client.get(f"{server.root_url}/version").json()["version"]
            assert ask(client, server).json()["usage"]["prompt_tokens_details"] is None

    def test_a_full_server_turns_away(self) -> None:
        with FakeServer(models=["m"], latency=0.3, max_num_queued_reqs=2) as server:
            statuses = [r.status_code for r in together(server, [body()] * 5)]
            assert sorted(statuses) == [200, 200, 503, 503, 503]
            with httpx.Client(trust_env=False) as client:
                assert metrics(client, server)["admission_rejections_total"] == 3


class TestPrefixCache:
    def test_the_second_task_finds_the_chunk(self, client: httpx.Client) -> None:
        with FakeServer(models=["m"]) as server:
            usages = [ask(client, server, task).json()["usage"] for task in Task]
            samples = metrics(client, server)
        cached = [usage["prompt_tokens_details"]["cached_tokens"] for usage in usages]
        chunk_tokens = QwenTokenCounter().count(TEXT)
        assert cached[0] == 0
        assert chunk_tokens < cached[1] < usages[1]["prompt_tokens"]
        assert cached[1] % 16 == 0
        assert samples["prefix_cache_hits_total"] == sum(cached)
        assert samples["prefix_cache_queries_total"] == sum(u["prompt_tokens"] for u in usages)

    def test_so_does_one_sent_at_the_same_moment(self) -> None:
        with FakeServer(models=["m"], latency=0.1) as server:
            pair = together(server, [body(task) for task in Task])
        cached = [r.json()["usage"]["prompt_tokens_details"]["cached_tokens"] for r in pair]
        assert min(cached) == 0 < max(cached)

    def test_the_last_token_is_always_computed(self, client: httpx.Client) -> None:
        with FakeServer(models=["m"], engine=TimedEngine(block_size=1)) as server:
            usages = [ask(client, server).json()["usage"] for _ in range(2)]
        prompt = usages[0]["prompt_tokens"]
        assert usages[1]["prompt_tokens_details"]["cached_tokens"] == prompt - 1

    def test_without_it_nothing_is_shared(self, client: httpx.Client) -> None:
        with FakeServer(models=["m"], engine=TimedEngine(prefix_caching=False)) as server:
            usages = [ask(client, server).json()["usage"] for _ in range(2)]
            assert not server.stats.enable_prefix_caching
        assert usages[1]["prompt_tokens_details"]["cached_tokens"] == 0

    def test_old_blocks_go(self, client: httpx.Client) -> None:
        with FakeServer(models=["m"], engine=TimedEngine(num_gpu_blocks=15)) as server:
            texts = ["wonderful " * 10, "ridiculous " * 80, "wonderful " * 10]
            usages = [ask(client, server, text=text).json()["usage"] for text in texts]
        assert usages[2]["prompt_tokens_details"]["cached_tokens"] == 0


class TestMetrics:
    def test_tokens_and_finished_requests(self, client: httpx.Client) -> None:
        with FakeServer(models=["m"], faults=[Fault("truncated", on_requests=[2])]) as server:
            usages = [ask(client, server).json()["usage"] for _ in range(3)]
            samples = metrics(client, server)
            page = client.get(f"{server.root_url}/metrics").text
        assert samples["prompt_tokens_total"] == sum(u["prompt_tokens"] for u in usages)
        assert samples["generation_tokens_total"] == sum(u["completion_tokens"] for u in usages)
        assert 'finished_reason="length"} 1.0' in page
        assert 'finished_reason="stop"} 2.0' in page
        assert 'model_name="m"' in page

    def test_the_kv_pool(self, client: httpx.Client) -> None:
        engine = TimedEngine(num_gpu_blocks=100, block_size=32)
        with FakeServer(engine=engine, max_model_len=1600) as server:
            page = client.get(f"{server.root_url}/metrics").text
        labels = dict(re.findall(r'(\w+)="([^"]*)"', page[page.index("cache_config_info{") :]))
        assert labels["num_gpu_blocks"] == "100"
        assert labels["block_size"] == "32"
        assert labels["kv_cache_size_tokens"] == "3200"
        assert labels["kv_cache_max_concurrency"] == "2.0"
        assert labels["enable_prefix_caching"] == "True"

    def test_the_gauges_while_requests_run(self, client: httpx.Client) -> None:
        with FakeServer(models=["m"], latency=0.5) as server:
            thread = threading.Thread(target=together, args=(server, [body(t) for t in Task]))
            thread.start()
            wait_until(lambda: server.stats.num_requests_running == 2)
            during = metrics(client, server)
            thread.join()
            after = metrics(client, server)
        assert during["num_requests_running"] == 2
        assert 0 < during["kv_cache_usage_perc"] < 0.02
        assert after["num_requests_running"] == after["kv_cache_usage_perc"] == 0
        assert after["num_requests_waiting"] == after["num_preemptions_total"] == 0


def test_the_formats_are_those_of_the_engine() -> None:
    names = [answer_format(chunk(), task).name for task in Task]
    assert names == ["lexicue_words", "lexicue_phrases"]
    assert all(isinstance(answer_format(chunk(), task), AnswerFormat) for task in Task)
