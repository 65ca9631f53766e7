"""The benchmarks behind ``docs/benchmarks.md``; ``make bench`` runs them all.

Each module measures one thing and returns a `benchmarks.results.Section`. What needs a process of
its own is in `benchmarks.clients`: the peers run in ``.venv-bench``, where Lexicue is not
installed, and Lexicue runs in ``.venv``, where they are not.
"""
