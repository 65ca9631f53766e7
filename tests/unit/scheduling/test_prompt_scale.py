import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexicue.scheduling.prompt_scale import PromptScale


def after(*told: int, counted: int = 1000) -> float:
    scale = PromptScale()
    for tokens in told:
        scale.learn(tokens, counted)
    return scale.factor


def test_at_first_a_count_is_believed() -> None:
    assert after() == 1.0


def test_the_first_answer_is_believed_at_once() -> None:
    assert after(1300) == pytest.approx(1.3)


def test_later_ones_by_a_tenth() -> None:
    assert after(1300, 1100) == pytest.approx(1.28)


def test_it_goes_to_what_is_told() -> None:
    assert after(1300, *[900] * 60) == pytest.approx(0.9, rel=0.005)


@pytest.mark.parametrize(("told", "counted"), [(0, 1000), (1000, 0), (0, 0), (-5, 1000)])
def test_a_server_that_does_not_tell_teaches_nothing(told: int, counted: int) -> None:
    assert after(1300, 1300) == pytest.approx(1.3)
    scale = PromptScale()
    scale.learn(told, counted)
    assert scale.factor == 1.0
    scale.learn(1200, 1000)
    assert scale.factor == pytest.approx(1.2), "and the next is still the first"


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), max_size=60))
def test_a_false_report_does_bounded_harm(reports: list[tuple[int, int]]) -> None:
    scale = PromptScale()
    for told, counted in reports:
        scale.learn(told, counted)
        assert 0.5 <= scale.factor <= 2.0
