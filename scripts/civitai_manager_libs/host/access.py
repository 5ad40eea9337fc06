"""Whom a WebUI lets in and what it lets them change, by the flags that it was started with.

Imports nothing of the WebUI until a function needs it, so that a terminal loads nothing of it.
"""

from __future__ import annotations

from typing import Any

from .webui import in_webui, option_key

__all__ = ["has_login", "is_frozen", "is_hidden", "is_shared"]

# By these others reach it, under names that are not known here: A1111's, its family's, SD.Next's.
_SHARED = ("share", "listen", "server_name", "ngrok", "tls_certfile", "subpath", "root_path")
_SHARED += ("cloudflared", "localhostrun", "remotemoe", "tunnel")
_FROZEN = ("freeze_settings", "freeze")  # SD.Next's is the second
_FOLDERS = ("download_images_folder", "model_folders", "saved_name")


def is_shared() -> bool:
    """Return whether the host can have other names than localhost and its addresses."""
    return any(_host_arguments().get(name) for name in _SHARED)


def is_frozen(name: str) -> bool:
    """Return whether the host was started so that nobody changes this setting of ours, or `key`."""
    flags = _host_arguments()
    section = option_key("").rstrip("_")
    return (
        any(flags.get(flag) for flag in _FROZEN)
        or section in _as_names(flags.get("freeze_settings_in_sections"))
        or option_key(name) in _as_names(flags.get("freeze_specific_settings"))
        or is_hidden(name)
    )


def is_hidden(name: str) -> bool:
    """Return whether this setting of ours is a folder and the host's settings page shows none."""
    return name in _FOLDERS and bool(_host_arguments().get("hide_ui_dir_config"))


def has_login(request: Any) -> bool:
    """Return whether the page that a request is for asks for a password."""
    return getattr(request.app, "auth", None) is not None


def _as_names(value: Any) -> list[str]:
    return [name.strip() for name in value.split(",")] if isinstance(value, str) else []


def _host_arguments() -> dict[str, Any]:
    """The host's arguments by name; {} where there is no host."""
    if not in_webui():
        return {}
    from modules import shared

    return vars(shared.cmd_opts)
