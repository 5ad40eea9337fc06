"""GET /api/v1/images: the two query paths, each with its own cursors and shapes.

`imageId`, or `modelId` without `modelVersionId`, is answered by the database, all else by the
search index. They disagree as the real ones do.
"""

from __future__ import annotations

import functools
import re
from typing import Any, NamedTuple

from .checks import Params, Refusal
from .gallery import everything, gallery, model_of, MODELS, NOW, PEOPLE, Row
from .records import record, tag_id

__all__ = ["BASE_MODELS", "PERIODS", "images"]

_SORTS = ("Most Reactions", "Most Comments", "Most Collected", "Newest", "Oldest", "Random")
PERIODS = {"AllTime": 100_000, "Year": 365, "Month": 30, "Week": 7, "Day": 1}  # days
_NSFW = {"None": 1, "false": 1, "Soft": 3, "Mature": 7, "X": 31, "true": 28, "Blocked": 1}
BASE_MODELS = tuple(
    sorted(
        {v.base_model for m in MODELS for v in m.versions} | {"SD 2.1", "SDXL Lightning", "Other"}
    )
)
_TOO_MANY = "You've requested too many pages, please use cursors instead"


class _Query(NamedTuple):
    """What was asked for, checked. levels: a mask. None is "not asked"."""

    model_id: int | None
    version_id: int | None
    post_id: int | None
    image_id: int | None
    user_id: int | None
    username: str | None
    sort: str
    period: str
    levels: int
    type: str | None
    tags: tuple[int, ...]
    base_models: tuple[str, ...]

    @property
    def by_database(self) -> bool:
        return bool(self.image_id or self.model_id and not self.version_id)


def images(params: Params, base: str) -> dict[str, Any]:
    """The answer's body. Raises Refusal."""
    limit = params.number("limit", 0, 200)
    limit = 100 if limit is None else limit
    page, cursor = params.number("page", 1), params.text("cursor") or None
    query = _read(params)
    with_meta, flat = bool(params.flag("withMeta")), params.flag("flatMeta")
    tags = bool(params.flag("withTags"))
    params.check()
    if page and page * limit > 1000:
        raise Refusal(429, {"error": _TOO_MANY})
    if query.by_database:
        rows, following = _by_database(query, limit, cursor, page)
    else:
        rows, following = _by_index(query, limit, cursor)
    flat = not query.by_database if flat is None else flat
    items = [record(row, base, not query.by_database, with_meta, flat, tags) for row in rows]
    metadata: dict[str, Any] = {}
    if page and not cursor:
        metadata = {"currentPage": page, "pageSize": limit}
    if following:
        metadata["nextCursor"] = following
        address = f"{base}/api/v1/images"
        metadata["nextPage"] = params.next_page(address, following, page if not cursor else None)
    return {"items": items, "metadata": metadata}


def _read(params: Params) -> _Query:
    levels = params.number("browsingLevel")
    named = params.choice("nsfw", tuple(_NSFW))
    if levels is None:
        levels = _NSFW.get(named or "None", 1)
    return _Query(
        params.number("modelId"),
        params.number("modelVersionId"),
        params.number("postId"),
        params.number("imageId"),
        params.number("userId"),
        params.username(),
        params.choice("sort", _SORTS) or "Most Reactions",
        params.choice("period", tuple(PERIODS)) or "AllTime",
        levels & 31 or 1,
        params.choice("type", ("image", "video", "audio")),
        tuple(params.numbers("tags")),
        tuple(params.choices("baseModels", BASE_MODELS, ",")),
    )


def _by_database(
    query: _Query, limit: int, cursor: str | None, page: int | None
) -> tuple[list[Row], str | None]:
    """Newest or oldest by id, whatever the sort says.

    The cursor is the first row that was not shown, but going down it is exclusive: that row is
    never shown. So does the real one.
    """
    if query.sort == "Random":
        raise Refusal.bad_request("Random sort requires a collectionId")
    if query.username and query.username not in PEOPLE:
        raise Refusal(404, {"error": "User not found"})
    rows: tuple[Row, ...] = _matching(query)
    oldest = query.sort == "Oldest"
    if not oldest:
        rows = rows[::-1]
    if cursor:
        at = _database_cursor(cursor)
        rows = tuple(row for row in rows if (row.id >= at if oldest else row.id < at))
    elif page:
        rows = rows[(page - 1) * limit :]
    following = str(rows[limit].id) if limit and len(rows) > limit else None
    return list(rows[:limit]), following


def _database_cursor(cursor: str) -> int:
    parts = cursor.split("|")
    if len(parts) > 1:
        message = f"Invalid cursor: expected 1 value(s) for this sort, received {len(parts)}"
        raise Refusal.bad_request(message)
    if not re.fullmatch(r"\d{1,18}", cursor):
        raise Refusal.bad_request("Invalid cursor: not a number")
    return int(cursor)


def _by_index(query: _Query, limit: int, cursor: str | None) -> tuple[list[Row], str | None]:
    """`offset|epoch` cursors; only the offset counts, and nonsense is the first page."""
    found = re.match(r"(\d{1,9})(?:\|(\d{1,15}))?", cursor or "")
    start, epoch = (int(found[1]), found[2] or NOW) if found else (0, NOW)
    rows = _sorted(query)
    end = start + limit
    return list(rows[start:end]), f"{end}|{epoch}" if limit and end < len(rows) else None


@functools.lru_cache(maxsize=32)
def _sorted(query: _Query) -> tuple[Row, ...]:
    rows = _matching(query)
    if query.sort == "Oldest":
        return tuple(sorted(rows, key=lambda row: row.sorted_at))
    newest = sorted(rows, key=lambda row: row.sorted_at, reverse=True)
    if query.sort == "Most Reactions":
        newest.sort(key=lambda row: row.reactions, reverse=True)
    elif query.sort == "Most Comments":
        newest.sort(key=lambda row: row.comments, reverse=True)
    elif query.sort == "Most Collected":
        newest.sort(key=lambda row: row.collected, reverse=True)
    return tuple(newest)


@functools.lru_cache(maxsize=32)
def _matching(query: _Query) -> tuple[Row, ...]:
    """Lowest id first."""
    rows: tuple[Row, ...] = everything()
    if query.model_id and not query.version_id:
        model = model_of(query.model_id)
        rows = gallery(model) if model else ()
    since = NOW - 86_400_000 * PERIODS[query.period]
    return tuple(row for row in rows if row.uploaded >= since and _matches(query, row))


def _matches(query: _Query, row: Row) -> bool:
    return bool(
        row.level & query.levels
        and query.version_id in (None, row.version.id)
        and query.post_id in (None, row.post_id)
        and query.image_id in (None, row.id)
        and query.user_id is None
        and query.username in (None, "", row.username)
        and query.type in (None, row.type)
        and (not query.tags or tag_id(row) in query.tags)
        and (not query.base_models or row.version.base_model in query.base_models)
    )
