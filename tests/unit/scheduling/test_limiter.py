"""The control law, rule by rule; the numbers of the rules are those of the module's docstring."""

from __future__ import annotations

from typing import Any

import pytest

from lexicue.scheduling.capacity import ServerSample
from lexicue.scheduling.expectation import Asked
from lexicue.scheduling.limiter import Ending, Limiter, Load, Outcome

KV = 10_000
ROOM = 9_800
BLIND = 16_384


class Bench:
    """A limiter at a virtual time, with a load that binds unless it is said otherwise."""

    def __init__(self, kv_tokens: int | None = None) -> None:
        self.now = 100.0
        self.limiter = Limiter(kv_tokens, clock=lambda: self.now)
        self.counters: dict[str, int] = {"preemptions": 0, "prefix_queries": 1000}

    @property
    def limit(self) -> int:
        return self.limiter.limit_tokens

    @property
    def reasons(self) -> list[str]:
        return [change.reason for change in self.limiter.history]

    def look(self, usage: float | None = 0.5, load: Load | None = None, **told: Any) -> int:
        """A look half a second later; the limit after it."""
        self.now += 0.5
        load = self.binding() if load is None else load
        shown: dict[str, Any] = {"kv_tokens": KV, "running": load.requests, "waiting": 0}
        shown |= self.counters | told
        self.limiter.observe(ServerSample(self.now, kv_usage=usage, **shown), load)
        return self.limit

    def end(self, status: Ending = Ending.OK, *, load: Load | None = None, **told: Any) -> int:
        """A request that ended now; the limit after it."""
        shown = {"output_tokens": 100, "seconds": 2.0} | told
        self.limiter.finished(
            Outcome("words", status, **shown), self.binding() if load is None else load
        )
        return self.limit

    def answers(self, count: int, **told: Any) -> None:
        for _ in range(count):
            self.end(**told)

    def binding(self, share: float = 1.0) -> Load:
        """As much in flight as the limit allows, and more waiting."""
        tokens = int(share * self.limit)
        return Load(tokens, int(0.8 * tokens), requests=10, waiting=5)

    def settle(self) -> None:
        """At the room, and an answer has come back."""
        self.look()
        self.end()
        self.look()

    def cut(self) -> int:
        """To half of the room, by two time-outs in a row; drained, and a while ago."""
        for _ in range(2):
            self.now += 10.0
            self.end(Ending.TIMEOUT, load=self.binding(0.7 / 0.8))
        self.answers(200)
        self.look(0.9, Load(100, 100, 2, 0))
        return self.limit


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def settled() -> Bench:
    bench = Bench()
    bench.settle()
    assert bench.limit == ROOM
    return bench


# --- the start


def test_the_start_is_the_room(bench: Bench) -> None:
    assert bench.look() == ROOM


def test_a_capacity_from_the_settings_counts_from_the_beginning() -> None:
    assert Bench(kv_tokens=20_000).limit == 2 * ROOM


def test_the_servers_capacity_overrides_that_of_the_settings() -> None:
    bench = Bench(kv_tokens=20_000)
    assert bench.look() == ROOM
    assert bench.limiter.capacity_tokens == KV


def test_without_any_capacity_the_start_is_a_handful_of_requests(bench: Bench) -> None:
    assert bench.limit == BLIND
    assert bench.limiter.capacity_tokens is None


def test_the_history_begins_with_the_start(bench: Bench) -> None:
    bench.look()
    assert bench.reasons == ["start", "start"]
    assert bench.limiter.history[-1].limit_tokens == ROOM


def test_at_the_start_answers_count_with_all_that_they_may_take(bench: Bench) -> None:
    assert bench.limiter.expected_output("words", most=1472) == 1472


def test_the_first_answers_open_the_limit(bench: Bench) -> None:
    """It is the forecast that is careful at the start, not the limit."""
    bench.look()
    expected = [bench.limiter.expected_output("words", most=400)]
    for _ in range(6):
        bench.end(output_tokens=100, most_output=400)
        expected.append(bench.limiter.expected_output("words", most=400))
    assert expected == sorted(expected, reverse=True)
    assert (expected[0], expected[-1]) == (400, 100)
    assert bench.limit == ROOM


# --- growth


