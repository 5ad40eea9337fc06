"""Galleries that the user watches: what is new in them is counted, and marked when one looks."""

from __future__ import annotations

import json
import time
import zlib
from dataclasses import dataclass
from typing import Any

from ..civitai import ImageQuery, Page
from ..core import clean_line, log_disk_errors
from ..errors import InputError
from .pages import fetch_page, gallery_names, load_stored_page
from .store import select_rows, select_rows_or_empty, wait_for_writes, writing

__all__ = [
    "NewImages",
    "Watch",
    "check_watch",
    "has_news",
    "unwatch",
    "list_watches",
    "find_new_images",
    "record_visit",
    "watch",
]

_MOST = 100  # galleries: each is a request at each start
_MOST_NAME = 200  # letters
_PAGE = 200  # pictures that a check reads, and the most that it counts
_SAME_VISIT = 3600.0  # seconds: who comes back sooner still sees what was new when he came
_PATIENCE = 2.0  # seconds for what was just read to be written
_USUAL_PAGE = 100  # images of a page as the page asks for it
_MOST_KNOWN = 1000  # ids of what was seen that are kept of a gallery: a few kB


@dataclass(frozen=True)
class Watch:
    """gallery: "model 5", "version 7" or "user anna". model_id: of a version, too. level: mask
    that it was looked at with. checked_at: 0 is never. fresh: pictures since the last visit, at
    the last check; is_more: or more than that."""

    gallery: str
    name: str
    model_id: int | None
    level: int
    checked_at: float
    fresh: int
    is_more: bool


def list_watches() -> list[Watch]:
    """Those with the most news first, then by name. Raises DiskError."""
    sql = (
        "SELECT gallery, name, model_id, level, checked_at, fresh, is_more FROM watched"
        " ORDER BY fresh DESC, name, gallery"
    )
    return [Watch(*values[:-1], bool(values[-1])) for values in select_rows(sql)]


def watch(query: ImageQuery, name: str) -> None:
    """What was read of it so far is not new; nor, where its newest pictures were not looked at, is
    what the first check finds. Raises InputError, DiskError."""
    gallery = _watchable_gallery(query)
    wait_for_writes(_PATIENCE)
    kept = load_stored_page(query, None, _USUAL_PAGE) if _shows_newest(query) else None
    looked_at = [image.id for image in kept.page.images] if kept is not None else []
    with writing() as db:
        (count,) = db.execute("SELECT count(*) FROM watched").fetchone()
        if count >= _MOST:
            said = f"{_MOST} galleries are watched: stop watching one of them first."
            raise InputError(said, "watch_too_many", n=_MOST)
        latest = db.execute("SELECT max(id) FROM seen WHERE gallery = ?", (gallery,))
        newest = latest.fetchone()[0] or 0 if _shows_newest(query) else 0
        sql = (
            "INSERT OR IGNORE INTO watched VALUES (:gallery, :name, :model_id, :level, :newest,"
            " :newest, :newest, :now, 0, 0, 0, :known, NULL, NULL)"
        )
        values = {"gallery": gallery, "newest": newest, "known": _pack_ids(looked_at)}
        values["name"] = clean_line(name, _MOST_NAME) or gallery
        of_query = {"model_id": query.model_id, "level": query.level}
        db.execute(sql, {**values, **of_query, "now": time.time()})


def unwatch(gallery: str) -> None:
    """Raises DiskError."""
    with writing() as db:
        db.execute("DELETE FROM watched WHERE gallery = ?", (clean_line(gallery),))


def check_watch(client: Any, one: Watch) -> None:
    """Count what is new, with one request. Raises what the client raises, DiskError."""
    page = fetch_page(client, _watch_query(one), None, _PAGE).page
    ids, newest = list(dict.fromkeys(i.id for i in page.images)), max(page.ids, default=0)
    with writing() as db:
        sql = "SELECT seen, known FROM watched WHERE gallery = ?"
        found = db.execute(sql, (one.gallery,)).fetchone()
        if found is None:  # left meanwhile
            return
        seen, known = found[0] or newest, _unpack_ids(found[1])
        late = set(_late_ids(ids, known))
        fresh = [i for i in ids if i > seen or i in late]
        is_more = len(fresh) == len(ids) > 0 and page.next_cursor is not None
        known = _merge_ids([i for i in ids if i not in fresh], known)
        db.execute(
            "UPDATE watched SET seen = ?, newest = max(newest, ?), checked_at = ?, fresh = ?,"
            " is_more = ?, known = ?, fresh_ids = ? WHERE gallery = ?",
            (
                seen,
                newest,
                time.time(),
                len(fresh),
                is_more,
                _pack_ids(known),
                _pack_ids(fresh),
                one.gallery,
            ),
        )


