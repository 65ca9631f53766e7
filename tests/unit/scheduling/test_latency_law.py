from collections.abc import Callable

from lexicue.scheduling.latency_law import LatencyLaw


def climb(latency_at: Callable[[float], float], generations: int, start: float = 8.0) -> float:
    """The load after some generations of answers, when the limit is followed."""
    law, load = LatencyLaw(), start
    for _ in range(generations):
        factor = None
        while factor is None:
            factor = law.answered(latency_at(load), round(load))
        load = max(1.0, load * factor)
    return load


def test_nothing_is_said_before_a_generation_is_complete() -> None:
    law = LatencyLaw()
    assert [law.answered(0.02, 4) for _ in range(11)] == [None] * 11
    assert law.answered(0.02, 4) is not None


def test_a_generation_is_at_least_what_is_in_flight() -> None:
    law = LatencyLaw()
    assert [law.answered(0.02, 40) for _ in range(39)] == [None] * 39


def test_it_grows_where_load_costs_nothing() -> None:
    assert climb(lambda _: 0.02, 8) > 100


def test_it_grows_where_load_costs_less_than_it_brings() -> None:
    assert climb(lambda load: 0.02 * load**0.5, 12) > 40


def test_it_stops_where_requests_only_wait() -> None:
    assert climb(lambda load: 0.02 * max(1.0, load / 20), 40) < 40


def test_it_backs_off_when_the_server_slows_down() -> None:
    law = LatencyLaw()
    for _ in range(12):
        law.answered(0.02, 8)
    factors = [law.answered(0.08, 8) for _ in range(12)]
    assert factors[-1] is not None
    assert factors[-1] < 1


def test_after_a_step_that_did_not_pay_it_rests() -> None:
    law = LatencyLaw()

    def generation(latency: float, load: int) -> float | None:
        return [law.answered(latency, load) for _ in range(max(12, load))][-1]

    generation(0.02, 10)
    back = generation(0.04, 20)
    assert back == 0.5
    assert [generation(0.02, 10) for _ in range(8)] == [1.0] * 8
    assert (generation(0.02, 10) or 0) > 1.0
