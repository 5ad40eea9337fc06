"""The records of images, what pages show of them, and which are deleted or saved as files."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, cast, Literal, NamedTuple

from typing_extensions import TypedDict

from ..civitai import image_from_json, ImageQuery, Page
from ..core import as_mapping, find_cancellation, Image, level_name, parse_json_or_none, Tag
from ..infotext import read_generation, summarize
from .database import compress_record, decompress_record, find_site, MemoryCache
from .database import open_temporary_library, select_rows, select_rows_or_empty, write_later
from .database import writing
from .schema import OF_IDS
from .search import index_images, run_search as search, SearchQuery, SearchScope, SelectRows
from .image_features import extract_features, save_features

Level = Literal["None", "Soft", "Mature", "X", "XXX"]
Kind = Literal["image", "video", "audio"]


class Tile(TypedDict):
    """What a page of images shows of an image's record.

    width, height: pixels, 0 if unknown. blurhash: BlurHash or "". has_data: whether the image has
    generation data. summary: (beginning of the prompt, steps, sampler, number of LoRAs), with ""
    and 0 for missing values; None without generation data.
    """

    id: int
    kind: Kind
    width: int
    height: int
    blurhash: str
    level: Level
    user: str
    date: str
    reactions: int
    base_model: str
    has_data: bool
    summary: tuple[str, int, str, int] | None  # half as long as an object
    post_id: int | None


class PageImage(NamedTuple):
    """An image as a page of images shows it.

    stars: 0 for none. last_seen: Unix time when Civitai sent an image last that it does not send
    now, 0 for other images. saved_path: the downloaded file, "" if there is none. is_hidden:
    whether a rule of the user hides the image.
    """

    tile: Tile
    is_favourite: bool
    stars: int
    last_seen: float
    saved_path: str
    is_hidden: bool


def _make_tile(image: Image) -> Tile:
    return {
        "id": image.id,
        "kind": cast(Kind, image.type),
        "width": image.width,
        "height": image.height,
        "blurhash": image.hash,
        "level": cast(Level, level_name(image.level)),
        "user": image.username,
        "date": image.created_at,
        "reactions": image.reactions.total,
        "base_model": image.base_model,
        "has_data": bool(image.meta),
        "summary": summarize(image.meta),
        "post_id": image.post_id,
    }


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
    """Mark stored images that Civitai does not send now, in the caller's transaction."""
    rows = ((image_id, time.time()) for image_id in image_ids)
    known = "SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM images WHERE id = ?1)"
    db.executemany(f"INSERT OR REPLACE INTO missing_images {known}", rows)


def insert_kept(
    db: sqlite3.Connection,
    image_ids: Sequence[int],
    galleries: Sequence[str],
    deleted_ids: Iterable[int],
) -> None:
    """Add stored images to galleries, and mark deleted ones, in the caller's transaction.

    Images that are not stored any more are ignored.
    """
    sql = (
        "INSERT OR IGNORE INTO seen SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM images WHERE id = ?2)"
    )
    db.executemany(sql, [(gallery, image_id) for gallery in galleries for image_id in image_ids])
    insert_deleted(db, deleted_ids)


def mark_deleted(image_id: int) -> None:
    """Mark an image as deleted from Civitai; the database is written in the background."""
    write_later(lambda db: insert_deleted(db, [image_id]))


_MEMORY_BYTES = 64 * 1024 * 1024  # of the images in memory
_IMAGE_BYTES = 2_000  # of an image in memory, beside its record
_BATCH = 50  # images of an import; the writer writes 20 batches in one transaction
_INSERT = "INSERT INTO images (id, read_at, is_whole, record) VALUES (?, ?, ?, ?) ON CONFLICT (id)"
_SAVE = (
    f"{_INSERT} DO UPDATE SET read_at = excluded.read_at, is_whole = excluded.is_whole,"
    " record = excluded.record WHERE excluded.is_whole OR NOT images.is_whole"
)
_SAVE_ABSENT = f"{_INSERT} DO NOTHING"
_KNOWN = f"SELECT id FROM images WHERE id {OF_IDS}"
_RECORDS = f"SELECT id, is_whole, record FROM images WHERE id {OF_IDS}"
_SEEN = "INSERT OR IGNORE INTO seen VALUES (?, ?)"


class _StoredRecord(NamedTuple):
    """An image's record (Civitai's JSON of the image) in the form in which the library stores it.

    record: the compressed JSON. size: bytes of memory that the parsed record takes. tags: None if
    they were not requested.
    """

    id: int
    record: bytes
    size: int
    tags: tuple[Tag, ...] | None


class _Known(NamedTuple):
    """An image in memory. is_complete: a model's example image has fewer fields.

    tile: of an image that was fetched, which may not be written yet.
    """

    image: Image
    is_complete: bool
    tile: Tile | None = None


