"""Metadata in image files: infotext and EXIF."""

from __future__ import annotations

import json
import re
import struct
from typing import Any

__all__ = ["make_exif", "make_infotext"]

# meta key -> infotext key, in the order in which the WebUIs write them.
_ORDER = {"steps": "Steps", "sampler": "Sampler", "Schedule type": "", "cfgScale": "CFG scale"}
_ORDER |= {"seed": "Seed", "Size": "", "Model hash": "", "Model": "", "VAE hash": "", "VAE": ""}
_ORDER |= {"Denoising strength": "", "clipSkip": "Clip skip", "Clip skip": "", "ENSD": ""}
_ORDER |= {"ADetailer model": "", "ADetailer confidence": "", "ADetailer prompt": ""}
_ORDER |= {"ADetailer version": "", "Hires upscale": "", "Hires steps": "", "Hires upscaler": ""}
_ORDER |= {"Created Date": "", "Civitai resources": "", "Lora hashes": "", "TI hashes": ""}
_ORDER |= {"Version": ""}


def make_infotext(meta: dict[str, Any]) -> str:
    """Return the infotext that a WebUI would write. meta: generation data as in the API."""
    fields = dict(meta)
    if "width" in meta:
        fields["Size"] = f"{meta['width']}x{meta['height']}"
    hashes = meta.get("hashes", {})
    fields["VAE hash"] = hashes.get("vae")
    loras = [f"{k[5:]}: {v.removeprefix('0x')}" for k, v in hashes.items() if k[:5] == "lora:"]
    fields["Lora hashes"] = ", ".join(loras) or None
    if "civitaiResources" in meta:
        fields["Civitai resources"] = json.dumps(meta["civitaiResources"])
    pairs = []
    for key, name in _ORDER.items():
        value = fields.get(key)
        if isinstance(value, dict):
            value = ", ".join(f"{k}: {v}" for k, v in value.items())
        if value is not None:
            pairs.append(f"{name or key}: {_quote(str(value))}")
    negative = f"\nNegative prompt: {meta['negativePrompt']}" if meta["negativePrompt"] else ""
    return f"{meta['prompt']}{negative}\n{', '.join(pairs)}"


def _quote(value: str) -> str:
    # On-site files carry their resources as bare JSON; readers know the key.
    bare = value.startswith("[{") or not re.search(r"[,:\n\"]", value)
    return value if bare else json.dumps(value, ensure_ascii=False)


def make_exif(comment: str, artist: str = "", big_endian: bool = True) -> bytes:
    """Return EXIF data with a comment in UTF-16 and an artist of at most 3 ASCII characters."""
    order, codec = (">", "utf-16-be") if big_endian else ("<", "utf-16-le")
    text = b"UNICODE\0" + comment.encode(codec)
    name = artist.encode("ascii") + b"\0"
    entries = [(0x013B, 2, len(name), name.ljust(4, b"\0"))] if artist else []
    inner = 8 + 2 + 12 * (len(entries) + 1) + 4  # where the second directory begins
    entries.append((0x8769, 4, 1, struct.pack(order + "I", inner)))
    head = (b"MM\0*" if big_endian else b"II*\0") + struct.pack(order + "I", 8)
    comment_at = struct.pack(order + "I", inner + 2 + 12 + 4)
    directories = _make_directory(order, entries)
    directories += _make_directory(order, [(0x9286, 7, len(text), comment_at)])
    return b"Exif\0\0" + head + directories + text


def _make_directory(order: str, entries: list[tuple[int, int, int, bytes]]) -> bytes:
    packed = [struct.pack(order + "HHI", tag, kind, count) + at for tag, kind, count, at in entries]
    return struct.pack(order + "H", len(entries)) + b"".join(packed) + b"\0\0\0\0"
