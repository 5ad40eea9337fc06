"""The reproductions in the library's database: images made here after one was sent to the WebUI."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...core import log_disk_errors
from ..store import select_rows, writing
from .similarity import (
    make_thumbnail,
    measure_similarity,
    open_image,
    open_thumbnail,
    Similarity,
)

__all__ = ["import_reproductions", "count_reproductions", "delete_reproductions"]
__all__ += [
    "find_reproduction",
    "insert_reproduction",
    "list_reproductions",
    "measure_missing_similarities",
]
__all__ += ["iter_reproductions", "read_thumbnail", "Reproduction", "store_reproduction"]

_MAX_OF_IMAGE = 100  # the oldest beyond are deleted
_AT_ONCE = 50  # reproductions in memory
_COLUMNS = (
    "number, image_id, path, infotext, made_at, is_edited, width, height, ssim, hash_distance"
)


@dataclass(frozen=True)
class Reproduction:
    """An image that was generated on this machine from a Civitai image's infotext.

    image_id: the Civitai image. path: the file, or only its name if a browser uploaded the file.
    made_at: Unix time of saving. is_edited: whether the prompt was edited. similarity: how similar
    it is to the Civitai image, None if not measured yet.
    """

    id: int
    image_id: int
    path: str
    infotext: str
    made_at: float
    is_edited: bool
    width: int
    height: int
    similarity: Similarity | None = None


def list_reproductions(image_id: int) -> list[Reproduction]:
    """Return the reproductions of an image, newest first. Raises DiskError."""
    sql = (
        f"SELECT {_COLUMNS} FROM reproductions WHERE image_id = ?"
        " ORDER BY made_at DESC, number DESC"
    )
    return [_parse_row(row) for row in select_rows(sql, (image_id,))]


def count_reproductions(image_id: int) -> int:
    """Return how many reproductions an image has, 0 if the local library cannot be read."""
    with log_disk_errors("library"):
        sql = "SELECT count(*) FROM reproductions WHERE image_id = ?"
        return int(select_rows(sql, (image_id,))[0][0])
    return 0


def find_reproduction(reproduction_id: int) -> Reproduction | None:
    """Return a reproduction by its id, or None if it is not stored. Raises DiskError."""
    sql = f"SELECT {_COLUMNS} FROM reproductions WHERE number = ?"
    return next(map(_parse_row, select_rows(sql, (reproduction_id,))), None)


def read_thumbnail(reproduction_id: int) -> bytes | None:
    """Return a reproduction's JPEG thumbnail, None if no such reproduction is stored.

    Raises DiskError.
    """
    rows = select_rows("SELECT thumbnail FROM reproductions WHERE number = ?", (reproduction_id,))
    return bytes(rows[0][0]) if rows else None


def iter_reproductions(image_ids: Sequence[int]) -> Iterator[tuple[Reproduction, bytes]]:
    """Yield the reproductions of images as (reproduction, JPEG thumbnail), oldest first.

    Only some of them are in memory at once. Raises DiskError.
    """
    some = "IN (SELECT value FROM json_each(?))"
    sql = f"SELECT number FROM reproductions WHERE image_id {some} ORDER BY made_at, number"
    numbers = [number for (number,) in select_rows(sql, (json.dumps(list(image_ids)),))]
    for start in range(0, len(numbers), _AT_ONCE):
        values = (json.dumps(numbers[start : start + _AT_ONCE]),)
        sql = f"SELECT {_COLUMNS}, thumbnail FROM reproductions WHERE number {some}"
        for row in select_rows(f"{sql} ORDER BY made_at, number", values):
            yield _parse_row(row[:-1]), bytes(row[-1])


def import_reproductions(
    db: sqlite3.Connection, items: Sequence[tuple[Reproduction, bytes]]
) -> None:
    """Store reproductions with their JPEG thumbnails, in the caller's transaction.

    Skip a reproduction if its Civitai image already has 100, or the same one.
    """
    sql = (
        "SELECT count(*), total(made_at = ? AND infotext = ? AND thumbnail = ?)"
        " FROM reproductions WHERE image_id = ?"
    )
    for new, thumbnail in items:
        values = (new.made_at, new.infotext, thumbnail, new.image_id)
        count, same = db.execute(sql, values).fetchone()
        if count < _MAX_OF_IMAGE and not same:
            _insert(db, new, thumbnail)


def insert_reproduction(db: sqlite3.Connection, new: Reproduction, thumbnail: bytes) -> None:
    """Store a reproduction with its JPEG thumbnail, in the caller's transaction.

    The database gives the reproduction a new id. A reproduction with the same path is replaced; if
    `path` is only a name, which another file may have too, only the same reproduction is replaced.
    Only the newest 100 reproductions of an image are kept.
    """
    same = "DELETE FROM reproductions WHERE image_id = ? AND path = ?"
    values: list[object] = [new.image_id, _pack_path(new.path)]
    if not os.path.isabs(new.path):
        same += " AND infotext = ? AND thumbnail = ?"
        values += [new.infotext, thumbnail]
    db.execute(same, values)
    _insert(db, new, thumbnail)
    sql = (
        "DELETE FROM reproductions WHERE number IN (SELECT number FROM reproductions"
        " WHERE image_id = ? ORDER BY made_at DESC, number DESC LIMIT -1 OFFSET ?)"
    )
    db.execute(sql, (new.image_id, _MAX_OF_IMAGE))


def _insert(db: sqlite3.Connection, new: Reproduction, thumbnail: bytes) -> None:
    path = _pack_path(new.path)
    row: list[object] = [new.image_id, path, new.infotext, new.made_at, new.is_edited]
    row += [new.width, new.height, *(new.similarity or (None, None)), thumbnail]
    sql = (
        f"INSERT INTO reproductions ({_COLUMNS.partition(', ')[2]}, thumbnail)"
        f" VALUES ({', '.join('?' * len(row))})"
    )
    db.execute(sql, row)


def _pack_path(path: str) -> str | bytes:
    """Return a path for the database; it is bytes if it is not UTF-8, which a text must be."""
    data = os.fsencode(path)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data


def store_reproduction(new: Reproduction, image: Any) -> None:
    """Store a reproduction with a thumbnail of `image`. Raises DiskError.

    image: the reproduction as a PIL image.
    """
    thumbnail = make_thumbnail(image)
    with writing() as db:
        insert_reproduction(db, new, thumbnail)


def delete_reproductions(reproduction_ids: Sequence[int]) -> None:
    """Delete reproductions from the library, but not their image files. Raises DiskError."""
    with writing() as db:
        sql = "DELETE FROM reproductions WHERE number IN (SELECT value FROM json_each(?))"
        db.execute(sql, (json.dumps(list(reproduction_ids)),))


def measure_missing_similarities(
    items: Sequence[Reproduction], original: str
) -> list[Reproduction]:
    """Measure and store the similarities that reproductions lack; return all with similarities.

    items: reproductions of one Civitai image; one without a thumbnail is returned unchanged.
    original: path of the Civitai image or of its thumbnail. Raises NotAnImage or TooLarge if an
    image cannot be decoded, and DiskError.
    """
    image, measured = open_image(original), list[Reproduction]()
    for item in items:
        if item.similarity is None and (thumbnail := read_thumbnail(item.id)) is not None:
            similarity = measure_similarity(image, open_thumbnail(thumbnail))
            item = replace(item, similarity=similarity)
        measured.append(item)
    rows = [
        (*new.similarity, new.id)
        for new, old in zip(measured, items)
        if new.similarity and not old.similarity
    ]
    if rows:
        with writing() as db:
            sql = "UPDATE reproductions SET ssim = ?, hash_distance = ? WHERE number = ?"
            db.executemany(sql, rows)
    return measured


def _parse_row(row: tuple[Any, ...]) -> Reproduction:
    *first, is_edited, width, height, ssim, hash_distance = row
    number, image_id, path, infotext, made_at = first
    similarity = None if ssim is None else Similarity(ssim, hash_distance)
    return Reproduction(
        number,
        image_id,
        os.fsdecode(path),
        infotext,
        made_at,
        bool(is_edited),
        width,
        height,
        similarity,
    )
