"""Calls a function for each image that a WebUI has generated and saved.

Imports the WebUI inside functions only: a terminal loads nothing of it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any

__all__ = ["register_image_saved"]

ImageSaved = Callable[[Any, str, str], None]
# Images that a WebUI or ADetailer saves beside an image, with the same infotext: grids, masks and
# intermediate steps. The names are those of `save_image` in the WebUIs' modules/images.py.
_BESIDE = re.compile(
    r"^(?:[a-z]+_)?grid-|-(?:mask|mask-composite|ad-before|before-(?:(?!before-)[a-z-])+"
    r"|ad-preview(?:(?!-ad-preview)\S)*)\Z"
)


def register_image_saved(on_saved: ImageSaved) -> None:
    """Register a function that the WebUI calls for each image that it has generated and saved.

    on_saved: called in the WebUI's thread with (PIL image, absolute path, infotext). If it raises,
    the WebUI logs the exception.
    """
    from modules import script_callbacks

    script_callbacks.on_image_saved(lambda params: _report_if_generated(params, on_saved))


def _report_if_generated(params: Any, on_saved: ImageSaved) -> None:
    """Call `on_saved` if a saved image was generated.

    Grids, masks and images of the tab "Extras" are left out. params: the WebUI's `ImageSaveParams`.
    """
    infotext = (params.pnginfo or {}).get("parameters")
    name = os.path.splitext(os.path.basename(params.filename))[0]
    if params.p is None or not isinstance(infotext, str) or _BESIDE.search(name):
        return
    on_saved(params.image, os.path.abspath(params.filename), infotext)
