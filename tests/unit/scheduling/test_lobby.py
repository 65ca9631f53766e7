from hypothesis import given
from hypothesis import strategies as st

from lexicue.scheduling.lobby import Lobby, Request, Ticket


def ticket(job: str, chunk: int, task: str = "words", **more: int) -> Ticket:
    return Ticket(Request(job, chunk, task, 1000, 50, **more))


def wait_all(tickets: list[Ticket]) -> Lobby:
    lobby = Lobby()
    for one in tickets:
        lobby.add(one)
    return lobby


def order(lobby: Lobby) -> list[str]:
    taken = []
    while (one := lobby.next(0)) is not None:
        lobby.take(one)
        taken.append(f"{one.request.job}{one.request.chunk}{one.request.task[0]}")
    return taken


def pairs(job: str, chunks: int) -> list[Ticket]:
    return [ticket(job, n, task) for n in range(chunks) for task in ("words", "phrases")]


def test_a_job_goes_in_order_of_coming() -> None:
    assert order(wait_all(pairs("a", 2))) == ["a0w", "a0p", "a1w", "a1p"]


def test_jobs_take_turns_pair_by_pair() -> None:
    lobby = wait_all([*pairs("a", 3), *pairs("b", 1)])
    assert order(lobby) == ["a0w", "a0p", "b0w", "b0p", "a1w", "a1p", "a2w", "a2p"]


def test_a_chunks_second_task_follows_its_first_wherever_it_stands() -> None:
    words, phrases = pairs("a", 2)[::2], pairs("a", 2)[1::2]
    assert order(wait_all([*words, *phrases])) == ["a0w", "a0p", "a1w", "a1p"]


def test_many_requests_over_one_chunk_do_not_keep_others_out() -> None:
    lobby = wait_all([*(ticket("a", 0) for _ in range(6)), ticket("b", 0)])
    assert order(lobby).index("b0w") == 2


def test_a_mate_of_what_is_in_flight_goes_first_in_its_job() -> None:
    lobby = wait_all(pairs("a", 2))
    lobby.add(ticket("a", 9, "phrases"), is_mate=True)
    assert order(lobby)[0] == "a9p"


def test_priority_goes_before_everything() -> None:
    lobby = wait_all([*pairs("a", 2), *pairs("b", 2), ticket("urgent", 0, priority=1)])
    assert order(lobby)[0] == "urgent0w"


def test_a_new_job_has_its_first_turn_at_once() -> None:
    lobby = wait_all([*pairs("a", 2), *pairs("b", 2)])
    for one in pairs("new", 2):
        lobby.add(one, is_new=True)
    assert order(lobby)[:4] == ["new0w", "new0p", "a0w", "a0p"]


def test_of_new_jobs_in_a_row_only_one_jumps() -> None:
    lobby = wait_all(pairs("a", 2))
    for name in ("x", "y", "z"):
        for one in pairs(name, 1):
            lobby.add(one, is_new=True)
    assert order(lobby)[:4] == ["x0w", "x0p", "a0w", "a0p"]


def test_new_jobs_may_jump_again_after_an_old_one_had_its_turn() -> None:
    lobby = wait_all(pairs("a", 4))
    lobby.add(ticket("x", 0), is_new=True)
    for _ in range(2):
        one = lobby.next(0)
        assert one is not None
        lobby.take(one)
    lobby.add(ticket("y", 0), is_new=True)
    assert order(lobby)[0] == "y0w"


def test_a_job_at_its_own_limit_is_passed_over() -> None:
    lobby = wait_all([ticket("low", 0, at_most=2), ticket("high", 0, at_most=8)])
    first = lobby.next(4)
    assert first is not None
    assert first.request.job == "high"
    assert lobby.next(8) is None


def test_who_leaves_is_not_called() -> None:
    tickets = pairs("a", 2)
    lobby = wait_all(tickets)
    for one in tickets[:3]:
        lobby.remove(one)
    assert len(lobby) == 1
    assert order(lobby) == ["a1p"]
    assert len(lobby) == 0


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.integers(0, 1), st.booleans()),
        max_size=60,
    ),
    st.data(),
)
def test_everyone_is_called_exactly_once(
    wanted: list[tuple[str, int, int, bool]], data: st.DataObject
) -> None:
    lobby, waiting, called = Lobby(), [], []
    for job, chunk, priority, is_new in wanted:
        one = ticket(job, chunk, priority=priority)
        lobby.add(one, is_new=is_new, is_mate=data.draw(st.booleans()))
        waiting.append(one)
        if data.draw(st.booleans()):
            first = lobby.next(0)
            assert first is not None
            lobby.take(first)
            called.append(first)
    while (rest := lobby.next(0)) is not None:
        lobby.take(rest)
        called.append(rest)
    assert sorted(map(id, called)) == sorted(map(id, waiting))
    assert len(lobby) == 0
