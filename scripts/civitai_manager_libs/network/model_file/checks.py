"""What a model file must be, and what Civitai's route says of one that it does not give."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...core import as_mapping, clean_date
from ...errors import (
    CivitaiShortcutError,
    EarlyAccess,
    InvalidResponse,
    NeedsKey,
    NoAccess,
    NotOffered,
    QuotaReached,
)
from .. import responses

__all__ = ["ModelChecks", "route_error"]

_GB = 10**9  # bytes
_LOGIN_MARKS = ("download-auth", "/login?")


@dataclass(frozen=True)
class ModelChecks:
    """What is known about a model file before its download, and how to receive it.

    sha256: hexadecimal, "" if unknown. size: an estimate in bytes, 0 if unknown. reserve: bytes of
    the disk that must stay free. connections: maximum number for this file, 0 for the number in the
    settings.
    """

    sha256: str = ""
    size: int = 0
    reserve: int = 0
    connections: int = 0

    def check_total(self, total: int) -> None:
        """Raise InvalidResponse if the length that the server states is far too large.

        total: bytes.
        """
        if total > (10 * self.size + _GB if self.size else 1000 * _GB):
            raise InvalidResponse(f"The storage tells an absurd length of the file: {total} bytes.")


def route_error(
    status: int, headers: Mapping[str, str], body: bytes, key: str
) -> CivitaiShortcutError:
    """Return the error for a response in which Civitai's download route refuses a file.

    body: the beginning of the response's body. key: the API key, replaced by `***` in the error's
    message.
    """
    text = body.decode("utf-8", "replace")
    fields = _parse_fields(text)
    is_page = text.lstrip().startswith("<")
    if status == 401 and "disabled downloads" in text:
        return NoAccess("The creator of this model has disabled downloads.")
    if status == 403 and fields.get("error") == "Early Access":
        until = clean_date(fields.get("deadline"))
        end = f" until {until[:10]}" if until else ""
        return EarlyAccess(f"The model is in early access{end}.", until)
    if status == 403 and any(mark in text for mark in _LOGIN_MARKS):
        return NeedsKey("Civitai asks for a login: it needs an API key.", 403)
    if status == 403 and not is_page:
        return NoAccess("Your account has no access to this model.")
    if status == 410:
        return NotOffered("The model is archived: Civitai does not offer its file any more.")
    # The route has no other 429 of its own: a rate limit, of seconds, is a page or tells its time.
    is_own = isinstance(fields.get("error"), str) and "Retry-After" not in headers
    if status == 429 and (is_own or "unusual" in text):
        return QuotaReached(
            "Civitai sees an unusual amount of downloading from your account: wait for some hours."
        )
    return responses.error_from_response(status, headers, body, key)


def _parse_fields(text: str) -> Mapping[str, Any]:
    try:
        return as_mapping(json.loads(text))
    except (ValueError, RecursionError):
        return {}
