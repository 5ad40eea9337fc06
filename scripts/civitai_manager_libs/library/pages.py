"""Pages of galleries and image files, fetched once and stored for when Civitai does not respond."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

from .. import civitai, setting
from ..civitai import ImageQuery, Page
from ..core import find_cancellation, Image, LAST_ID, parse_json_or_none, SingleFlight
from ..errors import InvalidResponse, ListForgotten, NetworkError, ServerError
from ..network import ApiClient, FileOptions, ONE_TRY, SendOptions
from . import image_cache, image_records
from .database import MemoryCache, select_rows_or_empty, wait_for_writes, write_later, writing
from .schema import OF_IDS

_FRESH = 600.0  # seconds; Civitai's own edge caches a page for about five minutes
_MEMORY_BYTES = 1 << 20  # of the pages in memory: about a hundred
_PAGE_BYTES, _ID_BYTES = 1_500, 40  # about what a page takes, and each of its ids
_LISTED = 100  # images of a list that are requested together, and the most in an address
# Images that an older server sends one by one for a page, and the seconds between two of them.
_SINGLES, _PACE = 10, 0.2
_CONTROLS = 10  # images that Civitai surely has, requested together with missing ones
_LIST_CURSOR = re.compile(r"([0-9]{1,6})(s?)")  # s: the server sends single images only
_PATIENCE = 5.0  # seconds to wait for images that Civitai may have left out of a page
_WRITTEN = 2.0  # seconds to wait until missing images are recorded
_FIRST_PAGE = """SELECT query FROM pages WHERE substr(query, -length(?1)) = ?1 AND cursor = ''
ORDER BY query <> ?2, read_at DESC LIMIT 1"""


class StoredPage(NamedTuple):
    """A page with image ids in place of the images. fetched_at: Unix time. dropped: see `Page`."""

    fetched_at: float
    next_cursor: str | None
    ids: list[int]
    dropped: int = 0

    def read(self) -> Page:
        """Return the page with the records of those images that are still stored."""
        images = tuple(image_records.find_images(self.ids).values())
        read_at, cursor = self.fetched_at, self.next_cursor
        return Page(images, cursor, self.dropped, fetched_at=read_at, is_stored=True)


# Pages that were fetched since the program's start. The library has them a moment later.
_fetched: MemoryCache[tuple[str, str], StoredPage] = MemoryCache(_MEMORY_BYTES)
_flights: SingleFlight[Page] = SingleFlight()


def load_page(
    client: Any, query: ImageQuery, cursor: str | None, size: int, fresh: bool = False
) -> Page:
    """Return a gallery page from memory if it is less than 10 minutes old, else from Civitai.

    After a NetworkError, ServerError or InvalidResponse (such as the login page of a network),
    return the page from the local library, however old; raise the error if none is stored. cursor:
    None for the first page. size: number of images to request. fresh: fetch the page even if it is
    in memory. Also raises other HttpStatusErrors and Cancelled.
    """
    key = _make_key(query, cursor, size)
    recent = None if fresh else find_recent_page(query, cursor, size)
    if recent is not None:
        return recent
    stored = None if fresh else find_stored_page(query, cursor, size)
    if stored is not None:
        client = ApiClient(client, ONE_TRY)
    fetch = partial(fetch_page, client, query, cursor, size, _PATIENCE)
    try:
        return _flights.do(key, fetch)
    except (NetworkError, ServerError, InvalidResponse):
        stored = stored or find_stored_page(query, cursor, size)
        if stored is None:
            raise
        older = stored.read()
        # Without images, their files are at another address than Civitai's, such as a demo's.
        if stored.ids and not older.images:
            raise
        return older


def find_recent_page(query: ImageQuery, cursor: str | None, size: int) -> Page | None:
    """Return a gallery page from memory, or None if it is not there or older than 10 minutes."""
    last = _fetched.get(_make_key(query, cursor, size))
    if last is None or not 0 <= time.time() - last.fetched_at < _FRESH:
        return None
    recent = last.read()
    is_whole = len(recent.images) == len(last.ids)
    return replace(recent, is_stored=False) if is_whole else None


def fetch_page(
    client: Any, query: ImageQuery, cursor: str | None, size: int, patience: float | None = None
) -> Page:
    """Fetch a gallery page from Civitai; store the page and its images in the local library.

    If Civitai may have left out images, the page is requested a second time. size: number of images
    to request. patience: seconds to wait for the second response before the first is taken, None
    for no limit. Raises NetworkError, HttpStatusError, InvalidResponse and Cancelled.
    """
    if query.images:
        return _fetch_listed_page(client, query, cursor, size)
    page = civitai.fetch_images(client, query, cursor, size, patience)
    page = replace(page, fetched_at=time.time())
    image_records.store_images(page.images, galleries=list_gallery_names(query))
    if page.ids or page.next_cursor:  # an empty last page may mean that Civitai has timed out
        _store_page(query, cursor, size, page)
    return page


def find_first_missing_page(query: ImageQuery, size: int) -> tuple[str | None, bool]:
    """Return (cursor of a gallery's first page that is not stored, whether all pages are stored).

    The cursor is None if no page is stored, and also if all are. size: number of images on each
    page.
    """
    sql = "SELECT next_cursor FROM pages WHERE query = ? AND cursor = ?"
    cursor, seen = None, set[str]()
    while found := select_rows_or_empty(sql, _make_key(query, cursor, size)):
        [(cursor,)] = found
        if cursor is None or cursor in seen:
            return None, True
        seen.add(cursor)
    return cursor, False


def find_stored_page(query: ImageQuery, cursor: str | None, size: int) -> StoredPage | None:
    """Return a page from the local library, or None if the page is not stored.

    All pages of a gallery are from one base URL: that in the settings if its first page is stored,
    else another. size: number of images that was requested for the page. Of a list, the images in
    the library are returned.
    """
    if query.images:
        return _find_listed_page(query, cursor, size)
    key, at = _make_key(query, cursor, size)
    after_base = key[key.index(", {") :]  # the key is [base URL, query, size] as JSON
    sql = "SELECT read_at, next_cursor, ids FROM pages WHERE query = ? AND cursor = ?"
    rows = select_rows_or_empty(sql, (key, at))
    if not rows and _fetched.get((key, "")) is None:
        for (other,) in select_rows_or_empty(_FIRST_PAGE, (after_base, key)):
            rows = select_rows_or_empty(sql, (other, at))
    for fetched_at, next_cursor, ids in rows:
        image_ids = _parse_ids(ids)
        if image_ids is not None:
            return StoredPage(fetched_at, next_cursor, image_ids)
    return None


def list_gallery_names(query: ImageQuery) -> tuple[str, ...]:
    """Return the name of the query's list, or those of its version, model, post, author and tag.

    The names look like "list-2c26b46b68ffc68f" and "version 7", "model 5", "post 9", "user anna",
    "tag 3", in this order; those that the query does not have are left out.
    """
    if query.images:  # whose images may belong to no other gallery
        return (query.images if query.images[0] == "l" else _make_list_key(query.images),)
    ids = (
        ("version", query.version_id),
        ("model", query.model_id),
        ("post", query.post_id),
        ("user", query.username),
        ("tag", query.tag_id),
    )
    return tuple(f"{kind} {value}" for kind, value in ids if value)


def store_list(image_ids: Sequence[int]) -> str:
    """Return the `images` of the query for a list; store a list of more than 100. Raises DiskError.

    It goes when the library has no room for it any more, unless it is opened now and then.
    """
    text = ",".join(map(str, image_ids))
    if len(image_ids) <= _LISTED:
        return text
    key = _make_list_key(text)
    with writing() as db:
        row = (key, "", time.time(), None, text)
        db.execute("INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?, ?)", row)
    return key


def find_listed_ids(query: ImageQuery) -> list[int]:
    """Return the ids of a query's list, [] without one. Raises ListForgotten."""
    text = query.images
    if text[:1] == "l":
        rows = select_rows_or_empty(
            "SELECT ids FROM pages WHERE query = ? AND cursor = ''", (text,)
        )
        if not rows:
            raise ListForgotten
        text = rows[0][0]
        now = (time.time(), query.images)
        write_later(lambda db: db.execute("UPDATE pages SET read_at = ? WHERE query = ?", now))
    try:
        ids = dict.fromkeys(map(int, filter(None, text.split(","))))
    except ValueError as error:  # the row is damaged
        raise ListForgotten from error
    return [image_id for image_id in ids if 1 <= image_id <= LAST_ID]


def _make_list_key(text: str) -> str:
    return f"list-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _fetch_listed_page(client: Any, query: ImageQuery, cursor: str | None, size: int) -> Page:
    """Fetch and store the images at a place of a list; mark those that Civitai does not send.

    Raises InvalidResponse if Civitai sends nothing, not even images that it has.
    """
    ids, place, is_single = _find_place(query, cursor)
    some = ids[place : place + min(size, _LISTED)]
    if not some:
        return Page(fetched_at=time.time())
    found = None if is_single else civitai.fetch_images_by_id(client, some)
    if is_single := found is None:
        some = some[:_SINGLES]
    found = fetch_singly(client, some) if found is None else found
    gallery = list_gallery_names(query)
    image_records.store_images(list(found.values()), galleries=gallery)
    kept = image_records.find_images([image_id for image_id in some if image_id not in found])
    doubtful = list(kept) or ([] if found else some)  # nothing came: Civitai may only have failed
    gone = find_gone(client, doubtful, found, is_single) if doubtful else set()
    missing = [i for i in some if i not in found and (i in gone or i not in kept)]
    write_later(lambda db: image_records.insert_kept(db, list(kept), gallery, gone))
    if gone:  # the page reads them
        wait_for_writes(_WRITTEN, includes_later=False)
    images = [
        (found | kept)[image_id] for image_id in some if image_id in found or image_id in kept
    ]
    end = place + len(some)
    return replace(
        civitai.select_images(images, query),
        next_cursor=f"{end}{'s' * is_single}" if end < len(ids) else None,
        missing_ids=tuple(missing),
        fetched_at=time.time(),
    )


def find_gone(
    client: Any, image_ids: Sequence[int], known_ids: Iterable[int] = (), is_single: bool = True
) -> set[int]:
    """Return those of up to 100 image ids that Civitai certainly does not send now.

    It also leaves out images if it runs out of time, so they are requested once more, together with
    images that it has. known_ids: some of these, empty for those that it sent last. is_single:
    whether to request each image by itself. Raises InvalidResponse if none of the known images
    comes, NetworkError, HttpStatusError and Cancelled.
    """
    known = [*islice(known_ids, _CONTROLS)] or image_records.list_latest_ids(_CONTROLS, image_ids)
    gone = set[int]()
    for start in range(0, len(image_ids) if known else 0, _LISTED - _CONTROLS):
        some = image_ids[start : start + _LISTED - _CONTROLS]
        gone |= civitai.find_unsent_ids(client, some, known[: 1 if is_single else None], is_single)
    return gone


def fetch_singly(client: Any, image_ids: Sequence[int]) -> dict[int, Image]:
    """Fetch images one by one, for a server that does not know `ids`; return {id: image}."""
    found = dict[int, Image]()
    for at, image_id in enumerate(image_ids):
        find_cancellation().sleep(_PACE if at else 0)
        image = civitai.fetch_image(client, image_id)
        found |= {image_id: image} if image is not None else {}
    return found


def _find_listed_page(query: ImageQuery, cursor: str | None, size: int) -> StoredPage | None:
    """Return a page of those images of a list that the library has, None if it has none of them."""
    ids, place, _ = _find_place(query, cursor)
    some = ids[place : place + min(size, _LISTED)]
    images = civitai.select_images(list(image_records.find_images(some).values()), query).images
    sql = f"SELECT max(read_at) AS read_at FROM images WHERE id {OF_IDS}"
    read_at = [at or 0.0 for (at,) in select_rows_or_empty(sql, (json.dumps(some),))]
    following = str(place + len(some)) if place + len(some) < len(ids) else None
    found = [image.id for image in images]
    return StoredPage(sum(read_at), following, found) if found else None


def _find_place(query: ImageQuery, cursor: str | None) -> tuple[list[int], int, bool]:
    """Return (ids of a list, the index that a cursor names, whether to request single images)."""
    match = _LIST_CURSOR.fullmatch(cursor or "0")
    return find_listed_ids(query), int(match[1]) if match else 0, bool(match and match[2])


def iter_listed_images(client: Any, image_ids: Sequence[int]) -> Iterator[list[Image]]:
    """Yield the images with these ids, a hundred at a time, in the given order.

    Images that the library has whole are not fetched; fetched ones are stored. Images that Civitai
    does not send are left out, unless the library has them.
    """
    for start in range(0, len(image_ids), _LISTED):
        ids = image_ids[start : start + _LISTED]
        found = image_records.find_images(ids)
        unknown = [
            image_id for image_id in ids if image_id not in found or not found[image_id].meta
        ]
        fetched = civitai.fetch_images_by_id(client, unknown) if unknown else {}
        fetched = fetch_singly(client, unknown) if fetched is None else fetched
        image_records.store_images(list(fetched.values()))
        found |= fetched
        yield [found[image_id] for image_id in ids if image_id in found]


@contextmanager
def open_image_file(client: Any, url: str) -> Iterator[str]:
    """Yield the path of a cached image file; fetch the file first if it is missing.

    The cache keeps the file until the `with` block ends. Raises NetworkError, HttpStatusError,
    NotAnImage, TooLarge, Refused, DiskError and Cancelled.
    """
    options, sending = FileOptions(overwrite=False), SendOptions(urgent=True)
    with image_cache.hold_file(url):
        yield image_cache.fetch_cached(
            url, lambda url, path: client.fetch(url, path, options, sending)
        )


def _store_page(query: ImageQuery, cursor: str | None, size: int, page: Page) -> None:
    key = _make_key(query, cursor, size)
    ids = [image.id for image in page.images]
    row = (*key, page.fetched_at, page.next_cursor, json.dumps(ids))
    size_in_memory = _PAGE_BYTES + _ID_BYTES * len(ids)
    in_memory = StoredPage(page.fetched_at, page.next_cursor, ids, page.dropped)
    _fetched.put(key, in_memory, size_in_memory)

    def write(db: sqlite3.Connection) -> None:
        sql = "SELECT ids FROM pages WHERE query = ? AND cursor = ?"
        for (before,) in db.execute(sql, key).fetchall():
            missing = image_records.find_deleted(query, page, _parse_ids(before) or [])
            image_records.insert_deleted(db, missing)
        db.execute("INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?, ?)", row)

    write_later(write)


def _parse_ids(text: str) -> list[int] | None:
    ids = parse_json_or_none(text)
    return ids if isinstance(ids, list) and all(type(each) is int for each in ids) else None


def _make_key(query: ImageQuery, cursor: str | None, size: int) -> tuple[str, str]:
    return json.dumps([setting.base_url(), query.to_json(), size], sort_keys=True), cursor or ""
