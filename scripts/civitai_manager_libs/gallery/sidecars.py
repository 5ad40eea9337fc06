"""What is kept beside a saved picture: its infotext and Civitai's record."""

from __future__ import annotations

import json
import os

from .. import setting
from ..partial_file import PartialFile
from .metadata import infotext

__all__ = ["write_beside"]


def write_beside(path: str, record: str) -> None:
    """`<image id>.txt` and `<image id>.json` next to the picture, as the settings want them.

    record: the API's record as JSON text. A picture without generation data has no `.txt`.
    Raises DiskError.
    """
    stem = os.path.splitext(path)[0]
    if record and setting.save_infotext:
        text = infotext(json.loads(record).get("meta"))
        if text:
            _write(f"{stem}.txt", text)
    if record and setting.save_record:
        _write(f"{stem}.json", record)


def _write(path: str, text: str) -> None:
    with PartialFile(os.path.dirname(path)) as partial:
        partial.write(text.encode("utf-8", "replace"))
        partial.commit(path)
