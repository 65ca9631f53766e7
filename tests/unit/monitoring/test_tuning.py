"""Recommendations on made-up servers, where the right answer is known by hand."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lexicue.model import Status, Task
from lexicue.monitoring import RunReport, ServerReport
from lexicue.monitoring.tuning import Advice, advise

from .conftest import MadeUpServer

ServerWith = Callable[..., MadeUpServer]


def values(advice: Advice) -> dict[str, int | bool | None]:
    return {each.setting: each.value for each in advice.recommendations}


def value(advice: Advice, setting: str) -> int | bool | None:
    (found,) = (v for name, v in values(advice).items() if name.startswith(setting))
    return found


def failing(run: RunReport, error: str, tasks: int = 1) -> RunReport:
    failed = tuple(
        replace(task, status=Status.FAILED, error=error) if number < tasks else task
        for number, task in enumerate(run.tasks)
    )
    return replace(run, tasks=failed, totals=replace(run.totals, failures=tasks, complete=False))


# Room


def test_capacity_says_how_many_requests_fit(server: MadeUpServer) -> None:
    advice = advise([server.run(n) for n in (3, 5, 8)], 30)
    # 49,696 tokens less 5 % hold 19 requests of 2,400.
    assert value(advice, "max_concurrency") == 19
    assert value(advice, "MAX_SAFE") == 9


def test_a_pair_pays_the_chunk_once(server: MadeUpServer) -> None:
    advice = advise([server.run(n, "parallel") for n in (3, 5, 8)], 30)
    # 47,211 ÷ (2 × 2,400 − 1,800) = 15 pairs.
    assert value(advice, "max_concurrency") == 30
    assert value(advice, "MAX_SAFE") == 15


def test_without_a_prefix_cache_a_pair_pays_twice(server_with: ServerWith) -> None:
    server = server_with(shares_prefix=False)
    advice = advise([server.run(n, "parallel") for n in (3, 5, 8)], 30)
    assert value(advice, "max_concurrency") == 19


def test_requests_of_different_length_leave_room_for_the_long_ones(server: MadeUpServer) -> None:
    def uneven(run: RunReport) -> RunReport:
        answers = (100, 700)  # on average the 400 of the others
        tasks = (
            replace(task, completion_tokens=answers[n % 2]) for n, task in enumerate(run.tasks)
        )
        return replace(run, tasks=tuple(tasks))

    advice = advise([uneven(server.run(n)) for n in (3, 5, 8)], 30)
    # 19 of 2,400 are 45,600 tokens; with a deviation of 300 × √19 they are 46,908; 20 do not fit.
    assert value(advice, "max_concurrency") == 19
    tight = replace(server, kv_tokens=48_500)
    assert value(advise([tight.run(n) for n in (3, 5, 8)], 30), "max_concurrency") == 19
    assert value(advise([uneven(tight.run(n)) for n in (3, 5, 8)], 30), "max_concurrency") == 18


def test_a_task_that_outlasts_its_mate_holds_the_chunk_alone(server: MadeUpServer) -> None:
    def slow_words(run: RunReport) -> RunReport:
        tasks = (
            replace(task, seconds=3 * task.seconds) if task.task is Task.WORDS else task
            for task in run.tasks
        )
        return replace(run, tasks=tuple(tasks))

    advice = advise([slow_words(server.run(n, "parallel")) for n in (3, 5, 8)], 30)
    # Half of their time beside the other: 47,211 ÷ (2 × 2,400 − 900) = 12 pairs.
    assert value(advice, "max_concurrency") == 24
    assert value(advice, "MAX_SAFE") == 15  # sent together they do share it


def test_the_prefix_cache_counts_where_only_the_server_tells_of_it(
    server_with: ServerWith,
) -> None:
    run = server_with(shares_prefix=False).run(8, "parallel")
    run = replace(run, server=replace(run.server, prefix_queries=1000, prefix_hits=450))
    assert value(advise([run] * 3, 30), "max_concurrency") == 30


def test_a_server_that_preempts_is_given_less(server_with: ServerWith) -> None:
    server = server_with(kv_tokens=20_000)
    advice = advise([server.run(n, "parallel", limit=64) for n in (2, 3, 8, 12, 30)], 10)
    assert advice.evidence.strained_runs == 3
    assert value(advice, "MAX_SAFE") == 6  # 19,000 ÷ 3,000
    assert value(advice, "max_concurrency") == 7  # the larger videos fall back to sequential
    assert value(advice, "ENABLE") is True
    assert advice.expected is not None
    assert (
        (advice.expected.preemptions_per_100 or 0)
        <= 1
        < 30
        <= (advice.expected.preemptions_per_100_now or 0)
    )


def test_when_all_videos_fit_in_pairs_the_limit_is_for_pairs(server_with: ServerWith) -> None:
    server = server_with(kv_tokens=20_000)
    advice = advise([server.run(n, "parallel", limit=64) for n in (2, 3, 4, 5)], 10)
    assert value(advice, "max_concurrency") == 12


def test_strain_below_the_capacity_means_that_others_use_it(server: MadeUpServer) -> None:
    calm = [server.run(n) for n in (2, 3)]
    strained = [replace(server.run(n), server=ServerReport(49_696, 9)) for n in (8, 8)]
    advice = advise([*calm, *strained], 30)
    # 8 requests of 2,400 were too much.
    assert value(advice, "max_concurrency") == 7


def test_one_strained_run_among_many_is_somebody_elses_load(server: MadeUpServer) -> None:
    runs = [server.run(8) for _ in range(9)] + [
        replace(server.run(8), server=ServerReport(49_696, 9))
    ]
    assert value(advise(runs, 30), "max_concurrency") == 19


def test_without_metrics_nothing_above_what_was_tried(server_with: ServerWith) -> None:
    server = server_with(tells_metrics=False)
    advice = advise([server.run(n) for n in (4, 8, 12)], 5)
    assert value(advice, "max_concurrency") == 12
    assert value(advice, "MAX_SAFE") == 6
    assert any("preemptions" in note for note in advice.notes)


@pytest.mark.parametrize(
    "error",
    [
        "ServerTimeoutError: late",
        "ServerOverloadedError: 503",
        "ServerFaultError: CUDA out of memory",
    ],
)
def test_failures_of_overload_are_strain_without_metrics(
    error: str, server_with: ServerWith
) -> None:
    server = server_with(tells_metrics=False)
    runs = [server.run(6), server.run(6), failing(server.run(16), error)]
    assert value(advise(runs, 5), "max_concurrency") == 6


def test_all_runs_strained_and_no_capacity_told_halves_it(server_with: ServerWith) -> None:
    server = server_with(tells_metrics=False)
    runs = [failing(server.run(16), "ServerTimeoutError: late") for _ in range(3)]
    assert value(advise(runs, 5), "max_concurrency") == 8


def test_without_token_counts_it_reckons_in_requests(server_with: ServerWith) -> None:
    server = server_with(tells_tokens=False)
    advice = advise([server.run(n) for n in (4, 8, 12)], 5)
    assert value(advice, "max_concurrency") == 12


def test_adaptive_needs_no_bound_while_it_keeps_out_of_strain(server: MadeUpServer) -> None:
    calm = advise([server.run(n, "adaptive", limit=30) for n in (3, 8, 20)], 30)
    assert value(calm, "max_concurrency") is None
    assert calm.recommendations[0].why.startswith("not needed")
    strained = advise([server.run(n, "adaptive", limit=64) for n in (40, 50, 60)], 30)
    assert value(strained, "max_concurrency") == 30


def test_a_bound_for_others_leaves_adaptive_alone(server: MadeUpServer) -> None:
    adaptive = [server.run(n, "adaptive", limit=30) for n in (3, 8, 20)]
    advice = advise([*adaptive, *(server.run(n) for n in (3, 8, 20))], 30)
    assert value(advice, "max_concurrency") == 19
    assert "leave it unset with adaptive" in advice.recommendations[0].why
    assert any("adaptive 3, sequential 3" in note for note in advice.notes)


def test_now_is_what_most_runs_had(server: MadeUpServer) -> None:
    unset = [replace(server.run(n), max_concurrency=None) for n in (3, 8, 20)]
    assert advise(unset, 30).recommendations[0].now is None
    assert advise([*unset, server.run(5, limit=32)], 30).recommendations[0].now is None
    assert advise([unset[0], *[server.run(5, limit=32)] * 3], 30).recommendations[0].now == 32


# Parallel


def test_parallel_where_there_is_room_and_time_to_save(server: MadeUpServer) -> None:
    assert value(advise([server.run(n) for n in (3, 5, 8)], 6), "ENABLE") is True


def test_not_parallel_where_it_is_quick_enough(server: MadeUpServer) -> None:
    assert value(advise([server.run(n) for n in (3, 5, 8)], 30), "ENABLE") is False


def test_not_parallel_where_the_server_is_busy_anyway(server_with: ServerWith) -> None:
    server = server_with(base=0.0, slope=0.001)
    assert value(advise([server.run(n) for n in (3, 5, 8)], 3), "ENABLE") is False


def test_not_parallel_where_not_one_pair_fits(server_with: ServerWith) -> None:
    server = server_with(kv_tokens=4000)
    advice = advise([server.run(n) for n in (3, 5, 8)], 5)
    assert value(advice, "ENABLE") is False
    assert value(advice, "chunk_tokens") == 1500  # of this size a pair fits


def test_what_works_in_parallel_is_left_so(server: MadeUpServer) -> None:
    assert value(advise([server.run(n, "parallel") for n in (3, 5, 8)], 30), "ENABLE") is True


def test_no_word_where_the_runs_do_not_agree(server: MadeUpServer) -> None:
    runs = [server.run(5) for _ in range(4)]
    scattered = [
        replace(run, totals=replace(run.totals, wall_s=run.totals.wall_s * 4**n))
        for n, run in enumerate(runs)
    ]
    advice = advise(scattered, 5)
    assert value(advice, "ENABLE") is None
    assert value(advice, "chunk_tokens") is None
    assert advice.expected is not None
    assert advice.expected.p50_wall_s is None


# Chunk size


def test_smaller_chunks_where_short_videos_leave_room(server: MadeUpServer) -> None:
    advice = advise([server.run(n) for n in (1, 2, 2, 3, 8)], 3)
    size = value(advice, "chunk_tokens")
    assert size in (500, 1000, 1500)
    assert advice.expected is not None
    assert advice.expected.p95_wall_s is not None
    assert advice.expected.p95_wall_s < 0.7 * advice.expected.p95_wall_s_now


def test_no_time_is_told_of_loads_far_from_what_was_seen(server: MadeUpServer) -> None:
    expected = advise([server.run(n) for n in (1, 2, 2, 3)], 3).expected
    # At most 3 requests were in flight: no more than 6 are believed in, however many would fit.
    at_six = (server.base + server.slope * 6) * 6 * server.output / 6
    assert expected is not None
    assert (expected.p95_wall_s or 0) >= at_six


def test_the_same_chunks_where_the_target_is_met(server: MadeUpServer) -> None:
    assert value(advise([server.run(n) for n in (1, 2, 2, 3)], 30), "chunk_tokens") == 2000


def test_the_same_chunks_where_videos_fill_the_server(server_with: ServerWith) -> None:
    server = server_with(kv_tokens=12_000)
    runs = [server.run(n, "adaptive", limit=6) for n in (20, 30, 40)]
    assert value(advise(runs, 3), "chunk_tokens") == 2000


def test_smaller_chunks_where_answers_are_cut_off(server: MadeUpServer) -> None:
    runs = [failing(server.run(5), "AnswerTruncatedError: cut") for _ in range(3)]
    assert value(advise(runs, 30), "chunk_tokens") == 1500


# What is expected


def test_nothing_changes_where_nothing_is_changed(server: MadeUpServer) -> None:
    expected = advise([server.run(n) for n in (3, 5, 8)], 30).expected
    assert expected is not None
    assert expected.p50_wall_s == pytest.approx(expected.p50_wall_s_now, abs=0.001)
    assert expected.within_target == expected.within_target_now
    assert expected.p95_task_s == pytest.approx(expected.p95_task_s_now, abs=0.001)


def test_a_limit_that_fits_shortens_the_tasks_and_not_the_video(server: MadeUpServer) -> None:
    runs = [server.run(n, "parallel", limit=120) for n in (20, 40, 60)]
    expected = advise([replace(run, strategy="parallel") for run in runs], 30).expected
    assert expected is not None
    after = [server.run(n, "parallel", limit=30) for n in (20, 40, 60)]
    assert expected.p95_task_s == pytest.approx(max(t.seconds for r in after for t in r.tasks), 0.1)
    assert expected.p95_wall_s == pytest.approx(expected.p95_wall_s_now, 0.1)


def test_what_is_expected_of_parallel_is_what_then_happens(server: MadeUpServer) -> None:
    before = [server.run(n, limit=19) for n in (2, 4, 5, 6, 9)]
    expected = advise(before, 8).expected
    assert expected is not None
    after = [server.run(n, "parallel", limit=19) for n in (2, 4, 5, 6, 9)]
    assert expected.p95_wall_s == pytest.approx(max(r.totals.wall_s for r in after), rel=0.1)


# Little evidence


def test_of_no_runs_nothing() -> None:
    advice = advise([], 10)
    assert set(values(advice).values()) == {None}
    assert advice.expected is None
    assert advice.evidence.runs == 0


def test_of_a_few_requests_nothing(server: MadeUpServer) -> None:
    assert set(values(advise([server.run(1)], 10)).values()) == {None}


def test_of_one_run_only_what_its_capacity_says(server: MadeUpServer) -> None:
    advice = advise([server.run(8)], 10)
    assert value(advice, "max_concurrency") == 19
    assert value(advice, "ENABLE") is value(advice, "chunk_tokens") is None
    assert all("1 run only" in e.why for e in advice.recommendations if e.value is None)


def test_of_two_runs_without_metrics_nothing(server_with: ServerWith) -> None:
    server = server_with(tells_metrics=False)
    assert set(values(advise([server.run(8), server.run(9)], 10)).values()) == {None}


# What counts


def test_other_engines_and_models_are_set_aside(server: MadeUpServer) -> None:
    runs = [server.run(n) for n in (3, 5, 8)]
    lexical = replace(runs[0], engine="lexical", model="")
    other = replace(runs[0], model="other")
    empty = replace(runs[0], tasks=())
    advice = advise([lexical, other, empty, *runs], 30)
    assert advice.evidence.runs == 3
    assert len(advice.set_aside) == 3
    assert advice.model == "m"


def test_conditional_of_version_0_1_0_is_told_by_its_peak(server: MadeUpServer) -> None:
    parallel = replace(server.run(3, "parallel"), ran_as="")
    sequential = replace(server.run(3), ran_as="")
    evidence = advise([parallel, sequential, sequential], 30).evidence
    assert {each.strategy: each.runs for each in evidence.strategies} == {
        "parallel": 1,
        "sequential": 2,
    }


def test_the_evidence_is_counted(server: MadeUpServer) -> None:
    evidence = advise([server.run(n, "adaptive") for n in (3, 3, 8, 20)], 6).evidence
    assert [(each.chunks, each.runs) for each in evidence.chunk_counts] == [(3, 2), (8, 1), (20, 1)]
    assert (evidence.p50_chunks, evidence.p90_chunks, evidence.most_chunks) == (3, 20, 20)
    assert evidence.tasks == evidence.requests == 68
    assert evidence.cached_share == 0.45
    assert evidence.within_target == 0.75
    assert evidence.kv_tokens == 49_696


def test_a_capacity_that_changed_is_told(server_with: ServerWith) -> None:
    runs: Sequence[RunReport] = [
        server_with(kv_tokens=kv).run(5) for kv in (20_000, 40_000, 40_000)
    ]
    advice = advise(runs, 30)
    assert advice.evidence.kv_tokens == 20_000
    assert any("differs" in note for note in advice.notes)


# Any server


@settings(max_examples=150, deadline=None)
@given(
    kv=st.integers(1_000, 2_000_000),
    output=st.integers(1, 2000),
    chunks=st.lists(st.integers(1, 60), min_size=1, max_size=8),
    ran_as=st.sampled_from(["sequential", "parallel", "adaptive"]),
    limit=st.integers(1, 300),
    target_s=st.floats(0.01, 1000),
    told=st.tuples(st.booleans(), st.booleans()),
)
def test_what_is_recommended_fits(
    kv: int,
    output: int,
    chunks: list[int],
    ran_as: str,
    limit: int,
    target_s: float,
    told: tuple[bool, bool],
) -> None:
    server = MadeUpServer(kv_tokens=kv, output=output, tells_metrics=told[0], tells_tokens=told[1])
    advice = advise([server.run(n, ran_as, limit) for n in chunks], target_s)
    concurrency, safe = value(advice, "max_concurrency"), value(advice, "MAX_SAFE")
    if concurrency is not None and all(told):
        size = value(advice, "chunk_tokens") or 2000
        one = (1800 * size / 2000 + 200) + output * size / 2000
        least = one - 1800 * size / 4000
        assert concurrency == 1 or concurrency * least <= kv
        assert safe is not None
        assert safe * 2 * least <= kv
    if value(advice, "ENABLE"):
        assert safe
