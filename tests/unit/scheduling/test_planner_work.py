"""What strategies ask for, and what comes of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexicue.errors import InputError
from lexicue.scheduling.capacity import ServerSample
from lexicue.scheduling.planning import Job, Plan, plan_live
from lexicue.scheduling.planning.work import StrategyPlan


def live(tokens: int, job: Job, block_size: int = 16, longest: int | None = None) -> Plan:
    return plan_live(ServerSample(0.0, kv_tokens=tokens, block_size=block_size), job, longest)


def strategy(plan: Plan, name: str) -> StrategyPlan:
    return next(each for each in plan.strategies if each.strategy == name)


@pytest.mark.parametrize(("requests", "outcome"), [(6, "fits"), (8, "preempts"), (64, "preempts")])
def test_the_measured_server_behaves_so(requests: int, outcome: str) -> None:
    """3,200 tokens, 325 + 150 a request: a limit of 6 had 0 preemptions, 8 had 18, 64 had 20."""
    job = Job(chunks=requests, chunk_tokens=325, output_tokens=150)
    plan = live(3200, job, block_size=32)
    assert strategy(plan, "sequential").outcome == outcome
    assert plan.resident.expected == 6


def test_the_note_s_example_fits_an_a10g() -> None:
    """8 chunks of 2,000 tokens, 16 requests: far from running out, at 49,696 tokens."""
    plan = live(49_696, Job(chunks=8))
    assert plan.resident.expected == 19
    assert [each.letter for each in plan.strategies] == ["A", "B", "C", ""]
    assert {each.outcome for each in plan.strategies} == {"fits"}
    assert [each.requests_at_once for each in plan.strategies] == [16, 8, 16, 16]


def test_a_pair_pays_its_chunk_once() -> None:
    shared = strategy(live(49_696, Job(chunks=8)), "parallel")
    apart = strategy(live(49_696, Job(chunks=8, prefix_caching=False)), "parallel")
    assert shared.tokens_needed == 8 * (2000 + 2 * 608)
    assert apart.tokens_needed == 8 * 2 * 2608


def test_a_long_video_preempts_unless_adaptive() -> None:
    plan = live(49_696, Job(chunks=100))
    assert strategy(plan, "parallel").outcome == "preempts"
    assert strategy(plan, "sequential").outcome == "preempts"
    assert strategy(plan, "conditional").requests_at_once == 100  # as B
    adaptive = strategy(plan, "adaptive")
    assert adaptive.outcome == "fits"
    assert adaptive.tokens_needed <= 49_696
    assert "wait in the client" in adaptive.why


def test_answers_that_grow_no_block_only_queue() -> None:
    job = Job(chunks=50, chunk_tokens=2000, output_tokens=1)
    assert strategy(live(20_000, job, block_size=32), "sequential").outcome == "queues"


def test_a_request_that_is_too_long_is_refused() -> None:
    assert {each.outcome for each in live(1_000, Job()).strategies} == {"refused"}
    plan = live(50_000, Job(), longest=2048)
    assert "over max_model_len 2048" in strategy(plan, "parallel").why
    assert plan.advice.max_concurrency == 0


def test_a_cache_for_one_request_only() -> None:
    plan = live(2_700, Job(chunks=4))
    assert strategy(plan, "adaptive").requests_at_once == 1
    assert (plan.advice.max_safe_chunks, plan.advice.max_concurrency) == (0, 1)


def test_a_server_that_does_not_tell() -> None:
    with pytest.raises(InputError, match="--gpu"):
        plan_live(ServerSample(0.0), Job(), None)


@pytest.mark.parametrize("wrong", ["chunks", "chunk_tokens", "output_tokens"])
def test_a_job_of_nothing(wrong: str) -> None:
    with pytest.raises(InputError, match="must be 1 or more"):
        Job(**{wrong: 0})  # type: ignore[arg-type]


jobs = st.builds(
    Job,
    chunks=st.integers(1, 300),
    chunk_tokens=st.integers(1, 8000),
    output_tokens=st.integers(1, 4000),
    instruction_tokens=st.integers(0, 500),
    prefix_caching=st.booleans(),
)


@given(st.integers(16, 2_000_000), jobs, st.sampled_from([16, 32, 64]))
def test_adaptive_never_asks_for_more_than_there_is(tokens: int, job: Job, size: int) -> None:
    adaptive = strategy(live(tokens, job, size), "adaptive")
    if adaptive.outcome != "refused":
        assert adaptive.tokens_needed <= tokens
        assert 1 <= adaptive.requests_at_once <= 2 * job.chunks


@given(st.integers(16, 2_000_000), jobs, st.sampled_from([16, 32, 64]))
def test_within_the_advice_everything_fits(tokens: int, job: Job, size: int) -> None:
    advice = live(tokens, job, size).advice
    for name, chunks in (
        ("parallel", advice.max_safe_chunks),
        ("conditional", advice.max_safe_chunks),
        ("sequential", advice.max_concurrency),
    ):
        if chunks:
            few = Job(
                chunks,
                job.chunk_tokens,
                job.output_tokens,
                job.instruction_tokens,
                job.prefix_caching,
            )
            assert strategy(live(tokens, few, size), name).outcome == "fits"


@given(st.integers(16, 500_000), jobs)
def test_what_is_resident_is_part_of_what_is_sent(tokens: int, job: Job) -> None:
    for each in live(tokens, job).strategies:
        assert 0 <= each.resident <= each.requests_at_once
        if each.outcome == "fits":
            assert each.resident == each.requests_at_once
