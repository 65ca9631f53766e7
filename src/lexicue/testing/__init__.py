"""A fake vLLM server, so that nobody needs a GPU to test what talks to one.

It answers chat completions with real words and phrases of the chunk it is asked about, counts
tokens as Qwen does, keeps vLLM's metrics, and fails on demand in every way a server can::

    from lexicue.testing import FakeServer, Fault, Lognormal

    with FakeServer(
        latency=Lognormal(median=0.05, sigma=0.5),
        faults=[Fault("http_503", on_requests=[2], retry_after=1), Fault("truncated", every=10)],
    ) as server:
        ...  # let a client talk to server.base_url
        assert server.peak_in_flight <= 8
        assert [r.fault for r in server.requests if r.status != 200] == ["http_503"]

With ``engine=BatchingEngine(...)`` it has vLLM's KV cache and scheduler: blocks, a queue,
preemption. `fake_app` is the same server without a socket, for ``httpx.ASGITransport``, and with
`run_in_virtual_time` its minutes pass at once. From a shell, and for clients in other languages:
``python -m lexicue.testing.server --port 8000``.
"""

from lexicue.errors import MissingDependencyError

try:
    import starlette as _starlette  # noqa: F401
    import uvicorn as _uvicorn  # noqa: F401
except ImportError as missing:
    raise MissingDependencyError(
        "the fake server needs starlette and uvicorn: pip install 'lexicue[testing]'"
    ) from missing

from lexicue.testing.answers import Meaning, placeholder_meaning
from lexicue.testing.app import FakeApp, fake_app
from lexicue.testing.asked import ChatCall
from lexicue.testing.batching import BatchingEngine
from lexicue.testing.engine import EngineModel, EngineStats, Job, TimedEngine
from lexicue.testing.faults import Fault, FaultKind
from lexicue.testing.latency import Latency, Lognormal
from lexicue.testing.machine import BatchLimits, StepCosts
from lexicue.testing.options import Behaviour, FakeOptions
from lexicue.testing.records import RequestRecord
from lexicue.testing.threaded import FakeServer
from lexicue.testing.virtual_time import run_in_virtual_time

__all__ = [
    "BatchLimits",
    "BatchingEngine",
    "Behaviour",
    "ChatCall",
    "EngineModel",
    "EngineStats",
    "FakeApp",
    "FakeOptions",
    "FakeServer",
    "Fault",
    "FaultKind",
    "Job",
    "Latency",
    "Lognormal",
    "Meaning",
    "RequestRecord",
    "StepCosts",
    "TimedEngine",
    "fake_app",
    "placeholder_meaning",
    "run_in_virtual_time",
]
