"""Galleries that the user watches: what is new in them is counted, and marked when one looks."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from ..civitai import ImageQuery, Page
from ..errors import InputError
from ..ground import logged, one_line
from .pages import galleries_of, read_anew
from .store import finish, rows, rows_or_none, writing

__all__ = ["Watched", "check", "has_news", "leave", "listed", "new_above", "visit", "watch"]

_MOST = 100  # galleries: each is a request at each start
_MOST_NAME = 200  # letters
_PAGE = 200  # pictures that a check reads, and the most that it counts
_SAME_VISIT = 3600.0  # seconds: who comes back sooner still sees what was new when he came
_PATIENCE = 2.0  # seconds for what was just read to be written
_VISITED = (
    "newest = max(newest, :newest), level = :level, visited_at = :now,"
    " since = CASE WHEN abs(:now - visited_at) > :same THEN seen ELSE since END"
)
_SEEN = "seen = max(newest, :newest), fresh = 0, is_more = 0"


@dataclass(frozen=True)
class Watched:
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


def listed() -> list[Watched]:
    """Those with the most news first, then by name. Raises DiskError."""
    sql = (
        "SELECT gallery, name, model_id, level, checked_at, fresh, is_more FROM watched"
        " ORDER BY fresh DESC, name, gallery"
    )
    return [Watched(*values[:-1], bool(values[-1])) for values in rows(sql)]


def watch(query: ImageQuery, name: str) -> None:
    """What was read of it so far is not new; nor, where its newest pictures were not looked at, is
    what the first check finds. Raises InputError, DiskError."""
    gallery = _watchable(query)
    finish(_PATIENCE)
    with writing() as db:
        (count,) = db.execute("SELECT count(*) FROM watched").fetchone()
        if count >= _MOST:
            said = f"{_MOST} galleries are watched: stop watching one of them first."
            raise InputError(said, "watch_too_many", n=_MOST)
        latest = db.execute("SELECT max(id) FROM seen WHERE gallery = ?", (gallery,))
        newest = latest.fetchone()[0] or 0 if _shows_newest(query) else 0
        sql = (
            "INSERT OR IGNORE INTO watched VALUES"
            " (:gallery, :name, :model_id, :level, :newest, :newest, :newest, :now, 0, 0, 0)"
        )
        values = {"gallery": gallery, "newest": newest}
        values["name"] = one_line(name, _MOST_NAME) or gallery
        of_query = {"model_id": query.model_id, "level": query.level}
        db.execute(sql, {**values, **of_query, "now": time.time()})


def leave(gallery: str) -> None:
    """Raises DiskError."""
    with writing() as db:
        db.execute("DELETE FROM watched WHERE gallery = ?", (one_line(gallery),))


def check(client: Any, one: Watched) -> None:
    """Count what is new, with one request. Raises what the client raises, DiskError."""
    page = read_anew(client, _query_of(one), None, _PAGE).page
    ids, newest = {image.id for image in page.images}, max(page.ids, default=0)
    with writing() as db:
        found = db.execute("SELECT seen FROM watched WHERE gallery = ?", (one.gallery,)).fetchone()
        if found is None:  # left meanwhile
            return
        seen = found[0] or newest  # of what was never looked at nothing is new
        fresh = sum(image_id > seen for image_id in ids)
        is_more = fresh == len(ids) > 0 and page.next_cursor is not None
        db.execute(
            "UPDATE watched SET seen = ?, newest = max(newest, ?), checked_at = ?, fresh = ?,"
            " is_more = ? WHERE gallery = ?",
            (seen, newest, time.time(), fresh, is_more, one.gallery),
        )


def visit(query: ImageQuery, page: Page) -> None:
    """The user looks at its first page: what was new at the visit before is not new any more, and
    what is new now is seen, if it is what the page shows."""
    values = {"newest": max(page.ids, default=0), "level": query.level}
    values |= {"now": time.time(), "same": _SAME_VISIT}
    changes = f"{_VISITED}, {_SEEN}" if _shows_newest(query) else _VISITED
    for gallery in _names(query)[:1]:
        if not rows_or_none("SELECT 1 FROM watched WHERE gallery = ?", (gallery,)):
            continue
        with logged("library"), writing() as db:
            sql = f"UPDATE watched SET {changes} WHERE gallery = :gallery"
            db.execute(sql, {**values, "gallery": gallery})


def has_news(query: ImageQuery) -> bool:
    """Whether the last check found pictures that nobody has looked at since."""
    sql = "SELECT 1 FROM watched WHERE gallery = ? AND fresh > 0"
    return any(rows_or_none(sql, (gallery,)) for gallery in _names(query)[:1])


def new_above(query: ImageQuery) -> int | None:
    """Pictures with larger ids are new since the last visit; None where nobody watches."""
    for gallery in _names(query):
        sql = "SELECT since FROM watched WHERE gallery = ?"
        for (since,) in rows_or_none(sql, (gallery,)):
            return since or None
    return None


def _names(query: ImageQuery) -> tuple[str, ...]:
    return galleries_of(query) if query.post_id is None else ()


def _shows_newest(query: ImageQuery) -> bool:
    """Whether all that is new stands on its first page."""
    is_by_age = query.sort == "Newest" or query.drops_sort
    return is_by_age and not (query.type or query.with_meta or query.base_models)


def _watchable(query: ImageQuery) -> str:
    names = _names(query)
    if not names:
        said = "A model, a version or an author can be watched, and nothing else."
        raise InputError(said, "watch_what")
    return names[0]


def _query_of(one: Watched) -> ImageQuery:
    kind, _, value = one.gallery.partition(" ")
    if kind == "user":
        return ImageQuery(username=value, level=one.level)
    version = int(value) if kind == "version" else None
    return ImageQuery(model_id=one.model_id, version_id=version, level=one.level)
