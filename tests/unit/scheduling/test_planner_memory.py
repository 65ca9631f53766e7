"""Memory, KV layout, GPUs and flags."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexicue.errors import InputError
from lexicue.scheduling.planning import (
    Estimate,
    Job,
    ServerFlags,
    estimate,
    find_gpu,
    find_model,
    gpu_of,
    known_gpus,
    known_models,
    note_table,
    plan_estimated,
    read_version,
)

V19 = (0, 19)


def estimated(
    model: str, gpu: str = "H100", weights: float | None = None, **flags: Any
) -> Estimate:
    return estimate(find_model(model), find_gpu(gpu), ServerFlags(**flags), weights)


def bytes_per_token(model: str, **flags: Any) -> int:
    return estimated(model, **flags).layout.bytes_per_token


def test_the_constant_of_the_default_model() -> None:
    """2 x layers x KV heads x head size x bytes; quantized weights do not change it."""
    for model in ("Qwen/Qwen2.5-14B-Instruct-AWQ", "Qwen/Qwen2.5-14B-Instruct"):
        assert bytes_per_token(model) == 2 * 48 * 8 * 128 * 2 == 196_608


def test_fp8_halves_it() -> None:
    assert bytes_per_token("qwen2.5-14b", kv_cache_dtype="fp8") == 98_304
    assert bytes_per_token("qwen2.5-14b", kv_cache_dtype="fp8_e4m3") == 98_304


def test_tensor_parallel_splits_heads_until_each_gpu_has_one() -> None:
    assert bytes_per_token("llama-3.1-8b", tensor_parallel=4) == 131_072 // 4
    assert bytes_per_token("qwen2.5-7b", tensor_parallel=4) == 57_344 // 4
    assert bytes_per_token("qwen2.5-7b", tensor_parallel=14) == 57_344 // 4  # replicated


def test_latent_attention_has_no_factor_two_and_is_not_split() -> None:
    assert bytes_per_token("deepseek-v3") == 61 * (512 + 64) * 2
    assert bytes_per_token("deepseek-v3", tensor_parallel=8) == 61 * (512 + 64) * 2
    assert bytes_per_token("deepseek-v3", kv_cache_dtype="fp8") == 61 * (512 + 64)


def test_mixed_layers_are_grouped_and_padded() -> None:
    """5 full and 29 sliding layers: 1 + 6 groups of 5, as logged for gemma-3-4b."""
    layout = estimated("gemma-3-4b").layout
    assert len(layout.kept) == 7
    assert layout.bytes_per_token == 34 * 4096
    assert layout.allocated_bytes_per_token == 35 * 4096


def test_a_window_bounds_what_a_long_request_holds() -> None:
    layout = estimated("gemma-3-4b", max_num_batched_tokens=2048).layout
    short, long, longer = (layout.blocks_of(tokens) for tokens in (2048, 65_536, 131_072))
    assert short == pytest.approx(7 * 128, abs=6)
    assert longer - long == 65_536 // 16  # only the group of full layers grows


def test_new_servers_report_mixed_models_by_their_longest_request() -> None:
    old = estimated("gemma-3-4b", version=(0, 23), max_num_batched_tokens=2048)
    new = estimated("gemma-3-4b", version=(0, 24), max_num_batched_tokens=2048)
    assert new.kv_tokens.expected > 4 * old.kv_tokens.expected
    plain = [estimated("qwen3-8b", version=(0, minor)) for minor in (23, 24)]
    assert plain[0].kv_tokens == plain[1].kv_tokens


def test_old_servers_gave_sliding_layers_full_blocks() -> None:
    assert estimated("gemma-3-4b", version=(0, 9)).layout.kept == (0,)


@pytest.mark.parametrize(
    ("gpu", "sequences", "step"),
    [
        ("A10G", 256, 2048),
        ("A100-80GB", 256, 2048),
        ("H100", 1024, 8192),
        ("H200", 1024, 8192),
        ("B200", 1024, 16384),
    ],
)
def test_defaults_by_gpu(gpu: str, sequences: int, step: int) -> None:
    flags = ServerFlags()
    assert flags.sequences(find_gpu(gpu)) == sequences
    assert flags.step_tokens(find_gpu(gpu)) == step


def test_defaults_by_version() -> None:
    assert ServerFlags(version=V19).utilization == 0.9
    assert ServerFlags(version=(0, 20)).utilization == 0.92
    assert ServerFlags(version=(0, 20), gpu_memory_utilization=0.5).utilization == 0.5


def test_graphs_are_counted_from_0_20() -> None:
    old, new = (
        estimated("qwen3-8b", version=(0, minor), gpu_memory_utilization=0.9) for minor in (19, 20)
    )
    assert new.kv_tokens.expected < old.kv_tokens.expected
    eager = estimated("qwen3-8b", gpu_memory_utilization=0.9, enforce_eager=True)
    assert eager.kv_tokens.expected > new.kv_tokens.expected


def test_the_sampler_took_more_before_0_17() -> None:
    old, new = (estimated("qwen3-14b", version=(0, minor)) for minor in (16, 17))
    activation = [of.budget.terms[1].gib for of in (old, new)]
    assert activation == [pytest.approx(5.6, abs=0.2), pytest.approx(2.2, abs=0.1)]


def test_the_note_s_table_is_corrected() -> None:
    """With 2,000 tokens in and 600 out at utilization 0.9: about 19, 51, 61 and 124."""
    flags = ServerFlags(version=V19, gpu_memory_utilization=0.9)
    rows = note_table(find_model("Qwen/Qwen2.5-14B-Instruct-AWQ"), flags, Job(), 9.38)
    assert [row.size_gb for row in rows] == [24, 40, 48, 80]
    counts = [row.resident_requests.expected for row in rows]
    assert counts == [pytest.approx(right, abs=1) for right in (19, 51, 61, 124)]
    assert all(row.max_concurrency <= row.resident_requests.expected for row in rows)


def test_a_model_that_does_not_fit() -> None:
    of = estimated("llama-3.3-70b", "A10G")
    assert of.kv_tokens.expected == 0
    assert not of.starts
    plan = plan_estimated(of, Job())
    assert "GiB are missing" in plan.notes[0]
    assert {each.outcome for each in plan.strategies} == {"refused"}
    assert (plan.advice.max_safe_chunks, plan.advice.max_concurrency) == (0, 0)


def test_a_cache_shorter_than_the_longest_request() -> None:
    of = estimated("llama-3.1-8b", "L4")
    assert not of.starts
    assert f"--max-model-len {of.longest_that_fits}" in plan_estimated(of, Job()).notes[0]
    shorter = estimated("llama-3.1-8b", "L4", max_model_len=of.longest_that_fits)
    assert shorter.starts


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("a10g", "A10G"),
        ("NVIDIA A10G", "A10G"),
        ("H100-80GB", "H100"),
        ("NVIDIA H100 80GB HBM3", "H100"),
        ("A100-SXM4-40GB", "A100-40GB"),
        ("NVIDIA A100-SXM4-80GB", "A100-80GB"),
        ("NVIDIA GeForce RTX 4090", "RTX 4090"),
        ("4090", "RTX 4090"),
        ("Tesla T4", "T4"),
        ("nvidia h200", "H200"),
        ("Tesla V100-SXM2-16GB", "V100-16GB"),
        ("RTX A6000", "RTX A6000"),
        ("NVIDIA RTX 6000 Ada Generation", "RTX 6000 Ada"),
        ("L40S", "L40S"),
    ],
)
def test_gpus_by_name(said: str, name: str) -> None:
    assert find_gpu(said).name == name


def test_every_gpu_is_found_by_its_own_name() -> None:
    assert [find_gpu(name).name for name in known_gpus()] == list(known_gpus())


def test_memory_given_counts_more_than_a_name() -> None:
    assert gpu_of("H100", 60.0).gib == 60.0
    assert gpu_of("something new", 60.0).gib == 60.0


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: find_gpu("H1000"), "--gpu-gib"),
        (lambda: gpu_of(None, None), "which GPU"),
        (lambda: gpu_of(None, -1), "no GPU's memory"),
        (lambda: gpu_of(None, float("nan")), "no GPU's memory"),
        (lambda: read_version("newest"), "no version"),
        (lambda: ServerFlags(gpu_memory_utilization=90), "must be in"),
        (lambda: ServerFlags(kv_cache_dtype="fp3"), "not one of auto, fp8"),
        (lambda: estimated("llama-3.1-8b", tensor_parallel=3), "must divide"),
    ],
)
def test_what_cannot_be(wrong: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        wrong()


@pytest.mark.parametrize(
    ("text", "version"), [("0.19.1", (0, 19)), ("v0.33", (0, 33)), ("0.10-0.11 (x)", (0, 10))]
)
def test_versions(text: str, version: tuple[int, int]) -> None:
    assert read_version(text) == version


servers = st.builds(
    ServerFlags,
    version=st.sampled_from([(0, minor) for minor in (9, 16, 17, 19, 20, 24, 33)]),
    gpu_memory_utilization=st.none() | st.floats(0.1, 1),
    kv_cache_dtype=st.sampled_from(["auto", "fp8"]),
    max_num_seqs=st.none() | st.integers(1, 2048),
    max_num_batched_tokens=st.none() | st.integers(64, 65_536),
    enforce_eager=st.booleans(),
)


@given(st.sampled_from(known_models()), st.floats(8, 200), servers)
def test_ranges_are_in_order_and_more_memory_holds_more(
    model: str, gib: float, flags: ServerFlags
) -> None:
    shape = find_model(model)
    smaller, larger = (estimate(shape, gpu_of("x", size), flags) for size in (gib, gib + 8))
    for tokens in (smaller.kv_tokens, larger.kv_tokens):
        assert 0 <= tokens.low <= tokens.expected <= tokens.high
    if smaller.gpu.is_large == larger.gpu.is_large and (gib + 8 < 160 or gib >= 160):
        assert smaller.kv_tokens.expected <= larger.kv_tokens.expected


@given(st.sampled_from(known_models()), servers)
def test_fp8_never_holds_less(model: str, flags: ServerFlags) -> None:
    shape, gpu = find_model(model), find_gpu("H200")
    whole, half = (
        estimate(shape, gpu, replace(flags, kv_cache_dtype=kind)).kv_tokens.expected
        for kind in ("auto", "fp8")
    )
    assert whole <= half
