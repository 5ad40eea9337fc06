"""Pages of galleries and image files, fetched once and stored for when Civitai does not respond."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from .. import civitai, setting
from ..civitai import ImageQuery, Page
from ..core import Cancellation, never_cancelled, SingleFlight
from ..errors import NetworkError, ServerError
from ..network import FileOptions, SendOptions
from ..network import ApiClient, ONE_TRY
from . import image_cache, deletions, records
from .store import select_rows_or_empty, write_later

__all__ = ["DatedPage", "fetch_page", "find_first_missing_page", "list_gallery_names", "load_page"]
__all__ += ["load_stored_page", "open_image_file"]

_MAX_PAGES = 20  # in memory
_FRESH = 600.0  # seconds; Civitai's own edge caches a page for about five minutes
_PATIENCE = 5.0  # seconds to wait for images that Civitai may have left out of a page

_Key = tuple[str, ImageQuery, "str | None", int]  # base URL, query, cursor, size


@dataclass(frozen=True)
class DatedPage:
    """A gallery page, and the Unix time at which it was fetched from Civitai.

    is_stored: whether the page was read from the local library.
    """

    page: Page
    fetched_at: float
    is_stored: bool = False


@dataclass(frozen=True)
class _CachedPage:
    """A gallery page in memory, with image ids in place of the images.

    fetched_at: Unix time. cached_at: monotonic time.
    """

    page: Page
    image_ids: tuple[int, ...]
    fetched_at: float
    cached_at: float

    @classmethod
    def of(cls, dated: DatedPage) -> _CachedPage:
        ids = tuple(image.id for image in dated.page.images)
        return cls(replace(dated.page, images=()), ids, dated.fetched_at, time.monotonic())

    def read(self) -> DatedPage | None:
        """Return the page with its images.

        Return None if the page is 10 minutes old, or if an image is no longer stored.
        """
        if time.monotonic() - self.cached_at >= _FRESH:
            return None
        images = tuple(records.find_images(self.image_ids).values())
        if len(images) < len(self.image_ids):
            return None
        return DatedPage(replace(self.page, images=images), self.fetched_at)


class _Pages:
    """A cache of the gallery pages that were fetched last, shared by all users."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cached: OrderedDict[_Key, _CachedPage] = OrderedDict()
        self._flights: SingleFlight[DatedPage] = SingleFlight()

    def load(self, client: Any, key: _Key, cancelled: Cancellation, fresh: bool) -> DatedPage:
        with self._lock:
            cached = None if fresh else self._cached.get(key)
        page = cached.read() if cached else None
        if page is not None:
            return page
        return self._flights.do(key, partial(self._fetch, client, key, cancelled), cancelled)

    def _fetch(self, client: Any, key: _Key, cancelled: Cancellation) -> DatedPage:
        _, query, cursor, size = key
        dated = fetch_page(client, query, cursor, size, cancelled, _PATIENCE)
        if _is_storable(dated.page):
            with self._lock:
                self._cached[key] = _CachedPage.of(dated)
                while len(self._cached) > _MAX_PAGES:
                    self._cached.popitem(last=False)
        return dated


_pages = _Pages()


def load_page(
    client: Any,
    query: ImageQuery,
    cursor: str | None,
    size: int,
    cancelled: Cancellation | None = None,
    fresh: bool = False,
) -> DatedPage:
    """Return a gallery page from memory if it is less than 10 minutes old, else from Civitai.

    If Civitai does not respond, return the page that is stored in the local library; raise
    NetworkError or ServerError if none is stored. cursor: None for the first page. size: number of
    images to request. fresh: ignore the page in memory. Also raises other HttpStatusErrors,
    InvalidResponse and Cancelled.
    """
    key = (setting.base_url(), query, cursor, size)
    is_stored = not fresh and _find_stored_row(query, cursor, size) is not None
    try:
        client = ApiClient(client, ONE_TRY) if is_stored else client
        return _pages.load(client, key, cancelled or never_cancelled(), fresh)
    except (NetworkError, ServerError):
        if (stored := load_stored_page(query, cursor, size)) is None:
            raise
        return stored


def fetch_page(
    client: Any,
    query: ImageQuery,
    cursor: str | None,
    size: int,
    cancelled: Cancellation | None = None,
    patience: float | None = None,
) -> DatedPage:
    """Fetch a gallery page from Civitai; store the page and its images in the local library.

    Civitai sometimes leaves out images; the page is then requested a second time. size: number of
    images to request. patience: seconds to wait for the second response, None for no limit. Raises
    NetworkError, HttpStatusError, InvalidResponse and Cancelled.
    """
    page = civitai.fetch_images(client, query, cursor, size, cancelled, patience)
    dated = DatedPage(page, time.time())
    records.store_images(page.images, galleries=list_gallery_names(query))
    if _is_storable(page):
        _store_page((setting.base_url(), query, cursor, size), dated)
    return dated


