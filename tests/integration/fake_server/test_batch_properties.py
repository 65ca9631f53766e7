"""Whatever happens to a batch: blocks are conserved, and every answer gets its length."""

from itertools import takewhile

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.integration.fake_server.loads import serve

from lexicue.testing import BatchLimits
from lexicue.testing.batch import Batch, Work

# Some requests begin alike, so a prompt is a head and a length of its own.
PROMPTS = st.tuples(st.integers(0, 2), st.integers(0, 90), st.integers(1, 60), st.integers(0, 40))
EVENTS = st.lists(
    st.one_of(
        PROMPTS,
        st.tuples(st.just("cancel"), st.integers(0, 30)),
        st.tuples(st.just("foreign"), st.integers(0, 12)),
        st.tuples(st.just("steps"), st.integers(1, 20)),
    ),
    max_size=40,
)
LIMITS = st.builds(
    BatchLimits,
    num_gpu_blocks=st.integers(14, 40),
    block_size=st.sampled_from([16, 17, 32]),
    max_num_seqs=st.integers(1, 12),
    max_num_batched_tokens=st.integers(1, 300),
    prefix_caching=st.booleans(),
)


def common(one: list[int], other: list[int]) -> int:
    """Tokens that two prompts begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


class Machine:
    """A batch that is watched while things happen to it."""

    def __init__(self, limits: BatchLimits) -> None:
        self.limits = limits
        self.batch = Batch(limits)
        self.works: dict[Work, list[int]] = {}
        self.cancelled: set[Work] = set()
        self.foreign = 0
        self.reached: dict[Work, int] = {}

    def happen(self, event: tuple[object, ...]) -> None:
        match event:
            case ("cancel", int(place)) if self.works:
                work = list(self.works)[place % len(self.works)]
                self.batch.cancel(work)
                self.cancelled.add(work)
            case ("foreign", int(blocks)):
                self.foreign = blocks
                self.batch.hold_foreign(blocks * self.limits.block_size)
            case ("steps", int(steps)):
                for _ in range(steps):
                    self.step()
            case (int(head), int(shared), int(own), int(output)):
                base = 10_000 * (1 + len(self.works))
                prompt = [*range(head * 1000, head * 1000 + shared), *range(base, base + own)]
                self.works[self.batch.submit(prompt, output)] = prompt
        self.check()

    def step(self) -> bool:
        fresh = [work for work in self.works if work.cached_tokens is None]
        step = self.batch.begin()
        self.check()
        for work in self.works:
            tokens = len(work.blocks) * self.limits.block_size
            self.reached[work] = max(self.reached.get(work, 0), tokens)
        for work in fresh:
            self.check_cached(work)
        if step:
            planned = step.prefill_tokens + step.decoding
            assert 0 < planned <= self.limits.max_num_batched_tokens
        for work in self.batch.end():
            assert work not in self.cancelled
            assert work.done
        self.check()
        return step is not None

    def check_cached(self, work: Work) -> None:
        """Cached is what another prompt begins with, too, and what was computed of that one."""
        if work.cached_tokens is None:
            return
        prompt = self.works[work]
        earlier = takewhile(lambda other: other is not work, self.works)
        shared = (min(common(prompt, self.works[old]), self.reached[old]) for old in earlier)
        assert work.cached_tokens <= max(shared, default=0)
        assert work.cached_tokens < len(prompt)

    def check(self) -> None:
        held = {id(block) for work in self.works for block in work.blocks}
        assert self.batch.used_blocks == len(held) + self.foreign
        assert 0 <= self.batch.used_blocks <= self.limits.usable_blocks
        assert self.batch.running <= self.limits.max_num_seqs
        for work in self.works:
            needed = self.limits.blocks_for(work.computed)
            assert len(work.blocks) >= needed or not work.blocks
            assert work.generated <= max(1, work.output_tokens)


@settings(max_examples=80, deadline=None)
@given(limits=LIMITS, events=EVENTS)
def test_whatever_happens(limits: BatchLimits, events: list[tuple[object, ...]]) -> None:
    """Blocks are conserved, nothing waits for ever, every answer has its length."""
    machine = Machine(limits)
    for event in events:
        machine.happen(event)
    machine.happen(("foreign", 0))
    while machine.batch.running or machine.batch.waiting:
        assert machine.step(), "requests wait, and nothing happens"
    kept = machine.works.keys() - machine.cancelled
    assert all(work.generated == max(1, work.output_tokens) for work in kept)
    assert machine.batch.used_blocks == 0
    counters = machine.batch.counters
    assert counters.prefix_hits <= counters.prefix_queries
    assert counters.generation_tokens == sum(work.generated for work in machine.works)
    assert counters.preemptions == sum(work.preemptions for work in machine.works)


@settings(max_examples=40, deadline=None)
@given(limits=LIMITS, asked=st.lists(PROMPTS, min_size=1, max_size=12))
def test_what_is_computed_adds_up(
    limits: BatchLimits, asked: list[tuple[int, int, int, int]]
) -> None:
    """Prompts less what was cached, answers less their last token, and what was computed twice."""
    load = [
        ([*range(h * 1000, h * 1000 + s), *range(10_000 * p, 10_000 * p + o)], n)
        for p, (h, s, o, n) in enumerate(asked, start=1)
    ]
    served = serve(load, 5, limits)
    computed = sum(prefill + decoding for prefill, decoding in served.steps)
    counters = served.counters
    expected = sum(len(prompt) + max(1, output) - 1 for prompt, output in load)
    if not counters.preemptions:
        assert computed == expected - counters.prefix_hits
    assert counters.prompt_tokens == sum(len(prompt) for prompt, _ in load)
    assert counters.generation_tokens == sum(max(1, output) for _, output in load)
    assert sorted(served.order) == list(range(len(load)))
