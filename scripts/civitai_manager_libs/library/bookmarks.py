"""What the user made of images: favourites, stars, tags, notes and collections."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace

from typing_extensions import TypedDict

from .. import setting
from ..core import AtomicFile, cache_file_name, clean_line, fold_text, Image, log_disk_errors
from ..core import thumbnail_url
from ..errors import InputError
from . import image_cache
from .database import select_rows, writing
from .hidden_rules import refresh_hidden
from .schema import OF_IDS

_changing = threading.RLock()  # held by the thread that changes bookmarks
# Larger at each start of the program; a change takes longer than a microsecond.
_revision = time.time_ns() // 1000


def get_revision() -> int:
    """Return a number that grows with each change of bookmarks and each program start.

    Call this function before reading bookmarks, not after, so that no change is missed.
    """
    return _revision


@contextmanager
def change_bookmarks() -> Iterator[sqlite3.Connection]:
    """Yield a database connection for a transaction that changes bookmarks. Raises DiskError.

    No other thread or process changes the library during the `with` block. The revision number is
    increased by 1 after the outermost block.
    """
    global _revision
    with _changing:
        with writing() as db:
            yield db
        if not db.in_transaction:
            _revision += 1


_WIDTHS = (450, 800, 320)  # pixels; one of them is enough, the first is preferred


def store_thumbnails(images: Sequence[Image]) -> None:
    """Copy the cached thumbnails of images to a folder whose files are never evicted.

    Images without a cached thumbnail are skipped. A disk error is logged, not raised.
    """
    with log_disk_errors("library"):
        for image in images:
            urls = () if find_thumbnail(image) else [thumbnail_url(image, w) for w in _WIDTHS]
            for url in urls:
                with image_cache.hold_file(url):
                    cached = image_cache.find_cached(url)
                    if cached is not None:
                        path = os.path.join(setting.thumbnails_folder(), cache_file_name(url))
                        with AtomicFile(os.path.dirname(path)) as partial:
                            partial.copy_from(cached)
                            partial.commit(path)
                        break


def find_thumbnail(image: Image) -> str | None:
    """Return the path of an image's stored thumbnail, or None if no thumbnail is stored."""
    folder, urls = setting.thumbnails_folder(), (thumbnail_url(image, w) for w in _WIDTHS)
    paths = (os.path.join(folder, cache_file_name(url)) for url in urls)
    return next(filter(os.path.isfile, paths), None)


_MAX_NOTE = 10_000  # characters
_MAX_TAGS, _MAX_TAG = 100, 100  # tags of an image, characters of a tag
_MAX_STARS = 5


class Annotations(TypedDict):
    """What the user has added to an image.

    stars: 1 to 5, 0 for none. collections: names of the collections that contain the image.
    """

    favourite: bool
    stars: int
    note: str
    tags: list[str]
    collections: list[str]


NO_ANNOTATIONS: Annotations = {
    "favourite": False,
    "stars": 0,
    "note": "",
    "tags": [],
    "collections": [],
}


@dataclass(frozen=True)
class AnnotationChange:
    """New values for an image's annotations; None keeps the present value.

    tags: replaces all tags of the image. add_tags, remove_tags: single tags to add or remove.
    add_to, remove_from: names of collections; a missing one is created if images are added to it.
    """

    favourite: bool | None = None
    stars: int | None = None
    note: str | None = None
    tags: Sequence[str] | None = None
    add_tags: Sequence[str] = ()
    remove_tags: Sequence[str] = ()
    add_to: Sequence[str] = ()
    remove_from: Sequence[str] = ()


def find_annotations(image_ids: Sequence[int]) -> dict[int, Annotations]:
    """Return what `read_annotations` does, {} if the library cannot be read."""
    with log_disk_errors("library"):
        return read_annotations(image_ids)
    return {}


def read_annotations(image_ids: Sequence[int]) -> dict[int, Annotations]:
    """Return {image id: annotations}; leave out images without annotations. Raises DiskError."""
    ids = (json.dumps(list(image_ids)),)
    found: dict[int, Annotations] = defaultdict(lambda: deepcopy(NO_ANNOTATIONS))
    sql = f"SELECT id, favourite, stars, note FROM annotations WHERE id {OF_IDS}"
    for image_id, favourite, stars, note in select_rows(sql, ids):
        found[image_id].update({"favourite": bool(favourite), "stars": stars, "note": note})
    sql = f"SELECT id, tag FROM user_tags WHERE id {OF_IDS} ORDER BY tag"
    for image_id, tag in select_rows(sql, ids):
        found[image_id]["tags"].append(tag)
    both = "collection_images JOIN collections USING (number)"
    sql = f"SELECT id, name FROM {both} WHERE id {OF_IDS} ORDER BY name"
    for image_id, name in select_rows(sql, ids):
        found[image_id]["collections"].append(name)
    return dict(found)


def change_annotations(image_ids: Sequence[int], change: AnnotationChange) -> None:
    """Apply the same change to the annotations of each image. Raises InputError and DiskError."""
    with change_bookmarks() as db:
        if replace(change, add_to=(), remove_from=()) != AnnotationChange():
            for image_id in image_ids:
                write_annotation(db, image_id, change)
        for name in change.add_to:
            write_collection(db, image_ids, name)
        removed = [(i, fold_text(name)) for name in change.remove_from for i in image_ids]
        sql = (
            "DELETE FROM collection_images"
            " WHERE id = ? AND number = (SELECT number FROM collections WHERE folded = ?)"
        )
        db.executemany(sql, removed)


