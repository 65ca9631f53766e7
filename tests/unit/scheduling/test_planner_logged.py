"""The planner against real start-up logs, row by row.

Used of each row: the model, what CUDA shows of the GPU, the flags, the version, and the weights as
logged (or derived): what an operator knows before the start. The logged capacity is only compared.
"""

import csv
import re
import statistics
from pathlib import Path

import pytest

from lexicue.scheduling.planning import (
    Estimate,
    ServerFlags,
    estimate,
    find_model,
    gpu_of,
    read_version,
)

DATA = Path(__file__).parents[4] / "shared" / "data" / "kv"
LOGS = DATA / "logged_capacity.csv"
CONFIGS = DATA / "model_configs.csv"

pytestmark = pytest.mark.skipif(
    not LOGS.exists(),
    reason="the start-up logs are not beside this checkout (../shared/data/kv)",
)

Row = dict[str, str]


def rows_of(file: Path) -> list[Row]:
    if not file.exists():
        return []
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


ROWS = rows_of(LOGS)


def name_of(row: Row) -> str:
    return "{model}, {gpu}, TP {num_gpus_tp}, vLLM {vllm_version}, {max_model_len}".format(**row)


def flag_in(notes: str, names: str) -> int | None:
    """A flag that only the notes tell: ``mnbt 8192``, ``max_num_seqs=256``."""
    found = re.search(rf"(?:{names})[ =](\d+)", notes)
    return int(found[1]) if found else None


def flags_of(row: Row) -> ServerFlags:
    return ServerFlags(
        version=read_version(row["vllm_version"]),
        gpu_memory_utilization=float(row["gpu_memory_utilization"]),
        tensor_parallel=int(row["num_gpus_tp"]),
        kv_cache_dtype=row["kv_dtype"],
        max_model_len=int(row["max_model_len"]),
        max_num_seqs=flag_in(row["notes"], "max_num_seqs"),
        max_num_batched_tokens=flag_in(row["notes"], "mnbt"),
        enforce_eager=row["enforce_eager"] == "True",
    )


def planned(row: Row, *, derive_weights: bool = False) -> Estimate:
    gpu = gpu_of(row["gpu"], float(row["gpu_gib"]))
    weights = None if derive_weights else float(row["weights_gib"])
    return estimate(find_model(row["model"]), gpu, flags_of(row), weights)


def error(row: Row, *, derive_weights: bool = False) -> float:
    expected = planned(row, derive_weights=derive_weights).kv_tokens.expected
    return expected / int(row["kv_tokens"]) - 1


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_kv_tokens_are_within_ten_percent(row: Row) -> None:
    assert abs(error(row)) <= 0.10


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_the_range_holds_what_was_logged(row: Row) -> None:
    tokens = planned(row).kv_tokens
    assert tokens.low <= int(row["kv_tokens"]) <= tokens.high


def test_kv_tokens_are_within_three_percent_in_the_median() -> None:
    assert statistics.median(abs(error(row)) for row in ROWS) <= 0.03


def roomy_rows() -> list[Row]:
    """Those with more than 1 GiB of cache; in others 0.1 GiB of weights more or less is all."""
    return [row for row in ROWS if float(row["available_kv_gib"]) > 1]


def test_derived_weights_do_nearly_as_well() -> None:
    errors = [abs(error(row, derive_weights=True)) for row in roomy_rows()]
    assert statistics.median(errors) <= 0.03
    assert max(errors) <= 0.10


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_derived_weights_are_those_logged(row: Row) -> None:
    of = planned(row, derive_weights=True)
    weights = of.budget.terms[0]
    assert weights.gib == pytest.approx(float(row["weights_gib"]), rel=0.07)


@pytest.mark.parametrize("row", [row for row in ROWS if row["max_concurrency_x"]], ids=name_of)
def test_blocks_of_the_longest_request_are_those_logged(row: Row) -> None:
    """vLLM's "maximum concurrency" is blocks of the pool over blocks of the longest request."""
    of = planned(row)
    blocks = int(row["kv_tokens"]) // of.layout.block_size * len(of.layout.kept)
    times = blocks / of.layout.blocks_of(of.longest)
    assert times == pytest.approx(float(row["max_concurrency_x"]), abs=0.006)


def test_a_failed_start_is_foreseen() -> None:
    failed = [row for row in ROWS if "START FAILED" in row["notes"]]
    assert [planned(row).starts for row in failed] == [False] * len(failed)
    assert all(planned(row).starts for row in ROWS if row not in failed)


@pytest.mark.parametrize("row", rows_of(CONFIGS), ids=lambda row: row["model"])
def test_kv_bytes_of_a_token_are_those_confirmed(row: Row) -> None:
    of = estimate(find_model(row["model"]), gpu_of("H100", None), ServerFlags())
    assert of.layout.bytes_per_token == int(row["kv_bytes_per_token_16bit_tp1"])
    assert of.shape.layers == int(row["num_layers"])
    assert of.shape.vocab == int(row["vocab_size"])
