"""Fake servers whose KV cache fills: live metrics, other clients, restarts, virtual time."""

import asyncio
import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from tests.integration.fake_server.conftest import ask, body, metrics, together, wait_until

from lexicue.model import Task
from lexicue.testing import (
    BatchingEngine,
    BatchLimits,
    FakeApp,
    FakeServer,
    Fault,
    StepCosts,
    fake_app,
    run_in_virtual_time,
)

KV_TOKENS = 200 * 16
LIMITS = BatchLimits(num_gpu_blocks=201, block_size=16)
"""Room for about six of `texts`, and vLLM's own block."""

FAST = StepCosts(base_ms=2, prefill_ms_per_token=0.01, decode_ms_per_request=0.1)


def engine(costs: StepCosts = FAST, **options: Any) -> BatchingEngine:
    return BatchingEngine(LIMITS, costs, **options)


def texts(count: int) -> list[str]:
    """Chunks of about 400 tokens, none of which begins like another, with a dozen long words."""
    long = "remarkable explanation breakfast dangerous afternoon discovery".split()
    numbers = itertools.count(1000)
    return [
        " ".join(f"{long[place % 6]} {next(numbers)}." for place in range(55))
        + f" End of {number}."
        for number in range(count)
    ]


def bodies(count: int) -> list[dict[str, Any]]:
    return [body(task, text) for text in texts(count) for task in Task]


async def post_all(app: FakeApp, asked: list[dict[str, Any]], at_most: int) -> list[httpx.Response]:
    """Send requests in order, so many at once, to an app in this process."""
    seats = asyncio.Semaphore(at_most)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://fake/v1") as client:

        async def post(one: dict[str, Any]) -> httpx.Response:
            async with seats:
                return await client.post("chat/completions", json=one)

        return await asyncio.gather(*map(post, asked))


@pytest.fixture
def in_background() -> Iterator[Callable[..., Any]]:
    """Runs a function beside the test."""
    with ThreadPoolExecutor(4) as pool:
        yield pool.submit


class TestAnswers:
    def test_as_many_tokens_as_the_answer_has(self, client: httpx.Client) -> None:
        with FakeServer(models=["m"], engine=engine()) as server:
            response = ask(client, server, text=texts(1)[0])
            plain = FakeServer(models=["m"])
            with plain:
                assert (
                    response.json()["choices"]
                    == (ask(client, plain, text=texts(1)[0]).json()["choices"])
                )
            seen = metrics(client, server)
        usage = response.json()["usage"]
        assert seen["generation_tokens_total"] == usage["completion_tokens"] > 10
        assert seen["prompt_tokens_total"] == usage["prompt_tokens"]
        assert seen["request_success_total"] == 1

    def test_two_tasks_share_the_chunk(self, client: httpx.Client) -> None:
        with FakeServer(models=["m"], engine=engine()) as server:
            usages = [r.json()["usage"] for r in together(server, bodies(1))]
            seen = metrics(client, server)
        cached = [usage["prompt_tokens_details"]["cached_tokens"] for usage in usages]
        assert min(cached) == 0
        assert max(cached) > 400
        assert seen["prefix_cache_hits_total"] == seen["prompt_tokens_cached_total"] == sum(cached)
        assert seen["prefix_cache_queries_total"] == sum(u["prompt_tokens"] for u in usages)

    def test_more_than_fit_are_all_answered(self, client: httpx.Client) -> None:
        with FakeServer(models=["m"], engine=engine()) as server:
            responses = together(server, bodies(24))
            seen = metrics(client, server)
        assert {r.status_code for r in responses} == {200}
        assert seen["request_success_total"] == 48
        assert seen["num_preemptions_total"] > 0
        usages = [r.json()["usage"] for r in responses]
        assert seen["generation_tokens_total"] == sum(u["completion_tokens"] for u in usages)
        assert seen["num_requests_running"] == seen["num_requests_waiting"] == 0
        assert seen["kv_cache_usage_perc"] == 0

    def test_its_length_is_the_models(self, client: httpx.Client) -> None:
        with FakeServer(models=["m"], engine=engine()) as server:
            card = client.get(f"{server.base_url}/models").json()["data"][0]
            assert card["max_model_len"] == KV_TOKENS
            too_long = ask(client, server, text=" ".join(texts(9)), max_tokens=10)
            assert too_long.status_code == 400
            assert f"maximum context length is {KV_TOKENS}" in too_long.text


