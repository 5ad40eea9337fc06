"""GET /api/v1/images: the two query paths, each with its own cursors and fields.

The database answers `imageId`, and `modelId` without `modelVersionId`; the search index answers
all other queries. Their cursors, orders and times differ as on Civitai.
"""

from __future__ import annotations

import functools
import re
from typing import Any, NamedTuple

from .checks import Params, ErrorResponse
from .gallery import list_demo_images, list_gallery, find_demo_model, MODELS, NOW, PEOPLE, DemoImage
from .records import make_record, get_tag_id

__all__ = ["BASE_MODELS", "PERIODS", "list_images"]

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
    """The parameters of a request for images. None: the parameter is absent.

    levels: a mask of browsing levels.
    """

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


def list_images(params: Params, server_url: str) -> dict[str, Any]:
    """Return the JSON for the API's `/images`: one page of images.

    Raises ErrorResponse for invalid parameters.
    """
    limit = params.read_integer("limit", 0, 200)
    limit = 100 if limit is None else limit
    page, cursor = params.read_integer("page", 1), params.read_string("cursor") or None
    query = _parse_query(params)
    with_meta, flat = bool(params.read_flag("withMeta")), params.read_flag("flatMeta")
    tags = bool(params.read_flag("withTags"))
    params.raise_issues()
    if page and page * limit > 1000:
        raise ErrorResponse(429, {"error": _TOO_MANY})
    if query.by_database:
        images, next_cursor = _list_by_id(query, limit, cursor, page)
    else:
        images, next_cursor = _list_by_offset(query, limit, cursor)
    flat = not query.by_database if flat is None else flat
    items = [
        make_record(image, server_url, not query.by_database, with_meta, flat, tags)
        for image in images
    ]
    metadata: dict[str, Any] = {}
    if page and not cursor:
        metadata = {"currentPage": page, "pageSize": limit}
    if next_cursor:
        metadata["nextCursor"] = next_cursor
        url = f"{server_url}/api/v1/images"
        metadata["nextPage"] = params.make_next_url(url, next_cursor, page if not cursor else None)
    return {"items": items, "metadata": metadata}


def _parse_query(params: Params) -> _Query:
    levels = params.read_integer("browsingLevel")
    nsfw = params.read_choice("nsfw", tuple(_NSFW))
    if levels is None:
        levels = _NSFW.get(nsfw or "None", 1)
    return _Query(
        params.read_integer("modelId"),
        params.read_integer("modelVersionId"),
        params.read_integer("postId"),
        params.read_integer("imageId"),
        params.read_integer("userId"),
        params.read_username(),
        params.read_choice("sort", _SORTS) or "Most Reactions",
        params.read_choice("period", tuple(PERIODS)) or "AllTime",
        levels & 31 or 1,
        params.read_choice("type", ("image", "video", "audio")),
        tuple(params.read_integers("tags")),
        tuple(params.read_choices("baseModels", BASE_MODELS, ",")),
    )


def _list_by_id(
    query: _Query, limit: int, cursor: str | None, page: int | None
) -> tuple[list[DemoImage], str | None]:
    """Return (images of a page sorted by id, cursor of the next page or None).

    The next page's cursor is the id of the first image after this page. cursor: that of this page,
    None for the first page or a page by number. page: this page's number from 1, ignored if there
    is a cursor. Raises ErrorResponse for an invalid parameter or cursor.
    """
    if query.sort == "Random":
        raise ErrorResponse.bad_request("Random sort requires a collectionId")
    if query.username and query.username not in PEOPLE:
        raise ErrorResponse(404, {"error": "User not found"})
    images: tuple[DemoImage, ...] = _filter_images(query)
    oldest = query.sort == "Oldest"
    if not oldest:
        images = images[::-1]
    if cursor:
        at = _parse_id_cursor(cursor)
        # Civitai loses the cursor's own image when ids descend; clients must cope with that.
        images = tuple(image for image in images if (image.id >= at if oldest else image.id < at))
    elif page:
        images = images[(page - 1) * limit :]
    next_cursor = str(images[limit].id) if limit and len(images) > limit else None
    return list(images[:limit]), next_cursor


def _parse_id_cursor(cursor: str) -> int:
    parts = cursor.split("|")
    if len(parts) > 1:
        message = f"Invalid cursor: expected 1 value(s) for this sort, received {len(parts)}"
        raise ErrorResponse.bad_request(message)
    if not re.fullmatch(r"\d{1,18}", cursor):
        raise ErrorResponse.bad_request("Invalid cursor: not a number")
    return int(cursor)


def _list_by_offset(
    query: _Query, limit: int, cursor: str | None
) -> tuple[list[DemoImage], str | None]:
    """Return (images of a page in the order of the sort, cursor of the next page or None).

    The cursor is `offset|time`: the number of images before the page, and a fixed time. An invalid
    cursor gives the first page.
    """
    found = re.match(r"(\d{1,9})(?:\|(\d{1,15}))?", cursor or "")
    start, epoch = (int(found[1]), found[2] or NOW) if found else (0, NOW)
    images = _sort_images(query)
    end = start + limit
    return list(images[start:end]), f"{end}|{epoch}" if limit and end < len(images) else None


@functools.lru_cache(maxsize=32)
def _sort_images(query: _Query) -> tuple[DemoImage, ...]:
    images = _filter_images(query)
    if query.sort == "Oldest":
        return tuple(sorted(images, key=lambda image: image.sorted_at))
    newest = sorted(images, key=lambda image: image.sorted_at, reverse=True)
    if query.sort == "Most Reactions":
        newest.sort(key=lambda image: image.reactions, reverse=True)
    elif query.sort == "Most Comments":
        newest.sort(key=lambda image: image.comments, reverse=True)
    elif query.sort == "Most Collected":
        newest.sort(key=lambda image: image.collected, reverse=True)
    return tuple(newest)


@functools.lru_cache(maxsize=32)
def _filter_images(query: _Query) -> tuple[DemoImage, ...]:
    """Return the images and videos that match a query, lowest id first."""
    images: tuple[DemoImage, ...] = list_demo_images()
    if query.model_id and not query.version_id:
        model = find_demo_model(query.model_id)
        images = list_gallery(model) if model else ()
    since = NOW - 86_400_000 * PERIODS[query.period]
    return tuple(image for image in images if image.uploaded >= since and _matches(query, image))


def _matches(query: _Query, image: DemoImage) -> bool:
    return bool(
        image.level & query.levels
        and query.version_id in (None, image.version.id)
        and query.post_id in (None, image.post_id)
        and query.image_id in (None, image.id)
        and query.user_id is None
        and query.username in (None, "", image.username)
        and query.type in (None, image.type)
        and (not query.tags or get_tag_id(image) in query.tags)
        and (not query.base_models or image.version.base_model in query.base_models)
    )