@pytest.fixture
def low() -> Bench:
    """Cut to well below the room, and over it: what comes next is growth."""
    bench = Bench()
    bench.settle()
    assert bench.cut() < 0.6 * ROOM
    return bench


def test_no_growth_before_an_answer_came_back(bench: Bench) -> None:
    bench.look()
    low = bench.end(Ending.TIMEOUT)
    bench.look(0.1, Load(100, 100, 2, 0))
    for _ in range(10):
        bench.look(0.1)
    assert bench.limit == low


def test_growth_reaches_the_room_within_the_stated_looks(low: Bench) -> None:
    limits = [low.look(0.5) for _ in range(8)]
    assert limits == sorted(limits)
    assert limits[-1] == ROOM


def test_growth_is_by_half_at_most(low: Bench) -> None:
    before = low.limit
    assert low.look(0.0, running=0) == pytest.approx(1.5 * before, abs=2)


def test_growth_tapers_as_the_cache_fills() -> None:
    def grown(usage: float) -> int:
        bench = Bench()
        bench.settle()
        before = bench.cut()
        return bench.look(usage) - before

    assert grown(0.2) > grown(0.5) > grown(0.8) > 0
    assert grown(0.96) < 0.02 * KV


def test_growth_never_passes_the_room(settled: Bench) -> None:
    assert settled.look(0.0) == ROOM


def test_no_growth_while_the_limit_does_not_bind(low: Bench) -> None:
    before = low.limit
    for _ in range(5):
        low.look(0.2, Load(int(0.8 * before), 2000, 4, 0))
    assert low.limit == before


def test_requests_at_our_gate_make_it_bind_though_none_fits(low: Bench) -> None:
    before = low.limit
    assert low.look(0.2, Load(int(0.6 * before), 2000, 2, 3)) > before


def test_requests_at_our_gate_do_not_make_it_bind_when_little_is_in_flight(low: Bench) -> None:
    before = low.limit
    assert low.look(0.2, Load(int(0.4 * before), 1000, 2, 3)) == before


def test_no_growth_while_the_server_has_a_queue(low: Bench) -> None:
    before = low.limit
    assert low.look(0.2, running=8, waiting=2) == before


def test_a_request_that_waits_for_the_next_step_is_no_queue(low: Bench) -> None:
    before = low.limit
    assert low.look(0.2, running=9, waiting=1) > before


def test_failures_are_no_evidence_for_growth(bench: Bench) -> None:
    bench.look()
    low = bench.end(Ending.TIMEOUT)
    bench.end(Ending.FAILED)
    bench.look(0.2, Load(100, 100, 2, 0))
    assert bench.look(0.2) == low


def test_looks_too_near_each_other_count_once(low: Bench) -> None:
    limit = low.look(0.2)
    low.now -= 0.4
    assert low.look(0.2) == limit
    assert low.look(0.2) > limit, "the next one in time counts again"


# --- preemption


def test_a_preemption_keeps_four_fifths(settled: Bench) -> None:
    assert settled.look(0.9, preemptions=1) == int(0.8 * ROOM)
    assert settled.reasons[-1] == "preemption"


def test_a_preemption_cuts_what_is_in_flight_not_a_limit_far_above_it(settled: Bench) -> None:
    settled.look(0.5, Load(5000, 4000, 6, 0))
    assert settled.look(0.9, Load(5000, 4000, 6, 0), preemptions=1) == 4000


def test_what_was_answered_since_counts_as_in_flight(settled: Bench) -> None:
    """Else the end of a wave would leave a limit, and a memory, of next to nothing."""
    settled.look(0.9, settled.binding(0.9))
    assert settled.look(0.1, Load(700, 600, 1, 5), preemptions=1) == int(0.8 * 0.9 * ROOM)
    settled.counters["preemptions"] = 1
    for _ in range(6):
        settled.look(0.2)
    assert settled.limit == int(0.9 * 0.9 * ROOM)


def test_no_second_cut_before_the_first_has_drained(settled: Bench) -> None:
    in_flight = settled.binding()
    limit = settled.look(0.9, in_flight, preemptions=1)
    assert settled.look(0.99, in_flight, preemptions=2) == limit
    assert settled.look(0.99, in_flight, preemptions=3) == limit


