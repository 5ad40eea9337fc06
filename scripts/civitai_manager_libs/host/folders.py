"""The folders of our own files, in a WebUI or without one.

Imports gradio and the WebUI inside functions only: a terminal loads neither.
"""

from __future__ import annotations

import os

from .webui import in_webui

__all__ = ["find_default_data_folder", "find_default_images_folder", "find_key_file"]
_OUR_FOLDER = "civitai-shortcut"


def find_default_data_folder() -> str:
    """Return the folder for our settings, cache and databases.

    With a WebUI, the folder is inside the WebUI's data folder. Without a WebUI, it is the one in
    the environment variable CIVITAI_SHORTCUT_DATA, else one in the user's home folder.
    """
    if in_webui():
        from modules import paths

        return os.path.abspath(os.path.join(paths.data_path, _OUR_FOLDER))  # '' in SD.Next
    chosen = os.environ.get("CIVITAI_SHORTCUT_DATA")
    return os.path.abspath(chosen or os.path.join(os.path.expanduser("~"), _OUR_FOLDER))


def find_default_images_folder() -> str:
    """Return the folder below which images are saved if the user has not chosen another."""
    return os.path.join(find_default_data_folder(), "outputs", "download-images")


def find_key_file() -> str:
    """Return the path of the file that stores the API key.

    Without a WebUI, the file is in our data folder. With a WebUI, it is in the user's configuration
    folder, because a WebUI may serve the files of its data folder to others.
    """
    if not in_webui():
        return os.path.join(find_default_data_folder(), "api_key")
    base = os.environ.get("XDG_CONFIG_HOME") or os.environ.get("APPDATA")
    base = base or os.path.join(os.path.expanduser("~"), ".config")
    return os.path.join(base, _OUR_FOLDER, "api_key")
