"""What the report learns of the server while a run goes on."""

import pytest

from lexicue.errors import ServerFaultError, ServerOverloadedError, ServerTimeoutError
from lexicue.monitoring import LimitStep
from lexicue.monitoring.incidents import Incident, IncidentWaves, incident_in
from lexicue.monitoring.observer import RunStarted
from lexicue.monitoring.quantiles import quantile
from lexicue.monitoring.record import RunRecord
from lexicue.monitoring.server_tally import ServerTally
from lexicue.scheduling.capacity import ServerSample
from lexicue.scheduling.limiter import Ending, LimitChange, Outcome


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def sample(at: float, preemptions: int | None = None, **told: int | float) -> ServerSample:
    return ServerSample(at=at, preemptions=preemptions, **told)  # type: ignore[arg-type]


# The server


def test_what_was_before_the_first_look_does_not_count() -> None:
    tally = ServerTally()
    for at, preemptions in enumerate((40, 42, 45)):
        tally.seen(sample(at, preemptions))
    assert tally.report().preemptions == 5


def test_counters_that_begin_anew_are_a_restart() -> None:
    tally = ServerTally()
    growths = [tally.seen(sample(at, n)) for at, n in enumerate((40, 42, 3, 4))]
    assert [bool(growth and growth.restarted) for growth in growths] == [False, False, True, False]
    assert tally.report().preemptions == 2 + 3 + 1
    assert tally.report().restarts == 1


def test_a_look_told_twice_or_late_counts_once() -> None:
    tally = ServerTally()
    tally.seen(sample(1, 5))
    tally.seen(sample(3, 9))
    assert tally.seen(sample(2, 7)) is None
    assert tally.seen(sample(3, 9)) is None
    assert tally.report().preemptions == 4
    assert tally.report().restarts == 0


def test_peaks_are_kept_and_the_last_capacity() -> None:
    tally = ServerTally()
    tally.seen(sample(1, kv_tokens=3200, kv_usage=0.2, running=3, waiting=0))
    tally.seen(sample(2, kv_tokens=3200, kv_usage=0.9, running=8, waiting=5))
    tally.seen(sample(3, kv_usage=0.1, running=1, waiting=0))
    report = tally.report()
    assert (report.kv_tokens, report.peak_kv_usage) == (3200, 0.9)
    assert (report.peak_running, report.peak_waiting) == (8, 5)


def test_a_server_that_tells_nothing_is_none() -> None:
    tally = ServerTally()
    tally.seen(sample(1))
    report = tally.report()
    assert report.preemptions is report.kv_tokens is report.peak_kv_usage is None


# The limit


def test_the_limit_begins_with_the_one_the_run_found() -> None:
    record = RunRecord(Clock())
    for change in ((10.0, 1, "start"), (99.0, 2, "room"), (101.5, 3, "room"), (103.0, 2, "queue")):
        record.limit_changed("s", LimitChange(*change))
    assert record.limit_history == (
        LimitStep(0.0, 2, "room"),
        LimitStep(1.5, 3, "room"),
        LimitStep(3.0, 2, "queue"),
    )


def test_a_history_may_be_told_again_and_again() -> None:
    record = RunRecord(Clock())
    history = [LimitChange(100.0 + at, at, "room") for at in range(5)]
    for _ in range(3):
        for change in history:
            record.limit_changed("s", change)
    assert len(record.limit_history) == 5


def test_a_limit_that_never_changes_is_told_from_the_start() -> None:
    clock = Clock()
    record = RunRecord(clock)
    record.limit_changed("s", LimitChange(101.0, 48_205, "start"))
    clock.now = 102.0
    record.run_started(RunStarted("llm", "adaptive", (100,)))
    assert record.limit_history == (LimitStep(0.0, 48_205, "start"),)


def test_the_history_is_bounded_and_keeps_the_first_and_the_last() -> None:
    record = RunRecord(Clock())
    record.limit_changed("s", LimitChange(99.0, 7, "start"))
    for at in range(3000):
        record.limit_changed("s", LimitChange(101.0 + at, at, "room"))
    assert len(record.limit_history) == 1001
    assert record.limit_history[0] == LimitStep(0.0, 7, "start")
    assert record.limit_history[-1].limit_tokens == 2999


def test_changes_of_one_moment_keep_their_order() -> None:
    record = RunRecord(Clock())
    for tokens in (9, 3, 5):
        record.limit_changed("s", LimitChange(101.0, tokens, "queue"))
    assert [step.limit_tokens for step in record.limit_history] == [9, 3, 5]


# Incidents


@pytest.mark.parametrize(
    ("text", "incident"),
    [
        ("the server failed (500): CUDA out of memory. Tried to allocate", Incident.OUT_OF_MEMORY),
        ("HIP out of memory", Incident.OUT_OF_MEMORY),
        ("model requires more system memory (9 GiB) than is available", Incident.OUT_OF_MEMORY),
        ("EngineCore encountered an issue. See stack trace", Incident.ENGINE_DEAD),
        ("vllm.v1.engine.exceptions.EngineDeadError", Incident.ENGINE_DEAD),
        ("the server failed (500): Internal Server Error", None),
    ],
)
def test_incidents_are_told_by_the_servers_words(text: str, incident: Incident | None) -> None:
    assert incident_in(ServerFaultError(text)) == incident
    assert incident_in(f"ServerFaultError: {text}") == incident


def test_overload_is_told_by_the_kind_of_error() -> None:
    assert incident_in(ServerOverloadedError("x")) is Incident.OVERLOADED
    assert incident_in("ServerOverloadedError: x") is Incident.OVERLOADED
    assert incident_in(ServerTimeoutError("x")) is None
    assert incident_in(None) is None


def test_a_wave_is_one_incident() -> None:
    clock = Clock()
    waves = IncidentWaves(clock)
    signs = []
    for pause in (0, 1, 20, 29, 31):
        clock.now += pause
        signs.append(waves.is_new(Incident.OVERLOADED))
    assert signs == [True, False, False, False, True]
    assert waves.is_new(Incident.ENGINE_DEAD)


def test_the_report_counts_waves() -> None:
    clock = Clock()
    record = RunRecord(clock)
    for error in (ServerOverloadedError("x"), ServerOverloadedError("x"), ServerFaultError("x")):
        record.request_finished("s", Outcome("words", Ending.OVERLOADED), error)
    record.request_finished("s", Outcome("words", Ending.FAILED), ServerFaultError("EngineDead"))
    assert record.server.overloads == 1
    assert record.server.engine_deaths == 1
    assert record.server.out_of_memory == 0


# Quantiles


def test_quantiles_are_values_that_were_measured() -> None:
    values = [5.0, 1.0, 3.0, 2.0, 4.0]
    assert [quantile(values, share) for share in (0.0, 0.5, 0.8, 0.95, 1.0)] == [1, 3, 4, 5, 5]
    assert quantile([], 0.5) == 0.0
    assert quantile(range(1, 101), 0.95) == 95
