"""The texts in an XMP packet: comment, description, ComfyUI's graph and workflow. Pure.

Searched by name instead of parsed, since hostile XML may expand without limit.
"""

from __future__ import annotations

import html
import re

from .budget import Texts

__all__ = ["iter_xmp_texts"]

_LONGEST = 1_000_000  # characters of a value
_TAGS = {
    "XMP comment": "exif:UserComment",
    "XMP description": "dc:description",
    "prompt": "comfy:prompt",
    "workflow": "comfy:workflow",
}
_TAG = re.compile(r"<[^<>]*>")


def iter_xmp_texts(packet: str) -> Texts:
    """Yield (name, text) for each text of an XMP packet that may tell how an image was made.

    ComfyUI's graph and workflow have their names in a PNG, "prompt" and "workflow".
    """
    for name, tag in _TAGS.items():
        element = _find_between(packet, f"<{tag}", f"</{tag}>")
        value = _TAG.sub("", f"<{element}") if element else ""
        for quote in ('"', "'"):
            value = value or _find_between(packet, f" {tag}={quote}", quote)
        if value.strip():
            yield name, html.unescape(value).strip()


def _find_between(packet: str, start: str, end: str) -> str:
    begin = packet.find(start)
    if begin < 0:
        return ""
    begin += len(start)
    stop = packet.find(end, begin)
    return packet[begin:stop] if begin < stop <= begin + _LONGEST else ""
