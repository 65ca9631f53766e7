"""Loads that the tests of the batching engine share, and a client that sends them."""

import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from lexicue.testing import BatchLimits, StepCosts
from lexicue.testing.batch import Batch, Counters, Work

Asked = tuple[list[int], int]
"""A request: the ids of its prompt, and how many tokens it generates."""


@dataclass(frozen=True)
class Served:
    """What became of a load.

    Attributes:
        wall_s: until the last answer.
        latencies: of each request in seconds, in order of size.
        counters: of the engine.
        steps: prefill tokens and decoding requests of each step.
        order: places of the requests in the load, in order of their end.
    """

    wall_s: float
    latencies: list[float]
    counters: Counters
    steps: list[tuple[int, int]]
    order: list[int]

    @property
    def preemptions(self) -> int:
        return self.counters.preemptions


def serve(
    asked: Sequence[Asked], at_most: int, limits: BatchLimits, costs: StepCosts | None = None
) -> Served:
    """Send requests in order, so many at once; time is the steps' own."""
    batch, costs, now = Batch(limits), costs or StepCosts(), 0.0
    todo = deque(enumerate(asked))
    sent: dict[Work, tuple[int, float]] = {}
    latencies, steps, order = [], [], []
    while todo or sent:
        while todo and len(sent) < at_most:
            place, (prompt, output) = todo.popleft()
            sent[batch.submit(prompt, output)] = place, now
        step = batch.begin()
        assert step, "nothing happens any more"
        now += costs.seconds(step)
        steps.append((step.prefill_tokens, step.decoding))
        for work in batch.end():
            place, start = sent.pop(work)
            order.append(place)
            latencies.append(now - start)
    return Served(now, sorted(latencies), batch.counters, steps, order)


def some_ids(length: int, ids: Iterator[int]) -> list[int]:
    return [next(ids) for _ in range(length)]


def sixteen_chunks() -> tuple[list[Asked], list[Asked]]:
    """Two tasks over 16 chunks of 1,650 tokens: instructions first by task, or in pairs.

    The system text has 80 tokens, a task's instruction 30, an answer 160.
    """
    ids = count()
    system = some_ids(80, ids)
    tasks = [some_ids(30, ids) for _ in range(2)]
    chunks = [some_ids(1650, ids) for _ in range(16)]
    singles = [(system + task + chunk, 160) for task in tasks for chunk in chunks]
    pairs = [(system + chunk + task, 160) for chunk in chunks for task in tasks]
    return singles, pairs


def random_load(seed: int) -> tuple[list[Asked], int, BatchLimits]:
    """Forty requests over six shared beginnings; how many at once; a pool that is too small."""
    chance, ids = random.Random(seed), count()
    block_size = chance.choice([16, 32])
    heads = [some_ids(chance.randint(1, 300), ids) for _ in range(6)]
    asked = []
    for _ in range(40):
        tail = some_ids(chance.choice([0, 1, chance.randint(2, 200)]), ids)
        prompt = chance.choice(heads) + tail
        if chance.random() < 0.2:  # whole blocks, and the same ones again
            prompt = (prompt * block_size)[: block_size * chance.randint(1, 12)]
        asked.append((prompt, chance.randint(1, 120)))
    longest = max(len(prompt) + output for prompt, output in asked)
    limits = BatchLimits(
        num_gpu_blocks=longest // block_size + 3 + chance.randint(0, 60),
        block_size=block_size,
        max_num_seqs=chance.choice([4, 16, 64]),
        max_num_batched_tokens=chance.choice([64, 128, 512, 2048]),
    )
    return asked, chance.choice([4, 10, 40]), limits
