"""Pages of galleries and files of pictures, each asked for once; what was seen, when Civitai is
silent."""

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
from . import cache, deletions, records
from .store import select_rows_or_empty, write_later

__all__ = [
    "PageRead",
    "find_stored_end",
    "open_image_file",
    "gallery_names",
    "fetch_page",
    "load_stored_page",
    "load_page",
]

_PAGES_NEAR = 20
_FRESH = 600.0  # seconds; Civitai's own edge keeps a page for about five minutes
_PATIENCE = 5.0  # seconds that a page which is looked at waits for what it may be cut by

_Key = tuple[str, ImageQuery, "str | None", int]


@dataclass(frozen=True)
class PageRead:
    """A page, and when it was read. kept: Civitai did not answer, so it is what was seen then."""

    page: Page
    read_at: float
    is_stored: bool = False


@dataclass(frozen=True)
class _NearPage:
    """A page without its images, whose records are kept for themselves. came_at: by monotonic
    time, for the clock may be set back."""

    page: Page
    image_ids: tuple[int, ...]
    read_at: float
    came_at: float

    @classmethod
    def of(cls, read: PageRead) -> _NearPage:
        ids = tuple(image.id for image in read.page.images)
        return cls(replace(read.page, images=()), ids, read.read_at, time.monotonic())

    def read(self) -> PageRead | None:
        """Return the page; None where it is old, or a record of it is not here any more."""
        if time.monotonic() - self.came_at >= _FRESH:
            return None
        images = tuple(records.find_images(self.image_ids).values())
        is_whole = len(images) == len(self.image_ids)
        return PageRead(replace(self.page, images=images), self.read_at) if is_whole else None


class _Pages:
    """The pages read last, for all browser pages: they hold nothing of anyone's own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._near: OrderedDict[_Key, _NearPage] = OrderedDict()
        self._flights: SingleFlight[PageRead] = SingleFlight()

    def load(self, client: Any, key: _Key, cancelled: Cancellation, fresh: bool) -> PageRead:
        with self._lock:
            near = None if fresh else self._near.get(key)
        read = near.read() if near else None
        if read is not None:
            return read
        asked = partial(self._fetch, client, key, cancelled)
        return self._flights.do(key, asked, cancelled)

    def _fetch(self, client: Any, key: _Key, cancelled: Cancellation) -> PageRead:
        _, query, cursor, size = key
        read = fetch_page(client, query, cursor, size, cancelled, _PATIENCE)
        if _is_complete_page(read.page):
            with self._lock:
                self._near[key] = _NearPage.of(read)
                while len(self._near) > _PAGES_NEAR:
                    self._near.popitem(last=False)
        return read


_pages = _Pages()


def load_page(
    client: Any,
    query: ImageQuery,
    cursor: str | None,
    size: int,
    cancelled: Cancellation | None = None,
    fresh: bool = False,
) -> PageRead:
    """One page, from a moment ago if it was read then and need not be `fresh`.

    What was kept of it, if there is no answer. Raises what the client raises.
    """
    key = (setting.base_url(), query, cursor, size)
    try:
        return _pages.load(client, key, cancelled or never_cancelled(), fresh)
    except (NetworkError, ServerError):
        kept = load_stored_page(query, cursor, size)
        if kept is None:
            raise
        return kept


def fetch_page(
    client: Any,
    query: ImageQuery,
    cursor: str | None,
    size: int,
    cancelled: Cancellation | None = None,
    patience: float | None = None,
) -> PageRead:
    """Return the page as Civitai sends it now, and keep it. Raises what the client raises.

    patience: see `civitai.fetch_images`.
    """
    page = civitai.fetch_images(client, query, cursor, size, cancelled, patience)
    read = PageRead(page, time.time())
    records.store_images(read.page.images, galleries=gallery_names(query))
    if _is_complete_page(read.page):
        _store_page((setting.base_url(), query, cursor, size), read)
    return read


def find_stored_end(query: ImageQuery, size: int) -> tuple[str | None, bool]:
    """The cursor of the first page that was never read, and whether all of them were."""
    sql = "SELECT next_cursor FROM pages WHERE query = ? AND cursor = ?"
    cursor, seen = None, set[str]()
    while found := select_rows_or_empty(sql, _page_key((setting.base_url(), query, cursor, size))):
        [(cursor,)] = found
        if cursor is None or cursor in seen:
            return None, True
        seen.add(cursor)
    return cursor, False


def load_stored_page(query: ImageQuery, cursor: str | None, size: int) -> PageRead | None:
    """The page as it was when it was last read; None when it never was."""
    sql = "SELECT read_at, next_cursor, ids FROM pages WHERE query = ? AND cursor = ?"
    for read_at, next_cursor, ids in select_rows_or_empty(
        sql, _page_key((setting.base_url(), query, cursor, size))
    ):
        kept = _parse_ids(ids)
        if kept is not None:
            images = tuple(records.find_images(kept).values())
            return PageRead(Page(images, next_cursor), read_at, is_stored=True)
    return None


def gallery_names(query: ImageQuery) -> tuple[str, ...]:
    """What the pictures of its pages were read in, as `records.store_images` is told it: the
    narrowest
    first, for a version is part of its model."""
    named = (
        ("version", query.version_id),
        ("model", query.model_id),
        ("post", query.post_id),
        ("user", query.username),
    )
    return tuple(f"{kind} {value}" for kind, value in named if value)


@contextmanager
def open_image_file(client: Any, url: str, cancelled: Cancellation | None = None) -> Iterator[str]:
    """A picture's file, there while the block runs. Raises what the client raises."""
    options, sending = FileOptions(overwrite=False), SendOptions(urgent=True)
    with cache.hold_file(url):
        yield cache.fetch_cached(
            url,
            lambda url, path: client.fetch(url, path, options, sending, cancelled=cancelled),
        )


def _is_complete_page(page: Page) -> bool:
    """Else it may be Civitai's time limit, and is asked for anew."""
    return bool(page.ids or page.next_cursor)


def _store_page(key: _Key, read: PageRead) -> None:
    page, query = read.page, key[1]
    ids = json.dumps([image.id for image in page.images])
    row = (*_page_key(key), read.read_at, read.page.next_cursor, ids)

    def write(db: sqlite3.Connection) -> None:
        sql = "SELECT ids FROM pages WHERE query = ? AND cursor = ?"
        for (before,) in db.execute(sql, _page_key(key)).fetchall():
            deletions.insert_deleted(
                db, deletions.find_missing(query, page, _parse_ids(before) or [])
            )
        db.execute("INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?, ?)", row)

    write_later(write)


def _parse_ids(text: str) -> list[int] | None:
    """None of a damaged row, which is as good as no row."""
    try:
        ids = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return None
    return ids if isinstance(ids, list) and all(type(each) is int for each in ids) else None


def _page_key(key: _Key) -> tuple[str, str]:
    """Of a page in the library."""
    base_url, query, cursor, size = key
    return json.dumps([base_url, query.to_json(), size], sort_keys=True), cursor or ""