def write_annotation(db: sqlite3.Connection, image_id: int, change: AnnotationChange) -> None:
    """Apply a change to one image, but for its collections, in the caller's transaction."""
    sql = "SELECT favourite, stars, note FROM annotations WHERE id = ?"
    favourite, stars, note = next(iter(select_rows(sql, (image_id,))), (0, 0, ""))
    favourite = favourite if change.favourite is None else change.favourite
    stars = stars if change.stars is None else max(0, min(_MAX_STARS, change.stars))
    note = note if change.note is None else _clean_note(change.note)
    db.execute("DELETE FROM annotations WHERE id = ?", (image_id,))
    if favourite or stars or note:
        values = (image_id, bool(favourite), stars, note, fold_text(note), time.time())
        db.execute("INSERT INTO annotations VALUES (?, ?, ?, ?, ?, ?)", values)
    if change.tags is not None:
        db.execute("DELETE FROM user_tags WHERE id = ?", (image_id,))
    # Before others are added: an undo replaces a tag by the same one in another case.
    removed = [(image_id, fold_text(tag)) for tag in change.remove_tags]
    db.executemany("DELETE FROM user_tags WHERE id = ? AND folded = ?", removed)
    unique: dict[str, str] = {}
    for tag in [*(change.tags or ()), *change.add_tags]:
        unique.setdefault(fold_text(tag), " ".join(_clean_note(tag).split())[:_MAX_TAG].strip())
    added = [(image_id, tag, fold_text(tag)) for tag in unique.values() if clean_line(tag)]
    db.executemany(
        "INSERT OR IGNORE INTO user_tags SELECT ?1, ?2, ?3"
        f" WHERE (SELECT count(*) FROM user_tags WHERE id = ?1) < {_MAX_TAGS}",
        added,
    )
    if change.tags is not None or change.add_tags or removed:
        refresh_hidden(db, [image_id])


def _clean_note(text: str) -> str:
    valid = text.encode("utf-8", "replace").decode("utf-8")
    return valid.replace("\0", "").strip()[:_MAX_NOTE].strip()


_MAX_NAME = 100  # characters
_COVERS = 4


@dataclass(frozen=True)
class Collection:
    """A set of images: one that the user has named, the favourites, or the library.

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
    """Return {collection: image ids as added} for one or all ("") collections. Raises DiskError."""
    sql = (
        "SELECT s.name, i.id FROM collections s LEFT JOIN collection_images i USING (number)"
        " WHERE ?1 = '' OR s.folded = ?1 ORDER BY s.folded, i.added_at, i.id"
    )
    found: dict[str, list[int]] = {}
    for found_name, image_id in select_rows(sql, (fold_text(name),)):
        ids = found.setdefault(found_name, [])
        if image_id is not None:
            ids.append(image_id)
    return found


def list_image_ids(name: str) -> list[int]:
    """Return a collection's image ids as added, [] if it does not exist. Raises DiskError."""
    return next(iter(list_image_ids_by_name(name).values()), []) if fold_text(name) else []


def add_to_collection(images: Sequence[Image], name: str) -> None:
    """Add images to a collection.

    A missing collection is created. An existing collection keeps its name, even if `name` differs
    in case. Raises InputError if `name` is empty, and DiskError.
    """
    with change_bookmarks() as db:
        write_collection(db, [image.id for image in images], name)


def write_collection(db: sqlite3.Connection, image_ids: Sequence[int], name: str) -> None:
    """Add images to a collection in the caller's transaction.

    A missing collection is created. Raises InputError if `name` is empty.
    """
    clean = _validate_name(name)
    row = (clean, fold_text(clean), time.time())
    db.execute("INSERT OR IGNORE INTO collections (name, folded, made_at) VALUES (?, ?, ?)", row)
    found = db.execute("SELECT number FROM collections WHERE folded = ?", (fold_text(clean),))
    [(number,)] = found
    now = time.time()  # of all, as some clocks go on each 15 ms only
    rows = ((number, image_id, now + at / 1e6) for at, image_id in enumerate(image_ids))
    db.executemany("INSERT OR IGNORE INTO collection_images VALUES (?, ?, ?)", rows)


def rename_collection(name: str, new_name: str) -> None:
    """Rename a collection; do nothing if it does not exist. Raises DiskError.

    Raises InputError if the new name is empty or belongs to another collection.
    """
    clean = _validate_name(new_name)
    sql = "UPDATE OR IGNORE collections SET name = ?1, folded = ?2 WHERE folded = ?3"
    known = "SELECT 1 FROM collections WHERE folded = ?3"
    values = (clean, fold_text(clean), fold_text(name))
    with change_bookmarks() as db:
        if db.execute(sql, values).rowcount == 0 and db.execute(known, values).fetchall():
            raise InputError(f"There is a collection “{clean}” already.", "collection_refused")


def delete_collection(name: str) -> list[int]:
    """Delete a collection, not its images; return their ids. Raises DiskError."""
    with change_bookmarks() as db:
        ids = list_image_ids(name)
        db.execute("DELETE FROM collections WHERE folded = ?", (fold_text(name),))
    return ids


def _validate_name(name: str) -> str:
    clean = clean_line(name, _MAX_NAME)
    if not fold_text(clean):
        raise InputError("A collection needs a name.", "collection_refused")
    return clean