class TestMetrics:
    def test_they_are_live(self, client: httpx.Client, in_background: Callable[..., Any]) -> None:
        slow = StepCosts(base_ms=20)
        with FakeServer(models=["m"], engine=engine(slow)) as server:
            answers = in_background(together, server, bodies(24))
            wait_until(lambda: server.stats.num_requests_waiting > 10)
            wait_until(lambda: (server.stats.generation_tokens or 0) > 50)
            seen = metrics(client, server)
            server.stop()
            with pytest.raises(httpx.HTTPError):
                answers.result()
        assert 4 <= seen["num_requests_running"] <= 20
        assert seen["num_requests_running"] + seen["num_requests_waiting"] <= 48
        assert 0.8 < seen["kv_cache_usage_perc"] <= 1
        assert seen["generation_tokens_total"] >= 50
        assert seen["prompt_tokens_total"] > 0

    def test_what_the_cache_holds(self, client: httpx.Client) -> None:
        with FakeServer(engine=engine()) as server:
            page = client.get(f"{server.root_url}/metrics").text
        assert 'num_gpu_blocks="201"' in page
        assert 'block_size="16"' in page
        assert f'kv_cache_size_tokens="{201 * 16}"' in page

    def test_a_client_that_leaves_gives_its_room_back(self) -> None:
        slow = StepCosts(base_ms=50)
        with FakeServer(models=["m"], engine=engine(slow)) as server:
            impatient = httpx.Client(trust_env=False, timeout=0.3)
            with impatient, pytest.raises(httpx.ReadTimeout):
                ask(impatient, server, text=texts(1)[0])
            wait_until(lambda: server.stats.num_requests_running == 0)
            assert server.stats.kv_cache_usage == 0


