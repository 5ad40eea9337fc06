"""The tags that Civitai gives to images: fetched when they are wanted, then stored."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from .. import civitai
from ..core import Image, LAST_ID, Tag
from ..errors import NotFound
from . import image_records, pages
from .database import select_rows, select_rows_or_empty
from .schema import OF_IDS

_AT_ONCE = 100  # images in one request
_UNTAGGED = """FROM seen WHERE gallery = ? AND id < ?
    AND NOT EXISTS (SELECT 1 FROM tags_read WHERE tags_read.id = seen.id)"""


def find_tags(image_ids: Sequence[int]) -> dict[int, tuple[Tag, ...]]:
    """Return {image id: stored tags in order of name}.

    Images whose tags were never fetched are left out. Return {} if the library cannot be read.
    """
    ids = (json.dumps(list(image_ids)),)
    rows = select_rows_or_empty(f"SELECT id FROM tags_read WHERE id {OF_IDS}", ids)
    found: dict[int, list[Tag]] = {image_id: [] for (image_id,) in rows}
    sql = "SELECT id, number, site_tags.tag FROM tagged JOIN site_tags ON number = tagged.tag"
    for image_id, number, name in select_rows_or_empty(f"{sql} WHERE id {OF_IDS}", ids):
        found.setdefault(image_id, []).append(Tag(number, name))
    return {image_id: _sort(tags) for image_id, tags in found.items()}


def find_known_tags(image: Image) -> tuple[Tag, ...] | None:
    """Return an image's tags, written or just fetched, by name; None if they were never fetched."""
    tags = image.tags if image.tags is not None else find_tags([image.id]).get(image.id)
    return None if tags is None else _sort(tags)


def find_tag_name(number: int) -> str:
    """Return the name of a tag by Civitai's number, "" if no stored image has the tag."""
    rows = select_rows_or_empty("SELECT tag FROM site_tags WHERE number = ?", (number,))
    return next((name for (name,) in rows), "")


def load_tags(client: Any, image: Image) -> tuple[Tag, ...]:
    """Return an image's tags; fetch and store them if they are not stored yet.

    Raises NotFound if Civitai does not send the image, NetworkError, HttpStatusError and Cancelled.
    """
    known = find_known_tags(image)
    if known is not None:
        return known
    fetched = civitai.fetch_image(client, image.id)
    if fetched is None:
        raise NotFound("Civitai does not send this image.", 404)
    image_records.store_images([fetched])
    return _sort(fetched.tags or ())


def fetch_more_tags(client: Any, gallery: str, below: int | None = None) -> int | None:
    """Fetch and store the tags of up to 100 stored images of a gallery, the largest ids first.

    gallery: a name such as "model 5". below: only images with a smaller id. Return the smallest id
    of these images, or None if no image was left. An image that Civitai does not send stays without
    tags. Raises DiskError, NetworkError, HttpStatusError and Cancelled.
    """
    sql = f"SELECT id {_UNTAGGED} ORDER BY id DESC LIMIT {_AT_ONCE}"
    top = LAST_ID + 1 if below is None else below
    ids = [image_id for (image_id,) in select_rows(sql, (gallery, top))]
    fetch_tags(client, ids, may_ask_singly=True)
    return ids[-1] if ids else None


def fetch_tags(client: Any, image_ids: Sequence[int], may_ask_singly: bool = False) -> None:
    """Fetch and store the tags of images. An image that Civitai does not send stays without tags.

    may_ask_singly: whether a server that does not know the parameter `ids` is asked for each image.
    Raises DiskError, NetworkError, HttpStatusError and Cancelled.
    """
    for start in range(0, len(image_ids), _AT_ONCE):
        ids = image_ids[start : start + _AT_ONCE]
        fetched = civitai.fetch_images_by_id(client, ids, with_tags=True)
        if fetched is None and not may_ask_singly:
            return
        fetched = pages.fetch_singly(client, ids) if fetched is None else fetched
        image_records.store_images(list(fetched.values()))


def count_untagged(gallery: str, below: int) -> int:
    """Return how many stored images of a gallery with a smaller id than `below` have no tags yet.

    Raises DiskError.
    """
    [(count,)] = select_rows(f"SELECT count(*) {_UNTAGGED}", (gallery, below))
    return int(count)


def _sort(tags: Iterable[Tag]) -> tuple[Tag, ...]:
    return tuple(sorted(tags, key=lambda tag: tag.name.casefold()))
