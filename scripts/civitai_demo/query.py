"""GET /api/v1/images: the two query paths, each with its own cursors and fields.

The database answers `imageId`, `ids`, and `modelId` without `modelVersionId`; the search index
answers all other queries. Their cursors and orders differ as on Civitai.
"""

from __future__ import annotations

import functools
import re
from typing import Any, NamedTuple

from .gallery import (
    DemoImage,
    find_demo_image,
    find_demo_model,
    format_time,
    list_demo_images,
    list_gallery,
    list_post,
    NOW,
)
from .params import ErrorResponse, Params, parse_id
from .records import list_tags, make_record

__all__ = ["describe_post", "list_images"]

_PERIODS = {"Year": 365, "Month": 30, "Week": 7, "Day": 1}  # days
_DAY = 86_400_000  # milliseconds
_SORT_KEYS = {"Most Reactions": "reactions", "Most Comments": "comments"}
_SORT_KEYS |= {"Most Collected": "collected"}


class _Query(NamedTuple):
    """The filters and the order of a request for images; None or "" is no filter.

    levels: a mask of browsing levels.
    """

    model_id: int | None
    version_id: int | None
    post_id: int | None
    image_id: int | None
    ids: str
    username: str
    sort: str
    period: str
    levels: int
    type: str
    base_models: str
    tags: str

    @property
    def by_database(self) -> bool:
        return bool(self.image_id or self.ids or self.model_id and not self.version_id)


def list_images(params: Params, server_url: str) -> dict[str, Any]:
    """Return the JSON for the API's `/images`: one page of the images that match the parameters.

    Raises ErrorResponse for an invalid cursor, and for tags that are not numbers.
    """
    query, cursor = _parse_query(params), params.get_string("cursor")
    limit = min(params.get_integer("limit") or 100, 200)
    if query.by_database:
        images, next_cursor = _list_by_id(query, limit, cursor)
    else:
        images, next_cursor = _list_by_offset(query, limit, cursor)
    items = [make_record(image, server_url) for image in images]
    if params.get_string("withTags") == "true":
        items = [{**item, "tags": list_tags(image)} for item, image in zip(items, images)]
    return {"items": items, "metadata": {"nextCursor": next_cursor} if next_cursor else {}}


def describe_post(text: str, server_url: str) -> dict[str, Any]:
    """Return the JSON for `/posts/<id>`, the images without generation data.

    text: the id in the URL. Raises ErrorResponse for an unknown id.
    """
    images = list_post(parse_id(text))
    if not images:
        raise ErrorResponse(404, "Post not found")
    first = images[0]
    return {
        "id": first.post_id,
        "title": f"Series {first.post_id % 1000}",
        "detail": f"<p>One after another, made with <b>{first.model.name}</b>.</p>",
        "nsfwLevel": max(image.level for image in images),
        "publishedAt": format_time(first.uploaded),
        "modelVersionId": first.version.id,
        "user": {"id": 1, "username": first.username},
        "tags": [],
        "images": [{**make_record(image, server_url), "meta": None} for image in images[:100]],
    }


def _parse_query(params: Params) -> _Query:
    tags = params.get_string("tags")
    if not re.fullmatch("[0-9,]*", tags):
        raise ErrorResponse(400, "Invalid tags: not a number")
    return _Query(
        model_id=params.get_integer("modelId"),
        version_id=params.get_integer("modelVersionId"),
        post_id=params.get_integer("postId"),
        image_id=params.get_integer("imageId"),
        ids=params.get_string("ids"),
        username=params.get_string("username"),
        sort=params.get_string("sort") or "Most Reactions",
        period=params.get_string("period"),
        levels=params.get_integer("browsingLevel") or 1,
        type=params.get_string("type"),
        base_models=params.get_string("baseModels"),
        tags=tags,
    )


def _list_by_id(query: _Query, limit: int, cursor: str) -> tuple[tuple[DemoImage, ...], str | None]:
    """Return (images of one page, cursor of the next page or None).

    The images are sorted by id, highest id first unless the sort order is "Oldest". cursor: id of
    the page's first image, "" for the first page. Raises ErrorResponse for an invalid cursor.
    """
    is_oldest = query.sort == "Oldest"
    images = _filter_images(query)[:: 1 if is_oldest else -1]
    if cursor:
        if not re.fullmatch(r"[0-9]{1,18}", cursor):
            raise ErrorResponse(400, "Invalid cursor: not a number")
        at = int(cursor)
        # Civitai loses the cursor's own image when ids descend; clients must cope with that.
        images = tuple(i for i in images if (i.id >= at if is_oldest else i.id < at))
    return images[:limit], str(images[limit].id) if len(images) > limit else None


def _list_by_offset(
    query: _Query, limit: int, cursor: str
) -> tuple[tuple[DemoImage, ...], str | None]:
    """Return (images of one page, sorted by `query.sort`; cursor of the next page or None).

    cursor: of this page, `<number of images before the page>|<any time>`. An invalid cursor gives
    the first page.
    """
    found = re.match(r"([0-9]{1,9})\|", cursor)
    start = int(found[1]) if found else 0
    images, end = _sort_images(query), start + limit
    return images[start:end], f"{end}|{NOW}" if end < len(images) else None


@functools.lru_cache(maxsize=32)
def _sort_images(query: _Query) -> tuple[DemoImage, ...]:
    is_oldest = query.sort == "Oldest"
    images = sorted(_filter_images(query), key=lambda i: i.uploaded, reverse=not is_oldest)
    if query.sort in _SORT_KEYS:
        images.sort(key=lambda image: getattr(image, _SORT_KEYS[query.sort]), reverse=True)
    return tuple(images)


@functools.lru_cache(maxsize=32)
def _filter_images(query: _Query) -> tuple[DemoImage, ...]:
    """Return the images and videos that pass all filters of a query, lowest id first."""
    images: tuple[DemoImage, ...] = list_demo_images()
    if query.ids or query.image_id:  # also of a version's sample images
        ids = {query.image_id or 0, *map(parse_id, query.ids.split(","))}
        images = tuple(filter(None, map(find_demo_image, sorted(ids))))
    if query.model_id and not query.version_id:
        model = find_demo_model(query.model_id)
        images = list_gallery(model) if model else ()
    since = NOW - _DAY * _PERIODS.get(query.period, 100_000)
    return tuple(image for image in images if image.uploaded >= since and _matches(query, image))


def _matches(query: _Query, image: DemoImage) -> bool:
    base_models = query.base_models.split(",") if query.base_models else ()
    return bool(
        image.level & query.levels
        and query.version_id in (None, image.version.id)
        and query.post_id in (None, image.post_id)
        and query.image_id in (None, image.id)
        and query.username in ("", image.username)
        and query.type in ("", image.type)
        and (not base_models or image.version.base_model in base_models)
        and (not query.tags or _has_tag(image, query.tags.split(",")))
    )


def _has_tag(image: DemoImage, numbers: list[str]) -> bool:
    return any(str(tag["id"]) in numbers for tag in list_tags(image))
