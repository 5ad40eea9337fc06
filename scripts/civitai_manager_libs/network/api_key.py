"""The API key: to which URLs it may be sent, and how a request gets it."""

from __future__ import annotations

from urllib.parse import urlsplit

import requests

from .. import setting
from ..errors import InputError
from .request import split_url

__all__ = ["add_api_key", "is_api_url"]

_CIVITAI = {"civitai.com", "www.civitai.com", "civitai.red", "www.civitai.red"}


def add_api_key(request: requests.PreparedRequest, api_key: str) -> requests.PreparedRequest:
    """Return a copy of the request with the API key in its Authorization header.

    Return the request itself if there is no key, or if the key may not be sent to the URL. An
    existing Authorization header is kept. Raises InputError if the key contains characters that are
    not allowed in a header.
    """
    if not (api_key and is_api_url(request.url or "")):
        return request
    if not (api_key.isascii() and api_key.isprintable()):  # the error of requests would quote it
        raise InputError("The API key has characters that no key can have: copy it again.")
    signed = request.copy()
    signed.headers.setdefault("Authorization", f"Bearer {api_key}")
    return signed


def is_api_url(url: str) -> bool:
    """Return whether the API key may be sent to a URL.

    The key may be sent to Civitai's https URLs, and to those below `/api/` at `setting.base_url()`.
    Raises Refused for a URL that is not http or https.
    """
    parts, base = split_url(url), urlsplit(setting.base_url())
    if parts.scheme == "https" and parts.netloc.lower() in _CIVITAI:
        return True
    is_same_origin = (parts.scheme, parts.netloc) == (base.scheme, base.netloc)
    return is_same_origin and parts.path.startswith(f"{base.path}/api/")