def test_no_growth_before_it_has_drained(settled: Bench) -> None:
    in_flight = settled.binding()
    limit = settled.look(0.9, in_flight, preemptions=1)
    assert settled.look(0.3, in_flight, preemptions=1) == limit


def test_a_preemption_is_no_setback_when_the_forecast_already_says_too_much(settled: Bench) -> None:
    assert settled.look(0.9, settled.binding(1.1), preemptions=1) == ROOM


def test_a_wave_of_preemptions_is_one_setback(settled: Bench) -> None:
    settled.look(0.9, preemptions=1)
    limit = settled.look(0.9, preemptions=2)
    assert settled.look(0.9, preemptions=3) >= limit


def test_after_a_preemption_it_stays_below_where_it_was_too_much(settled: Bench) -> None:
    settled.look(0.9, preemptions=1)
    settled.counters["preemptions"] = 1
    for _ in range(20):
        settled.look(0.2)
    assert settled.limit == int(0.9 * ROOM)


def test_the_memory_fades_with_answers_without_a_preemption(settled: Bench) -> None:
    settled.look(0.9, preemptions=1)
    settled.counters["preemptions"] = 1
    settled.answers(250)
    for _ in range(20):
        settled.look(0.2)
    assert 0.9 * ROOM < settled.limit < ROOM


def test_it_fades_slower_after_every_further_preemption(settled: Bench) -> None:
    for count in (1, 2):
        settled.look(0.9, preemptions=count)
        settled.counters["preemptions"] = count
        settled.answers(10)
        settled.look(0.5)
    settled.answers(189)
    for _ in range(20):
        settled.look(0.2)
    before = settled.limit
    settled.end()
    assert settled.look(0.2) == pytest.approx(1.02 * before, abs=2), "the two hundredth answer"


def test_preemptions_before_we_came_are_not_ours(bench: Bench) -> None:
    bench.counters["preemptions"] = 500
    assert bench.look() == ROOM
    assert bench.look() == ROOM


def test_one_larger_than_a_cut_limit_does_not_hold_it_down(settled: Bench) -> None:
    for _ in range(100):
        settled.now += 10.0
        settled.end(Ending.TIMEOUT)
    settled.answers(200)
    floor = settled.limit
    for _ in range(3):
        settled.look(0.2, Load(5 * floor, 4 * floor, requests=1, waiting=5))
    assert settled.limit > floor, "it goes alone, and is all that can be seen to drain"


# --- a full cache and a queue


def test_a_full_cache_is_drained_before_it_preempts(settled: Bench) -> None:
    assert settled.look(0.98) == int(0.9 / 0.98 * ROOM)


def test_a_full_cache_with_one_request_is_that_requests_size(settled: Bench) -> None:
    assert settled.look(0.99, Load(9000, 8000, 1, 5)) == ROOM


def test_a_queue_that_passes_is_healthy(settled: Bench) -> None:
    for _ in range(5):
        settled.look(0.3, running=4, waiting=6)
    assert settled.look(0.3, running=10, waiting=0) == ROOM


def test_a_queue_that_lasts_is_brought_back_to_our_gate(settled: Bench) -> None:
    limits = []
    for _ in range(6):
        limits.append(settled.look(0.3, running=4, waiting=6))
        settled.answers(2)
    assert limits[4] == ROOM
    assert limits[5] == int(ROOM * 5 / 10), "4 run, and 1 may wait"


def test_a_queue_for_which_nothing_came_back_yet_is_one_of_prefills(settled: Bench) -> None:
    for _ in range(30):
        settled.look(0.3, running=4, waiting=6)
    assert settled.limit == ROOM
    settled.answers(10)
    assert settled.look(0.3, running=4, waiting=6) < ROOM, "a generation later it is none"


def test_a_queue_that_was_gone_in_between_counts_anew(settled: Bench) -> None:
    for _ in range(4):
        for _ in range(5):
            settled.look(0.3, running=4, waiting=6)
            settled.answers(3)
        settled.look(0.3, running=10, waiting=0)
    assert settled.limit == ROOM


def test_a_short_queue_may_last(settled: Bench) -> None:
    for _ in range(20):
        settled.look(0.3, running=8, waiting=2)
    assert settled.limit == ROOM


def test_others_queue_is_not_ours(settled: Bench) -> None:
    for _ in range(10):
        settled.look(0.3, Load(ROOM, 3000, 10, 2), running=10, waiting=30)
    assert "queue" not in settled.reasons


