"""The records of all images that were fetched from Civitai, in memory and in the library."""

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
from .search import HiddenTerms, index_images, run_search as search, SearchQuery, SearchScope
from .search import select_hidden, SelectRows
from .store import (
    compress_record,
    decompress_record,
    open_temporary_library,
    select_rows,
    select_rows_or_empty,
    SizedCache,
    write_later,
)

__all__ = ["filter_hidden", "filter_matching", "find_image", "find_images", "list_latest_images"]
__all__ += ["store_images", "store_missing_images"]

_MEMORY_BYTES = 64 * 1024 * 1024  # of the images in memory
_IMAGE_BYTES = 2_000  # of an image in memory, beside its record
_BATCH = 500  # images of an import
_INSERT = "INSERT INTO images (id, read_at, is_whole, record) VALUES (?, ?, ?, ?) ON CONFLICT (id)"
_SAVE = (
    f"{_INSERT} DO UPDATE SET read_at = excluded.read_at, is_whole = excluded.is_whole,"
    " record = excluded.record WHERE excluded.is_whole OR NOT images.is_whole"
)
_SAVE_ABSENT = f"{_INSERT} DO NOTHING"
_SEEN = "INSERT OR IGNORE INTO seen VALUES (?, ?)"


@dataclass(frozen=True)
class _StoredRecord:
    """An image's record (Civitai's JSON of the image) in the form in which the library stores it.

    is_complete: False for a model's example image, whose record has fewer fields. record: the
    compressed JSON. size: bytes of memory that the parsed record takes.
    """

    id: int
    is_complete: bool
    record: bytes
    size: int

    @classmethod
    def of(cls, image: Image, is_complete: bool) -> _StoredRecord:
        # A showcase's record may lack the id, and its rating has another scale.
        record = {**image.record, "id": image.id, "browsingLevel": image.level}
        return cls(image.id, is_complete, *compress_record(record))

    def image(self) -> Image | None:
        return parse_image(decompress_record(self.record)[0])


