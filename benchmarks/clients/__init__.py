"""Scripts that do one client's whole job in a process of their own, and print what came of it.

They import nothing from `benchmarks`: each runs in the environment of the client it measures.
"""
