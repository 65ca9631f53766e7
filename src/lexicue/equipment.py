"""What does the work: the engine and the token counter that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lexicue.chunking import QwenTokenCounter, TokenCounter
from lexicue.chunking.tokens import TokenizerJsonCounter
from lexicue.engines import Engine
from lexicue.errors import SettingsError
from lexicue.scheduling import InFlightMeter
from lexicue.settings import Settings

if TYPE_CHECKING:
    import httpx

__all__ = ["make_engine", "token_counter"]

_LONGEST_OUTAGE_S = 300.0
"""A 14B model is loaded within one to four minutes after a restart."""


def token_counter(settings: Settings) -> TokenCounter:
    """The counter that the settings name.

    Raises:
        SettingsError, MissingDependencyError: it cannot be had.
    """
    if settings.tokenizer == "server":
        from lexicue.engines.llm.tokenizing import ServerTokenCounter

        return ServerTokenCounter(settings)
    if settings.tokenizer_file is not None:
        return TokenizerJsonCounter(settings.tokenizer_file)
    return QwenTokenCounter()


def make_engine(
    settings: Settings,
    counter: TokenCounter,
    meter: InFlightMeter,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Engine:
    """The engine that the settings name.

    Args:
        settings: which, and how.
        counter: counts tokens as its model does.
        meter: told of every request in flight.
        transport: in place of the network, for tests.

    Raises:
        SettingsError: the llm engine without a server, or the embedded one for a learner whose
            language it does not have.
    """
    if settings.engine_in_use == "lexical":
        from lexicue.engines.lexical import LexicalEngine

        _refuse_other_languages(settings)
        return LexicalEngine()
    from lexicue.engines.llm import LlmEngine
    from lexicue.engines.llm.client import Server

    assert settings.base_url is not None
    key = settings.api_key.get_secret_value() if settings.api_key else None
    server = Server(
        settings.base_url,
        settings.model,
        api_key=key,
        timeout_s=settings.request_timeout_s,
        max_attempts=settings.max_attempts,
        longest_outage_s=_LONGEST_OUTAGE_S if settings.strategy == "adaptive" else 0.0,
    )
    return LlmEngine(server, settings.learner_language, counter, meter, transport)


def _refuse_other_languages(settings: Settings) -> None:
    if not settings.learner_reads_korean:
        raise SettingsError(
            f"the embedded engine has meanings in Korean only, not in "
            f"{settings.learner_language!r}: use --learner-language ko, or the llm engine with "
            "--base-url"
        )
