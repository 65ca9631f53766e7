import logging

import pytest

from lexicue.engines.llm.outage import Outage
from lexicue.errors import (
    ServerError,
    ServerFaultError,
    ServerOverloadedError,
    ServerTimeoutError,
    ServerUnreachableError,
)

LONGEST_S = 300.0
REFUSED = ServerUnreachableError("refused")


class Bench:
    """A server that was there a moment ago, at a virtual time."""

    def __init__(self, longest_s: float = LONGEST_S) -> None:
        self.now = 1000.0
        self.outage = Outage("http://server.test/v1", longest_s, lambda: self.now)

    def fails(self, before: float | None = None, error: ServerError = REFUSED) -> bool:
        """A second later a request fails; whether that is put down to the server."""
        self.now += 1.0
        return self.outage.explains(error, before)

    def answers(self) -> None:
        self.now += 1.0
        self.outage.answered()


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_refused_connection_is_waited_for(bench: Bench) -> None:
    assert bench.fails()


def test_and_again_as_long_as_nothing_answers(bench: Bench) -> None:
    assert bench.fails()
    for _ in range(50):
        assert bench.fails(before=bench.now)


@pytest.mark.parametrize("kind", [ServerTimeoutError, ServerOverloadedError, ServerFaultError])
def test_a_server_that_says_something_or_is_slow_is_not_away(
    bench: Bench, kind: type[ServerError]
) -> None:
    assert not bench.fails(error=kind("no"))


def test_a_request_that_breaks_while_others_are_answered_is_at_fault_itself(bench: Bench) -> None:
    assert bench.fails(), "the first time nobody can tell"
    failed = bench.now
    bench.answers()
    assert not bench.fails(before=failed)


def test_others_are_not_blamed_for_it(bench: Bench) -> None:
    assert bench.fails()
    bench.answers()
    assert bench.fails(), "one that has not failed before"


def test_an_answer_before_it_broke_says_nothing(bench: Bench) -> None:
    bench.answers()
    assert bench.fails()
    assert bench.fails(before=bench.now)


def test_it_is_given_up_at_last(bench: Bench) -> None:
    assert bench.fails()
    failed = bench.now
    bench.now += LONGEST_S - 2.0
    assert bench.fails(before=failed)
    assert not bench.fails(before=bench.now)


def test_given_up_it_stays_until_something_answers(bench: Bench) -> None:
    assert bench.fails()
    assert not bench.outage.is_given_up
    bench.now += LONGEST_S
    assert bench.outage.is_given_up
    bench.answers()
    assert not bench.outage.is_given_up


def test_a_server_not_heard_of_for_long_is_waited_for_all_the_same(bench: Bench) -> None:
    bench.now += 10 * LONGEST_S
    assert bench.fails()


def test_an_answer_starts_the_time_anew(bench: Bench) -> None:
    bench.now += LONGEST_S - 2.0
    bench.answers()
    bench.now += LONGEST_S - 2.0
    assert bench.fails()


def test_with_no_patience_every_failure_is_a_try() -> None:
    assert not Bench(longest_s=0.0).fails()


def test_the_log_tells_of_it_once(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "lexicue.llm")
    for _ in range(5):
        bench.fails(before=bench.now)
    assert [record.getMessage() for record in caplog.records] == [
        "http://server.test/v1 is away; waiting for it up to 300 s"
    ]


def test_and_once_more_when_it_is_away_again(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "lexicue.llm")
    for _ in range(2):
        bench.fails()
        bench.answers()
    assert len(caplog.records) == 2


def test_nothing_is_logged_of_what_is_not_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "lexicue.llm")
    Bench(longest_s=0.0).fails()
    Bench().fails(error=ServerTimeoutError("late"))
    assert not caplog.records