_memory: MemoryCache[int, _Known] = MemoryCache(_MEMORY_BYTES)


def store_images(
    images: Sequence[Image], is_complete: bool = True, galleries: Sequence[str] = ()
) -> None:
    """Add images to the memory cache; write their records to the library in the background.

    is_complete: False for a model's example images, whose records have fewer fields. Such an image
    does not replace a complete one. galleries: names of the galleries that contain the images, from
    `pages.list_gallery_names`.
    """
    if not is_complete:
        known_ones = [known for image in images if (known := _memory.get(image.id))]
        complete = [known.image.id for known in known_ones if known.is_complete]
        images = [image for image in images if image.id not in complete]
    stored = [_compress_image(image) for image in images]
    for image, one in zip(images, stored):
        known = _Known(image, is_complete, _make_tile(image))
        _memory.put(image.id, known, one.size + _IMAGE_BYTES)
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
        written = list[_StoredRecord]()
        for stored in records:
            row = (stored.id, now, is_complete, stored.record)
            if db.execute(save, row).rowcount:  # 0: no showcase record replaces a complete one
                written.append(stored)
        found = [(_memory.get(one.id) or (_parse_record(one.record)[0],))[0] for one in written]
        images = [  # None if the base URL has changed; of a later record, the tags may be missing
            image if image.tags == one.tags else replace(image, tags=one.tags)
            for one, image in zip(written, found)
            if image is not None
        ]
        _write_derived(db, images, {image.id for image in images if is_complete})
        if is_complete:  # the image is also in the galleries of the versions it was made with
            versions = [(f"version {v}", image.id) for image in images for v in image.version_ids]
            db.executemany(_SEEN, versions)
            ids = json.dumps([image.id for image in images])
            db.execute(f"DELETE FROM missing_images WHERE id {OF_IDS}", (ids,))
        seen = [(gallery, stored.id) for gallery in galleries for stored in records]
        db.executemany(_SEEN, seen)

    if records:
        write_later(write, sum(len(stored.record) for stored in records))


def _compress_image(image: Image) -> _StoredRecord:
    # A showcase's record may lack the id, and its rating has another scale.
    record = {**image.record, "id": image.id, "browsingLevel": image.level}
    return _StoredRecord(image.id, *compress_record(record), image.tags)


_RULES_VERSION = 1  # of what is made of a record; with another one, it is made again
_AT_ONCE = 100  # records in one transaction
_SAVE_TILE = "INSERT OR REPLACE INTO tiles VALUES (?, ?, ?, ?)"
_REMAINING = "SELECT id FROM images EXCEPT SELECT id FROM tiles WHERE made_by = ?"


def _write_derived(
    db: sqlite3.Connection, images: Sequence[Image], complete_ids: Container[int]
) -> None:
    """Write what is made of images' records; statistics count only complete ones."""
    generations = {image.id: read_generation(image) for image in images}
    index_images(db, images, generations)
    complete = (image for image in images if image.id in complete_ids)
    save_features(db, [extract_features(image, generations[image.id]) for image in complete])
    site = find_site()
    for image in images:
        known = _memory.get(image.id)
        tile = known.tile if known is not None and known.image is image else None
        text = json.dumps(tile or _make_tile(image))
        db.execute(_SAVE_TILE, (image.id, _RULES_VERSION, site, text))


def index_remaining() -> None:
    """Make what an older program version did not make of its records, in the background."""
    values = (_RULES_VERSION,)
    write_later(lambda db: _index_some(db, [one for (one,) in db.execute(_REMAINING, values)]))


def _index_some(db: sqlite3.Connection, image_ids: Sequence[int]) -> None:
    """Make what is derived from the records of stored images, the largest ids first."""
    rest, some = image_ids[:-_AT_ONCE], image_ids[-_AT_ONCE:]
    images, complete_ids = list[Image](), set[int]()
    for image_id, is_complete, record in db.execute(_RECORDS, (json.dumps(some),)):
        image, _ = _parse_record(record)
        if image is not None and image.id == image_id:
            images.append(image)
            complete_ids |= {image_id} if is_complete else set()
        else:  # it is on another site than Civitai, such as a demo
            db.execute(_SAVE_TILE, (image_id, _RULES_VERSION, find_site(), ""))
    _write_derived(db, images, complete_ids)
    if rest:
        write_later(partial(_index_some, image_ids=rest))


def find_image(image_id: int) -> Image | None:
    """Return an image by its id, or None if it is not stored or its URL is not on Civitai."""
    return find_images([image_id]).get(image_id)


