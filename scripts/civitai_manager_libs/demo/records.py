"""Images as the API's JSON records."""

from __future__ import annotations

import functools
from typing import Any

from .canvas import blurhash
from .files import make_url, get_size
from .gallery import choose_art, format_time, make_meta, DemoImage
from .scenes import draw_art

__all__ = ["make_record", "make_showcase_record"]

_LEVEL_NAMES = {1: "None", 2: "Soft", 4: "Mature", 8: "X", 16: "X"}
_NO_SIZE = {"width": None, "height": None}


@functools.lru_cache(maxsize=20_000)
def _compute_hash(image: DemoImage) -> str | None:
    """Return the BlurHash of an image; None for some images, as on Civitai."""
    if image.id % 41 == 0:
        return None
    width, height = get_size(image)
    shrink = 24 / max(width, height)
    small = (round(width * shrink), round(height * shrink))
    return blurhash.encode(draw_art(choose_art(image), small))


def make_record(image: DemoImage, server_url: str, from_index: bool) -> dict[str, Any]:
    """Return an image's JSON record as the API's `/images` sends it.

    from_index: whether Civitai's search index sends the record, else its database.
    """
    width, height = get_size(image)
    item: dict[str, Any] = {
        "id": image.id,
        "url": make_url(server_url, image),
        "hash": _compute_hash(image),
        "nsfwLevel": _LEVEL_NAMES[image.level],
        "nsfw": image.level > 1,
        "browsingLevel": image.level,
        "type": image.type,
        "createdAt": format_time(image.sorted_at if from_index else image.uploaded),
        "postId": image.post_id,
        "stats": _make_stats(image),
        "meta": None if image.kind == "hidden" else make_meta(image),
        "username": image.username if image.username or not from_index else "unknown",
        "modelVersionIds": [image.version.id],
    }
    item |= {"width": width, "height": height} if image.id % 53 else _NO_SIZE
    if image.kind != "none":  # the base model comes from detected resources
        item["baseModel"] = "" if image.kind == "comfy" else image.version.base_model
    return item


def _make_stats(image: DemoImage) -> dict[str, int]:
    counts = {"cryCount": image.cries, "laughCount": image.laughs, "likeCount": image.likes}
    return counts | {"dislikeCount": 0, "heartCount": image.hearts, "commentCount": image.comments}


def make_showcase_record(image: DemoImage, server_url: str, with_id: bool) -> dict[str, Any]:
    """Return the JSON record of a version's sample image. with_id: include the image's id."""
    width, height = get_size(image)
    code = _compute_hash(image)
    item = {
        "url": make_url(server_url, image, str(image.id)),
        "nsfwLevel": image.level,
        "width": width,
        "height": height,
        "hash": code,
        "type": image.type,
        "metadata": {"hash": code, "size": 1_000_000, "width": width, "height": height},
        "minor": False,
        "poi": False,
        "availability": "Public",
        "hasMeta": image.kind not in ("none", "hidden"),
        "hasPositivePrompt": image.kind not in ("none", "hidden"),
        "onSite": image.kind == "onsite",
    }
    return {"id": image.id, **item} if with_id else item
