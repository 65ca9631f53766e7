"""What `lexicue tune` says: settings, why, and what to expect of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from lexicue.model import JsonValue
from lexicue.monitoring.tuning.evidence import Evidence
from lexicue.monitoring.tuning.reading import SetAside

__all__ = ["Advice", "Expectation", "Recommendation"]

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One setting.

    Attributes:
        setting: its name; as ``Settings`` has it.
        variable: its name in the environment.
        now: what the runs had; None if not told.
        value: what to set; None where the evidence says nothing.
        why: in words.
    """

    setting: str
    variable: str
    now: int | bool | None
    value: int | bool | None
    why: str


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is expected of videos like these with what is recommended; None cannot be told.

    Attributes:
        within_target_now: share of the runs that took no longer than the target.
        within_target: share expected to.
        p50_wall_s_now: half of the runs took no longer.
        p50_wall_s: expected.
        p95_wall_s_now: 95 of 100 took no longer.
        p95_wall_s: expected.
        p95_task_s_now: 95 of 100 tasks took no longer at the server.
        p95_task_s: expected.
        error: 3 in 4 past runs are met within this share of their time by the same reckoning.
        preemptions_per_100_now: requests thrown out of the KV cache for 100 sent.
        preemptions_per_100: expected at most.
    """

    within_target_now: float
    within_target: float | None
    p50_wall_s_now: float
    p50_wall_s: float | None
    p95_wall_s_now: float
    p95_wall_s: float | None
    p95_task_s_now: float
    p95_task_s: float | None
    error: float | None
    preemptions_per_100_now: float | None
    preemptions_per_100: float | None


@dataclass(frozen=True, slots=True)
class Advice:
    """What past runs say about the settings.

    Attributes:
        model: of the runs.
        target_s: the time that a video may take, seconds.
        evidence: what the runs show.
        recommendations: for each of the four settings.
        expected: of what is recommended; None where nothing is recommended.
        notes: what to know besides.
        set_aside: files that gave no evidence.
    """

    model: str
    target_s: float
    evidence: Evidence
    recommendations: tuple[Recommendation, ...]
    expected: Expectation | None
    notes: tuple[str, ...]
    set_aside: tuple[SetAside, ...] = ()

    def to_dict(self) -> dict[str, JsonValue]:
        """As JSON has it; see ``docs/reference/tune.md``."""
        return {"schema": SCHEMA_VERSION, **asdict(self)}
