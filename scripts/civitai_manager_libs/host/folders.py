"""The folders of our own files, in a WebUI or without one.

Imports gradio and the WebUI inside functions only: a terminal loads neither.
"""

from __future__ import annotations

import os

from .webui import in_webui

__all__ = ["default_data_folder", "key_file", "default_images_folder"]
_OUR_FOLDER = "civitai-shortcut"


def default_data_folder() -> str:
    """Return the path of our data folder.

    With a WebUI, the folder is inside the WebUI's data folder. Without a WebUI, the environment
    variable CIVITAI_SHORTCUT_DATA names it; the default is in the user's home folder.
    """
    if in_webui():
        from modules import paths

        return os.path.abspath(os.path.join(paths.data_path, _OUR_FOLDER))  # '' in SD.Next
    chosen = os.environ.get("CIVITAI_SHORTCUT_DATA")
    return os.path.abspath(chosen or os.path.join(os.path.expanduser("~"), _OUR_FOLDER))


def default_images_folder() -> str:
    """Return the folder in which images are saved if the user has chosen no other."""
    return os.path.join(default_data_folder(), "outputs", "download-images")


def key_file() -> str:
    """Return the path of the API key's file.

    With a WebUI, the file is in the user's configuration folder, which no WebUI serves.
    """
    if not in_webui():
        return os.path.join(default_data_folder(), "api_key")
    base = os.environ.get("XDG_CONFIG_HOME") or os.environ.get("APPDATA")
    base = base or os.path.join(os.path.expanduser("~"), ".config")
    return os.path.join(base, _OUR_FOLDER, "api_key")
