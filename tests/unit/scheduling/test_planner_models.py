"""Models by name and by config.json."""

import json
from pathlib import Path
from typing import Any

import pytest

from lexicue.errors import InputError
from lexicue.scheduling.planning import find_model, known_models, read_config, shape_from_config

PUBLISHED_BILLIONS = {
    "qwen2.5-0.5b": 0.494,
    "qwen2.5-7b": 7.62,
    "qwen2.5-14b": 14.77,
    "qwen2.5-72b": 72.7,
    "qwen3-4b": 4.02,
    "qwen3-30b-a3b": 30.53,
    "llama-3.1-8b": 8.03,
    "llama-3.1-405b": 405.85,
    "llama-3.2-3b": 3.21,
    "mistral-7b-v0.3": 7.25,
    "mixtral-8x7b": 46.7,
    "gemma-2-9b": 9.24,
    "gemma-3-27b": 27.43,
    "phi-2": 2.78,
    "phi-4": 14.66,
    "gpt-oss-20b": 20.9,
    "gpt-oss-120b": 116.8,
    "deepseek-v2-lite": 15.7,
    "deepseek-v3": 671.0,
    "smollm2-135m": 0.1345,
    "exaone-3.5-7.8b": 7.82,
}

LLAMA: dict[str, Any] = {
    "model_type": "llama",
    "num_hidden_layers": 32,
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
    "max_position_embeddings": 131072,
    "tie_word_embeddings": False,
}


@pytest.mark.parametrize(("name", "billions"), PUBLISHED_BILLIONS.items())
def test_dimensions_make_the_published_number_of_weights(name: str, billions: float) -> None:
    assert find_model(name).parameters / 1e9 == pytest.approx(billions, rel=0.01)


@pytest.mark.parametrize("name", known_models())
def test_every_line_of_the_table_is_a_model(name: str) -> None:
    shape = find_model(name)
    assert shape.attention.heads % shape.attention.kv_heads == 0
    assert shape.parameters > 1e8
    assert 0 <= shape.attention.sliding_layers <= shape.layers


@pytest.mark.parametrize(
    ("name", "table", "bits"),
    [
        ("Qwen/Qwen2.5-14B-Instruct-AWQ", "qwen2.5-14b", 4.16),
        ("Qwen/Qwen2.5-7B-Instruct-GPTQ-Int8", "qwen2.5-7b", 8),
        ("Qwen/Qwen3-30B-A3B-Instruct-2507-FP8", "qwen3-30b-a3b", 8),
        ("RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w4a16", "llama-3.1-8b", 4.16),
        ("RedHatAI/Llama-3.3-70B-Instruct-FP8-dynamic", "llama-3.3-70b", 8),
        ("nvidia/Llama-3.1-8B-Instruct-NVFP4", "llama-3.1-8b", 4.5),
        ("meta-llama/Llama-2-7b-chat-hf", "llama-2-7b", 16),
        ("mistralai/Mistral-7B-Instruct-v0.3", "mistral-7b-v0.3", 16),
        ("mistralai/Mixtral-8x7B-Instruct-v0.1", "mixtral-8x7b", 16),
        ("google/gemma-3-27b-it", "gemma-3-27b", 16),
        ("openai/gpt-oss-20b", "gpt-oss-20b", 4.25),
        ("deepseek-ai/DeepSeek-R1-0528", "deepseek-r1", 8),
    ],
)
def test_a_name_is_read_with_its_quantization(name: str, table: str, bits: float) -> None:
    shape = find_model(name)
    assert shape.parameters == find_model(table).parameters
    assert shape.quantization.bits == pytest.approx(bits, abs=0.01)
    assert shape.name == name


def test_an_unknown_model_is_told_with_its_neighbours() -> None:
    with pytest.raises(InputError, match=r"qwen2\.5-14b.*--model-config"):
        find_model("Qwen/Qwen2.5-15B")


