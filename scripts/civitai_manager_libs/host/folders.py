"""Where our files are, in a WebUI or by ourselves.

Imports neither gradio nor the WebUI until a function needs it, so that a terminal loads neither.
"""

from __future__ import annotations

import os

from .webui import in_webui

__all__ = ["default_data_folder", "key_file", "pictures_folder"]
_OUR_FOLDER = "civitai-shortcut"


def default_data_folder() -> str:
    """In a WebUI a folder of its data path, else CIVITAI_SHORTCUT_DATA, else one in the home."""
    if in_webui():
        from modules import paths

        return os.path.abspath(os.path.join(paths.data_path, _OUR_FOLDER))  # SD.Next: it is ''
    given = os.environ.get("CIVITAI_SHORTCUT_DATA")
    return os.path.abspath(given or os.path.join(os.path.expanduser("~"), _OUR_FOLDER))


def pictures_folder() -> str:
    """Where saved pictures go when the user has named no folder."""
    return os.path.join(default_data_folder(), "outputs", "download-images")


def key_file() -> str:
    """The API key's file: outside of every folder that a WebUI hands to its pages."""
    if not in_webui():
        return os.path.join(default_data_folder(), "api_key")
    base = os.environ.get("XDG_CONFIG_HOME") or os.environ.get("APPDATA")
    base = base or os.path.join(os.path.expanduser("~"), ".config")
    return os.path.join(base, _OUR_FOLDER, "api_key")
