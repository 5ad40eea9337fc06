"""Named sets of pictures."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import InputError
from ...ground import Image, one_line
from ..search import folded
from ..store import rows, writing
from .thumbs import keep_thumbs

__all__ = ["Set", "add", "all_sets", "delete", "ids_of", "remove", "rename", "write"]

_MOST_NAME = 100  # letters
_COVERS = 4


@dataclass(frozen=True)
class Set:
    """covers: ids of the pictures that were added last."""

    name: str
    count: int
    covers: tuple[int, ...] = ()


def all_sets() -> list[Set]:
    """Raises DiskError."""
    sql = (
        "SELECT number, name, (SELECT count(*) FROM in_sets i WHERE i.number = s.number)"
        " FROM sets s ORDER BY folded"
    )
    last = "SELECT id FROM in_sets WHERE number = ? ORDER BY added_at DESC, id DESC LIMIT ?"
    return [
        Set(name, count, tuple(i for (i,) in rows(last, (number, _COVERS))))
        for number, name, count in rows(sql)
    ]


def ids_of(name: str) -> list[int]:
    """Raises DiskError."""
    sql = "SELECT id FROM in_sets JOIN sets USING (number) WHERE folded = ? ORDER BY added_at, id"
    return [image_id for (image_id,) in rows(sql, (folded(name),))]


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