# --- turned away


@pytest.mark.parametrize("status", [Ending.OVERLOADED, Ending.TIMEOUT])
def test_turned_away_keeps_four_fifths(settled: Bench, status: Ending) -> None:
    assert settled.end(status) == int(0.8 * ROOM)
    assert settled.reasons[-1] == status.value


def test_a_wave_of_rejections_counts_once(settled: Bench) -> None:
    limit = settled.end(Ending.OVERLOADED)
    settled.now += 1.0
    for _ in range(10):
        settled.end(Ending.OVERLOADED, seconds=2.0)
    assert settled.limit == limit


def test_a_request_sent_after_the_cut_is_a_new_wave(settled: Bench) -> None:
    limit = settled.end(Ending.OVERLOADED)
    settled.now += 3.0
    assert settled.end(Ending.OVERLOADED, seconds=2.0) < limit


def test_cuts_end_at_the_floor(settled: Bench) -> None:
    for _ in range(100):
        settled.now += 10.0
        settled.end(Ending.TIMEOUT)
    assert settled.limit == int(0.02 * KV)


def test_from_the_floor_it_comes_back(settled: Bench) -> None:
    for _ in range(100):
        settled.now += 10.0
        settled.end(Ending.TIMEOUT)
    for _ in range(60):
        settled.answers(10)
        settled.look(0.3)
    assert settled.limit == ROOM


def test_other_failures_say_nothing(settled: Bench) -> None:
    assert settled.end(Ending.FAILED) == ROOM


def test_retry_after_is_waited_for(settled: Bench) -> None:
    settled.end(Ending.OVERLOADED, retry_after_s=7.0)
    assert settled.limiter.paused_until == settled.now + 7.0


def test_an_absurd_retry_after_is_not(settled: Bench) -> None:
    settled.end(Ending.OVERLOADED, retry_after_s=86_400.0)
    assert settled.limiter.paused_until == settled.now + 120.0


def test_a_later_retry_after_does_not_shorten_an_earlier(settled: Bench) -> None:
    settled.end(Ending.OVERLOADED, retry_after_s=30.0)
    until = settled.limiter.paused_until
    settled.end(Ending.OVERLOADED, retry_after_s=1.0)
    assert settled.limiter.paused_until == until


# --- down, and up again


def test_a_refused_connection_stops_all_but_a_probe(settled: Bench) -> None:
    assert settled.end(Ending.UNREACHABLE) == 0
    assert settled.limiter.is_down
    assert settled.limiter.newcomer_limit_tokens == 0
    assert settled.limiter.paused_until == settled.now + 0.5


def test_probes_get_rarer(settled: Bench) -> None:
    pauses = []
    for _ in range(7):
        settled.end(Ending.UNREACHABLE, seconds=0.01)
        pauses.append(settled.limiter.paused_until - settled.now)
        settled.now = settled.limiter.paused_until + 0.1
    assert pauses == pytest.approx([0.5, 1, 2, 4, 8, 8, 8])


def test_a_wave_of_refusals_is_one(settled: Bench) -> None:
    for _ in range(12):
        settled.end(Ending.UNREACHABLE, seconds=3.0)
    assert settled.limiter.paused_until == settled.now + 0.5


def test_an_answer_ends_it(settled: Bench) -> None:
    settled.end(Ending.UNREACHABLE)
    assert settled.end(Ending.OK) == int(0.8 * ROOM)
    assert settled.limiter.paused_until < settled.now


def test_a_look_ends_it(settled: Bench) -> None:
    settled.end(Ending.UNREACHABLE)
    assert settled.look(0.0, Load(0, 0, 0, 9)) == int(0.8 * ROOM)


def test_a_server_that_was_away_is_no_setback(settled: Bench) -> None:
    settled.end(Ending.UNREACHABLE)
    for _ in range(12):
        settled.look(0.3)
    assert settled.limit == ROOM


# --- restart


def test_a_restart_starts_over(settled: Bench) -> None:
    assert settled.end(Ending.TIMEOUT) < ROOM
    settled.counters["prefix_queries"] = 5
    assert settled.look(0.1) == ROOM
    assert settled.reasons[-1] == "start"


