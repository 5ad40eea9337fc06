"""The records of images as they were read, and images that Civitai deleted."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from ..civitai import image_from_json, ImageQuery, Page
from ..core import find_cancellation, Image
from ..infotext import read_generation
from . import stats
from .database import (
    compress_record,
    decompress_record,
    MemoryCache,
    open_temporary_library,
    select_rows,
    select_rows_or_empty,
    write_later,
)
from .search import (
    HiddenTerms,
    index_images,
    run_search as search,
    SearchQuery,
    SearchScope,
    select_hidden,
    SelectRows,
)

__all__ = [
    "clear_deleted",
    "filter_matching",
    "find_deleted",
    "find_hidden_ids",
    "find_image",
    "find_images",
    "insert_deleted",
    "list_latest_images",
    "mark_deleted",
    "store_images",
    "store_missing_images",
]

_BY_ID = ("Newest", "Oldest")


def find_deleted(query: ImageQuery, page: Page, earlier_ids: Sequence[int]) -> list[int]:
    """Return the ids of images that Civitai has deleted since a page was fetched before.

    These are the earlier ids that the page lacks between its lowest and its highest id. page: the
    page as fetched now. earlier_ids: the ids on the page before. Return [] for an incomplete page,
    and for a page that is not sorted by id: its images may have moved to another page.
    """
    if (
        not query.uses_sql_database
        or query.sort not in _BY_ID
        or query.period != "AllTime"
        or page.dropped
        or not page.ids
    ):
        return []
    ids = set(page.ids)
    low, high = min(ids), max(ids)
    return [image_id for image_id in earlier_ids if low < image_id < high and image_id not in ids]


def insert_deleted(db: sqlite3.Connection, image_ids: Iterable[int]) -> None:
    """Mark images as deleted from Civitai, in the caller's transaction.

    Images that are not stored are ignored. Earlier marks keep their time.
    """
    rows = ((image_id, time.time()) for image_id in image_ids)
    known = "SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM images WHERE id = ?1)"
    db.executemany(f"INSERT OR IGNORE INTO gone {known}", rows)


def mark_deleted(image_id: int) -> None:
    """Mark an image as deleted from Civitai; the database is written in the background."""
    write_later(lambda db: insert_deleted(db, [image_id]))


def clear_deleted(db: sqlite3.Connection, image_ids: Iterable[int]) -> None:
    """Unmark images that were marked as deleted from Civitai, in the caller's transaction."""
    ids = json.dumps(list(image_ids))
    db.execute("DELETE FROM gone WHERE id IN (SELECT value FROM json_each(?))", (ids,))


_MEMORY_BYTES = 64 * 1024 * 1024  # of the images in memory
_IMAGE_BYTES = 2_000  # of an image in memory, beside its record
_BATCH = 50  # images of an import; the writer writes 20 batches in one transaction
_INSERT = "INSERT INTO images (id, read_at, is_whole, record) VALUES (?, ?, ?, ?) ON CONFLICT (id)"
_SAVE = (
    f"{_INSERT} DO UPDATE SET read_at = excluded.read_at, is_whole = excluded.is_whole,"
    " record = excluded.record WHERE excluded.is_whole OR NOT images.is_whole"
)
_SAVE_ABSENT = f"{_INSERT} DO NOTHING"
_KNOWN = "SELECT id FROM images WHERE id IN (SELECT value FROM json_each(?))"
_INDEXED = "SELECT id FROM facts WHERE id IN (SELECT value FROM json_each(?))"
_SEEN = "INSERT OR IGNORE INTO seen VALUES (?, ?)"


class _StoredRecord(NamedTuple):
    """An image's record (Civitai's JSON of the image) in the form in which the library stores it.

    record: the compressed JSON. size: bytes of memory that the parsed record takes.
    """

    id: int
    record: bytes
    size: int


# Each image, and whether its record is complete: a model's example image has fewer fields.
_memory: MemoryCache[int, tuple[Image, bool]] = MemoryCache(_MEMORY_BYTES)


def store_images(
    images: Sequence[Image], is_complete: bool = True, galleries: Sequence[str] = ()
) -> None:
    """Add images to the memory cache; write their records to the library in the background.

    is_complete: False for a model's example images, whose records have fewer fields. Such an image
    does not replace a complete one. galleries: names of the galleries that contain the images, from
    `pages.list_gallery_names`.
    """
    if not is_complete:
        images = [image for image in images if not (_memory.get(image.id) or (None, False))[1]]
    stored = [_compress_image(image) for image in images]
    for image, one in zip(images, stored):
        _memory.put(image.id, (image, is_complete), one.size + _IMAGE_BYTES)
    _write_records(stored, is_complete, _SAVE, galleries)


def store_missing_images(images: Sequence[Image]) -> None:
    """Store those images that the local library does not have yet. Raises DiskError.

    They are not added to the memory cache, which keeps what the user has seen.
    """
    for start in range(0, len(images), _BATCH):
        some = {image.id: image for image in images[start : start + _BATCH]}
        known = {row[0] for row in select_rows(_KNOWN, (json.dumps(list(some)),))}
        absent = [i for i in some.values() if i.id not in known and _memory.get(i.id) is None]
        _write_records([_compress_image(image) for image in absent], True, _SAVE_ABSENT, ())


