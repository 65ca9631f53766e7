"""``python -m lexicue`` is the ``lexicue`` command."""

from lexicue.cli import main

main()
