import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexicue.scheduling.bias import Bias
from lexicue.scheduling.capacity import ServerSample
from lexicue.scheduling.evidence import Load

KV = 10_000
TAKEN = 5_000
"""Tokens that are taken to be in use, before the bias."""

LEAST, MOST = 1.0, 1.25


def look(bias: Bias, used: float, *, running: int | None = 8, waiting: int | None = 0) -> float:
    """A look while 8 requests of ours are there."""
    sample = ServerSample(0.0, kv_usage=used / KV, running=running, waiting=waiting)
    load = Load(tokens=8000, holding=round(bias.factor * TAKEN), requests=8)
    bias.learn(sample, load, KV)
    return bias.factor


def after(used: float, looks: int) -> Bias:
    bias = Bias()
    for _ in range(looks):
        look(bias, used)
    return bias


def test_at_first_a_forecast_is_believed() -> None:
    assert Bias().factor == 1.0


def test_it_goes_to_what_is_there_and_stays() -> None:
    assert after(1.1 * TAKEN, 20).factor == pytest.approx(1.1, rel=0.005)
    assert after(1.1 * TAKEN, 200).factor == pytest.approx(1.1, rel=0.005)


def test_one_look_is_believed_by_a_quarter() -> None:
    assert after(1.2 * TAKEN, 1).factor == pytest.approx(1.05)


def test_it_comes_back() -> None:
    bias = after(1.2 * TAKEN, 20)
    for _ in range(30):
        look(bias, TAKEN)
    assert bias.factor == pytest.approx(1.0, abs=0.005)


def test_less_than_forecast_is_not_believed() -> None:
    """Prompts still being computed look like that."""
    assert after(0.8 * TAKEN, 50).factor == LEAST


def test_it_is_bounded() -> None:
    assert after(1.9 * TAKEN, 50).factor == MOST


@pytest.mark.parametrize("running", [7, 9, None])
def test_not_learned_beside_others_nor_while_ours_are_elsewhere(running: int | None) -> None:
    assert look(Bias(), 1.5 * TAKEN, running=running) == 1.0


def test_not_learned_while_anything_waits_at_the_server() -> None:
    assert look(Bias(), 1.5 * TAKEN, waiting=1) == 1.0


def test_not_learned_on_a_nearly_empty_cache() -> None:
    bias = Bias()
    bias.learn(ServerSample(0.0, kv_usage=0.29, running=2, waiting=0), Load(4000, 2000, 2), KV)
    assert bias.factor == 1.0
    bias.learn(ServerSample(0.0, kv_usage=0.31, running=2, waiting=0), Load(4000, 2000, 2), KV)
    assert bias.factor > 1.0


def test_not_learned_without_a_capacity_or_anything_of_ours() -> None:
    bias = Bias()
    bias.learn(ServerSample(0.0, kv_usage=0.9, running=8, waiting=0), Load(8000, 4000, 8), None)
    bias.learn(ServerSample(0.0, kv_usage=0.9, running=0, waiting=0), Load(), KV)
    assert bias.factor == 1.0


@given(st.lists(st.floats(0, KV), max_size=60))
def test_it_never_leaves_its_bounds(uses: list[float]) -> None:
    bias = Bias()
    assert all(LEAST <= look(bias, used) <= MOST for used in uses)
