"""The proxies for requests: which are valid, and which hosts need none."""

from __future__ import annotations

import importlib.util
import os
from urllib.parse import urlsplit

from ..errors import InputError

_PROXY_SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
_WITH_PASSWORD = (
    "A proxy's name and password belong in the environment variables HTTPS_PROXY and HTTP_PROXY,"
    " because the page shows its settings."
)
_NEEDS_PYSOCKS = (
    "A SOCKS proxy needs PySocks, which is not installed: run python -m pip install PySocks with"
    " the Python that runs this, then restart it."
)
_BYPASS_VARIABLES = ("no_proxy", "NO_PROXY")  # some programs read only one of them


def validate_proxy(url: str) -> str:
    """Check a proxy's URL and return it without surrounding spaces; "" means no proxy.

    Raises InputError if the URL is invalid, contains a password, or needs the package PySocks,
    which is not installed.
    """
    url = url.strip()
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        is_url = parts.scheme in _PROXY_SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the port is no number
        is_url = False
    if "@" in url:
        raise InputError(_WITH_PASSWORD, "proxy_with_password")
    if not (is_url and url.isprintable() and " " not in url):
        kinds = ", ".join(_PROXY_SCHEMES)
        message = (
            "The proxy must be an address such as socks5h://127.0.0.1:1080, which begins with one"
            f" of: {kinds}."
        )
        raise InputError(message, "proxy_of_no_kind", kinds=kinds)
    if parts.scheme.startswith("socks") and importlib.util.find_spec("socks") is None:
        raise InputError(_NEEDS_PYSOCKS, "proxy_needs_pysocks")
    return url


def bypass_proxies_for(*hosts: str) -> None:
    """Add host names or IP addresses to this process's variable `no_proxy`."""
    value = next(filter(None, map(os.environ.get, _BYPASS_VARIABLES)), "")
    names = [name.strip() for name in value.split(",") if name.strip()]
    if "*" not in names:
        value = ",".join(dict.fromkeys([*names, *hosts]))
        os.environ.update({name: value for name in _BYPASS_VARIABLES})
