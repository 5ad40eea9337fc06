"""Rows as the API's image records, in the shapes of its two query paths."""

from __future__ import annotations

import functools
from typing import Any

from .canvas import blurhash
from .files import address, size_of
from .gallery import art, iso, meta_of, Row
from .scenes import Art, draw, SCENES

__all__ = ["hash_of", "record", "showcase_record", "tag_id"]

_LEVEL_NAMES = {1: "None", 2: "Soft", 4: "Mature", 8: "X", 16: "X"}
_NO_SIZE = {"width": None, "height": None}
_TAG_IDS = {name: 5_000 + i for i, name in enumerate(SCENES)}


def tag_id(row: Row) -> int:
    return _TAG_IDS[art(row).scene]


@functools.lru_cache(maxsize=20_000)
def _hash_of(scene_of: Art, size: tuple[int, int]) -> str:
    width, height = size
    shrink = 24 / max(width, height)
    return blurhash.encode(draw(scene_of, (round(width * shrink), round(height * shrink))))


def hash_of(row: Row) -> str | None:
    """The BlurHash of the picture, drawn very small; some records have none."""
    return _hash_of(art(row), size_of(row)) if row.id % 41 else None


def record(
    row: Row, base: str, index: bool, with_meta: bool, flat: bool, tags: bool
) -> dict[str, Any]:
    """`index`: whether the search index answers, which tells times and names in its own way."""
    width, height = size_of(row)
    item: dict[str, Any] = {"id": row.id, "url": address(base, row), "hash": hash_of(row)}
    item |= {"width": width, "height": height} if row.id % 53 else _NO_SIZE
    item |= {"nsfwLevel": _LEVEL_NAMES[row.level], "type": row.type, "nsfw": row.level > 1}
    item["browsingLevel"] = row.level
    item["createdAt"] = iso(row.sorted_at if index else row.uploaded)
    item |= {"postId": row.post_id, "stats": _stats(row), "meta": _meta(row, with_meta, flat)}
    item["username"] = row.username if row.username or not index else "unknown"
    if row.kind != "none":  # the base model comes from detected resources
        item["baseModel"] = "" if row.kind == "comfy" else row.version.base_model
    item["modelVersionIds"] = [row.version.id]
    if tags:
        item["tags"] = [{"id": tag_id(row), "name": art(row).scene}]
    return item


def _stats(row: Row) -> dict[str, int]:
    counts = {"cryCount": row.cries, "laughCount": row.laughs, "likeCount": row.likes}
    return counts | {"dislikeCount": 0, "heartCount": row.hearts, "commentCount": row.comments}


def _meta(row: Row, with_meta: bool, flat: bool) -> dict[str, Any] | None:
    if not with_meta:
        return None
    meta = None if row.kind == "hidden" else meta_of(row)
    return meta if flat else {"id": row.id, "meta": meta}


def showcase_record(row: Row, base: str, listed: bool) -> dict[str, Any]:
    """A picture beside a version; only lists name its id."""
    width, height = size_of(row)
    code = hash_of(row)
    item = {
        "url": address(base, row, str(row.id)),
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
    return {"id": row.id, **item} if listed else item
