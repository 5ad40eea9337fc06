"""A user's own marks of pictures: favourite, stars, a note, tags. They outlive what is read."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...core import Image, log_disk_errors
from ..search import fold_text
from ..store import select_rows, writing
from .thumbnails import store_thumbnails

__all__ = [
    "AnnotationChange",
    "Annotation",
    "change_annotations",
    "find_annotations",
    "read_annotations",
    "write_annotation",
]

_MOST_LETTERS = 10_000  # of a note
_MOST_TAGS, _MOST_TAG = 100, 100  # of a picture; letters
_STARS = 5
_OF_IDS = "WHERE id IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True)
class Annotation:
    """stars: 0 is none. gone_at: when it was found to be gone from Civitai; 0 where it is not."""

    favourite: bool = False
    stars: int = 0
    note: str = ""
    tags: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    deleted_at: float = 0.0


@dataclass(frozen=True)
class AnnotationChange:
    """None: as it was."""

    favourite: bool | None = None
    stars: int | None = None
    note: str | None = None
    tags: Sequence[str] | None = None


def find_annotations(image_ids: Sequence[int]) -> dict[int, Annotation]:
    """Those that have any; none where the library cannot be read: the pictures are shown still."""
    with log_disk_errors("library"):
        return read_annotations(image_ids)
    return {}


def read_annotations(image_ids: Sequence[int]) -> dict[int, Annotation]:
    """Those that have any. Raises DiskError."""
    given = (json.dumps(list(image_ids)),)
    found: dict[int, Annotation] = {}
    for image_id, favourite, stars, note in select_rows(
        f"SELECT id, favourite, stars, note FROM marks {_OF_IDS}", given
    ):
        found[image_id] = Annotation(bool(favourite), stars, note)
    for image_id, tag in select_rows(f"SELECT id, tag FROM own_tags {_OF_IDS} ORDER BY tag", given):
        mark = found.get(image_id, Annotation())
        found[image_id] = replace(mark, tags=(*mark.tags, tag))
    named = f"SELECT id, name FROM in_sets JOIN sets USING (number) {_OF_IDS} ORDER BY name"
    for image_id, name in select_rows(named, given):
        mark = found.get(image_id, Annotation())
        found[image_id] = replace(mark, collections=(*mark.collections, name))
    for image_id, at in select_rows(f"SELECT id, at FROM gone {_OF_IDS}", given):
        found[image_id] = replace(found.get(image_id, Annotation()), deleted_at=at)
    return found


def change_annotations(images: Sequence[Image], wanted: AnnotationChange) -> None:
    """Of all of these; their thumbnails stay with them. Raises DiskError."""
    with writing() as db:
        for image in images:
            write_annotation(db, image.id, wanted)
    store_thumbnails(images)


def write_annotation(db: sqlite3.Connection, image_id: int, wanted: AnnotationChange) -> None:
    """In a transaction of the caller's."""
    row = db.execute("SELECT favourite, stars, note FROM marks WHERE id = ?", (image_id,))
    favourite, stars, note = row.fetchone() or (0, 0, "")
    favourite = favourite if wanted.favourite is None else wanted.favourite
    stars = stars if wanted.stars is None else max(0, min(_STARS, wanted.stars))
    note = note if wanted.note is None else _clean_note(wanted.note)[:_MOST_LETTERS]
    db.execute("DELETE FROM marks WHERE id = ?", (image_id,))
    if favourite or stars or note:
        values = (image_id, bool(favourite), stars, note, fold_text(note), time.time())
        db.execute("INSERT INTO marks VALUES (?, ?, ?, ?, ?, ?)", values)
    if wanted.tags is not None:
        db.execute("DELETE FROM own_tags WHERE id = ?", (image_id,))
        tagged = ((image_id, tag, fold_text(tag)) for tag in _unique_tags(wanted.tags))
        db.executemany("INSERT OR IGNORE INTO own_tags VALUES (?, ?, ?)", tagged)


def _unique_tags(given: Sequence[str]) -> list[str]:
    """Each once, as it is written first."""
    found: dict[str, str] = {}
    for tag in given[:_MOST_TAGS]:
        found.setdefault(fold_text(tag), " ".join(_clean_note(tag).split())[:_MOST_TAG])
    return [tag for key, tag in found.items() if key]


def _clean_note(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "").strip()