def test_a_restart_with_another_capacity_is_met_at_once(settled: Bench) -> None:
    assert settled.look(0.1, kv_tokens=5000) == ROOM // 2


def test_a_restart_clears_the_setbacks(settled: Bench) -> None:
    assert settled.look(0.9, preemptions=1) < ROOM
    assert settled.look(0.1, preemptions=0) == ROOM


def test_a_restart_keeps_what_was_learned_of_the_answers(settled: Bench) -> None:
    settled.answers(20)
    settled.counters["prefix_queries"] = 5
    settled.look(0.1)
    assert settled.limiter.expected_output("words") == 100


# --- others


def beside(bench: Bench, looks: int, *, running: int, usage: float, ours: float) -> int:
    for _ in range(looks):
        load = Load(int(ours), int(ours), 10, 5)
        bench.look(usage, load, running=running)
    return bench.limit


def test_others_that_hold_half_halve_the_room_within_six_looks(settled: Bench) -> None:
    limit = beside(settled, 6, running=20, usage=0.95, ours=4500)
    assert limit == pytest.approx(ROOM - 5000, rel=0.05)
    assert settled.limiter.foreign_tokens == pytest.approx(5000, rel=0.05)


def test_the_first_look_already_gives_way(settled: Bench) -> None:
    assert beside(settled, 1, running=20, usage=0.95, ours=4500) < 0.8 * ROOM


def test_when_they_leave_it_all_comes_back(settled: Bench) -> None:
    beside(settled, 6, running=20, usage=0.95, ours=4500)
    for _ in range(20):
        settled.look(0.4)
    assert settled.limit == ROOM
    assert settled.limiter.foreign_tokens == 0


def test_our_share_stays_ours(settled: Bench) -> None:
    assert beside(settled, 20, running=100, usage=1.0, ours=500) == int(0.2 * KV)


def test_others_that_wait_are_made_room_for(settled: Bench) -> None:
    load = Load(4500, 4500, 10, 5)
    for _ in range(8):
        settled.look(0.7, load, running=20, waiting=10)
    assert settled.limit < ROOM - 2500


def test_use_above_our_forecast_without_more_requests_is_not_others(settled: Bench) -> None:
    settled.look(0.9, Load(4000, 4000, 10, 5), running=10)
    assert settled.limiter.foreign_tokens == 0


def test_a_server_that_counts_no_requests_shows_only_certain_others(settled: Bench) -> None:
    for _ in range(8):
        settled.look(0.9, Load(5000, 4000, 10, 5), running=None, waiting=None)
    assert settled.limiter.foreign_tokens == pytest.approx(4000, rel=0.05)


def test_preemptions_beside_others_are_no_setback_of_ours(settled: Bench) -> None:
    beside(settled, 6, running=20, usage=0.9, ours=4500)
    settled.look(0.9, Load(4000, 4000, 10, 5), running=20, preemptions=3)
    settled.counters["preemptions"] = 3
    for _ in range(20):
        settled.look(0.4)
    assert settled.limit == ROOM


# --- no metrics, stale metrics


def test_without_looks_the_limit_stays_while_answers_come_back_as_before(settled: Bench) -> None:
    settled.answers(100)
    assert settled.limit == ROOM


def test_stale_metrics_do_not_collapse_nor_grow(low: Bench) -> None:
    before = low.limit
    low.answers(200)
    assert low.limit == before


def test_stale_metrics_do_not_stop_cuts(bench: Bench) -> None:
    bench.look()
    bench.now += 60.0
    assert bench.end(Ending.TIMEOUT) == int(0.8 * ROOM)


def test_without_metrics_it_grows_by_generations(bench: Bench) -> None:
    bench.answers(12)
    assert bench.limit == int(1.5 * BLIND)


def test_without_metrics_it_does_not_grow_unless_it_binds(bench: Bench) -> None:
    bench.answers(36, load=Load(2000, 1000, 2, 0))
    assert bench.limit == BLIND


def test_without_metrics_a_slower_server_is_asked_less(bench: Bench) -> None:
    bench.answers(12)
    limit = bench.limit
    bench.answers(12, seconds=20.0)
    assert bench.limit < limit