class TestForeignLoad:
    def test_half_of_the_cache(self, client: httpx.Client) -> None:
        with FakeServer(models=["m"], engine=engine()) as server:
            server.set_foreign_load(KV_TOKENS // 2, requests=3)
            seen = metrics(client, server)
            assert seen["kv_cache_usage_perc"] == 0.5
            assert seen["num_requests_running"] == 3
            assert ask(client, server, text=texts(1)[0]).status_code == 200
            server.set_foreign_load(0)
            assert metrics(client, server)["kv_cache_usage_perc"] == 0

    def test_all_of_it(self, client: httpx.Client, in_background: Callable[..., Any]) -> None:
        with FakeServer(models=["m"], engine=engine()) as server:
            server.set_foreign_load(KV_TOKENS)
            answer = in_background(ask, client, server, text=texts(1)[0])
            wait_until(lambda: server.stats.num_requests_waiting == 1)
            time.sleep(0.05)
            assert not answer.done()
            assert server.stats.num_requests_running == 2  # one for every 2,000 tokens begun
            server.set_foreign_load(0)
            assert answer.result().status_code == 200

    def test_where_it_cannot_be(self) -> None:
        with FakeServer() as server, pytest.raises(TypeError, match="BatchingEngine"):
            server.set_foreign_load(100)
        with FakeServer(engine=engine()) as server, pytest.raises(ValueError, match="do not fit"):
            server.set_foreign_load(KV_TOKENS + 1)
        with pytest.raises(RuntimeError, match="does not run"):
            FakeServer(engine=engine()).set_foreign_load(100)


class TestRestart:
    def test_it_forgets_everything_but_its_port(
        self, client: httpx.Client, in_background: Callable[..., Any]
    ) -> None:
        slow = StepCosts(base_ms=50)
        with FakeServer(models=["m"], engine=engine(slow)) as server:
            port = server.port
            answers = in_background(together, server, bodies(24))
            wait_until(lambda: (server.stats.generation_tokens or 0) > 20)
            server.set_foreign_load(160)
            server.restart(down_s=0.3)
            with pytest.raises(httpx.TransportError):
                answers.result()
            with pytest.raises(httpx.ConnectError):
                client.get(f"{server.root_url}/health")
            with pytest.raises(RuntimeError, match="down already"):
                server.restart()
            wait_until(lambda: is_healthy(client, server))
            seen = metrics(client, server)
            assert {name for name, value in seen.items() if value} == {"cache_config_info"}
            assert server.port == port
            assert len(server.requests) >= 40
            usage = ask(client, server, text=texts(1)[0]).json()["usage"]
            assert usage["prompt_tokens_details"]["cached_tokens"] == 0

    def test_of_a_server_with_latency(
        self, client: httpx.Client, in_background: Callable[..., Any]
    ) -> None:
        with FakeServer(models=["m"], faults=[Fault("hang", times=1)]) as server:
            answer = in_background(ask, client, server)
            wait_until(lambda: server.in_flight == 1)
            server.restart(down_s=0)
            with pytest.raises(httpx.TransportError):
                answer.result()
            wait_until(lambda: is_healthy(client, server))
            assert ask(client, server).status_code == 200
            assert metrics(client, server)["request_success_total"] == 1
            assert [request.status for request in server.requests] == [None, 200]

    def test_stopped_while_down(self, client: httpx.Client) -> None:
        threads = threading.active_count()
        with FakeServer() as server:
            server.restart(down_s=60)
        assert threading.active_count() == threads
        with FakeServer(port=server.port) as again:
            assert is_healthy(client, again)

    def test_of_one_that_does_not_run(self) -> None:
        with pytest.raises(RuntimeError, match="does not run"):
            FakeServer().restart()

    async def test_in_process(self) -> None:
        app = fake_app(models=["m"], engine=engine(StepCosts(base_ms=50)))
        answer = asyncio.create_task(post_all(app, bodies(1), 2))
        await asyncio.sleep(0.1)
        assert app.stats.num_requests_running == 2
        app.restart(down_s=0.1)
        with pytest.raises(httpx.ReadError):
            await answer
        with pytest.raises(httpx.ConnectError):
            await post_all(app, bodies(1), 1)
        await asyncio.sleep(0.12)
        app.set_foreign_load(1600)
        assert app.stats.kv_cache_usage == 0.5
        assert [r.status_code for r in await post_all(app, bodies(1), 2)] == [200, 200]
        assert app.stats.prefix_cache_hits > 0


def is_healthy(client: httpx.Client, server: FakeServer) -> bool:
    try:
        return client.get(f"{server.root_url}/health").status_code == 200
    except httpx.ConnectError:
        return False


class TestVirtualTime:
    def test_it_passes_at_once_and_in_order(self) -> None:
        async def sleepers() -> list[float]:
            loop, ended = asyncio.get_running_loop(), []

            async def sleep(seconds: float) -> None:
                await asyncio.sleep(seconds)
                ended.append(loop.time())

            await asyncio.gather(*map(sleep, (3600, 1, 60)))
            return ended

        started = time.monotonic()
        assert run_in_virtual_time(sleepers()) == [1, 60, 3600]
        assert time.monotonic() - started < 5

    def test_threads_take_no_time(self) -> None:
        async def work() -> float:
            async with asyncio.timeout(10):
                await asyncio.to_thread(time.sleep, 0.05)
            return asyncio.get_running_loop().time()

        assert run_in_virtual_time(work()) == 0

    def test_a_server_and_its_client(self) -> None:
        """At most six at once fit: more preempt, and gain no time to speak of."""

        async def serve(at_most: int) -> tuple[float, int]:
            app = fake_app(models=["m"], engine=engine(StepCosts()), entries_per_answer=20)
            responses = await post_all(app, bodies(24)[::2], at_most)
            assert {r.status_code for r in responses} == {200}
            return asyncio.get_running_loop().time(), app.stats.num_preemptions

        found = {at_most: run_in_virtual_time(serve(at_most)) for at_most in (2, 4, 24)}
        assert found == {at_most: run_in_virtual_time(serve(at_most)) for at_most in found}
        assert found[2][1] == found[4][1] == 0 < found[24][1]
        assert found[4][0] < 0.65 * found[2][0]

    def test_time_scale(self) -> None:
        async def serve(time_scale: float) -> float:
            app = fake_app(models=["m"], engine=engine(time_scale=time_scale))
            await post_all(app, bodies(2), 4)
            return asyncio.get_running_loop().time()

        whole, tenth = (run_in_virtual_time(serve(scale)) for scale in (1.0, 0.1))
        assert whole == pytest.approx(10 * tenth)

    def test_no_time_scale(self) -> None:
        with pytest.raises(ValueError, match="time_scale"):
            BatchingEngine(time_scale=0)


def test_in_real_time() -> None:
    """Steps follow each other without drift, down to those of a few milliseconds."""
    costs = StepCosts(base_ms=50, prefill_ms_per_token=0, decode_ms_per_request=0)
    app = fake_app(models=["m"], engine=engine(costs, time_scale=0.1))
    started = time.monotonic()
    [response] = asyncio.run(post_all(app, bodies(1)[:1], 1))
    tokens = response.json()["usage"]["completion_tokens"]
    assert time.monotonic() - started >= 0.9 * tokens * 0.005


class TestCommandLine:
    def run(self, *options: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-W", "error", "-m", "lexicue.testing.server", "--port", "0"]
        return subprocess.Popen(
            [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def test_a_cache_that_fills(self, client: httpx.Client) -> None:
        options = "--model m --kv-blocks 101 --block-size 32 --step-ms 1 --max-num-seqs 3"
        with self.run(*options.split()) as process:
            assert process.stdout
            url = process.stdout.readline().strip()
            assert client.post(f"{url}/chat/completions", json=bodies(1)[0]).status_code == 200
            page = client.get(f"{url.removesuffix('/v1')}/metrics").text
            process.terminate()
        assert 'kv_cache_size_tokens="3232"' in page
        assert (
            'vllm:request_success_total{engine="0",model_name="m",finished_reason="stop"} 1.0'
            in page
        )

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ("--kv-blocks 100 --latency-median 1", "exclude each other"),
            ("--kv-blocks 1", "num_gpu_blocks=1 is less than 2"),
        ],
    )
    def test_what_cannot_be(self, options: str, message: str) -> None:
        with self.run(*options.split()) as process:
            _, errors = process.communicate()
        assert process.returncode == 2
        assert message in errors
