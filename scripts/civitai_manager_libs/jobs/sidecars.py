"""What is kept beside a saved picture: its infotext and Civitai's record."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from .. import setting
from ..ground import Image, one_line, PartialFile, whole
from ..infotext import infotext

__all__ = ["write_beside"]


def write_beside(path: str, record: str) -> None:
    """`<image id>.txt` and `<image id>.json` next to the picture, as the settings want them.

    record: the API's record as JSON text. A picture without generation data has no `.txt`.
    Raises DiskError.
    """
    stem = os.path.splitext(path)[0]
    if record and setting.save_infotext:
        text = _infotext_of(json.loads(record))
        if text:
            _write(f"{stem}.txt", text)
    if record and setting.save_record:
        _write(f"{stem}.json", record)


def _infotext_of(row: Mapping[str, Any]) -> str:
    base_model = one_line(row.get("baseModel"), 100)
    post_id = whole(row.get("postId"), 1)
    image = Image(whole(row.get("id"), 1) or 0, "", base_model=base_model, post_id=post_id)
    return infotext(row.get("meta"), image, adds_lora_tags=setting.adds_lora_tags)


def _write(path: str, text: str) -> None:
    with PartialFile(os.path.dirname(path)) as partial:
        partial.write(text.encode("utf-8", "replace"))
        partial.commit(path)
