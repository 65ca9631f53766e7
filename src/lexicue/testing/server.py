"""The fake server from a shell: ``python -m lexicue.testing.server``."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence

from lexicue.settings import DEFAULT_MODEL
from lexicue.testing.batching import BatchingEngine
from lexicue.testing.faults import Fault, fault_kinds
from lexicue.testing.latency import Latency, Lognormal
from lexicue.testing.machine import BatchLimits, StepCosts
from lexicue.testing.threaded import FakeServer

__all__ = ["main"]

_EXAMPLE = f"""
example: half a second an answer, every tenth one cut off, one overload in between
  python -m lexicue.testing.server --port 8000 --latency-median 0.5 --latency-sigma 0.4 \\
      --fault truncated:every=10 --fault http_503:on=3:retry_after=1
  lexicue extract talk.srt --engine llm --base-url http://127.0.0.1:8000/v1

example: a KV cache of 12,800 tokens, and vLLM's scheduler in front of it
  python -m lexicue.testing.server --kv-blocks 801 --block-size 16 --step-ms 20

fault kinds: {", ".join(fault_kinds())}
conditions:  every=N  on=1,4-6  contains=TEXT  task=words|phrases  probability=P  seed=N
             times=N  seconds=S  retry_after=S  items=a,b
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted or terminated."""
    parser = _parser()
    options = parser.parse_args(arguments)
    server = FakeServer(
        host=options.host,
        port=options.port,
        latency=_latency(options),
        engine=_engine(options, parser),
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


def _engine(options: argparse.Namespace, parser: argparse.ArgumentParser) -> BatchingEngine | None:
    if options.kv_blocks is None:
        return None
    if options.latency_median > 0:
        parser.error("--latency-median and --kv-blocks exclude each other")
    try:
        return _batching(options)
    except ValueError as error:
        parser.error(str(error))


def _batching(options: argparse.Namespace) -> BatchingEngine:
    limits = BatchLimits(
        num_gpu_blocks=options.kv_blocks,
        block_size=options.block_size,
        max_num_seqs=options.max_num_seqs,
        max_num_batched_tokens=options.max_num_batched_tokens,
        prefix_caching=not options.no_prefix_caching,
    )
    costs = StepCosts(
        base_ms=options.step_ms,
        prefill_ms_per_token=options.prefill_ms,
        decode_ms_per_request=options.decode_ms,
    )
    return BatchingEngine(limits, costs, time_scale=options.time_scale)


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
    _add_engine(parser)
    add("--fault", type=_fault, action="append", default=[], metavar="KIND[:CONDITION...]")
    return parser


def _add_engine(parser: argparse.ArgumentParser) -> None:
    limits, costs = BatchLimits(), StepCosts()
    add = parser.add_argument_group("a KV cache that fills, instead of a latency").add_argument
    add("--kv-blocks", type=int, help="blocks in the cache, of which vLLM keeps one; turns it on")
    add("--block-size", type=int, default=limits.block_size, help="tokens (%(default)s)")
    add("--max-num-seqs", type=int, default=limits.max_num_seqs, help="run at once (%(default)s)")
    add(
        "--max-num-batched-tokens",
        type=int,
        default=limits.max_num_batched_tokens,
        help="computed in one step (%(default)s)",
    )
    add("--no-prefix-caching", action="store_true", help="prompts share no blocks")
    add("--step-ms", type=float, default=costs.base_ms, help="of any step (%(default)s)")
    add(
        "--prefill-ms",
        type=float,
        default=costs.prefill_ms_per_token,
        help="for each prompt token (%(default)s)",
    )
    add(
        "--decode-ms",
        type=float,
        default=costs.decode_ms_per_request,
        help="for each request that generates (%(default)s)",
    )
    add("--time-scale", type=float, default=1.0, help="0.1: ten times as fast (%(default)s)")


def _fault(text: str) -> Fault:
    try:
        return Fault.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


if __name__ == "__main__":
    sys.exit(main())
