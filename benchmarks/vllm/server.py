"""A real vLLM server on this machine's CPU, and what it tells while a job runs on it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

import httpx

from benchmarks.processes import ROOT, WORKSPACE
from lexicue.scheduling.capacity import ServerSample, read_metrics

__all__ = ["MODEL", "TINY", "Flags", "Vllm", "Watched"]

PYTHON = ROOT / ".venv-vllm" / "bin" / "python"
TINY = ROOT / ".cache" / "vllm-tiny"
MODEL = "m"

Flags = Mapping[str, bool | int | str]

_FLAGS: Flags = {
    "max_model_len": 2048,
    "enforce_eager": True,
    "enable_prefix_caching": True,
    "enable_prompt_tokens_details": True,
}
_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "VLLM_CACHE_ROOT": str(ROOT / ".cache" / "vllm"),
    "VLLM_CPU_KVCACHE_SPACE": "1",  # GiB
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "OMP_NUM_THREADS": "1",  # the other core is the client's
    "VLLM_SERVER_DEV_MODE": "1",  # for /reset_prefix_cache, so that every job begins alike
}
_START_LIMIT_S = 600.0
_STOP_LIMIT_S = 60.0
_LOOK_EVERY_S = 0.25
_GUARD = ("sh", "-c", "read -r _; kill -KILL 0")
"""Ends the server's process group when this process is gone, however it went."""


class Vllm:
    """A server; use it as a context manager.

    Args:
        model: the model's folder.
        flags: ``max_num_seqs=16`` is ``--max-num-seqs 16``.
    """

    def __init__(self, model: Path = TINY, **flags: bool | int | str) -> None:
        self._model = model
        self._flags = dict(_FLAGS) | ({"load_format": "dummy"} if model == TINY else {}) | flags
        self._port = _free_port()
        self.log = WORKSPACE / f"vllm-{self._port}.log"

    @property
    def base_url(self) -> str:
        """With ``/v1``."""
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def root_url(self) -> str:
        """Where ``/metrics`` is."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def tokenizer(self) -> Path:
        """To count with."""
        return self._model / "tokenizer.json"

    def __enter__(self) -> Self:
        self.start()
        self.wait_until_healthy()
        return self

    def __exit__(self, *error: object) -> None:
        self.kill(signal.SIGTERM)

    def start(self) -> None:
        """Start it; again after `kill`, on the same port."""
        WORKSPACE.mkdir(parents=True, exist_ok=True)
        command = [
            *(str(PYTHON), "-m", "vllm.entrypoints.openai.api_server"),
            *("--model", str(self._model), "--served-model-name", MODEL),
            *("--host", "127.0.0.1", "--port", str(self._port)),
            *_arguments(self._flags),
        ]
        with self.log.open("ab") as sink:
            self._process = subprocess.Popen(
                command,
                cwd=WORKSPACE,
                env=os.environ | _ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        self._guard = subprocess.Popen(
            _GUARD, stdin=subprocess.PIPE, process_group=self._process.pid
        )

    def wait_until_healthy(self) -> None:
        """Wait until it answers.

        Raises:
            RuntimeError: it ended, or takes too long.
        """
        deadline = time.monotonic() + _START_LIMIT_S
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.root_url}/health", timeout=5).status_code == httpx.codes.OK:
                    return
            time.sleep(0.25)
        self.kill()
        raise RuntimeError(f"vLLM does not start; see {self.log}")

    def kill(self, first: signal.Signals = signal.SIGKILL) -> None:
        """End it with all its processes; by default at once, as a crash would."""
        if first != signal.SIGKILL:
            self._process.send_signal(first)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_LIMIT_S)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(_STOP_LIMIT_S)
        self._guard.communicate(timeout=_STOP_LIMIT_S)

    def sample(self) -> ServerSample:
        """What it tells now."""
        page = httpx.get(f"{self.root_url}/metrics", timeout=60).text
        return read_metrics(page, time.time())

    def forget_prefixes(self) -> None:
        """Empty its prefix cache."""
        httpx.post(f"{self.root_url}/reset_prefix_cache", timeout=60).raise_for_status()


class Watched:
    """Looks at a server's metrics while the block runs.

    Attributes:
        samples: all looks, the first before the block and the last after it.
    """

    def __init__(self, server: Vllm) -> None:
        self._server = server
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.samples: list[ServerSample] = []

    def __enter__(self) -> Self:
        self._server.forget_prefixes()
        self.samples.append(self._server.sample())
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()
        with suppress(httpx.TransportError):
            self.samples.append(self._server.sample())

    def _watch(self) -> None:
        while not self._stop.wait(_LOOK_EVERY_S):
            with suppress(httpx.TransportError):
                self.samples.append(self._server.sample())


def _arguments(flags: Flags) -> Iterator[str]:
    for name, value in flags.items():
        option = name.replace("_", "-")
        if isinstance(value, bool):
            yield f"--{option}" if value else f"--no-{option}"
        else:
            yield from (f"--{option}", str(value))


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
