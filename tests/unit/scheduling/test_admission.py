from typing import Any

import pytest

from lexicue.scheduling.admission import Admission
from lexicue.scheduling.capacity import ServerSample
from lexicue.scheduling.limiter import Ending, Limiter, Outcome
from lexicue.scheduling.lobby import Request, Ticket


def about(tokens: int) -> object:
    """Give or take where in their last blocks the requests end."""
    return pytest.approx(tokens, abs=8)


class House:
    """An admission at a virtual time."""

    def __init__(self, kv_tokens: int = 10_000, **told: bool) -> None:
        self.now = 0.0
        self.limiter = Limiter(clock=lambda: self.now)
        self.admission = Admission(self.limiter, lambda: self.now)
        sample = ServerSample(0.0, kv_tokens, 10, 0.0, 0, 0, 0, **told)
        self.limiter.observe(sample, self.admission.load)

    def ask(self, job: str, chunk: int, task: str = "words", **more: Any) -> Ticket:
        sizes: dict[str, Any] = {"prefix_tokens": 1000, "own_tokens": 95, "most_output": 400}
        sizes |= more
        ticket = Ticket(Request(job, chunk, task, **sizes))
        self.admission.ask(ticket)
        return ticket

    def admit(self) -> list[Ticket]:
        return list(self.admission.admit())

    def answer(self, ticket: Ticket, tokens: int, seconds: float) -> None:
        request = ticket.request
        outcome = Outcome(
            request.task,
            Ending.OK,
            output_tokens=tokens,
            seconds=seconds,
            most_output=request.most_output,
        )
        self.limiter.finished(outcome, self.admission.load)
        self.admission.withdraw(ticket)


def test_a_request_counts_for_prompt_answer_and_half_a_block() -> None:
    house = House()
    house.ask("a", 1)
    house.admit()
    assert house.admission.load.tokens == about(1000 + 95 + 400 + 5)


def test_a_pair_pays_its_chunk_once() -> None:
    house = House()
    house.ask("a", 1, "words")
    house.ask("a", 1, "phrases")
    house.admit()
    assert house.admission.load.tokens == about(1000 + 2 * 500)


COMMON: dict[str, Any] = {"common": "system text", "common_tokens": 70}


def test_what_all_prompts_begin_with_is_paid_once_across_chunks_and_jobs() -> None:
    house = House()
    for job, chunk in (("a", 1), ("a", 2), ("b", 1)):
        house.ask(job, chunk, **COMMON)
    house.admit()
    assert house.admission.load.tokens == about(70 + 3 * (930 + 500))


def test_a_pair_pays_neither_twice() -> None:
    house = House()
    house.ask("a", 1, "words", **COMMON)
    house.ask("a", 1, "phrases", **COMMON)
    house.admit()
    assert house.admission.load.tokens == about(1000 + 2 * 500)


def test_the_common_text_is_given_back_by_the_last_that_has_it() -> None:
    house = House()
    first, second = house.ask("a", 1, **COMMON), house.ask("b", 1, **COMMON)
    house.admit()
    house.admission.withdraw(first)
    assert house.admission.load.tokens == about(1500)
    house.admission.withdraw(second)
    assert house.admission.load.tokens == 0
    third = house.ask("c", 1, **COMMON)
    assert house.admit() == [third]
    assert house.admission.load.tokens == about(1500)


def test_a_request_is_told_what_it_costs_beside_what_is_there() -> None:
    house = House()
    one = house.ask("a", 1, **COMMON)
    assert house.admission.cost(one.request) == about(1500)
    house.admit()
    assert house.admission.cost(house.ask("a", 2, **COMMON).request) == about(1430)
    assert house.admission.cost(house.ask("a", 1, "phrases", **COMMON).request) == about(500)


def test_of_the_common_text_too_only_whole_blocks_are_shared() -> None:
    house = House()
    for chunk in (1, 2):
        house.ask("a", chunk, common="system text", common_tokens=79)
    house.admit()
    assert house.admission.load.tokens == about(70 + 2 * (930 + 500))


def test_other_common_texts_are_not_shared() -> None:
    house = House()
    for n, name in enumerate(("one", "other")):
        house.ask("a", n, common=name, common_tokens=70)
    house.admit()
    assert house.admission.load.tokens == about(2 * 1500)


def test_jobs_do_not_share_chunks_of_one_name() -> None:
    house = House()
    house.ask("a", 1)
    house.ask("b", 1)
    house.admit()
    assert house.admission.load.tokens == about(2 * 1500)


def test_only_whole_blocks_are_shared() -> None:
    house = House()
    house.ask("a", 1, prefix_tokens=1009)
    house.ask("a", 1, "phrases", prefix_tokens=1009)
    house.admit()
    assert house.admission.load.tokens == about(1000 + 2 * (9 + 500))


def test_without_prefix_caching_everyone_pays() -> None:
    house = House(prefix_caching=False)
    house.ask("a", 1, "words", **COMMON)
    house.ask("a", 1, "phrases", **COMMON)
    house.admit()
    assert house.admission.load.tokens == about(2 * 1500)