def find_images(image_ids: Sequence[int], is_remembered: bool = True) -> dict[int, Image]:
    """Return {image id: image} in the given order; leave out images that are not stored.

    is_remembered: whether to add the images to the memory cache. Raises Cancelled.
    """
    found = {image_id: _memory.get(image_id) for image_id in image_ids}
    missing = [image_id for image_id, known in found.items() if known is None]
    rows = select_rows_or_empty(_RECORDS, (json.dumps(missing),)) if missing else ()
    for _, is_complete, stored in rows:
        find_cancellation().check()  # a hundred thousand take a minute
        image, size = _parse_record(stored)
        if image is None:
            continue
        found[image.id] = _Known(image, bool(is_complete))
        if is_remembered and _memory.get(image.id) is None:  # it may have been fetched meanwhile
            _memory.put(image.id, _Known(image, bool(is_complete)), size + _IMAGE_BYTES)
    return {image_id: known.image for image_id, known in found.items() if known is not None}


def list_latest_images(count: int) -> list[Image]:
    """Return the `count` images that were fetched or shown last, the latest first."""
    latest = [known.image for known in _memory.values()[-count:]][::-1]
    if len(latest) == count:
        return latest
    sql = "SELECT id FROM images ORDER BY read_at DESC LIMIT ?"
    stored = (image_id for (image_id,) in select_rows_or_empty(sql, (count,)))
    ids = dict.fromkeys([*(image.id for image in latest), *stored])
    return list(find_images(list(ids)[:count]).values())


def list_latest_ids(count: int, except_ids: Sequence[int]) -> list[int]:
    """Return the ids of the images that were stored whole last, at most `count`.

    Images that were imported count too. except_ids: images to leave out.
    """
    sql = (  # CROSS JOIN keeps SQLite from reading all tiles first
        "SELECT id FROM images CROSS JOIN tiles USING (id) LEFT JOIN missing_images USING (id)"
        " WHERE is_whole AND site = ? AND tile <> '' AND missing_images.id IS NULL"
        f" AND id NOT {OF_IDS} ORDER BY read_at DESC LIMIT ?"
    )
    rows = select_rows_or_empty(sql, (find_site(), json.dumps(list(except_ids)), count))
    return [image_id for (image_id,) in rows]


_NOTHING: Mapping[int, Image] = {}
_NO_ROW = (None,) * 6  # of a library that cannot be read
_PAGE = """
SELECT wanted.value, tile, favourite, stars,
    (SELECT read_at FROM images WHERE images.id = missing_images.id), saved.path,
    EXISTS (SELECT 1 FROM hidden_images WHERE id = wanted.value)
FROM json_each(?) wanted
LEFT JOIN tiles ON tiles.id = wanted.value AND made_by = ? AND site = ?
LEFT JOIN annotations ON annotations.id = wanted.value
LEFT JOIN missing_images ON missing_images.id = wanted.value
LEFT JOIN saved ON saved.id = wanted.value
"""


def list_page_images(image_ids: Sequence[int], fetched: Iterable[Image] = ()) -> list[PageImage]:
    """Return what a page shows of images, in the given order; leave out images that are not stored.

    fetched: images that may be neither written yet nor in the memory cache any more. Raises
    Cancelled.
    """
    at_hand = {image.id: image for image in fetched}
    values = (json.dumps(list(image_ids)), _RULES_VERSION, find_site())
    rows = {row[0]: row[1:] for row in select_rows_or_empty(_PAGE, values)}
    new = {i: known.tile for i in image_ids if (known := _memory.get(i)) and known.tile}
    stored = {image_id: as_mapping(parse_json_or_none(row[0])) for image_id, row in rows.items()}
    tiles: dict[int, Any] = {image_id: tile for image_id, tile in stored.items() if tile} | new
    if missing := [image_id for image_id in image_ids if image_id not in tiles]:
        # They are not written yet, damaged, or an older version has written them.
        found = find_images([image_id for image_id in missing if image_id not in at_hand])
        found |= {image_id: at_hand[image_id] for image_id in missing if image_id in at_hand}
        tiles |= {image_id: _make_tile(image) for image_id, image in found.items()}
        old = [one for (one,) in select_rows_or_empty(_KNOWN, (json.dumps(list(found)),))]
        if old:
            write_later(partial(_index_some, image_ids=old))
    unwritten = [i for i in tiles if not rows.get(i, _NO_ROW)[0]]
    hidden_ids = find_hidden_ids(unwritten, at_hand) if unwritten else set[int]()
    images = []
    for image_id in filter(tiles.__contains__, dict.fromkeys(image_ids)):
        _, favourite, stars, last_seen, path, is_hidden = rows.get(image_id, _NO_ROW)
        images.append(
            PageImage(
                tiles[image_id],
                bool(favourite),
                stars or 0,
                last_seen or 0.0,
                path if path and os.path.isfile(path) else "",
                bool(is_hidden) or image_id in hidden_ids,
            )
        )
    return images


