import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexicue.scheduling.capacity import CapacityWatch, ServerSample, read_metrics

NEW = """\
# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="m"} 6.0
vllm:num_requests_waiting{engine="0",model_name="m"} 2.0
vllm:num_requests_waiting_by_reason{engine="0",model_name="m",reason="capacity"} 9.0
vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.84
vllm:num_preemptions_total{engine="0",model_name="m"} 3.0
vllm:num_preemptions_created{engine="0",model_name="m"} 1.7e+09
vllm:prefix_cache_queries_total{engine="0",model_name="m"} 2391.0
vllm:prefix_cache_hits_total{engine="0",model_name="m"} 1024.0
vllm:cache_config_info{block_size="32",enable_prefix_caching="True",engine="0",\
kv_cache_max_concurrency="1.56",kv_cache_size_tokens="3200",num_gpu_blocks="100"} 1.0
"""

OLD = """\
vllm:num_requests_running{model_name="m"} 1
vllm:num_requests_waiting{model_name="m"} 0
vllm:gpu_cache_usage_perc{model_name="m"} 0.25
vllm:num_preemptions{model_name="m"} 0
vllm:gpu_prefix_cache_queries_total{model_name="m"} 10
vllm:gpu_prefix_cache_hits_total{model_name="m"} 5
vllm:cache_config_info{block_size="16",num_gpu_blocks="3106"} 1.0
"""


def of_engines(*lines: str) -> str:
    return "\n".join(f"vllm:{line}" for line in lines)


def test_a_page_of_a_new_server() -> None:
    assert read_metrics(NEW, 5.0) == ServerSample(
        at=5.0,
        kv_tokens=3200,
        block_size=32,
        kv_usage=0.84,
        running=6,
        waiting=2,
        preemptions=3,
        prefix_queries=2391,
        prefix_hits=1024,
        prefix_caching=True,
    )


def test_a_page_of_an_old_server() -> None:
    sample = read_metrics(OLD, 0.0)
    assert sample.kv_tokens == 49_696
    assert sample.kv_usage == 0.25
    assert (sample.preemptions, sample.prefix_queries, sample.prefix_hits) == (0, 10, 5)
    assert sample.prefix_caching is None


def test_several_engines_are_summed_and_their_usage_averaged() -> None:
    sample = read_metrics(
        of_engines(
            'num_requests_running{engine="0"} 3',
            'num_requests_running{engine="1"} 4',
            'kv_cache_usage_perc{engine="0"} 0.2',
            'kv_cache_usage_perc{engine="1"} 0.6',
            'cache_config_info{engine="0",kv_cache_size_tokens="1000",block_size="16"} 1',
            'cache_config_info{engine="1",kv_cache_size_tokens="3000",block_size="16"} 1',
        ),
        0.0,
    )
    assert (sample.running, sample.kv_tokens) == (7, 4000)
    assert sample.kv_usage == pytest.approx(0.4)


def test_the_servers_own_capacity_is_preferred() -> None:
    labels = 'kv_cache_size_tokens="9000",num_gpu_blocks="100",block_size="16"'
    assert read_metrics(of_engines(f"cache_config_info{{{labels}}} 1"), 0.0).kv_tokens == 9000


@pytest.mark.parametrize("told", ["None", "", "0", "much"])
def test_a_capacity_not_set_yet_is_none(told: str) -> None:
    labels = f'kv_cache_size_tokens="{told}",num_gpu_blocks="{told}",block_size="16"'
    assert read_metrics(of_engines(f"cache_config_info{{{labels}}} 1"), 0.0).kv_tokens is None


def test_labels_may_hold_braces_and_quotes() -> None:
    page = of_engines(r'num_requests_running{model_name="a\"},b{",engine="0"} 4')
    assert read_metrics(page, 0.0).running == 4


@pytest.mark.parametrize(
    "page", ["", "<html>not found</html>", "vllm:", "vllm:kv_cache_usage_perc x"]
)
def test_a_page_without_metrics_tells_nothing(page: str) -> None:
    assert read_metrics(page, 1.0) == ServerSample(at=1.0)


