"""``lexicue plan`` as a user types it."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from lexicue.testing import FakeServer

PLAN = [sys.executable, "-m", "lexicue", "plan"]
A10G = ("--gpu", "A10G", "--weights-gib", 9.38, "--vllm-version", "0.19.1")


def lexicue_plan(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PLAN, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
        timeout=60,
        check=False,
    )


def planned(*arguments: object) -> dict[str, Any]:
    done = lexicue_plan(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert isinstance(document, dict)
    return document


def test_json_of_the_default_model() -> None:
    document = planned(*A10G, "--max-model-len", 4096, "--kv-cache-dtype", "auto(fp16)")
    assert document["kv_tokens"] == pytest.approx(49_696, rel=0.03)  # logged
    assert document["kv_tokens_low"] < 49_696 < document["kv_tokens_high"]
    assert document["source"] == "estimate"
    server = document["server"]
    assert server["kv_bytes_per_token"] == 196_608
    assert server["available_kv_gib"] == pytest.approx(9.1, abs=0.3)
    assert [each["strategy"] for each in document["strategies"]] == [
        "parallel",
        "sequential",
        "conditional",
        "adaptive",
    ]
    assert 4 <= document["MAX_SAFE_CHUNKS_FOR_PARALLEL"] <= 19
    assert 8 <= document["max_concurrency"] <= 19


def test_every_field_is_in_the_reference() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "plan.md").read_text("utf-8")
    document = planned(*A10G)
    objects = [document, document["server"], document["job"], document["strategies"][0]]
    objects += [document["server"]["memory"][0]]
    missing = [name for each in objects for name in each if f"`{name}`" not in page]
    assert missing == []


def test_the_table_says_what_the_json_says() -> None:
    document, table = planned(*A10G), lexicue_plan(*A10G).stdout
    for shown in (
        f"{document['kv_tokens']:,}",
        f"(estimate: {document['kv_tokens_low']:,} to {document['kv_tokens_high']:,})",
        "196,608",
        "MAX_SAFE_CHUNKS_FOR_PARALLEL",
        "A parallel",
        "adaptive",
    ):
        assert shown in table


@pytest.mark.parametrize(
    "arguments",
    [
        ("--model", "Qwen/Qwen3-8B", "--gpu-gib", 39.4),
        ("--model", "google/gemma-3-27b-it", "--gpu", "H100", "--max-num-seqs", 128),
        ("--model", "deepseek-ai/DeepSeek-V3", "--gpu", "H200", "--tensor-parallel", 8),
        ("--model", "openai/gpt-oss-120b", "--gpu", "h100", "--kv-cache-dtype", "fp8"),
        ("--gpu", "L4", "--enforce-eager", "--max-num-batched-tokens", 4096, "--chunks", 50),
        ("--gpu", "L4", "--chunk-tokens", 1500, "--output-tokens", 300, "--no-prefix-caching"),
    ],
)
def test_options_of_every_kind(arguments: tuple[object, ...]) -> None:
    assert planned(*arguments)["kv_tokens"] > 0


def test_a_config_file(tmp_path: Path) -> None:
    config = {
        "num_hidden_layers": 36,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
        "head_dim": 128,
        "hidden_size": 4096,
        "intermediate_size": 12288,
        "vocab_size": 151936,
        "max_position_embeddings": 40960,
        "tie_word_embeddings": False,
    }
    file = tmp_path / "config.json"
    file.write_text(json.dumps(config), encoding="utf-8")
    given = planned("--model-config", file, "--gpu", "H100")
    assert given["kv_tokens"] == planned("--model", "Qwen/Qwen3-8B", "--gpu", "H100")["kv_tokens"]


def test_the_note_s_table() -> None:
    sizes = planned("--note-table")["sizes"]
    assert [each["size_gb"] for each in sizes] == [24, 40, 48, 80]
    assert [each["note"] for each in sizes] == ["4-8", "8-16", "", "16-32"]
    assert "124" in lexicue_plan("--note-table", "--vllm-version", "0.19").stdout


def test_a_live_server() -> None:
    with FakeServer() as server:
        document = planned("--base-url", server.base_url, "--chunks", 4)
    assert document["source"] == "server"
    assert document["kv_tokens"] == document["kv_tokens_low"] == document["kv_tokens_high"] > 0
    assert document["max_model_len"] > 0
    assert document["server"] is None


def test_no_server_there() -> None:
    done = lexicue_plan("--base-url", "http://127.0.0.1:9/v1")
    assert done.returncode == 1
    assert "correct --base-url" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "which GPU"),
        (("--gpu", "H1000"), "--gpu-gib"),
        (("--gpu", "H100", "--model", "my-model"), "--model-config"),
        (("--gpu", "H100", "--model", "a", "--model-config", "b"), "give one of them"),
        (("--gpu", "H100", "--model-config", "none.json"), "No such file"),
        (("--gpu", "H100", "--gpu-memory-utilization", "90"), "must be in"),
        (("--gpu", "H100", "--kv-cache-dtype", "fp3"), "auto, fp8"),
        (("--gpu", "H100", "--vllm-version", "new"), "no version"),
        (("--gpu", "H100", "--tensor-parallel", "7"), "must divide"),
        (("--gpu", "H100", "--tensor-parallel", "0"), "x>=1"),
        (("--gpu", "H100", "--weights-gib", "nan"), "no size of weights"),
        (("--gpu", "H100", "--chunks", "0"), "1 or more"),
        (("--gpu", "H100", "--base-url", "http://127.0.0.1:9"), "leave out --gpu"),
        (("--base-url", "nonsense"), "no http(s) URL"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], says: str) -> None:
    done = lexicue_plan(*arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_it_takes_less_than_a_second() -> None:
    """The best of three, since other work shares the machine."""

    def seconds() -> float:
        started = time.perf_counter()
        assert lexicue_plan("--gpu", "A10G").returncode == 0
        return time.perf_counter() - started

    assert min(seconds() for _ in range(3)) < 1.0


OFFLINE = """
import socket, sys
def refuse(*_, **__): raise AssertionError("a socket is opened")
socket.socket.connect = refuse
socket.getaddrinfo = refuse
sys.argv = ["lexicue", "plan", "--gpu", "A10G", "--json"]
from lexicue.cli import main
try:
    main()
finally:
    heavy = {"torch", "httpx", "spacy", "vllm", "transformers", "numpy"} & set(sys.modules)
    assert not heavy, heavy
"""


def test_it_needs_no_network_and_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["kv_tokens"] > 0


def test_help_has_examples() -> None:
    told = lexicue_plan("--help").stdout
    assert "lexicue plan --gpu A10G" in told
    assert "Exit codes" in told
