"""Who may open the page and change the settings."""

from __future__ import annotations

import importlib.util
import os
from typing import Any
from urllib.parse import urlsplit

from ..errors import InputError
from .webui import in_webui, make_option_key

__all__ = [
    "bypass_proxies_for",
    "has_login",
    "is_frozen",
    "is_logged_in",
    "is_shared",
    "validate_proxy",
]

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
    """Add hosts to the environment variable `no_proxy`: this process then uses no proxy for them.

    hosts: host names or IP addresses.
    """
    value = next(filter(None, map(os.environ.get, _BYPASS_VARIABLES)), "")
    names = [name.strip() for name in value.split(",") if name.strip()]
    if "*" not in names:
        value = ",".join(dict.fromkeys([*names, *hosts]))
        os.environ.update({name: value for name in _BYPASS_VARIABLES})


# Flags that make a host reachable under other names: of A1111, its relatives and SD.Next.
_SHARED = (
    *("share", "listen", "server_name", "ngrok", "tls_certfile", "subpath", "root_path"),
    *("cloudflared", "localhostrun", "remotemoe", "tunnel"),
)
_FROZEN = ("freeze_settings", "freeze")  # the second is SD.Next's
_FOLDERS = (
    "download_images_folder",
    "made_images_folder",
    "model_folders",
    "model_folder_template",
    "saved_name",
)


def is_shared() -> bool:
    """Return whether the WebUI's command line, such as `--listen`, lets other machines reach it.

    Return False without a WebUI.
    """
    return any(_host_arguments().get(name) for name in _SHARED)


def is_frozen(name: str) -> bool:
    """Return whether the WebUI's command line forbids users to change one of our settings.

    name: the setting's name, or "key" for the API key.
    """
    flags = _host_arguments()
    section = make_option_key("").rstrip("_")
    return (
        any(flags.get(flag) for flag in _FROZEN)
        or section in _split_names(flags.get("freeze_settings_in_sections"))
        or make_option_key(name) in _split_names(flags.get("freeze_specific_settings"))
        or (name in _FOLDERS and bool(flags.get("hide_ui_dir_config")))
    )


def find_subpath() -> str:
    """Return the path below which SD.Next mounts its page, such as "/sd"; "" if there is none.

    SD.Next mounts the page after it has started extensions, and redirects all other paths there.
    """
    if not in_webui():
        return ""
    from modules import shared

    options = getattr(shared.opts, "data", {})
    path = _host_arguments().get("subpath") or options.get("subpath") or ""
    path = path.strip("/") if isinstance(path, str) else ""
    return f"/{path}" if path else ""


def has_login(request: Any) -> bool:
    """Return whether users must log in to the gradio app whose page sent a request.

    request: a request of starlette.
    """
    return getattr(_find_app(request), "auth", None) is not None


def is_logged_in(request: Any) -> bool:
    """Return whether the user who sent a request is logged in; True if no login is required."""
    if not has_login(request):
        return True
    tokens = _find_app(request).tokens
    return any(value in tokens for value in request.cookies.values())


def _find_app(request: Any) -> Any:
    """Return the gradio app that a request belongs to, which may be mounted below a path.

    Its users log in there, not to the app that has received the request.
    """
    subpath = find_subpath()
    if subpath and request.url.path.startswith(f"{subpath}/"):
        for route in request.app.router.routes:
            mounted = getattr(route, "app", None)
            if getattr(route, "path", "") == subpath and hasattr(mounted, "tokens"):
                return mounted
    return request.app


def _split_names(value: Any) -> list[str]:
    return [name.strip() for name in value.split(",")] if isinstance(value, str) else []


def _host_arguments() -> dict[str, Any]:
    if not in_webui():
        return {}
    from modules import shared

    return dict(vars(shared.cmd_opts))
