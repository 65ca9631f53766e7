from lexicue.model import Chunk, Task
from lexicue.scheduling import stages_for
from lexicue.scheduling.strategies import ParallelRule, Stages

CHUNKS = [Chunk(n, "x", 0, (), 1) for n in (1, 2, 3)]
OFF = ParallelRule()


def shape(stages: Stages) -> list[list[tuple[int, str]]]:
    return [[(unit.chunk.number, str(unit.task)) for unit in stage] for stage in stages]


PARALLEL = [[(n, t) for n in (1, 2, 3) for t in ("words", "phrases")]]
SEQUENTIAL = [[(n, t) for n in (1, 2, 3)] for t in ("words", "phrases")]


def test_a_parallel_is_everything_at_once() -> None:
    assert shape(stages_for("parallel", CHUNKS, tuple(Task), OFF)) == PARALLEL


def test_b_sequential_is_all_words_then_all_phrases() -> None:
    assert shape(stages_for("sequential", CHUNKS, tuple(Task), OFF)) == SEQUENTIAL


def test_c_conditional_is_sequential_unless_enabled() -> None:
    assert shape(stages_for("conditional", CHUNKS, tuple(Task), OFF)) == SEQUENTIAL


def test_c_conditional_is_parallel_up_to_the_limit() -> None:
    enabled = ParallelRule(enabled=True, max_chunks=3)
    assert shape(stages_for("conditional", CHUNKS, tuple(Task), enabled)) == PARALLEL
    fewer = ParallelRule(enabled=True, max_chunks=2)
    assert shape(stages_for("conditional", CHUNKS, tuple(Task), fewer)) == SEQUENTIAL


def test_no_chunks_no_stages() -> None:
    for name in ("parallel", "sequential", "conditional"):
        assert stages_for(name, [], tuple(Task), OFF) == []
