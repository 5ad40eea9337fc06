"""Requests for what the library has already, so that nobody waits for an unreachable Civitai."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core import Cancellation
from ..network import SendOptions

__all__ = ["UnretriedClient"]


class UnretriedClient:
    """Civitai's API without retries, so that an unreachable Civitai is noticed at once."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def fetch_json(
        self,
        url: str,
        params: Mapping[str, str | int] | None = None,
        cancelled: Cancellation | None = None,
    ) -> Any:
        """Fetch and parse JSON as `CivitaiHttpClient.fetch_json` does, with one try."""
        sending = SendOptions(urgent=True, max_retries=0)
        return self._client.fetch_json(url, params, cancelled, sending=sending)
