"""Exports the user's bookmarks and reproductions as JSON, and imports them."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ..civitai import image_from_json
from ..core import (
    as_list,
    as_mapping,
    as_whole_number,
    clean_line,
    clean_lines,
    Image,
    is_deeply_nested,
)
from ..errors import InputError
from ..infotext import build_infotext
from . import records, reproductions
from .bookmarks import annotations as image_annotations, change_bookmarks, collections
from .search import fold_text
from .store import ANNOTATED_IDS, select_rows

__all__ = ["export_bookmarks", "import_bookmarks"]

_FORMAT = 1
_MAX_IMAGES = 100_000  # also the most ids in all collections together
_MAX_COLLECTIONS = 10_000
_MAX_REPRODUCTIONS = 10_000


def export_bookmarks(name: str = "") -> dict[str, Any]:
    """Return the user's bookmarks and reproductions as JSON, for `import_bookmarks`.

    A reproduction (an image generated from a gallery image) is exported with its thumbnail and file
    name, without the image file. name: the only collection to export, "" for everything. Raises
    DiskError.
    """
    ids_by_name = collections.list_image_ids_by_name(name)
    annotated = [] if name else [image_id for (image_id,) in select_rows(ANNOTATED_IDS)]
    ids = collections.list_image_ids(name) if name else annotated
    images, notes = records.find_images(ids), image_annotations.read_annotations(ids)
    return {
        "civitai_shortcut": _FORMAT,
        "exported_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "sets": [{"name": key, "ids": ids_in} for key, ids_in in ids_by_name.items()],
        "pictures": [_export_image(image_id, images.get(image_id), notes) for image_id in ids],
        "reproductions": reproductions.export_reproductions(ids),
    }


def import_bookmarks(data: Any) -> tuple[int, int]:
    """Import exported bookmarks; return the numbers of valid images and collections in them.

    data: a result of `export_bookmarks`. The user's own bookmarks are not replaced. At most 100,000
    images, 10,000 collections and 10,000 reproductions are imported. Raises InputError if the data
    has another format, and DiskError.
    """
    exported = as_mapping(data)
    if is_deeply_nested(data) or exported.get("civitai_shortcut") != _FORMAT:
        raise InputError("This file is not an export of Civitai Shortcut.", "no_export")
    entries = [as_mapping(entry) for entry in as_list(exported.get("pictures"))[:_MAX_IMAGES]]
    images = [image for entry in entries if (image := image_from_json(entry.get("record")))]
    records.store_missing_images(images)
    sets = [as_mapping(entry) for entry in as_list(exported.get("sets"))[:_MAX_COLLECTIONS]]
    made = as_list(exported.get("reproductions"))[:_MAX_REPRODUCTIONS]
    new_reproductions = reproductions.parse_exported(map(as_mapping, made))
    ids_left, count = _MAX_IMAGES, 0
    with change_bookmarks() as db:
        for entry in entries:
            _import_annotation(db, entry)
        for entry in sets:
            ids = as_list(entry.get("ids"))[:ids_left]
            ids_left -= len(ids)
            count += _import_collection(db, entry.get("name"), ids)
        reproductions.import_reproductions(db, new_reproductions)
    return len(images), count


def _export_image(
    image_id: int, image: Image | None, notes: Mapping[int, image_annotations.Annotation]
) -> dict[str, Any]:
    mark = notes.get(image_id, image_annotations.Annotation())
    return {
        "id": image_id,
        "favourite": mark.favourite,
        "stars": mark.stars,
        "note": mark.note,
        "tags": list(mark.tags),
        "record": {**image.record, "id": image_id} if image else None,
        "infotext": build_infotext(image.meta, image) if image else "",
    }


def _import_annotation(db: sqlite3.Connection, entry: Mapping[str, Any]) -> None:
    """Write the annotations of an exported image, but keep those that the user already has."""
    image_id, imported = as_whole_number(entry.get("id"), 1), _parse_annotations(entry)
    if image_id is None or imported == image_annotations.AnnotationChange():
        return
    found = db.execute("SELECT favourite, stars, note FROM marks WHERE id = ?", (image_id,))
    favourite, stars, note = found.fetchone() or (0, 0, "")
    tags = [tag for (tag,) in db.execute("SELECT tag FROM own_tags WHERE id = ?", (image_id,))]
    change = image_annotations.AnnotationChange(
        None if favourite else imported.favourite,
        None if stars else imported.stars,
        None if note else imported.note,
        [*tags, *imported.tags] if imported.tags else None,
    )
    if change != image_annotations.AnnotationChange():
        image_annotations.write_annotation(db, image_id, change)


def _parse_annotations(entry: Mapping[str, Any]) -> image_annotations.AnnotationChange:
    """Return the annotations in an exported image's JSON object.

    A missing or invalid annotation becomes None, so that the image keeps its present one.
    """
    note = entry.get("note")
    return image_annotations.AnnotationChange(
        entry.get("favourite") is True or None,
        as_whole_number(entry.get("stars"), 1, 5),
        note if isinstance(note, str) and note else None,
        clean_lines(entry.get("tags")) or None,
    )


def _import_collection(db: sqlite3.Connection, name: Any, image_ids: Sequence[Any]) -> bool:
    """Add images to a collection; return False if the collection's name is invalid."""
    if not isinstance(name, str) or not fold_text(clean_line(name)):
        return False
    ids = (as_whole_number(image_id, 1) for image_id in image_ids)
    collections.write_collection(db, [i for i in ids if i is not None], name)
    return True
