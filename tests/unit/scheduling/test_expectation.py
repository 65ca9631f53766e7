from unittest.mock import ANY

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexicue.scheduling.expectation import Answers, Asked

WORDS = Asked("words")


SOME = Asked("words", most=1000)


def after(*tokens: int, asked: Asked = WORDS) -> Answers:
    answers = Answers()
    for length in tokens:
        answers.add(asked, length, length / 50)
    return answers


def test_before_anything_came_back_the_design_notes_estimate() -> None:
    assert Answers().expected(WORDS) == 600


def test_before_anything_came_back_all_that_is_allowed() -> None:
    assert Answers().expected(SOME) == 1000


def test_the_first_answers_are_taken_for_the_short_ones() -> None:
    assert after(100).expected(WORDS) == 200
    assert after(100, 120).expected(WORDS) == 180


def test_the_first_answers_can_raise_the_guess_too() -> None:
    assert after(900).expected(WORDS) == 900


def test_what_is_learned_is_a_share_of_what_is_allowed() -> None:
    answers = after(*[300] * 8, asked=SOME)
    assert answers.expected(Asked("words", most=200)) == pytest.approx(60)
    assert answers.expected(WORDS) == 600


def test_halves_of_a_chunk_teach_the_same() -> None:
    halves, wholes = Answers(), Answers()
    for share in (0.2, 0.3, 0.4) * 3:
        halves.add(Asked("words", 600), round(600 * share), 4.0)
        wholes.add(Asked("words", 1200), round(1200 * share), 8.0)
    assert halves.expected(Asked("words", 1200)) == pytest.approx(360)
    assert wholes.expected(Asked("words", 1200)) == pytest.approx(360)
    assert halves.expected(Asked("words", 600)) == pytest.approx(180)


def test_what_was_bounded_teaches_nothing_of_what_was_not() -> None:
    assert after(*[300] * 8).expected(SOME) == 1000
    assert after(*[300] * 8, asked=SOME).expected(WORDS) == 600


def test_an_answer_will_hardly_be_four_times_as_long_nor_over_what_it_may_take() -> None:
    assert after(*[100] * 8).longest(WORDS) == 400
    assert after(*[100] * 8, asked=SOME).longest(SOME) == pytest.approx(400)
    assert after(*[400] * 8, asked=SOME).longest(SOME) == 1000


def test_a_slow_pace_is_gone_by() -> None:
    answers = Answers()
    for seconds in (2.0, 2.0, 2.0, 4.0) * 3:
        answers.add(WORDS, 100, seconds)
    assert answers.progress(WORDS, age_s=2.0).generated == pytest.approx(50)


def test_then_the_mean() -> None:
    assert after(*[100, 200] * 4).expected(WORDS) == 150


def test_never_more_than_is_allowed() -> None:
    assert after(*[500] * 8, asked=SOME).progress(SOME, age_s=30.0).generated == 1000
    assert after(*[2000] * 8, asked=SOME).expected(SOME) == 1000


def test_an_answer_that_goes_on_is_expected_to_go_on() -> None:
    answers = after(*[100, 200, 300] * 4)
    assert answers.progress(WORDS, age_s=3.0) == (150, 100, ANY)
    assert answers.progress(WORDS, age_s=8.0) == (400, 100, ANY)


def test_old_answers_are_forgotten() -> None:
    assert after(*[1000] * 10, *[100] * 64).expected(WORDS) == 100


def test_the_variance_is_that_of_the_answers() -> None:
    assert after(*[100] * 8).progress(WORDS, 0.0).variance == 0
    mixed = after(*[100, 200] * 4, asked=SOME)
    assert mixed.progress(SOME, 0.0).variance == pytest.approx(2857, abs=1)
    assert mixed.progress(Asked("words", most=500), 0.0).variance == pytest.approx(714, abs=1)


def test_tasks_are_learned_apart() -> None:
    answers = Answers()
    for _ in range(8):
        answers.add(WORDS, 100, 2.0)
        answers.add(Asked("phrases"), 300, 6.0)
    assert answers.expected(Asked("words")) == 100
    assert answers.expected(Asked("phrases")) == 300


def test_progress_follows_the_pace() -> None:
    answers = Answers()
    for _ in range(8):
        answers.add(WORDS, 100, 2.0)
    progress = answers.progress(WORDS, age_s=1.0)
    assert progress.generated == pytest.approx(50)
    assert progress.to_come == pytest.approx(50)


def test_without_a_pace_an_answer_has_only_begun() -> None:
    assert Answers().progress(WORDS, age_s=100.0).generated == 0


@given(
    st.lists(st.integers(0, 5000), max_size=200),
    st.floats(0, 10_000),
    st.none() | st.integers(1, 4000),
)
def test_what_is_expected_can_be(lengths: list[int], age_s: float, most: int | None) -> None:
    asked = Asked("words", most)
    answers = after(*lengths, asked=asked)
    progress = answers.progress(asked, age_s)
    assert progress.to_come >= 1
    assert 1 <= answers.expected(asked) <= asked.ceiling
    assert progress.generated <= asked.ceiling
