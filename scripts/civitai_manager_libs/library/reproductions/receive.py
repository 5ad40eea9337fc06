"""Stores an image that the WebUI has saved as a reproduction of the sent image, if there is one."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from ..bookmarks import store_thumbnails
from ..records import find_images
from ..store import write_later
from .sends import SendMemory
from .similarity import make_thumbnail
from .table import insert_reproduction, Reproduction

__all__ = ["receive_image", "remember_send"]

_MAX_INFOTEXT = 300_000  # characters; real ones have some thousand

_sends = SendMemory()


def remember_send(image_id: int, infotext: str) -> None:
    """Remember the image and the infotext that the user sent to a tab of the WebUI.

    An infotext without a seed is ignored.
    """
    _sends.add(image_id, infotext)


def receive_image(image: Any, path: str, infotext: str) -> None:
    """Store an image saved by the WebUI as a reproduction, if it was made from a sent infotext.

    image: a PIL image. path: the saved file. The WebUI waits for this function, so the database is
    written in the background, and errors there are logged.
    """
    match = _sends.find(infotext) if len(infotext) <= _MAX_INFOTEXT else None
    if match is None:
        return
    thumbnail, (width, height) = make_thumbnail(image), image.size
    infotext = infotext.encode("utf-8", "replace").decode()  # a lone surrogate is no text
    new = Reproduction(
        0, match.image_id, path, infotext, time.time(), match.is_edited, width, height
    )

    def write(db: sqlite3.Connection) -> None:
        insert_reproduction(db, new, thumbnail)
        # So that both can be compared when Civitai has the original no more.
        store_thumbnails(list(find_images([new.image_id]).values()))

    write_later(write)
