"""Prometheus metrics of a process: switched on with `enable`, shown on a port with `serve`.

As long as neither is called nothing is imported and nothing is counted::

    from lexicue.monitoring import metrics

    with metrics.serve(9464):
        vocabulary = lexicue.extract("talk.srt")

Importing this module is quick; ``prometheus-client`` is imported when metrics are switched on.
"""

from __future__ import annotations

import threading
from types import TracebackType
from typing import TYPE_CHECKING, Self

from lexicue.errors import InputError, MissingDependencyError
from lexicue.monitoring.observer import register, unregister

if TYPE_CHECKING:
    from wsgiref.simple_server import WSGIServer

    from prometheus_client import CollectorRegistry

    from lexicue.monitoring.prometheus import PrometheusObserver

__all__ = ["MetricsServer", "disable", "enable", "serve"]

_enabled: list[tuple[CollectorRegistry, PrometheusObserver]] = []
_lock = threading.Lock()


def enable(registry: CollectorRegistry | None = None) -> PrometheusObserver:
    """Keep metrics of every run that starts from now on.

    Args:
        registry: where they are registered; prometheus-client's own by default. A second call
            with the same one changes nothing.

    Raises:
        MissingDependencyError: prometheus-client is not installed.
        ValueError: the registry has other metrics of these names.
    """
    try:
        from prometheus_client import REGISTRY

        from lexicue.monitoring.prometheus import PrometheusObserver
    except ImportError as missing:
        raise MissingDependencyError(
            "metrics need one more package: pip install 'lexicue[metrics]'"
        ) from missing
    registry = REGISTRY if registry is None else registry
    with _lock:
        for known, observer in _enabled:
            if known is registry:
                return observer
        observer = PrometheusObserver(registry)
        _enabled.append((registry, observer))
    register(observer)
    return observer


def disable() -> None:
    """Keep no more metrics, and take them out of their registries; for tests."""
    with _lock:
        were_enabled = _enabled[:]
        _enabled.clear()
    for registry, observer in were_enabled:
        unregister(observer)
        for collector in observer.collectors:
            registry.unregister(collector)


class MetricsServer:
    """A page with metrics, for Prometheus to fetch; a context manager.

    Attributes:
        port: where it listens.
    """

    def __init__(self, server: WSGIServer, thread: threading.Thread) -> None:
        self._server = server
        self._thread = thread
        self.port = server.server_port

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def serve(
    port: int, host: str = "127.0.0.1", registry: CollectorRegistry | None = None
) -> MetricsServer:
    """Switch metrics on and show them on a port, under any path, until `close` or the end.

    Args:
        port: 0 for any that is free.
        host: the address to listen on; only this machine can reach the default.
        registry: see `enable`.

    Raises:
        MissingDependencyError: prometheus-client is not installed.
        InputError: the port cannot be listened on.
    """
    enable(registry)
    from prometheus_client import REGISTRY, start_http_server

    try:
        return MetricsServer(*start_http_server(port, host, registry or REGISTRY))
    except (OSError, OverflowError) as error:
        raise InputError(f"metrics port {port} at {host} cannot be used: {error}") from error
