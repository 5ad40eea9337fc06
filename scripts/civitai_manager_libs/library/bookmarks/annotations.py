"""The user's annotations of images: favourite, stars, note, tags. They outlive the records."""

from __future__ import annotations

import json
import sqlite3
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ...core import Image, log_disk_errors
from ..search import fold_text
from ..store import select_rows
from .revision import change_bookmarks

__all__ = ["Annotation", "AnnotationChange", "change_annotations", "find_annotations"]
__all__ += ["read_annotations", "write_annotation", "change_annotations_by_id"]

_MAX_NOTE = 10_000  # characters
_MAX_TAGS, _MAX_TAG = 100, 100  # tags of an image, characters of a tag
_MAX_STARS = 5
_OF_IDS = "WHERE id IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True)
class Annotation:
    """The user's annotations of one image.

    stars: 1 to 5, 0 for none. deleted_at: Unix time when the image was found deleted from Civitai,
    else 0.
    """

    favourite: bool = False
    stars: int = 0
    note: str = ""
    tags: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    deleted_at: float = 0.0


@dataclass(frozen=True)
class AnnotationChange:
    """New values for an image's annotations; None keeps the present value.

    tags: replaces all tags of the image. add_tags, remove_tags: single tags to add or remove.
    """

    favourite: bool | None = None
    stars: int | None = None
    note: str | None = None
    tags: Sequence[str] | None = None
    add_tags: Sequence[str] = ()
    remove_tags: Sequence[str] = ()


def find_annotations(image_ids: Sequence[int]) -> dict[int, Annotation]:
    """Return {image id: annotation}; leave out images without annotations.

    Return {} if the local library cannot be read.
    """
    with log_disk_errors("library"):
        return read_annotations(image_ids)
    return {}


def read_annotations(image_ids: Sequence[int]) -> dict[int, Annotation]:
    """Return {image id: annotation}; leave out images without annotations. Raises DiskError."""
    ids = (json.dumps(list(image_ids)),)
    found: dict[int, Annotation] = defaultdict(Annotation)
    sql = f"SELECT id, favourite, stars, note FROM marks {_OF_IDS}"
    for image_id, favourite, stars, note in select_rows(sql, ids):
        found[image_id] = Annotation(bool(favourite), stars, note)
    sql = f"SELECT id, tag FROM own_tags {_OF_IDS} ORDER BY tag"
    for image_id, tag in select_rows(sql, ids):
        found[image_id] = replace(found[image_id], tags=(*found[image_id].tags, tag))
    sql = f"SELECT id, name FROM in_sets JOIN sets USING (number) {_OF_IDS} ORDER BY name"
    for image_id, name in select_rows(sql, ids):
        names = (*found[image_id].collections, name)
        found[image_id] = replace(found[image_id], collections=names)
    for image_id, deleted_at in select_rows(f"SELECT id, at FROM gone {_OF_IDS}", ids):
        found[image_id] = replace(found[image_id], deleted_at=deleted_at)
    return dict(found)


def change_annotations(images: Sequence[Image], change: AnnotationChange) -> None:
    """Apply the same change to the annotations of each image. Raises DiskError."""
    change_annotations_by_id(images, {image.id: change for image in images})


def change_annotations_by_id(
    images: Sequence[Image], changes: Mapping[int, AnnotationChange]
) -> None:
    """Apply the changes to the annotations of images, in one transaction. Raises DiskError.

    changes: {image id: change}, with a change for each image.
    """
    with change_bookmarks() as db:
        for image in images:
            write_annotation(db, image.id, changes[image.id])


def write_annotation(db: sqlite3.Connection, image_id: int, change: AnnotationChange) -> None:
    """Apply a change to the annotations of one image, in the caller's transaction."""
    row = db.execute("SELECT favourite, stars, note FROM marks WHERE id = ?", (image_id,))
    favourite, stars, note = row.fetchone() or (0, 0, "")
    favourite = favourite if change.favourite is None else change.favourite
    stars = stars if change.stars is None else max(0, min(_MAX_STARS, change.stars))
    note = note if change.note is None else _clean_note(change.note)[:_MAX_NOTE]
    db.execute("DELETE FROM marks WHERE id = ?", (image_id,))
    if favourite or stars or note:
        values = (image_id, bool(favourite), stars, note, fold_text(note), time.time())
        db.execute("INSERT INTO marks VALUES (?, ?, ?, ?, ?, ?)", values)
    if change.tags is not None:
        db.execute("DELETE FROM own_tags WHERE id = ?", (image_id,))
    _add_tags(db, image_id, [*(change.tags or ()), *change.add_tags])
    removed = [(image_id, fold_text(tag)) for tag in change.remove_tags]
    db.executemany("DELETE FROM own_tags WHERE id = ? AND folded = ?", removed)


def _add_tags(db: sqlite3.Connection, image_id: int, tags: Sequence[str]) -> None:
    """Add tags to an image until it has 100 tags; drop the rest."""
    (count,) = db.execute("SELECT count(*) FROM own_tags WHERE id = ?", (image_id,)).fetchone()
    rows = [(image_id, tag, fold_text(tag)) for tag in _unique_tags(tags)]
    sql = "INSERT OR IGNORE INTO own_tags VALUES (?, ?, ?)"
    db.executemany(sql, rows[: max(0, _MAX_TAGS - count)])


def _unique_tags(tags: Sequence[str]) -> list[str]:
    """Return the first 100 tags without extra spaces, each cut to 100 characters.

    Of tags that differ in case only, the first is kept. Empty tags are left out.
    """
    found: dict[str, str] = {}
    for tag in tags[:_MAX_TAGS]:
        found.setdefault(fold_text(tag), " ".join(_clean_note(tag).split())[:_MAX_TAG])
    return [tag for key, tag in found.items() if key]


def _clean_note(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "").strip()