def test_without_metrics_long_answers_are_no_slowness(bench: Bench) -> None:
    bench.answers(12)
    limit = bench.limit
    bench.answers(12, output_tokens=1000, seconds=20.0)
    assert bench.limit >= limit


def test_without_metrics_a_known_capacity_still_bounds() -> None:
    bench = Bench(kv_tokens=2 * BLIND)
    bench.answers(200)
    assert bench.limit == pytest.approx(2 * BLIND * ROOM / KV, abs=1), "and growth stops there"


def test_metrics_without_a_kv_cache_are_none(bench: Bench) -> None:
    bench.look(None, kv_tokens=None)
    bench.answers(12)
    assert bench.limit == int(1.5 * BLIND)


# --- what it tells


def test_prefixes_are_shared_unless_the_server_says_no(bench: Bench) -> None:
    assert bench.limiter.shares_prefixes
    bench.look(prefix_caching=False)
    assert not bench.limiter.shares_prefixes


def test_the_block_size_is_the_servers(bench: Bench) -> None:
    assert bench.limiter.block_size == 16
    bench.look(block_size=128)
    assert bench.limiter.block_size == 128


def test_answers_are_learned_by_task(bench: Bench) -> None:
    bench.answers(10)
    assert bench.limiter.expected_output("words") == 100
    assert bench.limiter.expected_output("phrases", most=300) == 300


def test_answers_are_learned_as_shares_of_what_they_may_take(bench: Bench) -> None:
    for size in (400, 800, 1200) * 3:
        bench.end(output_tokens=size // 4, most_output=size)
    assert bench.limiter.expected_output("words", most=2000) == 500
    assert bench.limiter.longest_output(Asked("words", 200)) == 200


def test_an_answer_without_tokens_teaches_no_pace(bench: Bench) -> None:
    bench.answers(8, output_tokens=0, seconds=5.0)
    assert bench.limiter.progress(Asked("words"), age_s=60.0).generated == 0


# --- what a forecast is put right by


def off(bench: Bench, share: float, looks: int = 40, **told: Any) -> float:
    """The bias after some looks at which this share of what is taken to be there is there."""
    for _ in range(looks):
        load = Load(8000, int(6000 * bench.limiter.bias), requests=10, waiting=0)
        bench.look(share * 6000 / KV, load, **told)
    return bench.limiter.bias


def test_forecasts_are_put_right_by_what_is_there(settled: Bench) -> None:
    assert off(settled, 1.1) == pytest.approx(1.1, rel=0.01)


def test_no_bias_is_learned_before_the_pace_is_known(bench: Bench) -> None:
    """Answers under way count for nothing then, and what they hold would pass for an error."""
    bench.look()
    assert off(bench, 1.2) == 1.0
    bench.end()
    assert off(bench, 1.2) > 1.1


def test_no_bias_is_learned_beside_others(settled: Bench) -> None:
    assert off(settled, 1.2, running=12) == 1.0


def test_a_restart_forgets_the_bias(settled: Bench) -> None:
    off(settled, 1.2)
    settled.counters["prefix_queries"] = 5
    settled.look(0.1)
    assert settled.limiter.bias == 1.0


def test_a_capacity_that_changes_forgets_it_too(settled: Bench) -> None:
    off(settled, 1.2)
    settled.look(0.1, kv_tokens=5000)
    assert settled.limiter.bias == 1.0


def test_counted_prompts_are_put_right_by_what_the_server_tells(bench: Bench) -> None:
    assert bench.limiter.prompt_scale == 1.0
    bench.end(prompt_tokens=1200, counted_prompt=1000)
    assert bench.limiter.prompt_scale == pytest.approx(1.2)


def test_a_restart_keeps_what_was_learned_of_the_prompts(settled: Bench) -> None:
    settled.end(prompt_tokens=1200, counted_prompt=1000)
    settled.counters["prefix_queries"] = 5
    settled.look(0.1)
    assert settled.limiter.prompt_scale == pytest.approx(1.2)


def test_the_history_is_bounded_and_tells_changes_only(settled: Bench) -> None:
    steps = len(settled.limiter.history)
    settled.look(0.5)
    assert len(settled.limiter.history) == steps
    for _ in range(2000):
        settled.now += 10.0
        settled.end(Ending.TIMEOUT)
        settled.answers(10)
        settled.look(0.0)
    assert len(settled.limiter.history) <= 512
