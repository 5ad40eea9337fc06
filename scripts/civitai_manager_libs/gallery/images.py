"""What an image record is and who may see it. Pure: no request, no disk.

Field meanings are those of Civitai's `GET /api/v1/images`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit, urlunsplit

__all__ = ["Image", "LEVELS", "Stats", "cache_name", "level_mask", "level_name", "poster_url"]
__all__ += ["sized_url", "thumbnail_url"]

# Browsing levels as their site's bits. A mask is an OR of them; 32 ("Blocked") is never asked for.
LEVELS = {"None": 1, "Soft": 2, "Mature": 4, "X": 8, "XXX": 16}
THUMBNAIL_WIDTH = 450  # pixels; one of the widths that the image host keeps ready
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SIZED_SEGMENT = re.compile(r"^[a-z]+=[^/]*$")


@dataclass(frozen=True)
class Stats:
    """Reactions and comments; 0 when the site has no figures."""

    likes: int = 0
    hearts: int = 0
    laughs: int = 0
    cries: int = 0
    comments: int = 0


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
    stats: Stats = field(default_factory=Stats)
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


def sized_url(url: str, segment: str) -> str:
    """`url` with its size segment (`original=true`, `width=450`) replaced, put in if missing.

    Grammar: https://<host>/<account>/<uuid>/<key=value,...>/<name>.<extension>
    """
    parts = urlsplit(url)
    segments = parts.path.split("/")
    uuid_at = next((i for i, part in enumerate(segments) if _UUID.fullmatch(part)), None)
    if uuid_at is None:
        return url
    rest = segments[uuid_at + 1 :]
    if rest and _SIZED_SEGMENT.match(rest[0]):
        rest = rest[1:]
    path = "/".join([*segments[: uuid_at + 1], segment, *rest])
    return urlunsplit(parts._replace(path=path))


def thumbnail_url(image: Image, width: int = THUMBNAIL_WIDTH) -> str:
    """A small picture of it: a video's poster, an image at `width` pixels."""
    return poster_url(image, width) if image.is_video else sized_url(image.url, f"width={width}")


def poster_url(image: Image, width: int = THUMBNAIL_WIDTH) -> str:
    """A still of a video."""
    return sized_url(image.url, f"anim=false,transcode=true,width={width},original=false")


def cache_name(url: str) -> str:
    """The cache's file name for a URL: `<uuid>-<size>` with the URL's extension.

    One image at one size has one name, whatever host or cosmetic name its URL carries.
    """
    path = urlsplit(url).path
    found = _UUID.findall(path)
    segments = [s for s in path.split("/") if s]
    stem = re.sub(r"[^\w.-]", "_", segments[-1])[-100:] if segments else "image"
    name, _, extension = stem.rpartition(".")
    extension = extension.lower() if name and re.fullmatch(r"\w{2,5}", extension) else "img"
    if not found:
        return f"{name or stem}.{extension}"
    sized = next((s for s in segments if _SIZED_SEGMENT.match(s)), "original=true")
    width = re.search(r"width=(\d{1,5})", sized)
    kind = "-poster" if "anim=false" in sized else ""
    return f"{found[0].lower()}-{width.group(1) if width else 'original'}{kind}.{extension}"
