"""A WebUI's launch flags: who can reach its page, who must log in, which settings are fixed."""

from __future__ import annotations

from typing import Any

from .webui import in_webui, make_option_key

__all__ = ["has_login", "is_frozen", "is_logged_in", "is_shared"]


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
    """Return whether the WebUI's command line lets other machines reach it; False without one."""
    return any(_host_arguments().get(name) for name in _SHARED)


def is_frozen(name: str) -> bool:
    """Return whether the command line forbids to change a setting, or the API key ("key")."""
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
    """Return whether users must log in to the gradio app whose page sent a request."""
    return getattr(_find_app(request), "auth", None) is not None


def is_logged_in(request: Any) -> bool:
    """Return whether the user who sent a request is logged in; True if no login is required."""
    if not has_login(request):
        return True
    tokens = _find_app(request).tokens
    return any(value in tokens for value in request.cookies.values())


def _find_app(request: Any) -> Any:
    """Return the gradio app where a user logs in; it may be mounted in the app of the request."""
    subpath = find_subpath()
    if subpath and request.scope["path"].startswith(f"{subpath}/"):  # `url` has the header `Host`
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
