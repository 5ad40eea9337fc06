"""A client whose requests to Civitai's API are all sent with the same options."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core import Cancellation
from .request import SendOptions

__all__ = ["ApiClient"]


class ApiClient:
    """A client for Civitai's API that sends all its requests with the same SendOptions."""

    def __init__(self, client: Any, sending: SendOptions) -> None:
        self._client, self._sending = client, sending

    def fetch_json(
        self,
        url: str,
        params: Mapping[str, str | int] | None = None,
        cancelled: Cancellation | None = None,
    ) -> Any:
        """Send a GET request to the API and return the parsed JSON of its response.

        cancelled: stops the request when another thread sets it. Raises NetworkError,
        HttpStatusError, InvalidResponse, Refused, InputError for an invalid API key, and Cancelled.
        """
        return self._client.fetch_json(url, params, cancelled, sending=self._sending)
