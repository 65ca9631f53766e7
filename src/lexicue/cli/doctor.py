"""``lexicue doctor``: is everything in place, and how to mend what is not."""

from __future__ import annotations

import json
from typing import Any

import click

from lexicue.diagnosis import Check, diagnose
from lexicue.settings import Settings

__all__ = ["doctor"]

_MARKS = {"ok": "✓", "note": "·", "fail": "✗"}


@click.command(epilog="Exit codes: 0 all in place, 1 something to mend, 2 wrong usage.")
@click.option("--base-url", metavar="URL", help="Also check this server.")
@click.option("--model", metavar="NAME", help="The model's name at the server.")
@click.option("--tokenizer", metavar="NAME", help="qwen, server, or the path of a tokenizer.json.")
@click.option("--json", "as_json", is_flag=True, help="Print the checks as JSON.")
def doctor(as_json: bool, **options: Any) -> int:
    """Check the installation, and the server if there is one.

    \b
    Example:
      lexicue doctor --base-url http://127.0.0.1:8000/v1
    """
    checks = diagnose(Settings.load(**options))
    if as_json:
        document = {"schema": 1, "ok": _all_well(checks), "checks": [c.to_dict() for c in checks]}
        click.echo(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        for check in checks:
            _print(check)
    return 0 if _all_well(checks) else 1


def _all_well(checks: list[Check]) -> bool:
    return all(check.state != "fail" for check in checks)


def _print(check: Check) -> None:
    click.echo(f"{_MARKS[check.state]} {check.name}: {check.found}")
    if check.mend:
        click.echo(f"    → {check.mend}")
