"""Images as the API's JSON records, in the forms of its two query paths."""

from __future__ import annotations

import functools
from typing import Any

from .canvas import blurhash
from .files import make_url, get_size
from .gallery import choose_art, format_time, make_meta, DemoImage
from .scenes import Art, draw_art, SCENES

__all__ = ["compute_hash", "make_record", "make_showcase_record", "get_tag_id"]

_LEVEL_NAMES = {1: "None", 2: "Soft", 4: "Mature", 8: "X", 16: "X"}
_NO_SIZE = {"width": None, "height": None}
_TAG_IDS = {name: 5_000 + i for i, name in enumerate(SCENES)}


def get_tag_id(image: DemoImage) -> int:
    """Return the id of the tag that names what an image shows, such as "sea"."""
    return _TAG_IDS[choose_art(image).scene]


@functools.lru_cache(maxsize=20_000)
def _compute_hash(art: Art, size: tuple[int, int]) -> str:
    width, height = size
    shrink = 24 / max(width, height)
    return blurhash.encode(draw_art(art, (round(width * shrink), round(height * shrink))))


def compute_hash(image: DemoImage) -> str | None:
    """Return the BlurHash of an image.

    Return None for one image in 41, because some images on Civitai have no BlurHash either.
    """
    return _compute_hash(choose_art(image), get_size(image)) if image.id % 41 else None


def make_record(
    image: DemoImage,
    server_url: str,
    from_index: bool,
    with_meta: bool,
    flat_meta: bool,
    with_tags: bool,
) -> dict[str, Any]:
    """Return an image's JSON record as the API's `/images` sends it.

    from_index: whether Civitai's search index sends the record, else its database. with_meta,
    with_tags: include these fields. flat_meta: send `meta` as it is, not as `{id, meta}`.
    """
    width, height = get_size(image)
    item: dict[str, Any] = {
        "id": image.id,
        "url": make_url(server_url, image),
        "hash": compute_hash(image),
    }
    item |= {"width": width, "height": height} if image.id % 53 else _NO_SIZE
    item |= {"nsfwLevel": _LEVEL_NAMES[image.level], "type": image.type, "nsfw": image.level > 1}
    item["browsingLevel"] = image.level
    item["createdAt"] = format_time(image.sorted_at if from_index else image.uploaded)
    item |= {
        "postId": image.post_id,
        "stats": _make_stats(image),
        "meta": _make_meta_field(image, with_meta, flat_meta),
    }
    item["username"] = image.username if image.username or not from_index else "unknown"
    if image.kind != "none":  # the base model comes from detected resources
        item["baseModel"] = "" if image.kind == "comfy" else image.version.base_model
    item["modelVersionIds"] = [image.version.id]
    if with_tags:
        item["tags"] = [{"id": get_tag_id(image), "name": choose_art(image).scene}]
    return item


def _make_stats(image: DemoImage) -> dict[str, int]:
    counts = {"cryCount": image.cries, "laughCount": image.laughs, "likeCount": image.likes}
    return counts | {"dislikeCount": 0, "heartCount": image.hearts, "commentCount": image.comments}


def _make_meta_field(image: DemoImage, with_meta: bool, flat_meta: bool) -> dict[str, Any] | None:
    if not with_meta:
        return None
    meta = None if image.kind == "hidden" else make_meta(image)
    return meta if flat_meta else {"id": image.id, "meta": meta}


def make_showcase_record(image: DemoImage, server_url: str, with_id: bool) -> dict[str, Any]:
    """Return the JSON record of a version's sample image. with_id: include the image's id."""
    width, height = get_size(image)
    code = compute_hash(image)
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
