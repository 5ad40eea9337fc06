"""What is kept of a saved picture beside it, or in it: infotext, workflow, Civitai's record."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from .. import setting
from ..core import as_whole_number, AtomicFile, clean_line, Image
from ..errors import InvalidResponse
from ..infotext import build_infotext, embed_infotext, find_workflow, read_embedded

__all__ = ["write_sidecars"]


def write_sidecars(path: str, record: str, is_ours: bool) -> None:
    """`<name>.txt`, `<name>.workflow.json` and `<name>.json` next to the picture, and its infotext
    in it, as the settings want them.

    record: the API's record as JSON text. Where that says nothing, what the file says is taken; a
    picture without generation data has no `.txt`. is_ours: it was saved by us; others' files stay
    as they are.
    Raises DiskError; UnreadableAnswer for a damaged record, of which nothing is written.
    """
    is_told = setting.save_infotext or setting.embeds_infotext or setting.save_workflow
    if not record or not (is_told or setting.save_record):
        return
    stem, row = os.path.splitext(path)[0], _parse_record(record)
    text, workflow = _find_texts(path, row) if is_told else ("", "")
    if setting.embeds_infotext and is_ours:
        embed_infotext(path, text)
    if setting.save_infotext and text:
        _write_sidecar(f"{stem}.txt", text)
    if setting.save_workflow and workflow:
        _write_sidecar(f"{stem}.workflow.json", workflow)
    if setting.save_record:
        _write_sidecar(f"{stem}.json", record)


def _find_texts(path: str, row: Mapping[str, Any]) -> tuple[str, str]:
    """Infotext and workflow, of the record or else of the file itself."""
    text, workflow = _infotext_from_row(row), find_workflow(row.get("meta"))
    if text and (workflow or not setting.save_workflow):
        return text, workflow
    told = read_embedded(path)
    return text or told.infotext, workflow or told.workflow


def _parse_record(record: str) -> Mapping[str, Any]:
    try:
        row = json.loads(record)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        raise InvalidResponse("Its record is damaged: nothing was written beside the picture.")
    return row


def _infotext_from_row(row: Mapping[str, Any]) -> str:
    base_model = clean_line(row.get("baseModel"), 100)
    post_id = as_whole_number(row.get("postId"), 1)
    image = Image(
        as_whole_number(row.get("id"), 1) or 0, "", base_model=base_model, post_id=post_id
    )
    return build_infotext(row.get("meta"), image, adds_lora_tags=setting.adds_lora_tags)


def _write_sidecar(path: str, text: str) -> None:
    with AtomicFile(os.path.dirname(path)) as partial:
        partial.write(text.encode("utf-8", "replace"))
        partial.commit(path)
