"""A look at a running server: its capacity and its longest request."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lexicue.errors import AuthenticationError, ServerFaultError, ServerUnreachableError
from lexicue.scheduling.capacity import ServerSample, read_metrics

if TYPE_CHECKING:
    import httpx

__all__ = ["look_at"]

_PATIENCE_S = 5.0


def look_at(base_url: str) -> tuple[ServerSample, int | None]:
    """What a server's ``/metrics`` show, and the ``max_model_len`` of the model it serves.

    Raises:
        SettingsError: the URL is none.
        ServerUnreachableError: nothing answers there.
        AuthenticationError: it wants another API key.
        ServerFaultError: it has no metrics to read.
    """
    import httpx  # planning without a server does without it

    from lexicue.settings import Settings

    settings = Settings.load(base_url=base_url)
    url = settings.base_url or base_url
    key = settings.api_key.get_secret_value() if settings.api_key else None
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        with httpx.Client(timeout=_PATIENCE_S, headers=headers) as client:
            metrics = client.get(f"{url.removesuffix('/v1')}/metrics")
            models = client.get(f"{url}/models")
    except httpx.HTTPError as error:
        raise ServerUnreachableError(
            f"{url}: {error or type(error).__name__}; start the server, or correct --base-url"
        ) from error
    return _sample(metrics, url), _max_model_len(models)


def _sample(metrics: httpx.Response, url: str) -> ServerSample:
    if metrics.status_code in (401, 403):
        raise AuthenticationError(f"{url} refuses the API key: set LEXICUE_API_KEY")
    if not metrics.is_success:
        raise ServerFaultError(
            f"{url} shows no metrics (status {metrics.status_code}): give --model and --gpu to "
            "estimate its capacity"
        )
    return read_metrics(metrics.text, time.monotonic())


def _max_model_len(models: httpx.Response) -> int | None:
    try:
        length = models.json()["data"][0]["max_model_len"]
    except (ValueError, LookupError, TypeError):
        return None
    return length if isinstance(length, int) and length > 0 else None
