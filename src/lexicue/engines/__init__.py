"""Engines: what finds words and phrases in a chunk. All speak `Engine`."""

from lexicue.engines.protocol import Engine

__all__ = ["Engine"]