def test_nan_is_nothing() -> None:
    assert read_metrics("vllm:kv_cache_usage_perc NaN", 0.0).kv_usage is None


@given(st.text())
def test_no_page_raises(page: str) -> None:
    read_metrics(f"vllm:{page}\nvllm:cache_config_info{{{page}}} 1", 0.0)


@pytest.mark.parametrize(
    ("earlier", "later", "restarted"),
    [
        (ServerSample(0, preemptions=5), ServerSample(1, preemptions=5), False),
        (ServerSample(0, preemptions=5), ServerSample(1, preemptions=0), True),
        (ServerSample(0, prefix_queries=9), ServerSample(1, prefix_queries=1), True),
        (ServerSample(0, kv_tokens=9), ServerSample(1, kv_tokens=8), True),
        (ServerSample(0, kv_tokens=9), ServerSample(1), False),
        (ServerSample(0), ServerSample(1, preemptions=3), False),
    ],
)
def test_a_restart_shows_in_counters_and_capacity(
    earlier: ServerSample, later: ServerSample, restarted: bool
) -> None:
    assert later.restarted_since(earlier) is restarted


def test_preemptions_since() -> None:
    assert ServerSample(1, preemptions=5).preemptions_since(ServerSample(0, preemptions=3)) == 2
    assert ServerSample(1, preemptions=1).preemptions_since(ServerSample(0, preemptions=3)) == 0
    assert ServerSample(1).preemptions_since(ServerSample(0, preemptions=3)) == 0


# --- the watch


async def test_it_looks_at_once_and_then_again() -> None:
    seen: list[ServerSample] = []

    async def fetch() -> str:
        return NEW

    async with CapacityWatch(fetch, seen.append, every_s=0.01) as watch:
        assert watch.latest is not None
        await asyncio.sleep(0.1)
    assert len(seen) >= 3
    age = watch.age_s()
    assert age is not None
    assert age >= 0


@pytest.mark.parametrize("answer", [None, "", OSError("refused"), RuntimeError("bug")])
async def test_a_look_that_fails_is_nobodys_trouble(answer: str | Exception | None) -> None:
    looks = 0

    async def fetch() -> str | None:
        nonlocal looks
        looks += 1
        if isinstance(answer, Exception):
            raise answer
        return answer

    async with CapacityWatch(fetch, every_s=0.005) as watch:
        await asyncio.sleep(0.05)
    assert watch.latest is None
    assert watch.age_s() is None
    assert 2 <= looks <= 5, "looks get rarer"


async def test_it_recovers() -> None:
    answers: list[str | None] = [None, NEW]

    async def fetch() -> str | None:
        return answers.pop(0) if len(answers) > 1 else answers[0]

    async with CapacityWatch(fetch, every_s=0.005) as watch:
        await asyncio.sleep(0.05)
        assert watch.latest is not None


async def test_a_server_that_hangs_holds_a_job_up_for_the_first_look_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lexicue.scheduling.capacity._FIRST_LOOK_S", 0.02)

    async def fetch() -> str:
        await asyncio.sleep(60)
        return NEW

    async with asyncio.timeout(2):
        async with CapacityWatch(fetch, every_s=0.01) as watch:
            await asyncio.sleep(0.03)
    assert watch.latest is None


async def test_a_listener_that_fails_does_not_end_the_watch() -> None:
    told = 0

    def listen(sample: ServerSample) -> None:
        nonlocal told
        told += 1
        raise ValueError(sample)

    async def fetch() -> str:
        return NEW

    async with CapacityWatch(fetch, listen, every_s=0.002):
        await asyncio.sleep(0.05)
    assert told >= 2


async def test_watches_take_turns() -> None:
    looks, turns = 0, iter([True, False, False])

    async def fetch() -> str:
        nonlocal looks
        looks += 1
        return NEW

    async with CapacityWatch(fetch, due=lambda: next(turns, False), every_s=0.002):
        await asyncio.sleep(0.05)
    assert looks == 2, "the first, which does not ask, and the one it was its turn for"
