"""What the demo's galleries hold, told by its own rows: what a page must show, in order."""

from __future__ import annotations

from typing import Any

from civitai_manager_libs.civitai.records import image_from
from civitai_manager_libs.infotext.metadata import infotext
from civitai_manager_libs.demo import files, records
from civitai_manager_libs.demo.gallery import rows
from civitai_manager_libs.demo.gallery.catalogue import model_of

__all__ = ["chunks", "infotext_of", "of_model", "of_version", "shown", "uuids"]


def of_model(model_id: int, level: int = 1, kind: str | None = None) -> list[rows.Row]:
    """All versions, the newest first."""
    model = model_of(model_id)
    assert model is not None
    return [row for row in reversed(rows.gallery(model)) if _fits(row, level, kind)]


def of_version(model_id: int, version_id: int, level: int = 1) -> list[rows.Row]:
    found = [row for row in of_model(model_id, level) if row.version.id == version_id]
    return sorted(found, key=lambda row: row.sorted_at, reverse=True)


def _fits(row: rows.Row, level: int, kind: str | None) -> bool:
    return bool(row.level & level) and kind in (None, row.type)


def chunks(found: list[rows.Row], size: int = 8) -> list[list[rows.Row]]:
    return [found[i : i + size] for i in range(0, len(found), size)]


def uuids(found: list[rows.Row]) -> list[str]:
    return [files.uuid_of(row.id) for row in found]


def infotext_of(row: rows.Row) -> str:
    record = records.record(row, "http://127.0.0.1", False, with_meta=True, flat=True, tags=False)
    image: Any = image_from(record, lambda url: True)
    return infotext(image.meta, image)


def shown(tab: Any, model_id: int) -> Any:
    """The page with that model's first pictures on it."""
    tab.find(str(model_id))
    tab.shows(uuids(of_model(model_id)[:8]))
    return tab
