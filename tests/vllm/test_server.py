"""What Lexicue relies on a vLLM server for, asked of one in plain HTTP."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator, Sequence
from pydoc_data.topics import topics

import httpx
import pytest
from tests.vllm.conftest import StartVllm, VllmServer, metrics

Message = dict[str, str]

SYSTEM = "You help Korean learners of English. Answer in JSON."
TASKS = ("List the words worth learning.", "List the idioms and phrasal verbs worth learning.")
KINDS = ("phrasal_verb", "idiom", "expression", "compound", "proverb")
REQUIRED_KINDS = KINDS[:3]
# maxLength alone lets control characters through (xgrammar 0.2.8), which strict JSON refuses.
PRINTABLE = r'^[^"\\\x00-\x1f\x7f]{1,40}$'


@pytest.fixture
def client(vllm_server: VllmServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=vllm_server.root_url, trust_env=False, timeout=300) as client:
        yield client


def entries(max_items: int, item: dict[str, object] | None = None) -> dict[str, object]:
    item = item or {"type": "string", "minLength": 1, "maxLength": 40}
    return {
        "type": "array",
        "maxItems": max_items,
        "items": {"type": "array", "minItems": 2, "maxItems": 3, "items": item},
    }


def record(properties: dict[str, object], required: Sequence[str]) -> dict[str, object]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def ask(
    client: httpx.Client, messages: str | list[Message], *, max_tokens: int = 8, **body: object
) -> httpx.Response:
    if isinstance(messages, str):
        messages = [{"role": "user", "content": messages}]
    whole = {"model": "m", "messages": messages, "max_tokens": max_tokens, "temperature": 0} | body
    return client.post("/v1/chat/completions", json=whole)


def answer(
    client: httpx.Client, schema: dict[str, object], seed: int, max_tokens: int
) -> tuple[str, str]:
    """The content and the finish reason of an answer to `schema`."""
    wanted = {"name": "answer", "schema": schema, "strict": True}
    response = ask(
        client,
        "List them.",
        max_tokens=max_tokens,
        temperature=1,
        seed=seed,
        response_format={"type": "json_schema", "json_schema": wanted},
    )
    choice = response.raise_for_status().json()["choices"][0]
    return choice["message"]["content"], choice["finish_reason"]


def assert_entries(value: list[list[str]], max_items: int) -> None:
    assert len(value) <= max_items
    for entry in value:
        assert 2 <= len(entry) <= 3
        # A byte that is no UTF-8 comes back as U+FFFD, up to four for a character counted once.
        assert all(text and len(text.replace("\ufffd", "")) <= 40 for text in entry)


def prompt_tokens(client: httpx.Client, messages: list[Message]) -> int:
    count: int = client.post("/tokenize", json={"messages": messages}).json()["count"]
    return count


def prose(start: int, length: int = 9_000) -> str:
    """English text, about 4.5 characters a token; every `start` its own."""
    return " ".join(" ".join(topics.values()).split())[start : start + length]


def test_it_is_up_and_says_what_it_serves(client: httpx.Client) -> None:
    assert client.get("/health").status_code == 200
    [model] = client.get("/v1/models").json()["data"]
    assert (model["id"], model["max_model_len"]) == ("m", 4096)


class TestStructuredOutput:
    @pytest.mark.parametrize("max_items", [1, 16, 48])
    @pytest.mark.parametrize("max_tokens", [64, 3000])
    def test_words(self, client: httpx.Client, max_items: int, max_tokens: int) -> None:
        schema = record({"words": entries(max_items)}, ["words"])
        for seed in range(6):
            content, reason = answer(client, schema, seed, max_tokens)
            if reason == "length":
                assert max_tokens == 64  # bounded strings and arrays always come to an end
                continue
            assert_entries(json.loads(content, strict=False)["words"], max_items)

    @pytest.mark.parametrize("max_items", [1, 16])
    def test_phrases_some_kinds_optional(self, client: httpx.Client, max_items: int) -> None:
        schema = record({kind: entries(max_items) for kind in KINDS}, REQUIRED_KINDS)
        finished = 0
        for seed in range(8):
            content, reason = answer(client, schema, seed, max_tokens=3000)
            if reason == "length":
                continue  # seven full lists of noise can be longer than the model
            finished += 1
            found = json.loads(content, strict=False)
            assert set(REQUIRED_KINDS) <= set(found) <= set(KINDS)
            assert list(found) == [kind for kind in KINDS if kind in found]  # in the schema's order
            for value in found.values():
                assert_entries(value, max_items)
        assert finished

    def test_a_pattern_keeps_control_characters_out(self, client: httpx.Client) -> None:
        schema = record({"words": entries(16, {"type": "string", "pattern": PRINTABLE})}, ["words"])
        for seed in range(8):
            content, reason = answer(client, schema, seed, max_tokens=3000)
            assert reason == "stop"
            assert_entries(json.loads(content)["words"], 16)

    def test_korean_is_counted_in_characters(self, client: httpx.Client) -> None:
        hangul = {"type": "string", "pattern": "^[가-힣 ]{40}$"}
        entry = {"type": "array", "minItems": 1, "maxItems": 1, "items": hangul}
        content, reason = answer(client, record({"word": entry}, ["word"]), 1, max_tokens=3000)
        assert reason == "stop"
        assert len(json.loads(content)["word"][0]) == 40

    def test_a_pattern_and_a_length_together_are_refused(self, client: httpx.Client) -> None:
        both = {"type": "string", "pattern": PRINTABLE, "maxLength": 40}
        with pytest.raises(httpx.HTTPStatusError, match="400"):
            answer(client, record({"words": entries(4, both)}, ["words"]), 1, max_tokens=64)


def one_message(chunk: str, task: str) -> list[Message]:
    return [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": f"{chunk}\n\n{task}"},
    ]


def two_messages(chunk: str, task: str) -> list[Message]:
    return [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": chunk},
        {"role": "user", "content": task},
    ]


def task_first(chunk: str, task: str) -> list[Message]:
    return [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": f"{task}\n\n{chunk}"},
    ]


class TestPrefixCache:
    @pytest.mark.parametrize(
        ("arrange", "start", "shares"),
        [(one_message, 20_000, True), (two_messages, 40_000, True), (task_first, 60_000, False)],
    )
    async def test_a_pair_sent_at_the_same_moment(
        self,
        vllm_server: VllmServer,
        arrange: Callable[[str, str], list[Message]],
        start: int,
        shares: bool,
    ) -> None:
        chunk = prose(start)
        before = metrics(vllm_server.base_url)
        async with httpx.AsyncClient(trust_env=False, timeout=300) as client:
            url = f"{vllm_server.base_url}/chat/completions"
            body = {"model": "m", "max_tokens": 4, "temperature": 0}
            answers = await asyncio.gather(
                *(client.post(url, json=body | {"messages": arrange(chunk, t)}) for t in TASKS)
            )
        after = metrics(vllm_server.base_url)

        queries, hits = (
            after[name] - before[name]
            for name in ("vllm:prefix_cache_queries_total", "vllm:prefix_cache_hits_total")
        )
        usages = [a.raise_for_status().json()["usage"] for a in answers]
        assert queries == sum(usage["prompt_tokens"] for usage in usages)
        assert hits == sum(u["prompt_tokens_details"]["cached_tokens"] for u in usages)
        computed = 1 - hits / queries
        assert computed < 0.6 if shares else computed == 1

    def test_the_tokens_from_the_cache_are_told(self, client: httpx.Client) -> None:
        text = prose(start=100_000)
        cached = [
            ask(client, text).json()["usage"]["prompt_tokens_details"]["cached_tokens"]
            for _ in range(2)
        ]
        assert cached[0] == 0 < cached[1]


class TestLimits:
    def test_a_prompt_too_long(self, client: httpx.Client) -> None:
        response = ask(client, "hello there friend " * 3000)
        error = response.json()["error"]
        assert response.status_code == error["code"] == 400
        assert error["type"] == "BadRequestError"
        assert "maximum context length is 4096 tokens" in error["message"]

    def test_an_unknown_model(self, client: httpx.Client) -> None:
        response = ask(client, "Hello.", model="nobody")
        assert response.status_code == response.json()["error"]["code"] == 404
        assert response.json()["error"]["type"] == "NotFoundError"

    def test_more_tokens_asked_for_than_there_is_room(self, client: httpx.Client) -> None:
        messages = [{"role": "user", "content": prose(start=0)}]
        prompt = prompt_tokens(client, messages)
        response = ask(client, messages, max_tokens=3000, ignore_eos=True)
        assert response.status_code == 200  # cut to what is left, without a word
        usage = response.json()["usage"]
        assert usage["prompt_tokens"] == prompt > 4096 - 3000
        assert usage["total_tokens"] == 4096
        assert response.json()["choices"][0]["finish_reason"] == "length"

    def test_more_tokens_asked_for_than_the_model_holds(self, client: httpx.Client) -> None:
        assert ask(client, "Hello.", max_tokens=5000).status_code == 400


class TestTokenize:
    def test_of_messages(self, client: httpx.Client) -> None:
        messages = one_message("It was raining cats and dogs.", TASKS[0])
        counted = client.post("/tokenize", json={"model": "m", "messages": messages}).json()
        assert counted["max_model_len"] == 4096
        assert counted["count"] == len(counted["tokens"])
        assert counted["count"] == ask(client, messages).json()["usage"]["prompt_tokens"]

    def test_of_a_plain_text(self, client: httpx.Client) -> None:
        counted = client.post("/tokenize", json={"model": "m", "prompt": "cats and dogs"}).json()
        assert counted["count"] == len(counted["tokens"]) > 1

    def test_a_text_longer_than_the_model_holds(self, client: httpx.Client) -> None:
        text = {"model": "m", "prompt": "cats and dogs " * 5000}
        assert client.post("/tokenize", json=text).json()["count"] > 4096


def test_a_server_of_ones_own(start_vllm: StartVllm) -> None:
    server = start_vllm(block_size=32, num_gpu_blocks_override=100, max_model_len=2048)
    samples = httpx.get(f"{server.root_url}/metrics", trust_env=False, timeout=60).text
    [info] = re.findall(r"^vllm:cache_config_info\{(.*)\}", samples, re.MULTILINE)
    labels = dict(re.findall(r'(\w+)="([^"]*)"', info))
    assert (labels["num_gpu_blocks"], labels["block_size"]) == ("100", "32")
    assert labels["kv_cache_size_tokens"] == "3200"
    assert labels["enable_prefix_caching"] == "True"

    server.kill()
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{server.root_url}/health", trust_env=False)
