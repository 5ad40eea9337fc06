"""Galleries that the user watches: daily checks count new images, which a visit marks as seen."""

from __future__ import annotations

import json
import threading
import time
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from .. import setting
from ..civitai import Client, ImageQuery, Page
from ..core import as_id, as_list, clean_line, log_disk_errors, parse_json_or_none
from ..errors import CivitaiShortcutError, DiskError, InputError, NetworkError, ServerError
from .database import select_rows, select_rows_or_empty, wait_for_writes, writing
from .pages import fetch_page, find_stored_page, list_gallery_names

_MAX_WATCHES = 100  # each costs a request at every program start
_MAX_NAME = 200  # characters
_CHECK_SIZE = 200  # images that a check fetches, and the most that it counts
_HOUR, _DAY = 3600.0, 86_400.0  # seconds
_SAME_VISIT = 3600.0  # seconds; within them, the same images stay marked as new
_PATIENCE = 2.0  # seconds to wait until new records are written
_PAGE_SIZE = 100  # images of a page as the web page requests it
_ID_LISTS = ("known", "fresh_ids", "news")
_VISIT_COLUMNS = ("level", "since", "seen", "newest", "visited_at", "fresh", "is_more", *_ID_LISTS)
_MAX_KNOWN = 1000  # ids of seen images that are stored for each gallery: a few kB


@dataclass(frozen=True)
class Watch:
    """A gallery that is watched for new images.

    gallery: "model 5", "version 7" or "user anna". model_id: None for a user's gallery. level: bit
    mask of the browsing levels (content ratings) to check. checked_at: Unix time of the last check.
    new_count: number of new images that the user has not seen. has_more: whether there are more new
    images than one check fetches.
    """

    gallery: str
    name: str
    model_id: int | None
    level: int
    checked_at: float
    new_count: int
    has_more: bool


def list_watches() -> list[Watch]:
    """Return the watched galleries, those with the most new images first. Raises DiskError."""
    sql = (
        "SELECT CAST(gallery AS TEXT), name, model_id, level, checked_at, fresh, is_more"
        " FROM watched ORDER BY fresh DESC, name, gallery"
    )
    return [
        Watch(gallery, name, model_id, level, checked_at, count, bool(more))
        for gallery, name, model_id, level, checked_at, count, more in select_rows(sql)
    ]


def export_watches() -> list[dict[str, Any]]:
    """Return the name and the query of each watched gallery, as JSON. Raises DiskError."""
    return [
        {"name": one.name, "query": query.to_json()}
        for one in list_watches()
        if _find_gallery(query := _watch_query(one)) == one.gallery  # else it is damaged
    ]


# The rows of galleries that are no longer watched, for an Undo.
_unwatched: dict[str, tuple[Any, ...]] = {}


def watch_gallery(query: ImageQuery, name: str, is_undo: bool = False) -> None:
    """Start to watch a gallery for new images; do nothing if the gallery is watched already.

    Images already in the library do not count as new. name: shown to the user. is_undo: what was
    new when the gallery was last watched is new again. Raises InputError if the query has no model,
    version or user, or if 100 galleries are watched already; raises DiskError.
    """
    gallery = _find_gallery(query)
    if not gallery:
        message = "Only a model, a version or an author can be watched."
        raise InputError(message, "watch_what")
    wait_for_writes(_PATIENCE, includes_later=False)
    stored = find_stored_page(query, None, _PAGE_SIZE) if _shows_newest(query) else None
    with writing() as db:
        sql = "SELECT count(*) FROM watched WHERE gallery <> ?"
        (count,) = db.execute(sql, (gallery,)).fetchone()
        if count >= _MAX_WATCHES:
            message = (
                f"You watch {_MAX_WATCHES} galleries, which is the limit: stop watching one of them"
                " first."
            )
            raise InputError(message, "watch_too_many", n=_MAX_WATCHES)
        if is_undo and (row := _unwatched.get(gallery)):
            places = ", ".join("?" * len(row))
            db.execute(f"INSERT OR IGNORE INTO watched VALUES ({places})", row)
            return
        latest = db.execute("SELECT max(id) FROM seen WHERE gallery = ?", (gallery,))
        newest = latest.fetchone()[0] or 0 if _shows_newest(query) else 0
        sql = (
            "INSERT OR IGNORE INTO watched VALUES (:gallery, :name, :model_id, :level, :newest,"
            " :newest, :newest, :now, 0, 0, 0, :known, NULL, NULL)"
        )
        values = {
            "gallery": gallery,
            "name": clean_line(name, _MAX_NAME) or gallery,
            "model_id": query.model_id,
            "level": query.level,
            "newest": newest,
            "now": time.time(),
            "known": _pack_ids(stored.ids if stored is not None else []),
        }
        db.execute(sql, values)


