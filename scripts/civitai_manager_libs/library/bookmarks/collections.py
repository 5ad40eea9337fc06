"""Named sets of pictures."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass

from ...core import clean_line, Image
from ...errors import InputError
from ..search import fold_text
from ..store import select_rows, writing
from .thumbnails import store_thumbnails

__all__ = [
    "Collection",
    "add_to_collection",
    "list_collections",
    "delete_collection",
    "image_ids_by_collection",
    "collection_image_ids",
    "remove_from_collection",
    "rename_collection",
    "write_collection",
]

_MOST_NAME = 100  # letters
_COVERS = 4


@dataclass(frozen=True)
class Collection:
    """covers: ids of the pictures that were added last."""

    name: str
    count: int
    covers: tuple[int, ...] = ()


def list_collections() -> list[Collection]:
    """Return every set in the order of their names. Raises DiskError."""
    return [
        Collection(name, len(ids), tuple(reversed(ids[-_COVERS:])))
        for name, ids in image_ids_by_collection().items()
    ]


def image_ids_by_collection(name: str = "") -> dict[str, list[int]]:
    """Return the image ids of every set, or of the one of this name, by the set's name; those
    added last are last. Raises DiskError."""
    sql = (
        "SELECT s.name, i.id FROM sets s LEFT JOIN in_sets i USING (number)"
        " WHERE ?1 = '' OR s.folded = ?1 ORDER BY s.folded, i.added_at, i.id"
    )
    found: dict[str, list[int]] = {}
    for shown, image_id in select_rows(sql, (fold_text(name),)):
        ids = found.setdefault(shown, [])
        if image_id is not None:
            ids.append(image_id)
    return found


def collection_image_ids(name: str) -> list[int]:
    """Return the image ids of one set, [] where there is none. Raises DiskError."""
    return next(iter(image_ids_by_collection(name).values()), []) if fold_text(name) else []


def add_to_collection(images: Sequence[Image], name: str) -> str:
    """Into the set of this name, which is made if it is not there; the name as it is kept.

    Their thumbnails stay with them. Raises InputError, DiskError.
    """
    with writing() as db:
        kept = write_collection(db, [image.id for image in images], name)
    store_thumbnails(images)
    return kept


def write_collection(db: sqlite3.Connection, image_ids: Sequence[int], name: str) -> str:
    """`add_to_collection` in a transaction of the caller's."""
    clean = _validate_name(name)
    row = (clean, fold_text(clean), time.time())
    db.execute("INSERT OR IGNORE INTO sets (name, folded, made_at) VALUES (?, ?, ?)", row)
    found = db.execute("SELECT number, name FROM sets WHERE folded = ?", (fold_text(clean),))
    number, kept = found.fetchone()
    added = ((number, image_id, time.time()) for image_id in image_ids)
    db.executemany("INSERT OR IGNORE INTO in_sets VALUES (?, ?, ?)", added)
    return str(kept)


def remove_from_collection(image_ids: Sequence[int], name: str) -> None:
    """Raises DiskError."""
    sql = "DELETE FROM in_sets WHERE id = ? AND number = (SELECT number FROM sets WHERE folded = ?)"
    _execute(sql, [(image_id, fold_text(name)) for image_id in image_ids])


def rename_collection(name: str, wanted: str) -> None:
    """Raises InputError where there is one of that name, DiskError."""
    clean = _validate_name(wanted)
    if fold_text(clean) != fold_text(name) and any(
        fold_text(s.name) == fold_text(clean) for s in list_collections()
    ):
        raise InputError(f"There is a collection “{clean}” already.", "collection_refused")
    sql = "UPDATE sets SET name = ?, folded = ? WHERE folded = ?"
    _execute(sql, [(clean, fold_text(clean), fold_text(name))])


def delete_collection(name: str) -> None:
    """The set, and none of its pictures. Raises DiskError."""
    _execute("DELETE FROM sets WHERE folded = ?", [(fold_text(name),)])


def _execute(sql: str, values: Sequence[tuple[object, ...]]) -> None:
    with writing() as db:
        db.executemany(sql, values)


def _validate_name(name: str) -> str:
    clean = clean_line(name, _MOST_NAME)
    if not fold_text(clean):
        raise InputError("A collection needs a name.", "collection_refused")
    return clean
