"""Metadata in image files: infotext and EXIF."""

from __future__ import annotations

import json
import re
import struct
from typing import Any

__all__ = ["make_exif", "make_infotext"]

_LONG, _UNDEFINED = 4, 7  # types of TIFF data

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


def make_exif(comment: str) -> bytes:
    """Return EXIF data with a user comment in UTF-16, as the WebUIs write it."""
    text = b"UNICODE\0" + comment.encode("utf-16-be")
    # Not Pillow's: it calls these bytes numbers, and the WebUIs' PNG Info fails on those.
    root = struct.pack(">HHHIII", 1, 0x8769, _LONG, 1, 26, 0)
    exif = struct.pack(">HHHIII", 1, 0x9286, _UNDEFINED, len(text), 44, 0)
    return b"Exif\0\0MM\0*" + struct.pack(">I", 8) + root + exif + text
