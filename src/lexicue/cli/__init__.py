"""The ``lexicue`` command, one file a subcommand.

Exit codes: 0 done, 1 failed, 2 wrong usage or input, 3 done but incomplete.
"""

from lexicue.cli.main import main

__all__ = ["main"]
