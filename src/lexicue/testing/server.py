"""The fake server from a shell: ``python -m lexicue.testing.server``."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence

from lexicue.settings import DEFAULT_MODEL
from lexicue.testing.faults import Fault, fault_kinds
from lexicue.testing.latency import Latency, Lognormal
from lexicue.testing.threaded import FakeServer

__all__ = ["main"]

_EXAMPLE = f"""
example: half a second an answer, every tenth one cut off, one overload in between
  python -m lexicue.testing.server --port 8000 --latency-median 0.5 --latency-sigma 0.4 \\
      --fault truncated:every=10 --fault http_503:on=3:retry_after=1
  lexicue extract talk.srt --engine llm --base-url http://127.0.0.1:8000/v1

fault kinds: {", ".join(fault_kinds())}
conditions:  every=N  on=1,4-6  contains=TEXT  task=words|phrases  probability=P  seed=N
             times=N  seconds=S  retry_after=S  items=a,b
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted or terminated."""
    options = _parser().parse_args(arguments)
    server = FakeServer(
        host=options.host,
        port=options.port,
        latency=_latency(options),
        faults=options.fault,
        models=tuple(options.model or (DEFAULT_MODEL,)),
        max_model_len=options.max_model_len,
        max_num_queued_reqs=options.max_num_queued_reqs,
        api_key=options.api_key,
        entries_per_answer=options.entries,
    )
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    with server:
        sys.stdout.write(f"{server.base_url}\n")
        sys.stdout.flush()
        done.wait()
        requests, peak = len(server.requests), server.peak_in_flight
        sys.stdout.write(f"{requests} chat requests, at most {peak} at once\n")
    return 0


def _latency(options: argparse.Namespace) -> Latency:
    if options.latency_median <= 0:
        return 0.0
    return Lognormal(options.latency_median, options.latency_sigma, options.seed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lexicue.testing.server",
        description="A fake vLLM server. It prints its base URL when it is up.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    add("--port", type=int, default=8000, help="port; 0 for any free one (%(default)s)")
    add("--model", action="append", help=f"name served; repeatable ({DEFAULT_MODEL})")
    add("--max-model-len", type=int, default=32_768, help="prompt and answer (%(default)s)")
    add("--max-num-queued-reqs", type=int, help="503 for more requests at once (no limit)")
    add("--api-key", help="wanted as a bearer token (none)")
    add("--entries", type=int, default=12, help="most entries of an answer (%(default)s)")
    add("--latency-median", type=float, default=0.0, help="seconds (%(default)s)")
    add("--latency-sigma", type=float, default=0.0, help="spread; 0.5 is usual (%(default)s)")
    add("--seed", type=int, default=0, help="of the latency (%(default)s)")
    add("--fault", type=_fault, action="append", default=[], metavar="KIND[:CONDITION...]")
    return parser


def _fault(text: str) -> Fault:
    try:
        return Fault.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


if __name__ == "__main__":
    sys.exit(main())