def test_forecasts_are_multiplied_with_the_bias(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(kv_tokens=20_000)
    house.ask("a", 1)
    house.admit()
    plain = house.admission.load
    monkeypatch.setattr(Limiter, "bias", 1.2)
    biased = house.admission.load
    assert biased.tokens == pytest.approx(1.2 * plain.tokens, abs=1)
    assert biased.holding == pytest.approx(1.2 * plain.holding, abs=1)


@pytest.mark.parametrize(("bias", "fit"), [(1.0, 6), (1.25, 5)])
def test_with_a_bias_less_fits(monkeypatch: pytest.MonkeyPatch, bias: float, fit: int) -> None:
    monkeypatch.setattr(Limiter, "bias", bias)
    house = House()
    for n in range(20):
        house.ask("a", n)
    assert len(house.admit()) == fit


def test_prompts_count_as_the_server_counts_them() -> None:
    house = House(kv_tokens=20_000)
    told = Outcome("other", Ending.OK, prompt_tokens=1200, counted_prompt=1000)
    house.limiter.finished(told, house.admission.load)
    ticket = house.ask("a", 1)
    house.admit()
    assert house.admission.load.tokens == about(1200 + 114 + 400 + 5)
    for _ in range(40):
        house.limiter.finished(told, house.admission.load)
    house.admission.withdraw(ticket)
    assert house.admission.load.tokens == 0, "what is given back is what was taken"


def test_the_first_answers_let_more_in() -> None:
    house = House()
    tickets = [house.ask("a", n, most_output=2000) for n in range(20)]
    at_first = house.admit()
    assert len(at_first) == 3
    for ticket in at_first:
        house.answer(ticket, tokens=200, seconds=4.0)
    assert len(house.admit()) > 4
    assert len(house.admission.lobby) < len(tickets) - 7


def test_the_last_of_a_chunk_gives_it_back() -> None:
    house = House()
    words, phrases = house.ask("a", 1, "words"), house.ask("a", 1, "phrases")
    house.admit()
    house.admission.withdraw(words)
    assert house.admission.load.tokens == about(1500)
    house.admission.withdraw(phrases)
    assert house.admission.load.tokens == 0


def test_it_admits_what_fits_and_no_more() -> None:
    house = House()
    for job in ("new", "a"):
        house.ask(job, 0)
    house.admit()
    tickets = [house.ask("a", n) for n in range(1, 9)]
    admitted = house.admit()
    assert admitted == tickets[:4]
    assert house.admission.load.tokens <= house.limiter.limit_tokens


def test_one_larger_than_the_limit_goes_alone() -> None:
    house = House()
    small = house.ask("a", 1)
    assert house.admit() == [small]
    large = house.ask("a", 2, prefix_tokens=20_000)
    after = house.ask("a", 3)
    assert house.admit() == []
    house.admission.withdraw(small)
    assert house.admit() == [large], "nobody is passed for being large, nor goes beside it"
    house.admission.withdraw(large)
    assert house.admit() == [after]


def test_a_new_jobs_first_pair_may_use_the_reserve() -> None:
    house = House()
    for n in range(8):
        house.ask("old", n)
    assert len(house.admit()) == 6
    house.ask("new", 0, own_tokens=80, prefix_tokens=500)
    assert [ticket.request.job for ticket in house.admit()] == ["new"]


def test_a_chunk_is_held_until_the_last_that_has_it_ends() -> None:
    """Also where that is the one that is about to go."""
    house = House(kv_tokens=100_000)
    for n in range(8):
        ticket = house.ask("a", n)
        house.admit()
        house.answer(ticket, tokens=400, seconds=4.0)
    house.ask("a", 10, "words")
    house.admit()
    house.now += 3.9
    house.ask("a", 11, "words", prefix_tokens=0)
    house.admit()
    late = house.ask("a", 10, "phrases").request
    forecast = house.admission._in_flight.forecast(late).peak
    house.admit()
    assert forecast == about(1000 + 100 + 100 + 2 * 400)
    assert house.admission.load.tokens == about(forecast)


def test_requests_spread_over_time_count_for_less_than_all_at_once() -> None:
    house = House(kv_tokens=100_000)
    for n in range(8):
        ticket = house.ask("a", n)
        house.admit()
        house.answer(ticket, tokens=400, seconds=4.0)
    house.ask("a", 10)
    house.ask("a", 11)
    house.admit()
    assert house.admission.load.tokens == about(3000)
    house.now += 3.0
    assert house.admission.load.tokens == about(3000), "both end together"
    house.ask("a", 12)
    house.admit()
    assert house.admission.load.tokens == about(3000 + 1100 + 100)


def test_what_is_held_now_follows_the_pace() -> None:
    house = House(kv_tokens=100_000)
    first = house.ask("a", 0)
    house.admit()
    house.answer(first, tokens=400, seconds=4.0)
    house.ask("a", 1)
    house.admit()
    house.now += 2.0
    assert house.admission.load.holding == pytest.approx(1100 + 200, abs=2)


def test_nobody_goes_while_the_server_asks_to_wait() -> None:
    house = House()
    outcome = Outcome("words", Ending.OVERLOADED, retry_after_s=5.0)
    house.limiter.finished(outcome, house.admission.load)
    ticket = house.ask("a", 1)
    assert house.admit() == []
    house.now = 5.1
    assert house.admit() == [ticket]


def test_while_the_server_is_down_one_at_a_time_probes() -> None:
    house = House()
    house.now = 1.0
    house.limiter.finished(Outcome("words", Ending.UNREACHABLE), house.admission.load)
    tickets = [house.ask("a", n) for n in range(3)]
    house.now = 2.0
    assert house.admit() == tickets[:1]
