"""Named sets of pictures."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass

from ...core import Image, one_line
from ...errors import InputError
from ..search import folded
from ..store import rows, writing
from .thumbnails import keep_thumbs

__all__ = ["Set", "add", "all_sets", "delete", "ids_by_name", "ids_of", "remove", "rename", "write"]

_MOST_NAME = 100  # letters
_COVERS = 4


@dataclass(frozen=True)
class Set:
    """covers: ids of the pictures that were added last."""

    name: str
    count: int
    covers: tuple[int, ...] = ()


def all_sets() -> list[Set]:
    """Return every set in the order of their names. Raises DiskError."""
    return [
        Set(name, len(ids), tuple(reversed(ids[-_COVERS:]))) for name, ids in ids_by_name().items()
    ]


def ids_by_name(name: str = "") -> dict[str, list[int]]:
    """Return the image ids of every set, or of the one of this name, by the set's name; those
    added last are last. Raises DiskError."""
    sql = (
        "SELECT s.name, i.id FROM sets s LEFT JOIN in_sets i USING (number)"
        " WHERE ?1 = '' OR s.folded = ?1 ORDER BY s.folded, i.added_at, i.id"
    )
    found: dict[str, list[int]] = {}
    for shown, image_id in rows(sql, (folded(name),)):
        ids = found.setdefault(shown, [])
        if image_id is not None:
            ids.append(image_id)
    return found


def ids_of(name: str) -> list[int]:
    """Return the image ids of one set, [] where there is none. Raises DiskError."""
    return next(iter(ids_by_name(name).values()), []) if folded(name) else []


def add(images: Sequence[Image], name: str) -> str:
    """Into the set of this name, which is made if it is not there; the name as it is kept.

    Their thumbnails stay with them. Raises InputError, DiskError.
    """
    with writing() as db:
        kept = write(db, [image.id for image in images], name)
    keep_thumbs(images)
    return kept


def write(db: sqlite3.Connection, image_ids: Sequence[int], name: str) -> str:
    """`add` in a transaction of the caller's."""
    clean = _checked(name)
    row = (clean, folded(clean), time.time())
    db.execute("INSERT OR IGNORE INTO sets (name, folded, made_at) VALUES (?, ?, ?)", row)
    found = db.execute("SELECT number, name FROM sets WHERE folded = ?", (folded(clean),))
    number, kept = found.fetchone()
    added = ((number, image_id, time.time()) for image_id in image_ids)
    db.executemany("INSERT OR IGNORE INTO in_sets VALUES (?, ?, ?)", added)
    return str(kept)


def remove(image_ids: Sequence[int], name: str) -> None:
    """Raises DiskError."""
    sql = "DELETE FROM in_sets WHERE id = ? AND number = (SELECT number FROM sets WHERE folded = ?)"
    _written(sql, [(image_id, folded(name)) for image_id in image_ids])


def rename(name: str, wanted: str) -> None:
    """Raises InputError where there is one of that name, DiskError."""
    clean = _checked(wanted)
    if folded(clean) != folded(name) and any(folded(s.name) == folded(clean) for s in all_sets()):
        raise InputError(f"There is a set “{clean}” already.", "set_refused")
    sql = "UPDATE sets SET name = ?, folded = ? WHERE folded = ?"
    _written(sql, [(clean, folded(clean), folded(name))])


def delete(name: str) -> None:
    """The set, and none of its pictures. Raises DiskError."""
    _written("DELETE FROM sets WHERE folded = ?", [(folded(name),)])


def _written(sql: str, values: Sequence[tuple[object, ...]]) -> None:
    with writing() as db:
        db.executemany(sql, values)


def _checked(name: str) -> str:
    clean = one_line(name, _MOST_NAME)
    if not folded(clean):
        raise InputError("A set needs a name.", "set_refused")
    return clean
