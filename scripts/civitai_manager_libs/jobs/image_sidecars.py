"""What is written beside a saved image: its data, its infotext, its workflow."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from .. import setting, util
from ..core import as_whole_number, AtomicFile, clean_line, Image
from ..infotext import build_infotext, embed_infotext, find_workflow, read_embedded

__all__ = ["write_sidecars"]

_DAMAGED = "Its record is damaged: nothing was written beside the picture."


def write_sidecars(path: str, record: str, is_ours: bool) -> str:
    """Save an image's metadata in text files beside it; return a warning about a damaged record.

    The settings choose among `<name>.txt` (infotext), `<name>.workflow.json` and `<name>.json`
    (Civitai's record). If the settings say so, the infotext is also embedded into the image, but
    only if this program downloaded the image (`is_ours`). record: Civitai's record as JSON text; if
    it is damaged or "", nothing is written. Return "" for no warning. Raises DiskError.
    """
    needs_texts = setting.save_infotext or setting.embeds_infotext or setting.save_workflow
    if not record or not (needs_texts or setting.save_record):
        return ""
    stem = os.path.splitext(path)[0]
    try:
        row = json.loads(record)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        util.printD(f"[gallery] {os.path.basename(stem)}: {_DAMAGED}")
        return _DAMAGED
    infotext, workflow = _find_texts(path, row) if needs_texts else ("", "")
    if setting.embeds_infotext and is_ours:
        embed_infotext(path, infotext)
    if setting.save_infotext and infotext:
        _write_sidecar(f"{stem}.txt", infotext)
    if setting.save_workflow and workflow:
        _write_sidecar(f"{stem}.workflow.json", workflow)
    if setting.save_record:
        _write_sidecar(f"{stem}.json", record)
    return ""


def _find_texts(path: str, row: Mapping[str, Any]) -> tuple[str, str]:
    """Return (infotext, workflow) of an image; read its file for what Civitai's record lacks."""
    image_id, post_id = (as_whole_number(row.get(name), 1) for name in ("id", "postId"))
    base_model, meta = clean_line(row.get("baseModel"), 100), row.get("meta")
    image = Image(image_id or 0, "", base_model=base_model, post_id=post_id)
    infotext = build_infotext(meta, image, adds_lora_tags=setting.adds_lora_tags)
    workflow = find_workflow(meta)
    if infotext and (workflow or not setting.save_workflow):
        return infotext, workflow
    embedded = read_embedded(path)
    return infotext or embedded.infotext, workflow or embedded.workflow


def _write_sidecar(path: str, text: str) -> None:
    with AtomicFile(os.path.dirname(path)) as file:
        file.write(text.encode("utf-8", "replace"))
        file.commit(path)
