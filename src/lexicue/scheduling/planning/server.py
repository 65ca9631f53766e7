"""How a vLLM server is started: its flags, and the defaults of its version."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lexicue.errors import InputError
from lexicue.scheduling.planning.gpus import Gpu
from lexicue.scheduling.planning.shapes import ModelShape

__all__ = ["LATEST_VERSION", "ServerFlags", "Version", "read_version"]

Version = tuple[int, int]
"""Major and minor number."""

LATEST_VERSION: Version = (0, 33)
"""The newest version whose memory accounting these formulas were read from."""

_KV_BYTES = {"fp8": 1, "fp8_e4m3": 1, "fp8_e5m2": 1, "int8": 1}
_KV_BYTES |= {"bfloat16": 2, "bf16": 2, "float16": 2, "fp16": 2, "half": 2, "float32": 4}

_UTILIZATION_RAISED: Version = (0, 20)


def read_version(text: str) -> Version:
    """The version that a text begins with: ``0.19.1``, ``v0.10``, ``0.10-0.11``.

    Raises:
        InputError: it begins with none.
    """
    found = re.match(r"v?(\d+)\.(\d+)", text.strip())
    if found is None:
        raise InputError(f"--vllm-version {text}: is no version like 0.19.1")
    return int(found[1]), int(found[2])


@dataclass(frozen=True, slots=True)
class ServerFlags:
    """Flags of ``vllm serve`` that change how much memory is left; None is the version's default.

    Attributes:
        version: of vLLM.
        gpu_memory_utilization: share of the GPU that the server may take.
        tensor_parallel: GPUs that one model is split over.
        kv_cache_dtype: ``auto`` is the model's own.
        max_model_len: tokens of the longest request; else the model's.
        max_num_seqs: requests computed at once.
        max_num_batched_tokens: tokens of one step.
        enforce_eager: no CUDA graphs.
        block_size: tokens of a KV block.
    """

    version: Version = LATEST_VERSION
    gpu_memory_utilization: float | None = None
    tensor_parallel: int = 1
    kv_cache_dtype: str = "auto"
    max_model_len: int | None = None
    max_num_seqs: int | None = None
    max_num_batched_tokens: int | None = None
    enforce_eager: bool = False
    block_size: int = 16

    def __post_init__(self) -> None:
        if not 0 < self.utilization <= 1:
            raise InputError(f"--gpu-memory-utilization {self.utilization}: must be in (0, 1]")
        self.kv_bytes(2)

    @property
    def utilization(self) -> float:
        """0.9 by default, 0.92 from 0.20 on, where CUDA graphs are counted within it."""
        if self.gpu_memory_utilization is not None:
            return self.gpu_memory_utilization
        return 0.92 if self.version >= _UTILIZATION_RAISED else 0.9

    def kv_bytes(self, of_model: int) -> int:
        """Bytes of one cached number.

        Args:
            of_model: what ``auto`` stands for.

        Raises:
            InputError: no such type.
        """
        name = self.kv_cache_dtype.lower()
        if name.startswith("auto"):
            return of_model
        if name not in _KV_BYTES:
            known = ", ".join(["auto", *_KV_BYTES])
            raise InputError(f"--kv-cache-dtype {self.kv_cache_dtype}: not one of {known}")
        return _KV_BYTES[name]

    def longest_request(self, shape: ModelShape) -> int:
        """Tokens of the longest request."""
        return self.max_model_len or shape.max_length

    def sequences(self, gpu: Gpu) -> int:
        """Requests computed at once: 256 by default, 1024 on a large GPU."""
        return self.max_num_seqs or (1024 if gpu.is_large else 256)

    def step_tokens(self, gpu: Gpu) -> int:
        """Tokens of one step: 2048 by default, 8192 on a large GPU, 16384 from 160 GiB on."""
        if self.max_num_batched_tokens is not None:
            return self.max_num_batched_tokens
        if not gpu.is_large:
            return 2048
        return 16384 if gpu.gib >= 160 else 8192
