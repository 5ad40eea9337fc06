"""Images as the API's JSON records, in the forms of its two query paths."""

from __future__ import annotations

import functools
from typing import Any

from .canvas import blurhash
from .files import make_url, get_size
from .gallery import choose_art, format_time, make_meta, Row
from .scenes import Art, draw_art, SCENES

__all__ = ["compute_hash", "make_record", "make_showcase_record", "get_tag_id"]

_LEVEL_NAMES = {1: "None", 2: "Soft", 4: "Mature", 8: "X", 16: "X"}
_NO_SIZE = {"width": None, "height": None}
_TAG_IDS = {name: 5_000 + i for i, name in enumerate(SCENES)}


def get_tag_id(row: Row) -> int:
    """Return the id of the tag that names what an image shows, such as "sea"."""
    return _TAG_IDS[choose_art(row).scene]


@functools.lru_cache(maxsize=20_000)
def _compute_hash(art: Art, size: tuple[int, int]) -> str:
    width, height = size
    shrink = 24 / max(width, height)
    return blurhash.encode(draw_art(art, (round(width * shrink), round(height * shrink))))


def compute_hash(row: Row) -> str | None:
    """Return the BlurHash of an image, None for one in 41, as on Civitai."""
    return _compute_hash(choose_art(row), get_size(row)) if row.id % 41 else None


def make_record(
    row: Row, server_url: str, from_index: bool, with_meta: bool, flat_meta: bool, with_tags: bool
) -> dict[str, Any]:
    """Return an image's JSON record as the API's `/images` sends it.

    from_index: whether Civitai's search index sends the record, else its database. with_meta,
    with_tags: include these fields. flat_meta: send `meta` as it is, not as `{id, meta}`.
    """
    width, height = get_size(row)
    item: dict[str, Any] = {
        "id": row.id,
        "url": make_url(server_url, row),
        "hash": compute_hash(row),
    }
    item |= {"width": width, "height": height} if row.id % 53 else _NO_SIZE
    item |= {"nsfwLevel": _LEVEL_NAMES[row.level], "type": row.type, "nsfw": row.level > 1}
    item["browsingLevel"] = row.level
    item["createdAt"] = format_time(row.sorted_at if from_index else row.uploaded)
    item |= {
        "postId": row.post_id,
        "stats": _make_stats(row),
        "meta": _make_meta_field(row, with_meta, flat_meta),
    }
    item["username"] = row.username if row.username or not from_index else "unknown"
    if row.kind != "none":  # the base model comes from detected resources
        item["baseModel"] = "" if row.kind == "comfy" else row.version.base_model
    item["modelVersionIds"] = [row.version.id]
    if with_tags:
        item["tags"] = [{"id": get_tag_id(row), "name": choose_art(row).scene}]
    return item


def _make_stats(row: Row) -> dict[str, int]:
    counts = {"cryCount": row.cries, "laughCount": row.laughs, "likeCount": row.likes}
    return counts | {"dislikeCount": 0, "heartCount": row.hearts, "commentCount": row.comments}


def _make_meta_field(row: Row, with_meta: bool, flat_meta: bool) -> dict[str, Any] | None:
    if not with_meta:
        return None
    meta = None if row.kind == "hidden" else make_meta(row)
    return meta if flat_meta else {"id": row.id, "meta": meta}


def make_showcase_record(row: Row, server_url: str, with_id: bool) -> dict[str, Any]:
    """Return the JSON record of a version's sample image. with_id: include the image's id."""
    width, height = get_size(row)
    code = compute_hash(row)
    item = {
        "url": make_url(server_url, row, str(row.id)),
        "nsfwLevel": row.level,
        "width": width,
        "height": height,
        "hash": code,
        "type": row.type,
        "metadata": {"hash": code, "size": 1_000_000, "width": width, "height": height},
        "minor": False,
        "poi": False,
        "availability": "Public",
        "hasMeta": row.kind not in ("none", "hidden"),
        "hasPositivePrompt": row.kind not in ("none", "hidden"),
        "onSite": row.kind == "onsite",
    }
    return {"id": row.id, **item} if with_id else item
