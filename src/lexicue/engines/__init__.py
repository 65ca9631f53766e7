"""Engines: what finds words and phrases in a chunk. All speak `Engine`."""

from lexicue.engines.protocol import Cost, Engine, Tell

__all__ = ["Cost", "Engine", "Tell"]
