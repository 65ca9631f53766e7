"""A model's shape from its ``config.json``, as Hugging Face lays it beside the weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lexicue.errors import InputError
from lexicue.scheduling.planning.shapes import (
    FULL_PRECISION,
    Attention,
    Experts,
    LatentAttention,
    ModelShape,
    Quantization,
)

__all__ = ["read_config", "shape_from_config"]

Config = Mapping[str, Any]

_RECURRENT = ("ssm_cfg", "mamba_d_state", "linear_num_value_heads", "rwkv_version", "conv_L_cache")
"""Keys of models that keep a state besides, or in place of, keys and values."""

_EVERY_OTHER = {"gemma2": 2, "gpt_oss": 2, "gemma3_text": 6, "gemma3": 6, "cohere2": 4}
"""One layer in so many is full where the config does not list its layers."""

_UNGATED = frozenset("phi gpt2 gpt_neox opt falcon starcoder2 gptj bloom mpt".split())
_UNTIED = frozenset("phi llama mistral mixtral qwen2 qwen3 deepseek_v2 deepseek_v3 phi3".split())
"""Families whose embeddings are two matrices when the config does not say."""


def read_config(path: Path) -> ModelShape:
    """The shape that a ``config.json`` describes.

    Args:
        path: the file, or the folder it lies in.

    Raises:
        InputError: it cannot be read, is no model's config, or describes layers that keep
            something else than keys and values.
    """
    file = path / "config.json" if path.is_dir() else path
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except OSError as missing:
        reason = missing.strerror or "cannot be read"
        raise InputError(f"--model-config {file}: {reason}") from missing
    except ValueError as garbled:
        raise InputError(f"--model-config {file}: is no JSON: {garbled}") from garbled
    if not isinstance(config, dict):
        raise InputError(f"--model-config {file}: is no JSON object")
    return shape_from_config(config, str(config.get("_name_or_path") or file))


def shape_from_config(config: Config, name: str) -> ModelShape:
    """The shape that a parsed config describes.

    Args:
        config: of a text model, or one that has it under ``text_config``.
        name: to show, and for messages.

    Raises:
        InputError: see `read_config`.
    """
    text = {**config, **config.get("text_config", {})}
    _refuse_recurrent(text, name)
    try:
        return _shape(config, text, name)
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as wrong:
        raise InputError(
            f"--model-config {name}: is no config of a language model ({type(wrong).__name__}: "
            f"{wrong}); num_hidden_layers, num_attention_heads and hidden_size are needed"
        ) from wrong


def _refuse_recurrent(text: Config, name: str) -> None:
    kinds = set(text.get("layer_types") or ())
    others = kinds - {"full_attention", "sliding_attention", "attention"}
    if others or any(text.get(key) for key in _RECURRENT):
        raise InputError(
            f"--model-config {name}: has layers that keep a state instead of keys and values "
            f"({', '.join(sorted(map(str, others))) or 'recurrent'}); ask a running server with "
            "--base-url"
        )


def _shape(config: Config, text: Config, name: str) -> ModelShape:
    hidden = _whole(text, "hidden_size", "n_embd", "d_model")
    family = str(text.get("model_type", ""))
    return ModelShape(
        name,
        layers=_whole(text, "num_hidden_layers", "n_layer", "n_layers"),
        hidden=hidden,
        intermediate=_whole(text, "intermediate_size", "ffn_hidden_size", default=4 * hidden),
        vocab=_whole(text, "vocab_size", default=128_000),
        max_length=_whole(text, "max_position_embeddings", "n_positions", default=32_768),
        attention=_attention(text, hidden),
        latent=_latent(text),
        experts=_experts(text),
        tied=bool(text.get("tie_word_embeddings", family not in _UNTIED)),
        gated=family not in _UNGATED,
        other_parameters=_vision(config.get("vision_config") or {}),
        quantization=_quantization(config, text),
        kv_bytes=_kv_bytes(config, text),
    )


def _whole(config: Config, *names: str, default: int | None = None) -> int:
    for name in names:
        if config.get(name) is not None:
            number = int(config[name])
            if number <= 0:
                raise ValueError(f"{name} is {number}")
            return number
    if default is None:
        raise KeyError(names[0])
    return default


def _attention(text: Config, hidden: int) -> Attention:
    heads = _whole(text, "num_attention_heads", "n_head", "n_heads")
    kv_heads = 1 if text.get("multi_query") else heads
    return Attention(
        heads=heads,
        kv_heads=_whole(text, "num_key_value_heads", "num_kv_heads", default=kv_heads),
        head_dim=_whole(text, "head_dim", default=hidden // heads),
        sliding_layers=_sliding_layers(text),
        window=int(text.get("sliding_window") or 0),
    )


def _sliding_layers(text: Config) -> int:
    if not text.get("sliding_window") or text.get("use_sliding_window") is False:
        return 0
    layers = _whole(text, "num_hidden_layers")
    if kinds := text.get("layer_types"):
        return sum(kind == "sliding_attention" for kind in kinds)
    window = int(text["sliding_window"])
    every = text.get("sliding_window_pattern") or _EVERY_OTHER.get(str(text.get("model_type")))
    if every:
        return layers - layers // int(every)
    return layers if window < _whole(text, "max_position_embeddings", default=window + 1) else 0


def _latent(text: Config) -> LatentAttention | None:
    if not text.get("kv_lora_rank"):
        return None
    return LatentAttention(
        kv_rank=_whole(text, "kv_lora_rank"),
        rope_dim=_whole(text, "qk_rope_head_dim"),
        nope_dim=_whole(text, "qk_nope_head_dim"),
        value_dim=_whole(text, "v_head_dim"),
        query_rank=int(text.get("q_lora_rank") or 0),
    )


def _experts(text: Config) -> Experts | None:
    names = ("num_local_experts", "n_routed_experts", "num_experts")
    count = next((int(text[name]) for name in names if text.get(name)), 0)
    if count < 2:
        return None
    return Experts(
        count=count,
        active=_whole(text, "num_experts_per_tok", "experts_per_token"),
        intermediate=_whole(text, "moe_intermediate_size", "intermediate_size"),
        shared=int(text.get("n_shared_experts") or 0),
        dense_layers=int(text.get("first_k_dense_replace") or 0),
    )


def _vision(of: Config) -> float:
    """Weights of a vision tower: attention and a feed-forward part of two matrices."""
    layers, hidden = of.get("num_hidden_layers") or of.get("depth"), of.get("hidden_size")
    if not layers or not hidden:
        return 0.0
    return float(layers * (4 * hidden**2 + 2 * hidden * of.get("intermediate_size", 4 * hidden)))


def _quantization(config: Config, text: Config) -> Quantization:
    of = config.get("quantization_config") or text.get("quantization_config")
    if not of:
        return FULL_PRECISION
    method = str(of.get("quant_method", "quantized")).lower()
    if method == "mxfp4":
        return Quantization(method, 4.25, experts_only=True)
    return Quantization(method, _bits(of, method))


def _bits(of: Config, method: str) -> float:
    bits = of.get("bits") or of.get("w_bit") or _group_bits(of)
    if bits is None:
        bits = 4 if of.get("load_in_4bit") or "fp4" in method else 8
    if bits >= 8:
        return float(bits)
    group = int(of.get("group_size") or of.get("q_group_size") or 128)
    return float(bits) + 20 / group if group > 0 else float(bits)


def _group_bits(of: Config) -> int | None:
    """Bits of compressed-tensors' first group of layers."""
    for group in (of.get("config_groups") or {}).values():
        return int((group.get("weights") or {}).get("num_bits", 8))
    return None


def _kv_bytes(config: Config, text: Config) -> int:
    """Bytes of a cached number under ``auto``: a checkpoint may bring scales for an fp8 cache."""
    scheme = (config.get("quantization_config") or {}).get("kv_cache_scheme")
    if scheme and int(scheme.get("num_bits", 8)) == 8:
        return 1
    return 4 if str(text.get("torch_dtype") or text.get("dtype")) == "float32" else 2