def unwatch_gallery(gallery: str) -> None:
    """Stop watching a gallery; do nothing if it is not watched. Raises DiskError."""
    with writing() as db:
        rows = db.execute("SELECT rowid, CAST(gallery AS TEXT), * FROM watched").fetchall()
        for number, key, *row in rows:
            if key == gallery:  # as `list_watches` reads it, even if it is damaged
                _unwatched[key] = tuple(row)
                db.execute("DELETE FROM watched WHERE rowid = ?", (number,))


def check_watch(client: Client, watch: Watch) -> None:
    """Fetch the first page of a watched gallery; store how many of its images are new.

    Store nothing if the gallery is no longer watched. Raises NetworkError, HttpStatusError,
    InvalidResponse, DiskError and Cancelled.
    """
    page = fetch_page(client, _watch_query(watch), None, _CHECK_SIZE)
    ids, newest = list(dict.fromkeys(i.id for i in page.images)), max(page.ids, default=0)
    with writing() as db:
        sql = "SELECT seen, known FROM watched WHERE gallery = ?"
        found = select_rows(sql, (watch.gallery,))
        if not found:  # no longer watched
            return
        seen, known = found[0][0] or newest, _unpack_ids(found[0][1])
        late = set(_find_late_ids(ids, known))
        new_ids = [i for i in ids if i > seen or i in late]
        has_more = len(new_ids) == len(ids) > 0 and page.next_cursor is not None
        known = _merge_ids([i for i in ids if i not in new_ids], known)
        db.execute(
            "UPDATE watched SET seen = ?, newest = max(newest, ?), checked_at = ?, fresh = ?,"
            " is_more = ?, known = ?, fresh_ids = ? WHERE gallery = ?",
            (
                seen,
                newest,
                time.time(),
                len(new_ids),
                has_more,
                _pack_ids(known),
                _pack_ids(new_ids),
                watch.gallery,
            ),
        )


