"""Running fake servers: how long they take, what they remember, where they run."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.integration.fake_server.conftest import (
    TEXT,
    ask,
    body,
    content,
    metrics,
    together,
)

from lexicue.errors import MissingDependencyError
from lexicue.model import Task
from lexicue.testing import (
    EngineStats,
    FakeServer,
    Fault,
    Job,
    Lognormal,
    TimedEngine,
    fake_app,
)


class TestLatency:
    def test_fixed(self, client: httpx.Client) -> None:
        with FakeServer(models=["m"], latency=0.2) as server:
            ask(client, server)
            [record] = server.requests
        assert record.ended is not None
        assert 0.2 <= record.ended - record.started < 2

    def test_lognormal_is_the_same_in_every_run(self) -> None:
        seconds: list[float] = []

        def noted(job: Job) -> float:
            seconds.append(Lognormal(0.01, 0.5, seed=7)(job))
            return 0.0

        bodies = [body(text=f"Number {n} was remarkable.") for n in range(50)]
        for _ in range(2):
            with FakeServer(models=["m"], latency=noted) as server:
                together(server, bodies)
        first, second = sorted(seconds[:50]), sorted(seconds[50:])
        assert first == second
        assert 0.007 < first[25] < 0.014
        assert first[0] < 0.007 < 0.014 < first[-1]

    def test_a_function_of_the_job(self, client: httpx.Client) -> None:
        jobs: list[Job] = []

        def noted(job: Job) -> float:
            jobs.append(job)
            return 0.0

        with FakeServer(models=["m"], latency=noted) as server:
            usage = ask(client, server, Task.PHRASES).json()["usage"]
        [job] = jobs
        assert job.call.task is Task.PHRASES
        assert len(job.prompt_tokens) == usage["prompt_tokens"]
        assert job.completion_tokens == usage["completion_tokens"]

    def test_an_engine_of_ones_own(self, client: httpx.Client) -> None:
        class Queue:
            """One request at a time."""

            def __init__(self) -> None:
                self.turn = asyncio.Lock()

            async def process(self, job: Job) -> int:
                async with self.turn:
                    await asyncio.sleep(0.05)
                return 3

            @property
            def stats(self) -> EngineStats:
                return EngineStats(10, 16, True, num_preemptions=4)

        with FakeServer(models=["m"], engine=Queue()) as server:
            started = time.monotonic()
            responses = together(server, [body()] * 4)
            assert time.monotonic() - started >= 0.2
            assert metrics(client, server)["num_preemptions_total"] == 4
        usages = [r.json()["usage"]["prompt_tokens_details"] for r in responses]
        assert usages == [{"cached_tokens": 3}] * 4

    def test_options_that_do_not_go_together(self) -> None:
        with pytest.raises(ValueError, match="latency"):
            FakeServer(latency=1.0, engine=TimedEngine())
        with pytest.raises(ValueError, match="models"):
            FakeServer(models="m")


class TestRecords:
    def test_what_was_asked(self, client: httpx.Client) -> None:
        with FakeServer(models=["m"]) as server:
            sent = body(Task.PHRASES)
            client.post(f"{server.base_url}/chat/completions", json=sent)
            [record] = server.requests
        assert record.number == 1
        assert record.task is Task.PHRASES
        assert record.chunk == TEXT
        assert record.messages == tuple((m["role"], m["content"]) for m in sent["messages"])
        assert record.body == sent
        assert record.status == 200
        assert record.fault is None

    def test_how_many_at_once(self) -> None:
        with FakeServer(models=["m"], latency=0.4) as server:
            together(server, [body(text=f"Wonderful {n}.") for n in range(8)])
            assert server.peak_in_flight == 8
            assert 4 < server.mean_in_flight <= 8
            assert server.in_flight == 0
            assert len(server.requests) == 8

    def test_nothing_asked(self) -> None:
        app = fake_app()
        assert app.requests == []
        assert app.peak_in_flight == app.mean_in_flight == app.in_flight == 0

    def test_they_are_bounded(self, client: httpx.Client) -> None:
        with FakeServer(models=["m"], keep_requests=2) as server:
            for _ in range(5):
                ask(client, server)
            assert [record.number for record in server.requests] == [4, 5]

    def test_hundreds_at_once(self) -> None:
        class AllOrNone(TimedEngine):
            """Answers when 250 are waiting."""

            def __init__(self) -> None:
                super().__init__()
                self.gate = asyncio.Barrier(250)

            async def process(self, job: Job) -> int:
                await self.gate.wait()
                return await super().process(job)

        bodies = [body(task, f"Wonderful number {n}.") for n in range(125) for task in Task]
        with FakeServer(models=["m"], engine=AllOrNone()) as server:
            responses = together(server, bodies)
            assert server.peak_in_flight == 250
        assert {r.status_code for r in responses} == {200}


class TestServers:
    def test_several_at_once(self, client: httpx.Client) -> None:
        with FakeServer(models=["a"]) as one, FakeServer(models=["b"]) as two:
            assert one.port != two.port
            assert ask(client, one, model="a").status_code == 200
            assert ask(client, two, model="a").status_code == 404
            assert len(one.requests) == len(two.requests) == 1

    async def test_inside_a_running_loop(self) -> None:
        with FakeServer(models=["m"]) as server:
            async with httpx.AsyncClient(trust_env=False) as client:
                response = await client.post(f"{server.base_url}/chat/completions", json=body())
                assert response.status_code == 200

    def test_it_leaves_nothing_behind(self, client: httpx.Client) -> None:
        threads = threading.active_count()
        server = FakeServer(models=["m"])
        server.start()
        assert ask(client, server).status_code == 200
        server.stop()
        server.stop()
        assert threading.active_count() == threads
        with pytest.raises(httpx.ConnectError):
            client.get(f"{server.root_url}/health")
        with FakeServer(port=server.port) as again:
            assert client.get(f"{again.root_url}/health").status_code == 200
            with pytest.raises(OSError, match="in use"):
                FakeServer(port=server.port).start()

    def test_it_starts_once(self) -> None:
        with FakeServer() as server, pytest.raises(RuntimeError, match="before"):
            server.start()

    def test_one_that_never_started_stops(self) -> None:
        FakeServer().stop()


class TestApp:
    async def test_in_process(self) -> None:
        app = fake_app(models=["m"], faults=[Fault("reset", on_requests=[2])])
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://fake/v1") as client:
            assert (await client.post("chat/completions", json=body())).status_code == 200
            with pytest.raises(httpx.ReadError):
                await client.post("chat/completions", json=body())
            assert (await client.get("models")).json()["data"][0]["id"] == "m"
        assert [r.status for r in app.requests] == [200, None]

    async def test_a_cancelled_request_in_process(self) -> None:
        app = fake_app(models=["m"], faults=[Fault("hang")])
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://fake/v1") as client:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await client.post("chat/completions", json=body())
        assert app.in_flight == 0
        assert app.requests[0].disconnected

    async def test_the_same_answers_in_any_order(self) -> None:
        async def answers(bodies: list[dict[str, Any]]) -> list[str]:
            app = fake_app(models=["m"], latency=Lognormal(0.005, 1))
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://fake/v1") as client:
                posts = (client.post("chat/completions", json=one) for one in bodies)
                return [content(r) for r in await asyncio.gather(*posts)]

        bodies = [body(task, f"Wonderful {n}; give up.") for n in range(10) for task in Task]
        assert await answers(bodies) == (await answers(bodies[::-1]))[::-1]


class TestCommandLine:
    @pytest.fixture
    def running(self) -> Iterator[tuple[str, subprocess.Popen[str]]]:
        command = [sys.executable, "-W", "error", "-m", "lexicue.testing.server"]
        options = ["--port", "0", "--model", "m", "--fault", "http_503:on=1:retry_after=1"]
        process = subprocess.Popen(command + options, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        yield process.stdout.readline().strip(), process
        process.kill()
        process.wait()
        process.stdout.close()

    def test_serving_until_terminated(
        self, client: httpx.Client, running: tuple[str, subprocess.Popen[str]]
    ) -> None:
        url, process = running
        answers = [client.post(f"{url}/chat/completions", json=body()) for _ in range(2)]
        assert [r.status_code for r in answers] == [503, 200]
        process.terminate()
        assert process.wait(timeout=20) == 0
        assert process.stdout is not None
        assert process.stdout.read() == "2 chat requests, at most 1 at once\n"

    def test_help(self) -> None:
        text = subprocess.run(
            [sys.executable, "-m", "lexicue.testing.server", "--help"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert "--fault truncated:every=10" in text
        assert "hallucinated" in text

    def test_a_wrong_fault(self) -> None:
        run = subprocess.run(
            [sys.executable, "-m", "lexicue.testing.server", "--fault", "nonsense"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 2
        assert "no fault 'nonsense'" in run.stderr


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("lexicue.testing")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "starlette", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'lexicue\[testing\]'"):
        __import__("lexicue.testing")