class _MemoryCache:
    """A cache of the images fetched or shown last, and of records that are not yet on the disk."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._images: SizedCache[int, tuple[Image, bool]] = SizedCache(_MEMORY_BYTES)
        self._unwritten: dict[int, _StoredRecord] = {}

    def add(self, images: Iterable[Image], is_complete: bool) -> list[_StoredRecord]:
        """Add images to the cache; return the records to write to the library.

        is_complete: False for a model's example images, whose records have fewer fields. Such an
        image does not replace a complete one.
        """
        with self._lock:
            better = [image for image in images if is_complete or not self._has_complete(image.id)]
        return self._put(better, is_complete)

    def add_absent(self, images: Iterable[Image]) -> list[_StoredRecord]:
        """Add the images that are not in the cache; return the records to write to the library."""
        with self._lock:
            absent = [image for image in images if not self._is_known(image.id)]
        return self._put(absent, is_complete=True)

    def add_stored(self, image: Image, is_complete: bool, size: int) -> None:
        """Add an image that was read from the library, unless the cache has it.

        is_complete: as in `add`. size: bytes of memory that the image's parsed record takes.
        """
        with self._lock:
            if not self._is_known(image.id):
                self._images.put(image.id, (image, is_complete), size + _IMAGE_BYTES)

    def get(self, image_id: int) -> Image | None:
        with self._lock:
            found, stored = self._images.get(image_id), self._unwritten.get(image_id)
        return found[0] if found else stored.image() if stored else None

    def list_unwritten(self, image_ids: Iterable[int]) -> list[int]:
        """Return those image ids whose records are not yet written to the library."""
        with self._lock:
            return [image_id for image_id in image_ids if image_id in self._unwritten]

    def list_latest(self, count: int) -> list[Image]:
        """Return the `count` images that were added last, the latest first."""
        with self._lock:
            return [image for image, _ in self._images.values()[-count:]][::-1]

    def mark_written(self, records: Iterable[_StoredRecord]) -> None:
        """Mark records as written to the library; their images stay in the cache."""
        with self._lock:
            for stored in records:
                if self._unwritten.get(stored.id) is stored:
                    del self._unwritten[stored.id]

    def _put(self, images: Sequence[Image], is_complete: bool) -> list[_StoredRecord]:
        records = [_StoredRecord.of(image, is_complete) for image in images]
        with self._lock:
            for image, stored in zip(images, records):
                self._images.put(image.id, (image, is_complete), stored.size + _IMAGE_BYTES)
                self._unwritten[image.id] = stored
        return records

    def _is_known(self, image_id: int) -> bool:
        return self._images.get(image_id) is not None or image_id in self._unwritten

    def _has_complete(self, image_id: int) -> bool:
        found, stored = self._images.get(image_id), self._unwritten.get(image_id)
        return bool(found and found[1] or stored and stored.is_complete)


_memory = _MemoryCache()


def store_images(
    images: Sequence[Image], is_complete: bool = True, galleries: Sequence[str] = ()
) -> None:
    """Add images to the memory cache; write their records to the library in the background.

    is_complete: False for a model's example images, whose records have fewer fields. galleries:
    names of the galleries that contain the images, from `pages.list_gallery_names`.
    """
    _store_records(_memory.add(images, is_complete), _SAVE, galleries)


def store_missing_images(images: Sequence[Image]) -> None:
    """Store those images that the local library does not have yet. Raises DiskError."""
    known = "SELECT id FROM images WHERE id IN (SELECT value FROM json_each(?))"
    for start in range(0, len(images), _BATCH):
        some = {image.id: image for image in images[start : start + _BATCH]}
        for (image_id,) in select_rows(known, (json.dumps(list(some)),)):
            del some[image_id]
        _store_records(_memory.add_absent(some.values()), _SAVE_ABSENT, ())


def _store_records(records: Sequence[_StoredRecord], save: str, galleries: Sequence[str]) -> None:
    now = time.time()

    def write(db: sqlite3.Connection) -> None:
        for stored in records:
            row = (stored.id, now, stored.is_complete, stored.record)
            if db.execute(save, row).rowcount:  # 0: no showcase record replaces a complete one
                _write_derived(db, stored)
        seen = [(gallery, stored.id) for gallery in galleries for stored in records]
        db.executemany(_SEEN, seen)

    if records:
        size = sum(len(stored.record) for stored in records)
        write_later(write, lambda: _memory.mark_written(records), size)


def _write_derived(db: sqlite3.Connection, stored: _StoredRecord) -> None:
    """Write what is computed from a record: its search index, galleries and statistics."""
    image = _memory.get(stored.id) or stored.image()
    if image is None:  # the base URL has changed
        return
    generation = read_generation(image)
    index_images(db, [image], {image.id: generation})
    if stored.is_complete:  # the image is also in the galleries of the versions it was made with
        db.executemany(_SEEN, [(f"version {v}", image.id) for v in image.version_ids])
        stats_table.save_rows(db, [stats_table.make_stats_row(image, generation)])
        deletions.clear_deleted(db, [image.id])


def find_image(image_id: int) -> Image | None:
    """Return an image by its id, or None if it is not stored or its URL is not on Civitai."""
    return find_images([image_id]).get(image_id)


def find_images(image_ids: Sequence[int]) -> dict[int, Image]:
    """Return {image id: image} in the given order; leave out images that are not stored."""
    found = {image_id: _memory.get(image_id) for image_id in image_ids}
    missing = [image_id for image_id, image in found.items() if image is None]
    for image, is_complete, size in _iter_stored(missing) if missing else ():
        found[image.id] = image
        _memory.add_stored(image, is_complete, size)
    return {image_id: image for image_id, image in found.items() if image is not None}


def list_latest_images(count: int) -> list[Image]:
    """Return the `count` images that were fetched or shown last, the latest first."""
    latest = _memory.list_latest(count)
    if len(latest) == count:
        return latest
    sql = "SELECT id FROM images ORDER BY read_at DESC LIMIT ?"
    stored = (image_id for (image_id,) in select_rows_or_empty(sql, (count,)))
    ids = dict.fromkeys([*(image.id for image in latest), *stored])
    return list(find_images(list(ids)[:count]).values())


def filter_matching(
    image_ids: Sequence[int], query: SearchQuery, list_saved: Callable[[], Iterable[int]]
) -> list[int]:
    """Return the ids of the images that match a search, in the given order.

    list_saved: returns the ids of downloaded images, for the search term `is:saved`. Images that
    are not yet written to the library are searched too.
    """
    if not query.terms:
        return list(image_ids)
    scope, limit = SearchScope(ids=image_ids), len(image_ids)
    matching = _select_matching(
        image_ids,
        lambda read: search(query, scope, limit=limit, list_saved=list_saved, read=read).ids,
    )
    return [image_id for image_id in image_ids if image_id in matching]


def filter_hidden(image_ids: Sequence[int], hidden: HiddenTerms) -> set[int]:
    """Return those of the given image ids that are hidden because of an author or a word."""
    if not hidden:
        return set()
    return _select_matching(image_ids, partial(select_hidden, image_ids, hidden))


def _select_matching(
    image_ids: Sequence[int], search_in: Callable[[SelectRows], Iterable[int]]
) -> set[int]:
    """Return those of the given image ids that a search finds.

    The search runs in the library on the disk, and then in a temporary library of the images that
    are not yet written. search_in: called with a function that runs a SELECT on the library to
    search; returns the ids found.
    """
    unwritten = _memory.list_unwritten(image_ids)  # first, as they may be written meanwhile
    matching = set(search_in(select_rows_or_empty))
    if unwritten:
        matching.difference_update(unwritten)
        with open_temporary_library(unwritten) as db:
            for image in filter(None, map(_memory.get, unwritten)):
                index_images(db, [image])

            def read(sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
                return db.execute(sql, values).fetchall()

            matching |= set(search_in(read))
    return matching


def _iter_stored(image_ids: Sequence[int]) -> Iterator[tuple[Image, bool, int]]:
    """Yield (stored image, whether its record is complete, memory of its record in bytes)."""
    sql = "SELECT is_whole, record FROM images WHERE id IN (SELECT value FROM json_each(?))"
    for is_complete, stored in select_rows_or_empty(sql, (json.dumps(list(image_ids)),)):
        record, size = decompress_record(stored)
        image = parse_image(record)
        if image is not None:
            yield image, bool(is_complete), size