def _write_records(
    records: Sequence[_StoredRecord], is_complete: bool, save: str, galleries: Sequence[str]
) -> None:
    now = time.time()

    def write(db: sqlite3.Connection) -> None:
        for stored in records:
            row = (stored.id, now, is_complete, stored.record)
            if db.execute(save, row).rowcount:  # 0: no showcase record replaces a complete one
                _write_derived(db, stored, is_complete)
        seen = [(gallery, stored.id) for gallery in galleries for stored in records]
        db.executemany(_SEEN, seen)

    if records:
        write_later(write, sum(len(stored.record) for stored in records))


def _compress_image(image: Image) -> _StoredRecord:
    # A showcase's record may lack the id, and its rating has another scale.
    record = {**image.record, "id": image.id, "browsingLevel": image.level}
    return _StoredRecord(image.id, *compress_record(record))


def _write_derived(db: sqlite3.Connection, stored: _StoredRecord, is_complete: bool) -> None:
    """Write the search index of an image, computed from its record.

    For a complete record, also write the image's versions as galleries and its statistics, and
    unmark the image as deleted.
    """
    known = _memory.get(stored.id)
    image = known[0] if known else image_from_json(decompress_record(stored.record)[0])
    if image is None:  # the base URL has changed
        return
    generation = read_generation(image)
    index_images(db, [image], {image.id: generation})
    if is_complete:  # the image is also in the galleries of the versions it was made with
        db.executemany(_SEEN, [(f"version {v}", image.id) for v in image.version_ids])
        stats.save_rows(db, [stats.make_stats_row(image, generation)])
        clear_deleted(db, [image.id])


def find_image(image_id: int) -> Image | None:
    """Return an image by its id, or None if it is not stored or its URL is not on Civitai."""
    return find_images([image_id]).get(image_id)


def find_images(image_ids: Sequence[int], is_remembered: bool = True) -> dict[int, Image]:
    """Return {image id: image} in the given order; leave out images that are not stored.

    is_remembered: whether to add the images to the memory cache. Raises Cancelled.
    """
    found = {image_id: _memory.get(image_id) for image_id in image_ids}
    missing = [image_id for image_id, known in found.items() if known is None]
    for image, is_complete, size in _iter_stored(missing) if missing else ():
        found[image.id] = image, is_complete
        if is_remembered and _memory.get(image.id) is None:  # it may have been fetched meanwhile
            _memory.put(image.id, (image, is_complete), size + _IMAGE_BYTES)
    return {image_id: known[0] for image_id, known in found.items() if known is not None}


def list_latest_images(count: int) -> list[Image]:
    """Return the `count` images that were fetched or shown last, the latest first."""
    latest = [image for image, _ in _memory.values()[-count:]][::-1]
    if len(latest) == count:
        return latest
    sql = "SELECT id FROM images ORDER BY read_at DESC LIMIT ?"
    stored = (image_id for (image_id,) in select_rows_or_empty(sql, (count,)))
    ids = dict.fromkeys([*(image.id for image in latest), *stored])
    return list(find_images(list(ids)[:count]).values())


def filter_matching(
    image_ids: Sequence[int], query: SearchQuery, list_saved: Callable[[], Iterable[int]]
) -> list[int]:
    """Return those of the given image ids whose images match a search, in the given order.

    list_saved: returns the ids of downloaded images, for the search term `is:saved`. Images that
    are not yet written to the library are searched too.
    """
    if not query.terms:
        return list(image_ids)
    scope, matching = SearchScope(ids=image_ids), set[int]()
    for read in _iter_libraries(image_ids):
        page = search(query, scope, limit=len(image_ids), list_saved=list_saved, read=read)
        matching.update(page.ids)
    return [image_id for image_id in image_ids if image_id in matching]


def find_hidden_ids(image_ids: Sequence[int], hidden: HiddenTerms) -> set[int]:
    """Return those of the given image ids that the authors and words in `hidden` hide."""
    libraries = _iter_libraries(image_ids) if hidden else ()
    return {i for read in libraries for i in select_hidden(image_ids, hidden, read)}


def _iter_libraries(image_ids: Sequence[int]) -> Iterator[SelectRows]:
    """Yield one or two functions, each of which runs a SELECT and returns the rows.

    The first reads the library's file. The second reads a temporary library of those of the given
    images that are only in memory; if there are none, only one function is yielded.
    """
    stored = {row[0] for row in select_rows_or_empty(_INDEXED, (json.dumps(list(image_ids)),))}
    yield select_rows_or_empty
    unwritten = [image_id for image_id in image_ids if image_id not in stored]
    images = [known[0] for known in map(_memory.get, unwritten) if known]
    if images:
        with open_temporary_library(unwritten) as db:
            index_images(db, images)

            def read(sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
                return db.execute(sql, values).fetchall()

            yield read


def _iter_stored(image_ids: Sequence[int]) -> Iterator[tuple[Image, bool, int]]:
    """Yield (image, whether its record is complete, bytes of the record) of each stored image."""
    sql = "SELECT is_whole, record FROM images WHERE id IN (SELECT value FROM json_each(?))"
    for is_complete, stored in select_rows_or_empty(sql, (json.dumps(list(image_ids)),)):
        find_cancellation().check()  # a hundred thousand take a minute
        record, size = decompress_record(stored)
        image = image_from_json(record)
        if image is not None:
            yield image, bool(is_complete), size
