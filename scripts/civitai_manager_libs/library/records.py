"""Every image that this server has read of Civitai, by its id, also after a restart."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..civitai import parse_image
from ..core import Image
from ..infotext import read_generation
from . import deletions, stats_table
from .search import index_images, run_search as search, SearchQuery, SearchScope
from .store import (
    compress_record,
    decompress_record,
    select_rows,
    select_rows_or_empty,
    SizedCache,
    temporary_library,
    write_later,
)

__all__ = [
    "find_image",
    "find_images",
    "filter_matching",
    "store_images",
    "store_missing_images",
    "list_latest_images",
]

_NEAR_BYTES = 64 * 1024 * 1024  # of images in memory
_OF_AN_IMAGE = 2_000  # bytes, beside its record
_AT_ONCE = 500  # of an import
_INSERT = "INSERT INTO images (id, read_at, is_whole, record) VALUES (?, ?, ?, ?) ON CONFLICT (id)"
_SAVE = (
    f"{_INSERT} DO UPDATE SET read_at = excluded.read_at, is_whole = excluded.is_whole,"
    " record = excluded.record WHERE excluded.is_whole OR NOT images.is_whole"
)
_SAVE_ABSENT = f"{_INSERT} DO NOTHING"
_SEEN = "INSERT OR IGNORE INTO seen VALUES (?, ?)"


@dataclass(frozen=True)
class _StoredRecord:
    """A record as the library stores it. size: bytes of memory that its image takes."""

    id: int
    is_whole: bool
    record: bytes
    size: int

    @classmethod
    def of(cls, image: Image, is_whole: bool) -> _StoredRecord:
        # A showcase's record may have neither an id nor a rating that means what a gallery's does.
        record = {**image.record, "id": image.id, "browsingLevel": image.level}
        return cls(image.id, is_whole, *compress_record(record))

    def image(self) -> Image | None:
        return parse_image(decompress_record(self.record)[0])


class _MemoryCache:
    """The images read or shown last, and those that are not written yet, as they are stored."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._images: SizedCache[int, tuple[Image, bool]] = SizedCache(_NEAR_BYTES)
        self._unwritten: dict[int, _StoredRecord] = {}

    def add(self, images: Iterable[Image], is_whole: bool) -> list[_StoredRecord]:
        """Take those in that are better than what is known, and return them."""
        with self._lock:
            better = [image for image in images if is_whole or not self._has_whole(image.id)]
        return self._put(better, is_whole)

    def add_absent(self, images: Iterable[Image]) -> list[_StoredRecord]:
        """Take those in of which nothing is known here, and return them."""
        with self._lock:
            absent = [image for image in images if not self._is_known(image.id)]
        return self._put(absent, is_whole=True)

    def show(self, image: Image, is_whole: bool, size: int) -> None:
        """Keep an image that was read from the disk."""
        with self._lock:
            if not self._is_known(image.id):
                self._images.put(image.id, (image, is_whole), size + _OF_AN_IMAGE)

    def get(self, image_id: int) -> Image | None:
        with self._lock:
            found, stored = self._images.get(image_id), self._unwritten.get(image_id)
        return found[0] if found else stored.image() if stored else None

    def unwritten(self, image_ids: Iterable[int]) -> list[int]:
        with self._lock:
            return [image_id for image_id in image_ids if image_id in self._unwritten]

    def latest(self, count: int) -> list[Image]:
        with self._lock:
            return [image for image, _ in self._images.values()[-count:]][::-1]

    def written(self, records: Iterable[_StoredRecord]) -> None:
        with self._lock:
            for stored in records:
                if self._unwritten.get(stored.id) is stored:
                    del self._unwritten[stored.id]

    def _put(self, images: Sequence[Image], is_whole: bool) -> list[_StoredRecord]:
        records = [_StoredRecord.of(image, is_whole) for image in images]
        with self._lock:
            for image, stored in zip(images, records):
                self._images.put(image.id, (image, is_whole), stored.size + _OF_AN_IMAGE)
                self._unwritten[image.id] = stored
        return records

    def _is_known(self, image_id: int) -> bool:
        return self._images.get(image_id) is not None or image_id in self._unwritten

    def _has_whole(self, image_id: int) -> bool:
        shown, stored = self._images.get(image_id), self._unwritten.get(image_id)
        return bool(shown and shown[1] or stored and stored.is_whole)


_near = _MemoryCache()


