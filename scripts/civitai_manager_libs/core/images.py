"""What an image record is and who may see it. Pure: no request, no disk.

Field meanings are those of Civitai's `GET /api/v1/images`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "Image",
    "LEVELS",
    "ReactionCounts",
    "cache_file_name",
    "level_mask",
    "level_name",
    "resize_url",
]
__all__ += ["thumbnail_url"]

# Browsing levels as their site's bits. A mask is an OR of them; 32 ("Blocked") is never asked for.
LEVELS = {"None": 1, "Soft": 2, "Mature": 4, "X": 8, "XXX": 16}
THUMBNAIL_WIDTH = 450  # pixels; one of the widths that the image host keeps ready
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SIZED_SEGMENT = re.compile(r"^[a-z]+=[^/]*$")
_URL = re.compile(r"([^:/?#]+://[^/?#]*)?([^?#]*)(.*)", re.S)
_EXTENSIONS = {"avif", "gif", "heic", "jpeg", "jpg", "mp3", "mp4", "png", "webm", "webp"}


@dataclass(frozen=True)
class ReactionCounts:
    """Reactions; 0 when the site has no figures."""

    likes: int = 0
    hearts: int = 0
    laughs: int = 0
    cries: int = 0

    @property
    def total(self) -> int:
        return self.likes + self.hearts + self.laughs + self.cries


@dataclass(frozen=True)
class Image:
    """One picture, video or sound of a gallery.

    width, height: pixels of the upload, 0 when unknown. level: one browsing-level bit.
    hash: BlurHash or "". created_at: ISO 8601 UTC, or "". meta: generation data already
    unwrapped to a flat mapping, None when there is none or its owner hides it; its values are
    whatever a stranger wrote. record: the API's own record, for the `.json` beside a saved file.
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
    record: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def is_video(self) -> bool:
        return self.type == "video"


def level_mask(name: str) -> int:
    """Every rating up to and with `name` of LEVELS, as `browsingLevel` takes it: `Mature` is 7."""
    return 2 * LEVELS[name] - 1


def level_name(level: int) -> str:
    """The name of one bit; of a mask, that of its highest bit. An unknown level counts as XXX."""
    for name, bit in reversed(LEVELS.items()):
        if level & bit:
            return name
    return "XXX"


def resize_url(url: str, segment: str) -> str:
    """`url` with its size segment (`original=true`, `width=450`) replaced, put in if missing.

    Grammar: https://<host>/<account>/<uuid>/<key=value,...>/<name>.<extension>
    A URL of another grammar, such as the storage's `<uuid>/original`, is given back as it is.
    """
    host, path, query = _split_url(url)
    segments = path.split("/")
    uuid_at = next((i for i, part in enumerate(segments) if _UUID.fullmatch(part)), None)
    if uuid_at is None or segments[uuid_at + 1 :] == ["original"]:
        return url
    rest = segments[uuid_at + 1 :]
    if rest and _SIZED_SEGMENT.match(rest[0]):
        rest = rest[1:]
    return host + "/".join([*segments[: uuid_at + 1], segment, *rest]) + query


def thumbnail_url(image: Image, width: int = THUMBNAIL_WIDTH) -> str:
    """A small picture of it: a video's poster, an image at `width` pixels."""
    poster = f"anim=false,transcode=true,width={width},original=false"
    return resize_url(image.url, poster if image.is_video else f"width={width}")


def cache_file_name(url: str) -> str:
    """The cache's file name for a URL: `<uuid>-<size>` with a picture's extension.

    One image at one size has one name, whatever host or cosmetic name its URL carries. A URL
    without a uuid is told from others by all of it.
    """
    path = _split_url(url)[1]
    segments = [part for part in path.split("/") if part]
    name, _, extension = (segments[-1] if segments else "").rpartition(".")
    # The cache is served to the page: no name in it may make a browser take bytes for a document.
    extension = extension.lower() if extension.lower() in _EXTENSIONS else "img"
    uuid = _UUID.search(path)
    if uuid is None:
        stem = re.sub(r"[^A-Za-z0-9_-]", "_", name)[-60:] or "image"
        digest = hashlib.sha256(url.encode("utf-8", "replace")).hexdigest()
        return f"{stem}-{digest[:16]}.{extension}"
    size = next((part for part in segments if _SIZED_SEGMENT.match(part)), "original=true")
    if "anim=false" in size:  # a still, though its URL is named as the video is
        extension = "jpeg"
    return f"{uuid[0].lower()}-{_size_name(size)}.{extension}"


def _size_name(segment: str) -> str:
    keys = segment.split(",")
    width = re.search(r"width=(\d{1,5})(?!\d)", segment, re.A)
    if "original=true" in keys:
        return "original"
    name = width[1] if width else re.sub("[^A-Za-z0-9]+", "-", segment)[:60]
    return f"{name}-poster" if "anim=false" in keys else name


def _split_url(url: str) -> tuple[str, str, str]:
    """Scheme with host, path, and the rest. Unlike urlsplit it takes any text."""
    found = _URL.match(url)
    return (found[1] or "", found[2], found[3]) if found else ("", url, "")
