"""Collections: named sets of images. Names that differ by case or width only are the same."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...core import clean_line, Image
from ...errors import InputError
from ..search import fold_text
from ..store import select_rows
from .revision import change_bookmarks

__all__ = ["add_to_collection", "change_memberships", "Collection", "delete_collection"]
__all__ += ["list_collections", "list_image_ids", "list_image_ids_by_name"]
__all__ += ["remove_from_collection", "rename_collection", "write_collection"]

_MAX_NAME = 100  # characters
_COVERS = 4
_REMOVE = "DELETE FROM in_sets WHERE id = ? AND number = (SELECT number FROM sets WHERE folded = ?)"


@dataclass(frozen=True)
class Collection:
    """A set of images to which the user has given a name.

    count: number of images. covers: ids of the images added last, at most four, newest first.
    """

    name: str
    count: int
    covers: tuple[int, ...]


def list_collections() -> list[Collection]:
    """Return all collections, sorted by name. Raises DiskError."""
    return [
        Collection(name, len(ids), tuple(reversed(ids[-_COVERS:])))
        for name, ids in list_image_ids_by_name().items()
    ]


def list_image_ids_by_name(name: str = "") -> dict[str, list[int]]:
    """Return {collection name: image ids}, the ids in the order in which they were added.

    name: the only collection to return, "" for all. Raises DiskError.
    """
    sql = (
        "SELECT s.name, i.id FROM sets s LEFT JOIN in_sets i USING (number)"
        " WHERE ?1 = '' OR s.folded = ?1 ORDER BY s.folded, i.added_at, i.id"
    )
    found: dict[str, list[int]] = {}
    for found_name, image_id in select_rows(sql, (fold_text(name),)):
        ids = found.setdefault(found_name, [])
        if image_id is not None:
            ids.append(image_id)
    return found


def list_image_ids(name: str) -> list[int]:
    """Return the image ids of a collection in the order in which they were added.

    Return [] if the collection does not exist. Raises DiskError.
    """
    return next(iter(list_image_ids_by_name(name).values()), []) if fold_text(name) else []


def add_to_collection(images: Sequence[Image], name: str) -> str:
    """Add images to a collection; return the collection's name.

    A missing collection is created. An existing collection keeps its name, even if `name` differs
    in case. Raises InputError if `name` is empty, and DiskError.
    """
    with change_bookmarks() as db:
        return write_collection(db, [image.id for image in images], name)


def write_collection(db: sqlite3.Connection, image_ids: Sequence[int], name: str) -> str:
    """Add images to a collection in the caller's transaction; return the collection's name.

    A missing collection is created. Raises InputError if `name` is empty.
    """
    clean = _validate_name(name)
    row = (clean, fold_text(clean), time.time())
    db.execute("INSERT OR IGNORE INTO sets (name, folded, made_at) VALUES (?, ?, ?)", row)
    found = db.execute("SELECT number, name FROM sets WHERE folded = ?", (fold_text(clean),))
    number, stored_name = found.fetchone()
    rows = ((number, image_id, time.time()) for image_id in image_ids)
    db.executemany("INSERT OR IGNORE INTO in_sets VALUES (?, ?, ?)", rows)
    return str(stored_name)


def remove_from_collection(image_ids: Sequence[int], name: str) -> None:
    """Remove images from a collection; ignore images that are not in it. Raises DiskError."""
    with change_bookmarks() as db:
        db.executemany(_REMOVE, [(image_id, fold_text(name)) for image_id in image_ids])


def change_memberships(
    added: Mapping[int, Sequence[str]], removed: Mapping[int, Sequence[str]]
) -> None:
    """Add images to collections, and remove images from collections, in one transaction.

    added, removed: {image id: names of collections}. Missing collections are created. Raises
    DiskError.
    """
    with change_bookmarks() as db:
        for image_id, names in removed.items():
            rows = ((image_id, fold_text(name)) for name in names)
            db.executemany(_REMOVE, rows)
        for image_id, names in added.items():
            for name in names:
                write_collection(db, [image_id], name)


def rename_collection(name: str, new_name: str) -> None:
    """Rename a collection; do nothing if it does not exist. Raises DiskError.

    Raises InputError if the new name is empty or belongs to another collection.
    """
    clean = _validate_name(new_name)
    sql = "UPDATE OR IGNORE sets SET name = ?1, folded = ?2 WHERE folded = ?3"
    known = "SELECT 1 FROM sets WHERE folded = ?3"
    values = (clean, fold_text(clean), fold_text(name))
    with change_bookmarks() as db:
        if db.execute(sql, values).rowcount == 0 and db.execute(known, values).fetchall():
            raise InputError(f"There is a collection “{clean}” already.", "collection_refused")


def delete_collection(name: str) -> list[int]:
    """Delete a collection and return its image ids; the images stay in the local library.

    Raises DiskError.
    """
    sql = (
        "SELECT i.id FROM sets JOIN in_sets i USING (number) WHERE folded = ?"
        " ORDER BY i.added_at, i.id"
    )
    with change_bookmarks() as db:
        ids = [image_id for (image_id,) in db.execute(sql, (fold_text(name),))]
        db.execute("DELETE FROM sets WHERE folded = ?", (fold_text(name),))
    return ids


def _validate_name(name: str) -> str:
    clean = clean_line(name, _MAX_NAME)
    if not fold_text(clean):
        raise InputError("A collection needs a name.", "collection_refused")
    return clean