def filter_matching(image_ids: Sequence[int], query: SearchQuery) -> list[int]:
    """Return those of the given image ids whose images match a search, in the given order.

    Images that are not yet written to the library are searched too.
    """
    if not query.terms:
        return list(image_ids)
    scope, matching = SearchScope(ids=image_ids), set[int]()
    for read in _iter_libraries(image_ids):
        matching.update(search(query, scope, limit=len(image_ids), read=read).ids)
    return [image_id for image_id in image_ids if image_id in matching]


def find_hidden_ids(image_ids: Sequence[int], at_hand: Mapping[int, Image] = _NOTHING) -> set[int]:
    """Return those of the given image ids that the user's rules hide.

    at_hand: by id, images that may be neither written yet nor in the memory cache.
    """
    if not select_rows_or_empty("SELECT 1 FROM hidden_rules LIMIT 1"):
        return set()
    sql, values = f"SELECT id FROM hidden_images WHERE id {OF_IDS}", (json.dumps(list(image_ids)),)
    return {row[0] for read in _iter_libraries(image_ids, at_hand) for row in read(sql, values)}


def choose_covers(image_ids: Sequence[int], levels: int) -> list[int]:
    """Return the ids, in order, of the stored images that may be shown where nobody asked for them.

    Images that the user's rules hide may not. levels: bit mask of the allowed browsing levels.
    """
    images, hidden = find_images(image_ids), find_hidden_ids(image_ids)
    return [one.id for one in images.values() if one.level & levels and one.id not in hidden]


def _iter_libraries(
    image_ids: Sequence[int], at_hand: Mapping[int, Image] = _NOTHING
) -> Iterator[SelectRows]:
    """Yield functions that run a SELECT: in the file, then in a library of what it lacks yet."""
    indexed = (
        f"SELECT id FROM tiles JOIN search_fields USING (id) WHERE id {OF_IDS} AND made_by = ?"
    )
    values = (json.dumps(list(image_ids)), _RULES_VERSION)
    stored = {row[0] for row in select_rows_or_empty(indexed, values)}
    yield select_rows_or_empty
    unwritten = [image_id for image_id in image_ids if image_id not in stored]
    images = [at_hand[image_id] for image_id in unwritten if image_id in at_hand]
    others = (_memory.get(image_id) for image_id in unwritten if image_id not in at_hand)
    images += [known.image for known in others if known]
    if images:
        with open_temporary_library(unwritten) as db:
            index_images(db, images)

            def read(sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
                return db.execute(sql, values).fetchall()

            yield read


def store_saved_files(read: Callable[[], Iterable[tuple[int, str, float]]]) -> None:
    """Store when and where images were saved. Raises DiskError.

    read: returns (image id, path, Unix time) of each; called when nobody else writes to the
    library, so that no older path replaces a newer one.
    """
    sql = (
        "INSERT INTO saved (id, path, saved_at) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE"
        " SET path = excluded.path, saved_at = excluded.saved_at"
        " WHERE path <> excluded.path OR saved_at <> excluded.saved_at"
    )
    with writing() as db:
        db.executemany(sql, read())


def forget_saved_files(image_ids: Sequence[int]) -> None:
    """Forget that images are downloaded, until they are again. Raises DiskError."""
    with writing() as db:
        db.execute(f"DELETE FROM saved WHERE id {OF_IDS}", (json.dumps(list(image_ids)),))


def find_unchecked_favourites(seconds: float) -> list[int]:
    """Return the ids of all favourites if one of them was not checked for so long, else []."""
    sql = (
        "SELECT id, abs(?1 - max(read_at, ifnull(at, 0))) FROM annotations JOIN images USING (id)"
        " JOIN tiles USING (id) LEFT JOIN missing_images USING (id)"
        " WHERE favourite AND is_whole AND site = ?2 AND tile <> '' ORDER BY marked_at DESC"
    )
    rows = select_rows_or_empty(sql, (time.time(), find_site()))
    return [image_id for image_id, _ in rows] if any(age > seconds for _, age in rows) else []


def find_saved_file(image_id: int) -> str:
    """Return the path of an image's downloaded file, "" if there is none."""
    rows = select_rows_or_empty("SELECT path FROM saved WHERE id = ?", (image_id,))
    return next((path for (path,) in rows if os.path.isfile(path)), "")


def _parse_record(stored: bytes) -> tuple[Image | None, int]:
    """Return (the image of a stored record, None if its URL is not allowed; its memory)."""
    record, size = decompress_record(stored)
    return image_from_json(record), size
