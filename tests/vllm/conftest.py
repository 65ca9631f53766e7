"""A real vLLM server on this machine's CPU, with a tiny model of random weights.

`scripts/test-vllm` installs it (`.venv-vllm`, `.cache/vllm-tiny`) and runs these tests. What the
model says is noise: assert on counts, statuses and shapes, never on words or times.
"""

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx
import pytest

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-vllm" / "bin" / "python"
MODEL_DIR = ROOT / ".cache" / "vllm-tiny"
MODEL = "m"

START_LIMIT_S = 600.0  # about 30 s by itself; other work on the machine stretches it
STOP_LIMIT_S = 60.0
LOG_TAIL_LINES = 40

Flag = bool | int | float | str | dict[str, object]

FLAGS: dict[str, Flag] = {
    "load_format": "dummy",
    "max_model_len": 4096,
    "enforce_eager": True,
    "enable_prefix_caching": True,
    "enable_prompt_tokens_details": True,
    "structured_outputs_config": {"backend": "xgrammar", "disable_any_whitespace": True},
}
ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "VLLM_CACHE_ROOT": str(ROOT / ".cache" / "vllm"),
    "VLLM_CPU_KVCACHE_SPACE": "1",  # GiB
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",  # the cores are shared with the tests
    "OMP_NUM_THREADS": "1",
}
SAMPLE = re.compile(r"(?P<name>[a-zA-Z_:][\w:]*)(?:\{.*\})? (?P<value>\S+)")


# Waits for pytest to close its end, be it by dying, and takes the server's process group along:
# vLLM's engine outlives its API server.
GUARD = ("sh", "-c", "read -r _; kill -KILL 0")


@dataclass(frozen=True, slots=True)
class VllmServer:
    """A running server; `process` leads a process group of its own."""

    base_url: str
    """With /v1, as a client wants it."""
    model: str
    model_dir: Path
    """Holds the model's tokenizer.json."""
    log: Path
    process: subprocess.Popen[bytes]
    guard: subprocess.Popen[bytes]

    @property
    def root_url(self) -> str:
        """Where /health, /metrics and /tokenize are."""
        return self.base_url.removesuffix("/v1")

    def stop(self) -> None:
        """End it as its operator would, then make sure that nothing of it is left."""
        if self.process.poll() is None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_LIMIT_S)
        self.kill()

    def kill(self) -> None:
        """End the whole process group at once, as a crash would."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(STOP_LIMIT_S)
        self.guard.communicate(timeout=STOP_LIMIT_S)


class StartVllm(Protocol):
    """Start another server: `start_vllm(max_num_seqs=4)` is `--max-num-seqs 4`."""

    def __call__(self, **flags: Flag) -> VllmServer: ...


def metrics(base_url: str) -> dict[str, float]:
    """The samples of /metrics, added up by name over their labels."""
    url = base_url.removesuffix("/v1") + "/metrics"
    sums: dict[str, float] = {}
    for line in httpx.get(url, trust_env=False, timeout=60).text.splitlines():
        if sample := SAMPLE.fullmatch(line):
            sums[sample["name"]] = sums.get(sample["name"], 0.0) + float(sample["value"])
    return sums


@pytest.fixture(scope="session", autouse=True)
def vllm_installed() -> None:
    """Skip everything here where there is no vLLM."""
    if reason := os.environ.get("LEXICUE_TEST_VLLM_SKIP"):
        pytest.skip(reason)
    if not PYTHON.exists() or not (MODEL_DIR / "config.json").exists():
        pytest.skip("vLLM is not set up: run scripts/test-vllm")


@pytest.fixture(scope="session")
def vllm_server(
    vllm_installed: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[VllmServer]:
    """The one server that tests share; leave it as it was."""
    server = _start(tmp_path_factory.mktemp("vllm") / "server.log", {})
    yield server
    server.stop()


@pytest.fixture
def start_vllm(vllm_installed: None, tmp_path: Path) -> Iterator[StartVllm]:
    """Servers of a test's own, to crowd or to kill; each takes half a minute."""
    servers: list[VllmServer] = []

    def start(**flags: Flag) -> VllmServer:
        server = _start(tmp_path / f"server-{len(servers)}.log", flags)
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop()


def _start(log: Path, flags: dict[str, Flag]) -> VllmServer:
    flags = dict(flags)
    port = flags.pop("port", None) or _free_port()
    command = [
        *(str(PYTHON), "-m", "vllm.entrypoints.openai.api_server"),
        *("--model", str(MODEL_DIR), "--served-model-name", MODEL),
        *("--host", "127.0.0.1", "--port", str(port)),
        *_arguments(FLAGS | flags),
    ]
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command,
            cwd=log.parent,
            env=os.environ | ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
    guard = subprocess.Popen(GUARD, stdin=subprocess.PIPE, process_group=process.pid)
    server = VllmServer(f"http://127.0.0.1:{port}/v1", MODEL, MODEL_DIR, log, process, guard)
    try:
        _wait_until_healthy(server)
    except BaseException:
        server.kill()
        raise
    return server


def _arguments(flags: dict[str, Flag]) -> Iterator[str]:
    for name, value in flags.items():
        option = name.replace("_", "-")
        match value:
            case bool():
                yield f"--{option}" if value else f"--no-{option}"
            case dict():
                yield from (f"--{option}", json.dumps(value))
            case _:
                yield from (f"--{option}", str(value))


def _wait_until_healthy(server: VllmServer) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    with httpx.Client(trust_env=False, timeout=5) as client:
        while time.monotonic() < deadline:
            if (status := server.process.poll()) is not None:
                pytest.fail(f"vLLM ended with status {status}\n{_tail(server.log)}", pytrace=False)
            try:
                if client.get(f"{server.root_url}/health").status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass  # not listening yet
            time.sleep(0.25)
    pytest.fail(f"vLLM not healthy in {START_LIMIT_S:.0f} s\n{_tail(server.log)}", pytrace=False)


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:])


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