def test_a_config_says_what_the_table_says(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(LLAMA), encoding="utf-8")
    for path in (tmp_path, tmp_path / "config.json"):
        shape, known = read_config(path), find_model("llama-3.1-8b")
        assert (shape.layers, shape.attention, shape.vocab, shape.tied) == (
            known.layers,
            known.attention,
            known.vocab,
            known.tied,
        )


def test_a_bare_config_is_enough() -> None:
    """Layers, heads and sizes; all else has a usual value."""
    bare = {"num_hidden_layers": 28, "num_attention_heads": 28, "hidden_size": 3584}
    shape = shape_from_config({**bare, "num_key_value_heads": 4}, "bare")
    assert (shape.attention.kv_heads, shape.attention.head_dim) == (4, 128)


def test_windows_of_listed_layers() -> None:
    layers = ["sliding_attention"] * 3 + ["full_attention"]
    config = {**LLAMA, "layer_types": layers * 8, "sliding_window": 4096}
    assert shape_from_config(config, "mixed").attention.sliding_layers == 24


def test_windows_of_a_family() -> None:
    gemma = {**LLAMA, "model_type": "gemma3_text", "num_hidden_layers": 34, "sliding_window": 1024}
    assert shape_from_config(gemma, "gemma").attention.sliding_layers == 29


def test_a_window_that_is_switched_off() -> None:
    config = {**LLAMA, "sliding_window": 4096, "use_sliding_window": False}
    assert shape_from_config(config, "qwen").attention.sliding_layers == 0


def test_a_picture_model_has_its_text_model_inside() -> None:
    config = {"text_config": LLAMA, "vision_config": {"num_hidden_layers": 27, "hidden_size": 1152}}
    shape = shape_from_config(config, "vlm")
    assert shape.layers == 32
    assert shape.other_parameters > 1e8


def test_latent_attention_and_experts() -> None:
    config = {
        **LLAMA,
        "model_type": "deepseek_v3",
        "kv_lora_rank": 512,
        "qk_rope_head_dim": 64,
        "qk_nope_head_dim": 128,
        "v_head_dim": 128,
        "n_routed_experts": 64,
        "num_experts_per_tok": 6,
        "moe_intermediate_size": 1408,
        "n_shared_experts": 2,
    }
    shape = shape_from_config(config, "mla")
    assert shape.latent is not None
    assert shape.experts is not None
    assert (shape.latent.kv_rank, shape.experts.active, shape.experts.shared) == (512, 6, 2)


@pytest.mark.parametrize(
    ("stored", "bits"),
    [
        ({"quant_method": "awq", "bits": 4, "group_size": 128}, 4.16),
        ({"quant_method": "gptq", "bits": 4, "group_size": 32}, 4.63),
        ({"quant_method": "fp8"}, 8),
        ({"quant_method": "mxfp4"}, 4.25),
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, 4.16),
        (
            {
                "quant_method": "compressed-tensors",
                "config_groups": {"group_0": {"weights": {"num_bits": 8}}},
            },
            8,
        ),
    ],
)
def test_quantization_of_a_config(stored: dict[str, Any], bits: float) -> None:
    shape = shape_from_config({**LLAMA, "quantization_config": stored}, "quantized")
    assert shape.quantization.bits == pytest.approx(bits, abs=0.01)


def test_a_checkpoint_may_bring_an_fp8_cache() -> None:
    stored = {"quant_method": "compressed-tensors", "kv_cache_scheme": {"num_bits": 8}}
    assert shape_from_config({**LLAMA, "quantization_config": stored}, "kv8").kv_bytes == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "no JSON"),
        ("[]", "no JSON object"),
        ("{}", "no config of a language model"),
        ('{"num_hidden_layers": 0, "hidden_size": 1, "num_attention_heads": 1}', "is 0"),
        ('{"layer_types": ["linear_attention"]}', "keep a state"),
        ('{"mamba_d_state": 128}', "keep a state"),
    ],
)
def test_what_is_no_config(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "config.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=says):
        read_config(file)


def test_a_config_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.json: No such file"):
        read_config(tmp_path / "none.json")
