"""The texts in an XMP packet: Draw Things' comment, ComfyUI's graph and workflow. Pure.

Searched by name instead of parsed, since hostile XML may expand without limit.
"""

from __future__ import annotations

import html
import re

from .budget import Texts

__all__ = ["find_xmp_comment", "iter_xmp_graph"]

_LONGEST = 1_000_000  # characters of a value
_GRAPH = {"prompt": "comfy:prompt", "workflow": "comfy:workflow"}


def find_xmp_comment(packet: str) -> str:
    """Return the user comment of an XMP packet, "" if there is none."""
    value = _find_between(packet, "<exif:UserComment", "</exif:UserComment>")
    return html.unescape(re.sub(r"<[^<>]*>", "", f"<{value}")).strip() if value else ""


def iter_xmp_graph(packet: str) -> Texts:
    """Yield ("prompt", graph) and ("workflow", workflow), if the XMP packet has them."""
    for name, tag in _GRAPH.items():
        value = _find_between(packet, f"<{tag}>", f"</{tag}>")
        for quote in ('"', "'"):
            value = value or _find_between(packet, f" {tag}={quote}", quote)
        if value:
            yield name, html.unescape(value).strip()


def _find_between(packet: str, start: str, end: str) -> str:
    begin = packet.find(start)
    if begin < 0:
        return ""
    begin += len(start)
    stop = packet.find(end, begin)
    return packet[begin:stop] if begin < stop <= begin + _LONGEST else ""