def find_first_missing_page(query: ImageQuery, size: int) -> tuple[str | None, bool]:
    """Return (cursor of the first page that is not stored, whether all pages are stored).

    The cursor is None for a gallery's first page, and also if all pages are stored. size: number of
    images on each page.
    """
    sql = "SELECT next_cursor FROM pages WHERE query = ? AND cursor = ?"
    cursor, seen = None, set[str]()
    while found := select_rows_or_empty(sql, _page_key((setting.base_url(), query, cursor, size))):
        [(cursor,)] = found
        if cursor is None or cursor in seen:
            return None, True
        seen.add(cursor)
    return cursor, False


def load_stored_page(query: ImageQuery, cursor: str | None, size: int) -> DatedPage | None:
    """Return a page from the local library, or None if the page is not stored.

    The page may come from another base URL than the one in the settings.
    """
    row = _find_stored_row(query, cursor, size)
    if row is None:
        return None
    fetched_at, next_cursor, ids = row
    images = tuple(records.find_images(ids).values())
    if ids and not images:  # their files are at another address than Civitai's, such as a demo's
        return None
    return DatedPage(Page(images, next_cursor), fetched_at, is_stored=True)


def _find_stored_row(
    query: ImageQuery, cursor: str | None, size: int
) -> tuple[float, str | None, list[int]] | None:
    """Return (Unix time of the fetch, cursor of the next page, image ids) of a stored page.

    Return None if the page is not stored. A page from the base URL in the settings is preferred to
    one from another base URL. size: number of images that was requested for the page.
    """
    key, at = _page_key((setting.base_url(), query, cursor, size))
    after_base = key[key.index(", {") :]  # the key is [base URL, query, size] as JSON
    columns = "SELECT read_at, next_cursor, ids FROM pages"
    rows = select_rows_or_empty(f"{columns} WHERE query = ? AND cursor = ?", (key, at))
    rows = rows or select_rows_or_empty(
        f"{columns} WHERE substr(query, -length(?)) = ? AND cursor = ? ORDER BY read_at DESC",
        (after_base, after_base, at),
    )
    for fetched_at, next_cursor, ids in rows:
        image_ids = _parse_ids(ids)
        if image_ids is not None:
            return fetched_at, next_cursor, image_ids
    return None


def list_gallery_names(query: ImageQuery) -> tuple[str, ...]:
    """Return the names of the galleries that a query asks for, such as "model 5".

    Other names look like "version 7", "post 9" and "user anna". A version comes before its model.
    """
    ids = (
        ("version", query.version_id),
        ("model", query.model_id),
        ("post", query.post_id),
        ("user", query.username),
    )
    return tuple(f"{kind} {value}" for kind, value in ids if value)


@contextmanager
def open_image_file(client: Any, url: str, cancelled: Cancellation | None = None) -> Iterator[str]:
    """Yield the path of a cached image file; fetch the file first if it is missing.

    The cache keeps the file until the `with` block ends. Raises NetworkError, HttpStatusError,
    NotAnImage, TooLarge, Refused, DiskError and Cancelled.
    """
    options, sending = FileOptions(overwrite=False), SendOptions(urgent=True)
    with image_cache.hold_file(url):
        yield image_cache.fetch_cached(
            url, lambda url, path: client.fetch(url, path, options, sending, cancelled=cancelled)
        )


def _is_storable(page: Page) -> bool:
    """Return whether a page may be stored: only if it has images or a next page.

    An empty last page may mean that Civitai has timed out.
    """
    return bool(page.ids or page.next_cursor)


def _store_page(key: _Key, dated: DatedPage) -> None:
    page, query = dated.page, key[1]
    ids = json.dumps([image.id for image in page.images])
    row = (*_page_key(key), dated.fetched_at, page.next_cursor, ids)

    def write(db: sqlite3.Connection) -> None:
        sql = "SELECT ids FROM pages WHERE query = ? AND cursor = ?"
        for (before,) in db.execute(sql, _page_key(key)).fetchall():
            missing = deletions.find_missing(query, page, _parse_ids(before) or [])
            deletions.insert_deleted(db, missing)
        db.execute("INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?, ?)", row)

    write_later(write)


def _parse_ids(text: str) -> list[int] | None:
    try:
        ids = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return None
    return ids if isinstance(ids, list) and all(type(each) is int for each in ids) else None


def _page_key(key: _Key) -> tuple[str, str]:
    """Return a page's values for the database columns `query` and `cursor`, its primary key."""
    base_url, query, cursor, size = key
    return json.dumps([base_url, query.to_json(), size], sort_keys=True), cursor or ""
