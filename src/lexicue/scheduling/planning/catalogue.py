"""The models known by name: facts of their published ``config.json`` files.

A name is found whatever its organisation, case, and the words that change no dimension
(``-Instruct``, ``-it``, ``-2507`` …); ``-AWQ``, ``-FP8``, ``w4a16`` and the like say how the
weights are stored. A further model is one line in `_MODELS`.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import replace
from functools import lru_cache

from lexicue.errors import InputError
from lexicue.scheduling.planning.shapes import (
    FULL_PRECISION,
    Attention,
    Experts,
    LatentAttention,
    ModelShape,
    Quantization,
)

__all__ = ["find_model", "known_models"]

_SIZES = """
# name              layers hidden heads kv dim  inter  vocab  length flags
qwen2.5-0.5b          24    896   14   2   64   4864 151936   32768 tied
qwen2.5-1.5b          28   1536   12   2  128   8960 151936   32768 tied
qwen2.5-3b            36   2048   16   2  128  11008 151936   32768 tied
qwen2.5-7b            28   3584   28   4  128  18944 152064   32768
qwen2.5-14b           48   5120   40   8  128  13824 152064   32768
qwen2.5-32b           64   5120   40   8  128  27648 152064   32768
qwen2.5-72b           80   8192   64   8  128  29568 152064   32768
qwen2-0.5b            24    896   14   2   64   4864 151936   32768 tied
qwen2-1.5b            28   1536   12   2  128   8960 151936   32768 tied
qwen2-7b              28   3584   28   4  128  18944 152064   32768
qwen2-72b             80   8192   64   8  128  29568 152064   32768
qwq-32b               64   5120   40   8  128  27648 152064   40960
qwen3-0.6b            28   1024   16   8  128   3072 151936   40960 tied
qwen3-1.7b            28   2048   16   8  128   6144 151936   40960 tied
qwen3-4b              36   2560   32   8  128   9728 151936   40960 tied
qwen3-8b              36   4096   32   8  128  12288 151936   40960
qwen3-14b             40   5120   40   8  128  17408 151936   40960
qwen3-32b             64   5120   64   8  128  25600 151936   40960
qwen3-30b-a3b         48   2048   32   4  128   6144 151936   40960 moe=128/8/768
qwen3-235b-a22b       94   4096   64   4  128  12288 151936   40960 moe=128/8/1536
llama-2-7b            32   4096   32  32  128  11008  32000    4096
llama-2-13b           40   5120   40  40  128  13824  32000    4096
llama-2-70b           80   8192   64   8  128  28672  32000    4096
codellama-7b          32   4096   32  32  128  11008  32016   16384
codellama-13b         40   5120   40  40  128  13824  32016   16384
codellama-34b         48   8192   64   8  128  22016  32000   16384
llama-3-8b            32   4096   32   8  128  14336 128256    8192
llama-3-70b           80   8192   64   8  128  28672 128256    8192
llama-3.1-8b          32   4096   32   8  128  14336 128256  131072
llama-3.1-70b         80   8192   64   8  128  28672 128256  131072
llama-3.1-405b       126  16384  128   8  128  53248 128256  131072
llama-3.2-1b          16   2048   32   8   64   8192 128256  131072 tied
llama-3.2-3b          28   3072   24   8  128   8192 128256  131072 tied
llama-3.3-70b         80   8192   64   8  128  28672 128256  131072
tinyllama-1.1b        22   2048   32   4   64   5632  32000    2048
smollm2-135m          30    576    9   3   64   1536  49152    8192 tied
smollm2-360m          32    960   15   5   64   2560  49152    8192 tied
smollm2-1.7b          24   2048   32  32   64   8192  49152    8192 tied
mistral-7b-v0.1       32   4096   32   8  128  14336  32000   32768 sliding=32/4096
mistral-7b-v0.2       32   4096   32   8  128  14336  32000   32768
mistral-7b-v0.3       32   4096   32   8  128  14336  32768   32768
ministral-8b          36   4096   32   8  128  12288 131072   32768
mistral-nemo-12b      40   5120   32   8  128  14336 131072  131072
mistral-small-22b     56   6144   48   8  128  16384  32768   32768
mistral-small-24b     40   5120   32   8  128  32768 131072   32768
mistral-small-3.1-24b 40   5120   32   8  128  32768 131072  131072 other=0.44
mistral-small-3.2-24b 40   5120   32   8  128  32768 131072  131072 other=0.44
mistral-large         88  12288   96   8  128  28672  32768  131072
mixtral-8x7b          32   4096   32   8  128  14336  32000   32768 moe=8/2/14336
mixtral-8x22b         56   6144   48   8  128  16384  32768   65536 moe=8/2/16384
gemma-2b              18   2048    8   1  256  16384 256000    8192 tied
gemma-7b              28   3072   16  16  256  24576 256000    8192 tied
gemma-2-2b            26   2304    8   4  256   9216 256000    8192 tied sliding=13/4096
gemma-2-9b            42   3584   16   8  256  14336 256000    8192 tied sliding=21/4096
gemma-2-27b           46   4608   32  16  128  36864 256000    8192 tied sliding=23/4096
gemma-3-1b            26   1152    4   1  256   6912 262144   32768 tied sliding=22/512
gemma-3-4b            34   2560    8   4  256  10240 262208  131072 tied sliding=29/1024 other=0.42
gemma-3-12b           48   3840   16   8  256  15360 262208  131072 tied sliding=40/1024 other=0.42
gemma-3-27b           62   5376   32  16  128  21504 262208  131072 tied sliding=52/1024 other=0.42
phi-2                 32   2560   32  32   80  10240  51200    2048 ungated
phi-3-mini-4k         32   3072   32  32   96   8192  32064    4096 sliding=32/2047
phi-3-mini-128k       32   3072   32  32   96   8192  32064  131072
phi-3.5-mini          32   3072   32  32   96   8192  32064  131072
phi-3-medium-4k       40   5120   40  10  128  17920  32064    4096 sliding=40/2047
phi-3-medium-128k     40   5120   40  10  128  17920  32064  131072
phi-4                 40   5120   40  10  128  17920 100352   16384
phi-4-mini            32   3072   24   8  128   8192 200064  131072 tied
granite-3.1-2b        40   2048   32   8   64   8192  49155  131072 tied
granite-3.1-8b        40   4096   32   8  128  12800  49155  131072 tied
granite-3.2-8b        40   4096   32   8  128  12800  49155  131072 tied
granite-3.3-2b        40   2048   32   8   64   8192  49159  131072 tied
granite-3.3-8b        40   4096   32   8  128  12800  49159  131072 tied
exaone-3.5-2.4b       30   2560   32   8   80   7168 102400   32768 tied
exaone-3.5-7.8b       32   4096   32   8  128  14336 102400   32768
exaone-3.5-32b        64   5120   40   8  128  27392 102400   32768
solar-10.7b           48   4096   32   8  128  14336  32000    4096
yi-1.5-6b             32   4096   32   4  128  11008  64000    4096
yi-1.5-9b             48   4096   32   4  128  11008  64000    4096
yi-1.5-34b            60   7168   56   8  128  20480  64000    4096
olmo-2-7b             32   4096   32  32  128  11008 100352    4096
olmo-2-13b            40   5120   40  40  128  13824 100352    4096
internlm2.5-7b        32   4096   32   8  128  14336  92544   32768
glm-4-9b              40   4096   32   2  128  13696 151552  131072
falcon3-7b            28   3072   12   4  256  23040 131072   32768
gpt-oss-20b           24   2880   64   8   64   2880 201088  131072 sliding=12/128 moe=32/4/2880
gpt-oss-120b          36   2880   64   8   64   2880 201088  131072 sliding=18/128 moe=128/4/2880
deepseek-llm-7b       30   4096   32  32  128  11008 102400    4096
deepseek-v2-lite      27   2048   16  16  128  10944 102400  163840 latent=0 moe=64/6/1408/2/1
deepseek-v2           60   5120  128 128  128  12288 102400  163840 latent=1536 moe=160/6/1536/2/1
deepseek-v2.5         60   5120  128 128  128  12288 102400  163840 latent=1536 moe=160/6/1536/2/1
deepseek-v3           61   7168  128 128  128  18432 129280  163840 latent=1536 moe=256/8/2048/1/3
deepseek-r1           61   7168  128 128  128  18432 129280  163840 latent=1536 moe=256/8/2048/1/3
kimi-k2               61   7168   64  64  128  18432 163840  131072 latent=1536 moe=384/8/2048/1/1
deepseek-r1-distill-qwen-1.5b 28 1536 12 2 128 8960 151936 131072
deepseek-r1-distill-qwen-7b   28 3584 28 4 128 18944 152064 131072
deepseek-r1-distill-qwen-14b  48 5120 40 8 128 13824 152064 131072
deepseek-r1-distill-qwen-32b  64 5120 40 8 128 27648 152064 131072
deepseek-r1-distill-llama-8b  32 4096 32 8 128 14336 128256 131072
deepseek-r1-distill-llama-70b 80 8192 64 8 128 28672 128256 131072
"""
"""Flags: ``sliding=LAYERS/WINDOW``, ``moe=COUNT/ACTIVE/WIDTH[/SHARED/DENSE LAYERS]``,
``latent=QUERY RANK``, ``other=`` billions of weights outside the text model."""

_ALIASES = {
    "mistral-nemo": "mistral-nemo-12b",
    "mistral-nemo-2407": "mistral-nemo-12b",
    "mistral-small": "mistral-small-22b",
    "mixtral-8x7b-v0.1": "mixtral-8x7b",
    "mixtral-8x22b-v0.1": "mixtral-8x22b",
    "mistral-7b": "mistral-7b-v0.3",
    "solar-10.7b-v1.0": "solar-10.7b",
    "tinyllama-1.1b-v1.0": "tinyllama-1.1b",
    "deepseek-coder-v2-lite": "deepseek-v2-lite",
    "mixtral": "mixtral-8x7b",
    "internlm2-5-7b": "internlm2.5-7b",
    "phi-3.5-mini-128k": "phi-3.5-mini",
}

_NO_DIMENSION = frozenset(
    "instruct it chat hf base thinking preview distilled coder math meta text turbo dynamic "
    "marlin quantized g128 128g sym asym bnb mlx gguf unsloth uncensored v1.5 awq gptq pt "
    "1124 2407 2409 2410 2411 2412 2501 2503 2506 2507 0528 0324 0905 1120 block 512".split()
)
"""Parts of a name that say nothing of the dimensions."""

_QUANTIZATIONS = (
    # Groups of 128 weights share a 16-bit scale, with AWQ and GPTQ also a 4-bit zero point.
    (r"awq|gptq(?!.*(?:int8|8bit))|int4|4bit|w4a16|q4", Quantization("4-bit", 4.0 + 20 / 128)),
    (r"nvfp4|fp4", Quantization("nvfp4", 4.5)),
    (r"fp8|w8a8|w8a16|int8|8bit", Quantization("8-bit", 8.0)),
)

_PUBLISHED_QUANTIZED = {
    "gpt-oss-20b": Quantization("mxfp4", 4.25, experts_only=True),
    "gpt-oss-120b": Quantization("mxfp4", 4.25, experts_only=True),
    "deepseek-v3": Quantization("fp8", 8.0),
    "deepseek-r1": Quantization("fp8", 8.0),
    "kimi-k2": Quantization("fp8", 8.0),
}
"""Models whose plain name already is a quantized checkpoint."""


def find_model(name: str) -> ModelShape:
    """The shape of a model by its name.

    Args:
        name: as on Hugging Face, or the last part of it.

    Raises:
        InputError: not in the table; names the closest ones and what to give instead.
    """
    key, quantization = _read_name(name)
    shape = _table().get(_ALIASES.get(key, key))
    if shape is None:
        raise InputError(_unknown(name, key))
    stored = quantization or _PUBLISHED_QUANTIZED.get(shape.name, FULL_PRECISION)
    return replace(shape, name=name, quantization=stored)


def known_models() -> tuple[str, ...]:
    """Every name in the table, in its order."""
    return tuple(_table())


def _unknown(name: str, key: str) -> str:
    close = difflib.get_close_matches(key, [*_table(), *_ALIASES], n=3)
    hint = f" (close: {', '.join(close)})" if close else ""
    return (
        f"--model {name}: not in the built-in table{hint}; give the path of its config.json "
        "with --model-config, or a live server with --base-url"
    )


def _read_name(name: str) -> tuple[str, Quantization | None]:
    """The table's key for a name, and the storage that the name tells of."""
    plain = name.strip().rstrip("/").rsplit("/", 1)[-1].lower().replace("_", "-")
    quantization = next(
        (kind for pattern, kind in _QUANTIZATIONS if re.search(rf"[-.](?:{pattern})", plain)), None
    )
    parts = [part for part in re.split(r"-|\.(?=w\d)", plain) if not _says_nothing(part)]
    return "-".join(parts), quantization


