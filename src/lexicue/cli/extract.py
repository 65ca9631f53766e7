"""``lexicue extract``: subtitles in, a vocabulary out."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import AbstractContextManager, aclosing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from lexicue.cli.progress import Progress
from lexicue.errors import InputError, LexicueError
from lexicue.exports import FORMATS, Format, export
from lexicue.exports.table import clock
from lexicue.model import Chunk
from lexicue.pipeline import Run
from lexicue.settings import Settings
from lexicue.subtitles import read
from lexicue.vocabulary import Missing, Vocabulary

__all__ = ["extract"]

_INCOMPLETE = 3
_SUFFIXES: dict[str, Format] = {".json": "json", ".jsonl": "jsonl", ".txt": "table"}


@dataclass(frozen=True, slots=True)
class _Output:
    path: str
    form: Format
    report: Path | None

    @property
    def is_stdout(self) -> bool:
        return self.path == "-"


@click.command(
    epilog="Exit codes: 0 complete, 1 failed, 2 wrong usage or input, 3 done but incomplete "
    "(standard error says what is missing). Every option can also be set in the environment "
    "(LEXICUE_BASE_URL, LEXICUE_MODEL …) or in lexicue.toml."
)
@click.argument("source")
@click.option("-o", "output", default="-", metavar="OUT", help="Where to write; - is stdout.")
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    help="What to write. By OUT's suffix unless given; table to stdout.",
)
@click.option("--video-id", metavar="ID", help="The video's name in results; else the file's.")
@click.option("--encoding", metavar="NAME", help="The file's encoding, when it is guessed wrong.")
@click.option(
    "--engine",
    type=click.Choice(["auto", "lexical", "llm"]),
    help="auto is llm when there is a base URL, else lexical (embedded).",
)
@click.option("--base-url", metavar="URL", help="OpenAI-compatible server, with /v1.")
@click.option("--model", metavar="NAME", help="The model's name at the server.")
@click.option(
    "--strategy",
    type=click.Choice(["adaptive", "sequential", "parallel", "conditional"]),
    help="How words and phrases tasks are put in order [adaptive].",
)
@click.option("--chunk-tokens", metavar="N", help="Tokens a chunk may have, or auto [2000].")
@click.option(
    "--tokenizer",
    metavar="NAME",
    help="qwen (exact, built in), server (its /tokenize), or a tokenizer.json.",
)
@click.option("--learner-language", metavar="L", help="Of the meanings: ko, Japanese … [ko]")
@click.option(
    "--max-concurrency",
    type=int,
    metavar="N",
    help="Requests in flight at most [what the server holds; other strategies: 16].",
)
@click.option("--kv-tokens", type=int, metavar="N", help="KV capacity, if the server hides it.")
@click.option("--priority", type=int, metavar="N", help="0 batch to 9: a higher one goes first.")
@click.option(
    "--report", type=click.Path(dir_okay=False, path_type=Path), help="Write a JSON run report."
)
@click.option("--metrics-port", type=int, metavar="N", help="Show Prometheus metrics on a port.")
@click.option("-q", "--quiet", is_flag=True, help="Only errors on standard error.")
def extract(
    source: str, output: str, form: Format | None, report: Path | None, quiet: bool, **options: Any
) -> int:
    """The words and phrases of SOURCE (a subtitle file, or - for standard input) worth learning.

    \b
    Examples:
      lexicue extract talk.srt
      lexicue extract talk.srt -o talk.json
      lexicue extract talk.vtt --base-url http://127.0.0.1:8000/v1 --report run.json
      cat talk.srt | lexicue extract - --format jsonl
    """
    video_id, encoding = options.pop("video_id"), options.pop("encoding")
    metrics_port = options.pop("metrics_port")
    settings = Settings.load(**options)
    target = _Output(output, form or _form_for(output), report)
    _refuse_unwritable(target)
    transcript = read(source, video_id=video_id, encoding=encoding)
    run = Run(transcript, settings)
    if not quiet:
        click.echo(_introduction(run), err=True)
    try:
        with _metrics_on(metrics_port):
            asyncio.run(_stream(run, Progress(run, shown=not quiet)))
    finally:
        _write_report(run, target)
    return _finish(run, target, quiet=quiet)


def _metrics_on(port: int | None) -> AbstractContextManager[object]:
    """Prometheus metrics on a port of this machine while the run lasts."""
    if port is None:
        return nullcontext()
    from lexicue.monitoring import metrics

    return metrics.serve(port)


def _form_for(output: str) -> Format:
    if output == "-":
        return "table"
    suffix = Path(output).suffix.lower()
    if suffix not in _SUFFIXES:
        known = ", ".join(_SUFFIXES)
        raise InputError(f"{output}: what should be in it? Name it {known}, or give --format")
    return _SUFFIXES[suffix]


def _refuse_unwritable(target: _Output) -> None:
    """Say now, not after an hour's work, that the output has no folder."""
    for path in (target.report, None if target.is_stdout else Path(target.path)):
        if path is not None and (path.is_dir() or not path.absolute().parent.is_dir()):
            raise InputError(f"{path}: cannot be written; does its folder exist?")


def _introduction(run: Run) -> str:
    settings = run.settings
    if settings.engine_in_use == "lexical":
        reason = "" if settings.engine == "lexical" else " (no --base-url, so no server)"
        return f"engine: lexical, embedded{reason}"
    return f"engine: llm, {settings.model} at {settings.base_url}; tokens: {run.counter.name}"


async def _stream(run: Run, progress: Progress) -> None:
    async with aclosing(run.stream()) as parts:
        with progress:
            async for part in parts:
                progress.advance(part)


def _finish(run: Run, target: _Output, *, quiet: bool) -> int:
    vocabulary = run.vocabulary()
    text = export(vocabulary, target.form)
    if target.is_stdout:
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        _write(Path(target.path), text)
        if not quiet:
            words, phrases = len(vocabulary.words), len(vocabulary.phrases)
            click.echo(f"{words} words and {phrases} phrases in {target.path}", err=True)
    if vocabulary.complete:
        if not quiet:
            _wonder_at_nothing(run, vocabulary)
        return 0
    _tell_missing(run, vocabulary.missing)
    return _INCOMPLETE


def _wonder_at_nothing(run: Run, vocabulary: Vocabulary) -> None:
    """An empty result of a full file is no error, but hardly what was hoped for."""
    if vocabulary.words or vocabulary.phrases:
        return
    reason = "nothing is said in it" if not run.chunks else "is it in English?"
    click.echo(f"no words or phrases found in {run.transcript.source}: {reason}", err=True)


def _tell_missing(run: Run, missing: tuple[Missing, ...]) -> None:
    click.echo(f"incomplete: {len(missing)} of {run.units} tasks are missing or partial", err=True)
    chunks = {chunk.number: chunk for chunk in run.chunks}
    for each in missing:
        when = _times(run, chunks[each.chunk])
        click.echo(
            f"  chunk {each.chunk} ({when}), {each.task}: {each.status}: {each.error}", err=True
        )


def _times(run: Run, chunk: Chunk) -> str:
    first, last = run.transcript.cue_at(chunk.start), run.transcript.cue_at(chunk.end - 1)
    return f"{clock(first.start_ms)}–{clock(last.end_ms)}"


def _write_report(run: Run, target: _Output) -> None:
    if target.report is not None and run.results:
        report = json.dumps(run.report().to_dict(), ensure_ascii=False, indent=1)
        _write(target.report, report + "\n")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise LexicueError(f"{path}: cannot be written: {error.strerror}") from error
