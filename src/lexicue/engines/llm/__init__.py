"""The llm engine: any OpenAI-compatible server, vLLM first."""

from lexicue.engines.llm.engine import LlmEngine

__all__ = ["LlmEngine"]