def store_images(
    images: Sequence[Image], is_whole: bool = True, galleries: Sequence[str] = ()
) -> None:
    """They can be found by their ids from now on.

    is_whole: False for a model's showcase, whose records say less than a gallery's. galleries:
    what they were read in, as "model 5", "version 7", "post 9" or "user anna".
    """
    _store_records(_near.add(images, is_whole), _SAVE, galleries)


def store_missing_images(images: Sequence[Image]) -> None:
    """Keep the records of those images that the library has none of. Raises DiskError."""
    known = "SELECT id FROM images WHERE id IN (SELECT value FROM json_each(?))"
    for start in range(0, len(images), _AT_ONCE):
        some = {image.id: image for image in images[start : start + _AT_ONCE]}
        for (image_id,) in select_rows(known, (json.dumps(list(some)),)):
            del some[image_id]
        _store_records(_near.add_absent(some.values()), _SAVE_ABSENT, ())


def _store_records(records: Sequence[_StoredRecord], save: str, galleries: Sequence[str]) -> None:
    now = time.time()

    def write(db: sqlite3.Connection) -> None:
        for stored in records:
            row = (stored.id, now, stored.is_whole, stored.record)
            if db.execute(save, row).rowcount:  # a showcase changes nothing of a whole record
                _write_derived(db, stored)
        seen = [(gallery, stored.id) for gallery in galleries for stored in records]
        db.executemany(_SEEN, seen)

    if records:
        size = sum(len(stored.record) for stored in records)
        write_later(write, lambda: _near.written(records), size)


def _write_derived(db: sqlite3.Connection, stored: _StoredRecord) -> None:
    """Write what is read of a record: one at a time is parsed, for they may be large."""
    image = _near.get(stored.id) or stored.image()
    if image is None:  # no longer of this Civitai
        return
    made = read_generation(image)
    index_images(db, [image], {image.id: made})
    if stored.is_whole:  # in the gallery of each version that it was made with, too
        db.executemany(_SEEN, [(f"version {v}", image.id) for v in image.version_ids])
        stats_table.save_rows(db, [stats_table.make_stats_row(image, made)])
        deletions.clear_deleted(db, [image.id])


def find_image(image_id: int) -> Image | None:
    """None when it was never read, or when its file cannot be fetched from here and now."""
    return find_images([image_id]).get(image_id)


def find_images(image_ids: Sequence[int]) -> dict[int, Image]:
    """Those of them that were read, by their ids, in this order."""
    found = {image_id: _near.get(image_id) for image_id in image_ids}
    far = [image_id for image_id, image in found.items() if image is None]
    for image, is_whole, size in _iter_stored(far) if far else ():
        found[image.id] = image
        _near.show(image, is_whole, size)
    return {image_id: image for image_id, image in found.items() if image is not None}


def list_latest_images(count: int) -> list[Image]:
    """Those that were read or shown last, the latest first."""
    near = _near.latest(count)
    if len(near) == count:
        return near
    sql = "SELECT id FROM images ORDER BY read_at DESC LIMIT ?"
    far = (image_id for (image_id,) in select_rows_or_empty(sql, (count,)))
    ids = dict.fromkeys([*(image.id for image in near), *far])
    return list(find_images(list(ids)[:count]).values())


def filter_matching(
    image_ids: Sequence[int], query: SearchQuery, saved: Callable[[], Iterable[int]]
) -> list[int]:
    """Those of them that were read and fit the search, in this order; see `search.find`."""
    if not query.terms:
        return list(image_ids)
    fresh = _near.unwritten(image_ids)  # before the library is asked, which may have them then
    scope = SearchScope(ids=image_ids)
    search_in = partial(search, query, scope, limit=len(image_ids), saved=saved)
    fitting = set(search_in(read=select_rows_or_empty).ids)
    if fresh:
        fitting.difference_update(fresh)
        with temporary_library(fresh) as db:
            for image in filter(None, map(_near.get, fresh)):
                index_images(db, [image])

            def read(sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
                return db.execute(sql, values).fetchall()

            fitting |= set(search_in(read=read).ids)
    return [image_id for image_id in image_ids if image_id in fitting]


def _iter_stored(image_ids: Sequence[int]) -> Iterator[tuple[Image, bool, int]]:
    """Yield images, whether they are whole, and the bytes of memory that their records take."""
    sql = "SELECT is_whole, record FROM images WHERE id IN (SELECT value FROM json_each(?))"
    for is_whole, stored in select_rows_or_empty(sql, (json.dumps(list(image_ids)),)):
        record, size = decompress_record(stored)
        image = parse_image(record)
        if image is not None:
            yield image, bool(is_whole), size