class WatchChecks:
    """Checks watched galleries for new images in a background thread, one check at a time.

    errors: why galleries could not be checked in the last check, by gallery. error: why the last
    check ended early, None if it did not.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun_at: float | None = None  # by `time.monotonic`
        self.is_running = False
        self.errors: dict[str, CivitaiShortcutError] = {}
        self.error: CivitaiShortcutError | None = None

    def start(self, client: Client, is_requested: bool) -> None:
        """Start a check. Do nothing if one is running. Raises DiskError.

        is_requested: whether the user has requested a check of all galleries. Otherwise, the check
        starts only if it is due, and leaves out galleries that were checked in the last day (in the
        server's first check: in the last hour).
        """
        with self._lock:
            begun_at = self._begun_at
            is_due = is_requested or begun_at is None
            if begun_at is not None and setting.watch_daily:
                is_due = is_due or time.monotonic() - begun_at >= _HOUR
            if self.is_running or not is_due:
                return
            pause = 0.0 if is_requested else _HOUR if begun_at is None else _DAY
            now = time.time()
            # If the clock was set back, the last check seems to be in the future.
            due = [one for one in list_watches() if abs(now - one.checked_at) >= pause]
            self._begun_at, self.is_running = time.monotonic(), bool(due)
        if due:
            arguments = (client, due)
            threading.Thread(target=self._run, args=arguments, name="watched", daemon=True).start()

    def _run(self, client: Client, due: list[Watch]) -> None:
        errors: dict[str, CivitaiShortcutError] = {}
        ending: CivitaiShortcutError | None = None
        try:
            for one in due:
                try:
                    check_watch(client, one)
                except (NetworkError, ServerError, DiskError) as error:
                    ending = error
                    break  # the other checks would fail too
                except CivitaiShortcutError as error:
                    errors[one.gallery] = error
        finally:
            self.errors, self.error, self.is_running = errors, ending, False


def record_visit(query: ImageQuery, page: Page) -> None:
    """Record that the user opened the first page of a gallery, if the gallery is watched.

    If the page shows the newest images first, the number of new images becomes 0. The images stay
    marked as new for the next hour.
    """
    gallery = _find_gallery(query)
    columns = f"SELECT {', '.join(_VISIT_COLUMNS)} FROM watched WHERE gallery = ?"
    if not select_rows_or_empty(columns, (gallery,)):
        return
    with log_disk_errors("library"), writing() as db:
        for values in select_rows(columns, (gallery,)):
            row = _row_after_visit(dict(zip(_VISIT_COLUMNS, values)), query, page)
            changes = ", ".join(f"{name} = :{name}" for name in row)
            sql = f"UPDATE watched SET {changes} WHERE gallery = :gallery"
            db.execute(sql, {**row, "gallery": gallery})


def _row_after_visit(row: dict[str, Any], query: ImageQuery, page: Page) -> dict[str, Any]:
    """Return a watched gallery's row, {column: value}, after a visit to its first page."""
    known, fresh_ids, news = (_unpack_ids(row[name]) for name in _ID_LISTS)
    now, newest = time.time(), max([row["newest"], *page.ids])
    after = {**row, "level": query.level, "newest": newest, "visited_at": now}
    if abs(now - row["visited_at"]) > _SAME_VISIT:
        after["since"], news = row["seen"], []
    is_whole = query.period == "AllTime" or page.next_cursor is not None  # else older ones are new
    if _shows_newest(query) and is_whole:
        shown = [image.id for image in page.images]
        if query.level & ~row["level"]:  # images of the added ratings are not known
            known = []
        news = _merge_ids(_find_late_ids(shown, known), news)
        known = _merge_ids(shown, _merge_ids(fresh_ids, known))
        after |= {"seen": newest, "fresh": 0, "is_more": 0}
    lists = (known, fresh_ids if after["fresh"] else [], _merge_ids(fresh_ids, news))
    return after | {name: _pack_ids(ids) for name, ids in zip(_ID_LISTS, lists)}


def _find_late_ids(ids: list[int], known: list[int]) -> list[int]:
    """Return the ids on a page that are not known and stand before a known id."""
    seen = set(known)
    last = max((at for at, image_id in enumerate(ids) if image_id in seen), default=0)
    return [image_id for image_id in ids[:last] if image_id not in seen]


def _merge_ids(first: list[int], then: list[int]) -> list[int]:
    return list(dict.fromkeys([*first, *then]))[:_MAX_KNOWN]


def _pack_ids(ids: list[int]) -> bytes | None:
    return zlib.compress(json.dumps(ids).encode()) if ids else None


def _unpack_ids(data: object) -> list[int]:
    try:
        ids = parse_json_or_none(zlib.decompress(data) if isinstance(data, bytes) else None)
    except zlib.error:
        return []
    return [i for i in as_list(ids) if type(i) is int]


def has_new_images(query: ImageQuery) -> bool:
    """Return whether a gallery has new images that the user has not seen; False if not watched."""
    sql = "SELECT 1 FROM watched WHERE gallery = ? AND fresh > 0"
    return bool(select_rows_or_empty(sql, (_find_gallery(query),)))


def find_new_images(query: ImageQuery, image_ids: Iterable[int]) -> set[int]:
    """Return those of the given image ids that are new since the user's last visit of a gallery.

    If the version's gallery is not watched, its model's counts, then the author's. No image is new
    if none of them is watched.
    """
    for gallery in _gallery_names(query):
        sql = "SELECT since, news FROM watched WHERE gallery = ?"
        for since, packed in select_rows_or_empty(sql, (gallery,)):
            news = set(_unpack_ids(packed))
            return {i for i in image_ids if i in news or i > since > 0}
    return set()


def _gallery_names(query: ImageQuery) -> tuple[str, ...]:
    query = replace(query, tag_id=None)  # a filter of the gallery
    is_watchable = query.post_id is None and not query.images
    return list_gallery_names(query) if is_watchable else ()


def _find_gallery(query: ImageQuery) -> str:
    return next(iter(_gallery_names(query)), "")


def _shows_newest(query: ImageQuery) -> bool:
    is_by_age = query.sort == "Newest" or query.ignores_sort
    return is_by_age and not (query.type or query.with_meta or query.base_models or query.tag_id)


def _watch_query(watch: Watch) -> ImageQuery:
    kind, _, value = watch.gallery.partition(" ")
    if kind == "user":
        return ImageQuery(username=value, level=watch.level)
    version_id = as_id(value) if kind == "version" else None
    return ImageQuery(model_id=watch.model_id, version_id=version_id, level=watch.level)
