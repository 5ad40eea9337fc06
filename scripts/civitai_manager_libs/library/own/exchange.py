"""Marks and sets as JSON, with the records of their pictures: to keep elsewhere, and back."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from typing import Any

from ...civitai import image_of
from ...errors import InputError
from ...ground import as_list, Image, is_deep, lines, mapping, whole
from ...infotext import infotext
from .. import records
from ..search import folded
from ..store import rows, writing
from . import marks, sets

__all__ = ["export", "take"]

_FORMAT = 1
_MOST = 100_000  # pictures
_ALL = "SELECT id FROM marks UNION SELECT id FROM own_tags UNION SELECT id FROM in_sets"


def export(name: str = "") -> dict[str, Any]:
    """Of one set, or of all that the user has marked. Raises DiskError."""
    ids = sets.ids_of(name) if name else [image_id for (image_id,) in rows(_ALL)]
    named = [one.name for one in sets.all_sets() if not name or folded(one.name) == folded(name)]
    found, own = records.find_all(ids), marks.read(ids)
    return {
        "civitai_shortcut": _FORMAT,
        "exported_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "sets": [{"name": one, "ids": sets.ids_of(one)} for one in named],
        "pictures": [_picture(image_id, found.get(image_id), own) for image_id in ids],
    }


def take(given: Any) -> tuple[int, int]:
    """Bring in what `export` gave: (pictures, sets). What is here already stays.

    Raises InputError for what is no such thing, DiskError.
    """
    told = mapping(given)
    if is_deep(given) or told.get("civitai_shortcut") != _FORMAT:
        raise InputError("This file was not exported from here.", "no_export")
    pictures = [mapping(one) for one in as_list(told.get("pictures"))[:_MOST]]
    images = [image for one in pictures if (image := image_of(one.get("record"))) is not None]
    records.keep(images)
    named = [mapping(one) for one in as_list(told.get("sets"))[:_MOST]]
    with writing() as db:
        for one in pictures:
            _take_marks(db, one)
        taken = [_take_set(db, one) for one in named]
    return len(images), sum(taken)


def _picture(image_id: int, image: Image | None, own: Mapping[int, marks.Mark]) -> dict[str, Any]:
    mark = own.get(image_id, marks.Mark())
    return {
        "id": image_id,
        "favourite": mark.favourite,
        "stars": mark.stars,
        "note": mark.note,
        "tags": list(mark.tags),
        "record": {**image.record, "id": image_id} if image else None,
        "infotext": infotext(image.meta, image) if image else "",
    }


def _take_marks(db: sqlite3.Connection, told: Mapping[str, Any]) -> None:
    image_id = whole(told.get("id"), 1)
    if image_id is None:
        return
    row = db.execute("SELECT favourite, stars, note FROM marks WHERE id = ?", (image_id,))
    favourite, stars, note = row.fetchone() or (0, 0, "")
    tagged = db.execute("SELECT tag FROM own_tags WHERE id = ?", (image_id,))
    tags = [*(tag for (tag,) in tagged), *lines(told.get("tags"))]
    theirs = told.get("note") if isinstance(told.get("note"), str) else ""
    wanted = marks.Change(
        bool(favourite) or told.get("favourite") is True,
        stars or whole(told.get("stars"), 0, 5) or 0,
        note or str(theirs),
        tags,
    )
    marks.write(db, image_id, wanted)


def _take_set(db: sqlite3.Connection, told: Mapping[str, Any]) -> bool:
    name = told.get("name")
    if not isinstance(name, str) or not name.strip():
        return False
    given = (whole(one, 1) for one in as_list(told.get("ids"))[:_MOST])
    sets.write(db, [one for one in given if one is not None], name)
    return True
