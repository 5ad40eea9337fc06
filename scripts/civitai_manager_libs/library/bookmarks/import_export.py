"""Marks and sets as JSON, with the records of their pictures: to keep elsewhere, and back."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ...civitai import image_of
from ...core import as_list, Image, is_deep, lines, mapping, one_line, whole
from ...errors import InputError
from ...infotext import infotext
from .. import records
from ..search import folded
from ..store import rows, writing
from . import annotations as image_annotations, collections

__all__ = ["export", "take"]

_FORMAT = 1
_MOST = 100_000  # pictures, and ids in all sets together
_MOST_SETS = 10_000
_ALL = "SELECT id FROM marks UNION SELECT id FROM own_tags UNION SELECT id FROM in_sets"


def export(name: str = "") -> dict[str, Any]:
    """Of one set, or of all that the user has marked. Raises DiskError."""
    named = collections.ids_by_name(name)
    ids = collections.ids_of(name) if name else [image_id for (image_id,) in rows(_ALL)]
    found, own = records.find_all(ids), image_annotations.read(ids)
    return {
        "civitai_shortcut": _FORMAT,
        "exported_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "sets": [{"name": one, "ids": ids_in} for one, ids_in in named.items()],
        "pictures": [_picture(image_id, found.get(image_id), own) for image_id in ids],
    }


def take(given: Any) -> tuple[int, int]:
    """Add what `export` gave and is not here; return how many (pictures, sets) were in it.

    What is here stays as it is: records with their ratings, notes, stars. Of a longer file the
    first pictures, sets and ids are taken. Raises InputError for another file, DiskError.
    """
    told = mapping(given)
    if is_deep(given) or told.get("civitai_shortcut") != _FORMAT:
        raise InputError("This file was not exported from here.", "no_export")
    pictures = [mapping(one) for one in as_list(told.get("pictures"))[:_MOST]]
    images = [image for one in pictures if (image := image_of(one.get("record"))) is not None]
    records.keep_absent(images)
    named = [mapping(one) for one in as_list(told.get("sets"))[:_MOST_SETS]]
    left, taken = _MOST, 0
    with writing() as db:
        for one in pictures:
            _take_marks(db, one)
        for one in named:
            ids = as_list(one.get("ids"))[:left]
            left -= len(ids)
            taken += _take_set(db, one.get("name"), ids)
    return len(images), taken


def _picture(
    image_id: int, image: Image | None, own: Mapping[int, image_annotations.Mark]
) -> dict[str, Any]:
    mark = own.get(image_id, image_annotations.Mark())
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
    image_id, theirs = whole(told.get("id"), 1), _change(told)
    if image_id is None or theirs == image_annotations.Change():
        return
    found = db.execute("SELECT favourite, stars, note FROM marks WHERE id = ?", (image_id,))
    favourite, stars, note = found.fetchone() or (0, 0, "")
    tags = [tag for (tag,) in db.execute("SELECT tag FROM own_tags WHERE id = ?", (image_id,))]
    wanted = image_annotations.Change(
        None if favourite else theirs.favourite,
        None if stars else theirs.stars,
        None if note else theirs.note,
        [*tags, *theirs.tags] if theirs.tags else None,
    )
    if wanted != image_annotations.Change():
        image_annotations.write(db, image_id, wanted)


def _change(told: Mapping[str, Any]) -> image_annotations.Change:
    """Return what a picture of the file is marked with; None for what it is not."""
    note = told.get("note")
    return image_annotations.Change(
        told.get("favourite") is True or None,
        whole(told.get("stars"), 1, 5),
        note if isinstance(note, str) and note else None,
        lines(told.get("tags")) or None,
    )


def _take_set(db: sqlite3.Connection, name: Any, given: Sequence[Any]) -> bool:
    if not isinstance(name, str) or not folded(one_line(name)):
        return False
    ids = (whole(one, 1) for one in given)
    collections.write(db, [one for one in ids if one is not None], name)
    return True
