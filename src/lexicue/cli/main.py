"""The command's entry: finds the subcommand, and turns errors into words and exit codes."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

from lexicue._version import __version__
from lexicue.errors import LexicueError

__all__ = ["main"]

_COMMANDS = {
    "doctor": "check the installation and the server, and say how to mend what is wrong",
    "extract": "the words and phrases of a subtitle file",
    "tune": "settings that fit, from the run reports of past extractions",
    "plan": "what a vLLM server will hold, and which strategy and limits suit it",
}
"""Each subcommand and its line in --help; its module, with all it needs, is imported on use."""

_INTERRUPTED = 130


class _LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command = getattr(import_module(f"lexicue.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage or input, 3 done but incomplete.",
)
@click.version_option(__version__, prog_name="lexicue")
def command() -> None:
    """Turn the subtitles of an English video into a study vocabulary: words and phrases, each
    with its meaning, its level, and the sentence and second where it is said.

    \b
    Example:
      lexicue extract talk.srt
      lexicue extract talk.srt -o talk.json --base-url http://127.0.0.1:8000/v1
    """


def main() -> None:
    """Run the command and exit."""
    try:
        code = command.main(standalone_mode=False)
    except click.exceptions.Exit as leave:
        code = leave.exit_code
    except click.ClickException as wrong_usage:
        wrong_usage.show()
        code = wrong_usage.exit_code
    except click.Abort:
        click.echo("interrupted", err=True)
        code = _INTERRUPTED
    except LexicueError as error:
        click.echo(f"lexicue: {error}", err=True)
        code = error.exit_code
    except BrokenPipeError:  # "lexicue extract … | head"
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code if isinstance(code, int) else 0)
