"""Images as the API's JSON records."""

from __future__ import annotations

import zlib
from typing import Any

from .files import get_size, make_url
from .gallery import choose_art, DemoImage, format_time, make_meta

__all__ = ["list_tags", "make_record", "make_showcase_record"]

_NO_SIZE = {"width": None, "height": None}


def make_record(image: DemoImage, server_url: str) -> dict[str, Any]:
    """Return an image's JSON record as the API's `/images` sends it."""
    item = {
        **_make_common_fields(image, server_url),
        "browsingLevel": image.level,
        "createdAt": format_time(image.uploaded),
        "postId": image.post_id,
        "stats": _make_stats(image),
        "meta": None if image.kind == "hidden" else make_meta(image),
        "username": image.username,
        "modelVersionIds": [image.version.id],
    }
    item |= _NO_SIZE if image.id % 53 == 0 else {}
    if image.kind != "none":  # the base model comes from detected resources
        item["baseModel"] = "" if image.kind == "comfy" else image.version.base_model
    return item


def list_tags(image: DemoImage) -> list[dict[str, Any]]:
    """Return an image's tags as the API sends them: what it shows, and its model's tags."""
    art = choose_art(image)
    time = "night" if art.palette.is_night else "day"
    names = dict.fromkeys([art.scene, *sorted(art.has), time, *image.model.tags])
    return [{"id": zlib.crc32(name.encode()) >> 1, "name": name} for name in names]


def make_showcase_record(image: DemoImage, server_url: str) -> dict[str, Any]:
    """Return the JSON record of a version's sample image."""
    has_meta = image.kind not in ("none", "hidden")
    return {**_make_common_fields(image, server_url), "nsfwLevel": image.level, "hasMeta": has_meta}


def _make_common_fields(image: DemoImage, server_url: str) -> dict[str, Any]:
    width, height = get_size(image)
    return {
        "id": image.id,
        "url": make_url(server_url, image),
        "hash": None if image.id % 41 == 0 else choose_art(image).palette.blurhash,
        "type": image.type,
        "width": width,
        "height": height,
    }


def _make_stats(image: DemoImage) -> dict[str, int]:
    counts = {"cryCount": image.cries, "laughCount": image.laughs, "likeCount": image.likes}
    return counts | {"dislikeCount": 0, "heartCount": image.hearts, "commentCount": image.comments}
