"""What programs keep in an XMP packet: Draw Things' comment, ComfyUI's graph and workflow. Pure.

Read by the few names wanted, not as XML: a stranger's XML may be without end when it is unfolded.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

__all__ = ["xmp_comment", "xmp_graph"]

_LONGEST = 1_000_000  # characters of a value
_GRAPH = {"prompt": "comfy:prompt", "workflow": "comfy:workflow"}


def xmp_comment(packet: str) -> str:
    """Return the user's comment, where Draw Things puts its JSON; "" for none."""
    value = _between(packet, "<exif:UserComment", "</exif:UserComment>")
    return html.unescape(re.sub(r"<[^<>]*>", "", f"<{value}")).strip() if value else ""


def xmp_graph(packet: str) -> Iterator[tuple[str, str]]:
    """Yield ComfyUI's graph and workflow by the names that they have in other files."""
    for name, tag in _GRAPH.items():
        value = _between(packet, f"<{tag}>", f"</{tag}>")
        for quote in ('"', "'"):
            value = value or _between(packet, f" {tag}={quote}", quote)
        if value:
            yield name, html.unescape(value).strip()


def _between(packet: str, start: str, end: str) -> str:
    at = packet.find(start)
    if at < 0:
        return ""
    at += len(start)
    until = packet.find(end, at)
    return packet[at:until] if at < until <= at + _LONGEST else ""
