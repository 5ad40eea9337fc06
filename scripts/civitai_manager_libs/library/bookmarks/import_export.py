"""Marks and sets as JSON, with the records of their pictures: to keep elsewhere, and back."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ...civitai import parse_image
from ...core import (
    as_list,
    as_mapping,
    as_whole_number,
    clean_line,
    clean_lines,
    Image,
    is_deeply_nested,
)
from ...errors import InputError
from ...infotext import build_infotext
from .. import records
from ..search import fold_text
from ..store import select_rows, writing
from . import annotations as image_annotations, collections

__all__ = ["export_bookmarks", "import_bookmarks"]

_FORMAT = 1
_MOST = 100_000  # pictures, and ids in all sets together
_MOST_SETS = 10_000
_ALL = "SELECT id FROM marks UNION SELECT id FROM own_tags UNION SELECT id FROM in_sets"


def export_bookmarks(name: str = "") -> dict[str, Any]:
    """Of one set, or of all that the user has marked. Raises DiskError."""
    named = collections.image_ids_by_collection(name)
    ids = (
        collections.collection_image_ids(name)
        if name
        else [image_id for (image_id,) in select_rows(_ALL)]
    )
    found, own = records.find_images(ids), image_annotations.read_annotations(ids)
    return {
        "civitai_shortcut": _FORMAT,
        "exported_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "sets": [{"name": one, "ids": ids_in} for one, ids_in in named.items()],
        "pictures": [_export_image(image_id, found.get(image_id), own) for image_id in ids],
    }


def import_bookmarks(given: Any) -> tuple[int, int]:
    """Add what `export_bookmarks` gave and is not here; return how many (pictures, sets) were in
    it.

    What is here stays as it is: records with their ratings, notes, stars. Of a longer file the
    first pictures, sets and ids are taken. Raises InputError for another file, DiskError.
    """
    told = as_mapping(given)
    if is_deeply_nested(given) or told.get("civitai_shortcut") != _FORMAT:
        raise InputError("This file was not exported from here.", "no_export")
    pictures = [as_mapping(one) for one in as_list(told.get("pictures"))[:_MOST]]
    images = [image for one in pictures if (image := parse_image(one.get("record"))) is not None]
    records.store_missing_images(images)
    named = [as_mapping(one) for one in as_list(told.get("sets"))[:_MOST_SETS]]
    left, taken = _MOST, 0
    with writing() as db:
        for one in pictures:
            _import_annotation(db, one)
        for one in named:
            ids = as_list(one.get("ids"))[:left]
            left -= len(ids)
            taken += _import_collection(db, one.get("name"), ids)
    return len(images), taken


def _export_image(
    image_id: int, image: Image | None, own: Mapping[int, image_annotations.Annotation]
) -> dict[str, Any]:
    mark = own.get(image_id, image_annotations.Annotation())
    return {
        "id": image_id,
        "favourite": mark.favourite,
        "stars": mark.stars,
        "note": mark.note,
        "tags": list(mark.tags),
        "record": {**image.record, "id": image_id} if image else None,
        "infotext": build_infotext(image.meta, image) if image else "",
    }


def _import_annotation(db: sqlite3.Connection, told: Mapping[str, Any]) -> None:
    image_id, theirs = as_whole_number(told.get("id"), 1), _parse_change(told)
    if image_id is None or theirs == image_annotations.AnnotationChange():
        return
    found = db.execute("SELECT favourite, stars, note FROM marks WHERE id = ?", (image_id,))
    favourite, stars, note = found.fetchone() or (0, 0, "")
    tags = [tag for (tag,) in db.execute("SELECT tag FROM own_tags WHERE id = ?", (image_id,))]
    wanted = image_annotations.AnnotationChange(
        None if favourite else theirs.favourite,
        None if stars else theirs.stars,
        None if note else theirs.note,
        [*tags, *theirs.tags] if theirs.tags else None,
    )
    if wanted != image_annotations.AnnotationChange():
        image_annotations.write_annotation(db, image_id, wanted)


def _parse_change(told: Mapping[str, Any]) -> image_annotations.AnnotationChange:
    """Return what a picture of the file is marked with; None for what it is not."""
    note = told.get("note")
    return image_annotations.AnnotationChange(
        told.get("favourite") is True or None,
        as_whole_number(told.get("stars"), 1, 5),
        note if isinstance(note, str) and note else None,
        clean_lines(told.get("tags")) or None,
    )


def _import_collection(db: sqlite3.Connection, name: Any, given: Sequence[Any]) -> bool:
    if not isinstance(name, str) or not fold_text(clean_line(name)):
        return False
    ids = (as_whole_number(one, 1) for one in given)
    collections.write_collection(db, [one for one in ids if one is not None], name)
    return True