def record_visit(query: ImageQuery, page: Page) -> None:
    """The user looks at its first page: what was new at the visit before is not new any more, and
    what is new now is seen, if it is what the page shows."""
    for gallery in _gallery_names(query)[:1]:
        if not select_rows_or_empty("SELECT 1 FROM watched WHERE gallery = ?", (gallery,)):
            continue
        with log_disk_errors("library"), writing() as db:
            sql = (
                "SELECT level, since, seen, newest, visited_at, fresh, is_more, known, fresh_ids,"
                " news FROM watched WHERE gallery = ?"
            )
            found = db.execute(sql, (gallery,)).fetchone()
            if found is not None:
                values = _visit_values(query, page, *found)
                changes = ", ".join(f"{name} = :{name}" for name in values)
                sql = f"UPDATE watched SET {changes} WHERE gallery = :gallery"
                db.execute(sql, {**values, "gallery": gallery})


def _visit_values(
    query: ImageQuery,
    page: Page,
    level: int,
    since: int,
    seen: int,
    newest: int,
    visited_at: float,
    fresh: int,
    is_more: int,
    *lists: bytes | None,
) -> dict[str, object]:
    """Return what a watched gallery's row becomes by this look at its first page."""
    known, fresh_ids, news = map(_unpack_ids, lists)
    now, newest = time.time(), max([newest, *page.ids])
    if abs(now - visited_at) > _SAME_VISIT:
        since, news = seen, []
    if _shows_newest(query):
        shown = [image.id for image in page.images]
        if query.level & ~level:  # of the ratings that come with it nothing was known
            known = []
        news = _merge_ids(_late_ids(shown, known), news)
        known = _merge_ids(shown, _merge_ids(fresh_ids, known))
        seen, fresh, is_more = newest, 0, 0
    news = _merge_ids(fresh_ids, news)
    return {
        "level": query.level,
        "since": since,
        "seen": seen,
        "newest": newest,
        "visited_at": now,
        "fresh": fresh,
        "is_more": is_more,
        "known": _pack_ids(known),
        "fresh_ids": _pack_ids(fresh_ids if fresh else []),
        "news": _pack_ids(news),
    }


def _late_ids(ids: list[int], known: list[int]) -> list[int]:
    """Return the ids of a page that are new among what was seen: published late, so that others
    which were seen before stand behind them."""
    seen = set(known)
    last = max((at for at, image_id in enumerate(ids) if image_id in seen), default=0)
    return [image_id for image_id in ids[:last] if image_id not in seen]


def _merge_ids(first: list[int], then: list[int]) -> list[int]:
    return list(dict.fromkeys([*first, *then]))[:_MOST_KNOWN]


def _pack_ids(ids: list[int]) -> bytes | None:
    return zlib.compress(json.dumps(ids).encode()) if ids else None


def _unpack_ids(data: object) -> list[int]:
    """Nothing of a damaged list: then nothing is known, and ids alone tell what is new."""
    try:
        ids = json.loads(zlib.decompress(data)) if isinstance(data, bytes) else []
    except (zlib.error, ValueError, RecursionError):
        return []
    return [i for i in ids if type(i) is int] if isinstance(ids, list) else []


def has_news(query: ImageQuery) -> bool:
    """Whether the last check found pictures that nobody has looked at since."""
    sql = "SELECT 1 FROM watched WHERE gallery = ? AND fresh > 0"
    return any(select_rows_or_empty(sql, (gallery,)) for gallery in _gallery_names(query)[:1])


@dataclass(frozen=True)
class NewImages:
    """The images that are new since the last visit: `image_id in news`.

    since: larger ids are new, whatever page they stand on; 0 is unknown.
    """

    since: int = 0
    ids: frozenset[int] = frozenset()

    def __contains__(self, image_id: object) -> bool:
        return image_id in self.ids or isinstance(image_id, int) and image_id > self.since > 0


def find_new_images(query: ImageQuery) -> NewImages:
    """Return what is new in a gallery; nothing where nobody watches."""
    for gallery in _gallery_names(query):
        sql = "SELECT since, news FROM watched WHERE gallery = ?"
        for since, news in select_rows_or_empty(sql, (gallery,)):
            return NewImages(since, frozenset(_unpack_ids(news)))
    return NewImages()


def _gallery_names(query: ImageQuery) -> tuple[str, ...]:
    return gallery_names(query) if query.post_id is None else ()


def _shows_newest(query: ImageQuery) -> bool:
    """Whether all that is new stands on its first page."""
    is_by_age = query.sort == "Newest" or query.drops_sort
    return is_by_age and not (query.type or query.with_meta or query.base_models)


def _watchable_gallery(query: ImageQuery) -> str:
    names = _gallery_names(query)
    if not names:
        said = "A model, a version or an author can be watched, and nothing else."
        raise InputError(said, "watch_what")
    return names[0]


def _watch_query(one: Watch) -> ImageQuery:
    kind, _, value = one.gallery.partition(" ")
    if kind == "user":
        return ImageQuery(username=value, level=one.level)
    version = int(value) if kind == "version" else None
    return ImageQuery(model_id=one.model_id, version_id=version, level=one.level)
