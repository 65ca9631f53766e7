"""``lexicue plan``: what a vLLM server will hold, and which strategy and limits suit it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from lexicue.cli.live_server import look_at
from lexicue.cli.plan_text import note_text, plan_text
from lexicue.errors import InputError
from lexicue.scheduling.planning import (
    Job,
    ModelShape,
    Plan,
    ServerFlags,
    estimate,
    find_model,
    gpu_of,
    note_table,
    plan_estimated,
    plan_live,
    read_config,
    read_version,
)

__all__ = ["plan"]

_COUNT = click.IntRange(min=1)

_EPILOG = (
    "Needs no GPU, no server and no network, but for --base-url. Exit codes: 0 planned, 1 the "
    "server cannot be reached, 2 wrong usage or input."
)


@dataclass(frozen=True, slots=True)
class _Machine:
    """The server as the options describe it."""

    model: str | None
    model_config: Path | None
    weights_gib: float | None
    gpu: str | None
    gpu_gib: float | None
    flags: ServerFlags

    def shape(self) -> ModelShape:
        if self.model_config is not None:
            return read_config(self.model_config)
        return find_model(self.model or _default_model())

    def planned(self, job: Job) -> Plan:
        gpu = gpu_of(self.gpu, self.gpu_gib)
        return plan_estimated(estimate(self.shape(), gpu, self.flags, self.weights_gib), job)


@click.command(epilog=_EPILOG)
@click.option("--model", metavar="NAME", help="A known model [Qwen/Qwen2.5-14B-Instruct-AWQ].")
@click.option("--model-config", type=click.Path(path_type=Path), help="A model's config.json.")
@click.option("--base-url", metavar="URL", help="Ask this running server for its capacity.")
@click.option("--weights-gib", type=click.FloatRange(min=0, min_open=True), help="On each GPU.")
@click.option("--gpu", metavar="NAME", help="A10G, L4, 4090, A100-40GB, H100 …")
@click.option("--gpu-gib", type=float, help="Memory that CUDA shows on each GPU.")
@click.option("--gpu-memory-utilization", type=float, help="[0.92; 0.9 before vLLM 0.20]")
@click.option("--tensor-parallel", type=_COUNT, default=1, help="GPUs for one model [1].")
@click.option("--kv-cache-dtype", default="auto", metavar="TYPE", help="auto or fp8 [auto].")
@click.option("--max-model-len", type=_COUNT, help="[the model's]")
@click.option("--max-num-seqs", type=_COUNT, help="[256; 1024 on an H100 or larger]")
@click.option("--max-num-batched-tokens", type=_COUNT, help="[2048; 8192 on an H100]")
@click.option("--block-size", type=_COUNT, default=16, help="Tokens of a KV block [16].")
@click.option("--enforce-eager", is_flag=True, help="The server makes no CUDA graphs.")
@click.option("--no-prefix-caching", is_flag=True, help="Prompts share no blocks.")
@click.option("--vllm-version", default="0.33", metavar="V", help="The server's [0.33].")
@click.option("--chunks", type=int, default=8, help="Chunks of the video [8].")
@click.option("--chunk-tokens", type=int, default=2000, help="Tokens of a chunk [2000].")
@click.option("--output-tokens", type=int, default=600, help="Tokens of an answer [600].")
@click.option(
    "--instruction-tokens",
    type=click.IntRange(min=0),
    default=0,
    help="Tokens of a prompt besides its chunk, some 230; 0 takes them as part of it [0].",
)
@click.option("--note-table", is_flag=True, help="Requests at once by GPU size: 24, 40, 48, 80 GB.")
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON.")
def plan(base_url: str | None, note_table: bool, as_json: bool, **options: Any) -> int:
    """What a vLLM server's KV cache holds, and what a video's chunks do to it.

    \b
    Examples:
      lexicue plan --gpu A10G
      lexicue plan --model Qwen/Qwen3-8B --gpu-gib 39.4 --vllm-version 0.19 --chunks 50
      lexicue plan --model-config ./config.json --gpu H100 --tensor-parallel 2 --json
      lexicue plan --base-url http://127.0.0.1:8000/v1 --chunks 50
      lexicue plan --note-table
    """
    job, machine = _job(options), _machine(options)
    if base_url is not None:
        _refuse_two_sources(options, note_table)
        sample, longest = look_at(base_url)
        return _show(plan_live(sample, job, options["max_model_len"] or longest), as_json)
    if note_table:
        return _show_note(machine, job, as_json)
    return _show(machine.planned(job), as_json)


def _job(options: dict[str, Any]) -> Job:
    return Job(
        chunks=options["chunks"],
        chunk_tokens=options["chunk_tokens"],
        output_tokens=options["output_tokens"],
        instruction_tokens=options["instruction_tokens"],
        prefix_caching=not options["no_prefix_caching"],
    )


def _machine(options: dict[str, Any]) -> _Machine:
    if options["model"] and options["model_config"]:
        raise InputError("--model and --model-config: give one of them")
    flags = ServerFlags(
        version=read_version(options["vllm_version"]),
        gpu_memory_utilization=options["gpu_memory_utilization"],
        tensor_parallel=options["tensor_parallel"],
        kv_cache_dtype=options["kv_cache_dtype"],
        max_model_len=options["max_model_len"],
        max_num_seqs=options["max_num_seqs"],
        max_num_batched_tokens=options["max_num_batched_tokens"],
        enforce_eager=options["enforce_eager"],
        block_size=options["block_size"],
    )
    of_model = (options["model"], options["model_config"], options["weights_gib"])
    return _Machine(*of_model, options["gpu"], options["gpu_gib"], flags)


def _default_model() -> str:
    from lexicue.settings import DEFAULT_MODEL  # it takes longer to import than to plan

    return DEFAULT_MODEL


def _refuse_two_sources(options: dict[str, Any], note_table: bool) -> None:
    """A running server tells its capacity; what would describe another is a mistake."""
    given = [name for name in ("model", "model_config", "gpu", "gpu_gib") if options[name]]
    given += ["note_table"] if note_table else []
    if given:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise InputError(f"--base-url asks the server itself; leave out {names}")


def _show(planned: Plan, as_json: bool) -> int:
    click.echo(_json(planned.to_dict()) if as_json else plan_text(planned))
    return 0


def _show_note(machine: _Machine, job: Job, as_json: bool) -> int:
    shape = machine.shape()
    rows = note_table(shape, machine.flags, job, machine.weights_gib)
    if as_json:
        document = {"schema": 1, "model": shape.name, "sizes": [row.to_dict() for row in rows]}
        click.echo(_json(document))
    else:
        click.echo(note_text(shape.name, job, rows))
    return 0


def _json(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1)