def _says_nothing(part: str) -> bool:
    stored = r"(int|fp|nvfp|mxfp|q)\d\w*|w\d+a\d+\w*|\d+bit"
    return part in _NO_DIMENSION or re.fullmatch(stored, part) is not None


@lru_cache(maxsize=1)
def _table() -> dict[str, ModelShape]:
    lines = (line.split() for line in _SIZES.strip().splitlines() if not line.startswith("#"))
    return {name: _shape(name, rest) for name, *rest in lines}


def _shape(name: str, columns: list[str]) -> ModelShape:
    layers, hidden, heads, kv_heads, dim, inter, vocab, length = map(int, columns[:8])
    flags = dict(flag.partition("=")[::2] for flag in columns[8:])
    return ModelShape(
        name,
        layers=layers,
        hidden=hidden,
        intermediate=inter,
        vocab=vocab,
        max_length=length,
        attention=Attention(heads, kv_heads, dim, *_numbers(flags.get("sliding"))),
        latent=LatentAttention(query_rank=int(flags["latent"])) if "latent" in flags else None,
        experts=Experts(*_numbers(flags["moe"])) if "moe" in flags else None,
        tied="tied" in flags,
        gated="ungated" not in flags,
        other_parameters=float(flags.get("other", 0)) * 1e9,
    )


def _numbers(flag: str | None) -> list[int]:
    return [int(number) for number in flag.split("/")] if flag else []
