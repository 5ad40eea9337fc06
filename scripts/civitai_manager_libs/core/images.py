"""The record of an image, its browsing level and its URLs. Pure: no request, no disk.

Field meanings are those of Civitai's `GET /api/v1/images`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# Browsing levels as Civitai's bits. A mask is an OR of them; 32 ("Blocked") is never requested.
LEVELS = {"None": 1, "Soft": 2, "Mature": 4, "X": 8, "XXX": 16}
THUMBNAIL_WIDTH = 450  # pixels; the image server has this width ready
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SIZED_SEGMENT = re.compile(r"^[a-z]+=[^/]*$")
_URL = re.compile(r"([^:/?#]+://[^/?#]*)?([^?#]*)(.*)", re.S)
_EXTENSIONS = {"avif", "gif", "heic", "jpeg", "jpg", "mp3", "mp4", "png", "webm", "webp"}


@dataclass(frozen=True)
class ReactionCounts:
    """How many reactions of each kind an image has."""

    likes: int = 0
    hearts: int = 0
    laughs: int = 0
    cries: int = 0

    @property
    def total(self) -> int:
        return self.likes + self.hearts + self.laughs + self.cries


@dataclass(frozen=True)
class Tag:
    """A tag that Civitai gives to images. id: Civitai's number of the tag."""

    id: int
    name: str


@dataclass(frozen=True)
class Image:
    """An image, video or audio file of a gallery.

    width, height: in pixels, 0 if unknown. level: one browsing-level bit. hash: BlurHash or "".
    created_at: ISO 8601 in UTC, or "". meta: untrusted generation data; None if the image has none
    or the author hides it. tags: None if they were not requested. record: the JSON object that
    Civitai sent.
    """

    id: int
    url: str
    type: str = "image"
    width: int = 0
    height: int = 0
    level: int = 1
    hash: str = ""
    created_at: str = ""
    post_id: int | None = None
    username: str = ""
    base_model: str = ""
    version_ids: tuple[int, ...] = ()
    reactions: ReactionCounts = field(default_factory=ReactionCounts)
    meta: Mapping[str, Any] | None = None
    tags: tuple[Tag, ...] | None = None
    record: Mapping[str, Any] = field(default_factory=dict, repr=False)


def level_mask(name: str) -> int:
    """Return the bit mask of a browsing level and all lower ones, such as 7 for "Mature"."""
    return 2 * LEVELS[name] - 1


def level_name(level: int) -> str:
    """Return the name of a bit mask's highest browsing level, "XXX" if it has no known level."""
    for name, bit in reversed(LEVELS.items()):
        if level & bit:
            return name
    return "XXX"


def resize_url(url: str, size: str) -> str:
    """Return the URL of a Civitai image at another size, such as `width=450`.

    An image's URL has the form https://<host>/<account>/<uuid>/<size>/<name>.<extension>; other
    URLs are returned unchanged.
    """
    host, path, query = _split_url(url)
    segments = path.split("/")
    uuid_at = next((i for i, part in enumerate(segments) if _UUID.fullmatch(part)), None)
    if uuid_at is None or segments[uuid_at + 1 :] == ["original"]:
        return url
    rest = segments[uuid_at + 1 :]
    if rest and _SIZED_SEGMENT.match(rest[0]):
        rest = rest[1:]
    return host + "/".join([*segments[: uuid_at + 1], size, *rest]) + query


def thumbnail_url(image: Image, width: int = THUMBNAIL_WIDTH) -> str:
    """Return the URL of an image, or of a video's still image, scaled to a width in pixels."""
    poster = f"anim=false,transcode=true,width={width},original=false"
    return resize_url(image.url, poster if image.type == "video" else f"width={width}")


def cache_file_name(url: str) -> str:
    """Return the cache file's name for an image URL: `<uuid>-<size>.<extension>`.

    The host makes no difference. For a URL without a UUID, return `<name>-<hash of the
    URL>.<extension>`.
    """
    path = _split_url(url)[1]
    segments = [part for part in path.split("/") if part]
    name, _, extension = (segments[-1] if segments else "").rpartition(".")
    # The cache is served to the page: no extension may make a browser read a file as a document.
    extension = extension.lower() if extension.lower() in _EXTENSIONS else "img"
    uuid = _UUID.search(path)
    if uuid is None:
        stem = re.sub(r"[^A-Za-z0-9_-]", "_", name)[-60:] or "image"
        digest = hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()
        return f"{stem}-{digest[:16]}.{extension}"
    size = next((part for part in segments if _SIZED_SEGMENT.match(part)), "original=true")
    if "anim=false" in size:  # a still, though its URL is named as the video is
        extension = "jpeg"
    keys, width = size.split(","), re.search(r"width=(\d{1,5})(?!\d)", size, re.A)
    size_name = width[1] if width else re.sub("[^A-Za-z0-9]+", "-", size)[:60]
    if "original=true" in keys:
        size_name = "original"
    elif "anim=false" in keys:
        size_name += "-poster"
    return f"{uuid[0].lower()}-{size_name}.{extension}"


def _split_url(url: str) -> tuple[str, str, str]:
    found = _URL.match(url)
    return (found[1] or "", found[2], found[3]) if found else ("", url, "")
