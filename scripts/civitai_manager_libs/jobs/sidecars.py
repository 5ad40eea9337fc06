"""What is kept beside a saved picture: its infotext and Civitai's record."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from .. import setting
from ..errors import UnreadableAnswer
from ..ground import Image, one_line, PartialFile, whole
from ..infotext import infotext

__all__ = ["write_beside"]


def write_beside(path: str, record: str) -> None:
    """`<image id>.txt` and `<image id>.json` next to the picture, as the settings want them.

    record: the API's record as JSON text. A picture without generation data has no `.txt`.
    Raises DiskError; UnreadableAnswer for a damaged record, of which nothing is written.
    """
    if not record or not (setting.save_infotext or setting.save_record):
        return
    stem, row = os.path.splitext(path)[0], _row_of(record)
    text = _infotext_of(row) if setting.save_infotext else ""
    if text:
        _write(f"{stem}.txt", text)
    if setting.save_record:
        _write(f"{stem}.json", record)


def _row_of(record: str) -> Mapping[str, Any]:
    try:
        row = json.loads(record)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        raise UnreadableAnswer("Its record is damaged: nothing was written beside the picture.")
    return row


def _infotext_of(row: Mapping[str, Any]) -> str:
    base_model = one_line(row.get("baseModel"), 100)
    post_id = whole(row.get("postId"), 1)
    image = Image(whole(row.get("id"), 1) or 0, "", base_model=base_model, post_id=post_id)
    return infotext(row.get("meta"), image, adds_lora_tags=setting.adds_lora_tags)


def _write(path: str, text: str) -> None:
    with PartialFile(os.path.dirname(path)) as partial:
        partial.write(text.encode("utf-8", "replace"))
        partial.commit(path)
