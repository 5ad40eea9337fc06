"""Proxies: which can be used, and that none is asked for what stays on this machine."""

from __future__ import annotations

import importlib.util
import os
from urllib.parse import urlsplit

from ..errors import InputError

__all__ = ["validate_proxy", "bypass_proxies_for"]

_KINDS = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
_WITH_PASSWORD = (
    "A name and password for a proxy belong into HTTPS_PROXY and HTTP_PROXY of the environment: the"
    " page shows its settings."
)
_NEEDS_PYSOCKS = (
    "A SOCKS proxy needs PySocks, which is not installed: python -m pip install PySocks, with the"
    " Python that runs this, then start again."
)

_NAMES = ("no_proxy", "NO_PROXY")  # who reads one of them may not read the other


def validate_proxy(url: str) -> str:
    """A proxy's address without blanks around it; "" is none. Raises InputError, a sentence."""
    url = url.strip()
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in _KINDS and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none
        is_one = False
    if "@" in url:
        raise InputError(_WITH_PASSWORD, "proxy_with_password")
    if not (is_one and url.isprintable() and " " not in url):
        kinds = ", ".join(_KINDS)
        said = f"The proxy must be an address such as socks5h://127.0.0.1:1080, of these: {kinds}."
        raise InputError(said, "proxy_of_no_kind", kinds=kinds)
    if parts.scheme.startswith("socks") and importlib.util.find_spec("socks") is None:
        raise InputError(_NEEDS_PYSOCKS, "proxy_needs_pysocks")
    return url


def bypass_proxies_for(*hosts: str) -> None:
    """For this process and what it starts: these are asked by no proxy."""
    given = next(filter(None, map(os.environ.get, _NAMES)), "")
    listed = [name.strip() for name in given.split(",") if name.strip()]
    if "*" not in listed:
        value = ",".join([*listed, *(host for host in hosts if host not in listed)])
        os.environ.update({name: value for name in _NAMES})
