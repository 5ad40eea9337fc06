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
from ..core import Cancellation, Flights, never
from ..errors import NetworkError, ServerTrouble
from . import cache, deletions, records
from .store import rows_or_none, write_later

__all__ = ["Read", "end_of_kept", "file", "galleries_of", "read_anew", "read_kept", "read_page"]

_PAGES_NEAR = 20
_FRESH = 600.0  # seconds; Civitai's own edge keeps a page for about five minutes
_PATIENCE = 5.0  # seconds that a page which is looked at waits for what it may be cut by

_Key = tuple[str, ImageQuery, "str | None", int]


@dataclass(frozen=True)
class Read:
    """A page, and when it was read. kept: Civitai did not answer, so it is what was seen then."""

    page: Page
    read_at: float
    kept: bool = False


@dataclass(frozen=True)
class _Near:
    """A page without its images, whose records are kept for themselves. came_at: by monotonic
    time, for the clock may be set back."""

    page: Page
    image_ids: tuple[int, ...]
    read_at: float
    came_at: float

    @classmethod
    def of(cls, read: Read) -> _Near:
        ids = tuple(image.id for image in read.page.images)
        return cls(replace(read.page, images=()), ids, read.read_at, time.monotonic())

    def read(self) -> Read | None:
        """Return the page; None where it is old, or a record of it is not here any more."""
        if time.monotonic() - self.came_at >= _FRESH:
            return None
        images = tuple(records.find_all(self.image_ids).values())
        is_whole = len(images) == len(self.image_ids)
        return Read(replace(self.page, images=images), self.read_at) if is_whole else None


class _Pages:
    """The pages read last, for all browser pages: they hold nothing of anyone's own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._near: OrderedDict[_Key, _Near] = OrderedDict()
        self._flights: Flights[Read] = Flights()

    def read(self, client: Any, key: _Key, cancelled: Cancellation, fresh: bool) -> Read:
        with self._lock:
            near = None if fresh else self._near.get(key)
        read = near.read() if near else None
        if read is not None:
            return read
        asked = partial(self._asked, client, key, cancelled)
        return self._flights.join(key, asked, cancelled)

    def _asked(self, client: Any, key: _Key, cancelled: Cancellation) -> Read:
        _, query, cursor, size = key
        read = read_anew(client, query, cursor, size, cancelled, _PATIENCE)
        if _is_told(read.page):
            with self._lock:
                self._near[key] = _Near.of(read)
                while len(self._near) > _PAGES_NEAR:
                    self._near.popitem(last=False)
        return read


_pages = _Pages()


def read_page(
    client: Any,
    query: ImageQuery,
    cursor: str | None,
    size: int,
    cancelled: Cancellation | None = None,
    fresh: bool = False,
) -> Read:
    """One page, from a moment ago if it was read then and need not be `fresh`.

    What was kept of it, if there is no answer. Raises what the client raises.
    """
    key = (setting.base_url(), query, cursor, size)
    try:
        return _pages.read(client, key, cancelled or never(), fresh)
    except (NetworkError, ServerTrouble):
        kept = read_kept(query, cursor, size)
        if kept is None:
            raise
        return kept


def read_anew(
    client: Any,
    query: ImageQuery,
    cursor: str | None,
    size: int,
    cancelled: Cancellation | None = None,
    patience: float | None = None,
) -> Read:
    """Return the page as Civitai sends it now, and keep it. Raises what the client raises.

    patience: see `civitai.read_images`.
    """
    page = civitai.read_images(client, query, cursor, size, cancelled, patience)
    read = Read(page, time.time())
    records.keep(read.page.images, galleries=galleries_of(query))
    if _is_told(read.page):
        _keep((setting.base_url(), query, cursor, size), read)
    return read


def end_of_kept(query: ImageQuery, size: int) -> tuple[str | None, bool]:
    """The cursor of the first page that was never read, and whether all of them were."""
    sql = "SELECT next_cursor FROM pages WHERE query = ? AND cursor = ?"
    cursor, seen = None, set[str]()
    while found := rows_or_none(sql, _name((setting.base_url(), query, cursor, size))):
        [(cursor,)] = found
        if cursor is None or cursor in seen:
            return None, True
        seen.add(cursor)
    return cursor, False


def read_kept(query: ImageQuery, cursor: str | None, size: int) -> Read | None:
    """The page as it was when it was last read; None when it never was."""
    sql = "SELECT read_at, next_cursor, ids FROM pages WHERE query = ? AND cursor = ?"
    for read_at, next_cursor, ids in rows_or_none(
        sql, _name((setting.base_url(), query, cursor, size))
    ):
        kept = _ids_in(ids)
        if kept is not None:
            images = tuple(records.find_all(kept).values())
            return Read(Page(images, next_cursor), read_at, kept=True)
    return None


def galleries_of(query: ImageQuery) -> tuple[str, ...]:
    """What the pictures of its pages were read in, as `records.keep` is told it: the narrowest
    first, for a version is part of its model."""
    named = (
        ("version", query.version_id),
        ("model", query.model_id),
        ("post", query.post_id),
        ("user", query.username),
    )
    return tuple(f"{kind} {value}" for kind, value in named if value)


@contextmanager
def file(client: Any, url: str, cancelled: Cancellation | None = None) -> Iterator[str]:
    """A picture's file, there while the block runs. Raises what the client raises."""
    asked = {"cancelled": cancelled, "urgent": True, "replace": False}  # another may just have it
    with cache.held(url):
        yield cache.fetched(url, lambda url, path: client.fetch(url, path, **asked))


def _is_told(page: Page) -> bool:
    """Else it may be Civitai's time limit, and is asked for anew."""
    return bool(page.ids or page.next_cursor)


def _keep(key: _Key, read: Read) -> None:
    page, query = read.page, key[1]
    ids = json.dumps([image.id for image in page.images])
    row = (*_name(key), read.read_at, read.page.next_cursor, ids)

    def write(db: sqlite3.Connection) -> None:
        sql = "SELECT ids FROM pages WHERE query = ? AND cursor = ?"
        for (before,) in db.execute(sql, _name(key)).fetchall():
            deletions.write_gone(db, deletions.missing_from(query, page, _ids_in(before) or []))
        db.execute("INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?, ?)", row)

    write_later(write)


def _ids_in(text: str) -> list[int] | None:
    """None of a damaged row, which is as good as no row."""
    try:
        ids = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return None
    return ids if isinstance(ids, list) and all(type(each) is int for each in ids) else None


def _name(key: _Key) -> tuple[str, str]:
    """Of a page in the library."""
    base_url, query, cursor, size = key
    return json.dumps([base_url, query.to_json(), size], sort_keys=True), cursor or ""
