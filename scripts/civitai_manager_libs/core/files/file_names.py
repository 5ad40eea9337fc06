"""File names that every system takes."""

from __future__ import annotations

import re
import unicodedata

from ..coerce import normalize_unicode

__all__ = ["make_file_name"]

_RESERVED = {"con", "prn", "aux", "nul", "conin$", "conout$"}
_RESERVED |= {f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³"}


def make_file_name(name: str, fallback: str = "unnamed", limit: int = 100) -> str:
    """Turn a text into a file name that is valid on Windows, macOS and Linux.

    Forbidden characters become spaces; a reserved name such as `con` gets a `_` in front. fallback:
    used if nothing is left. limit: the largest size in UTF-8 bytes.
    """
    name = normalize_unicode("NFC", name, 8 * limit)
    visible = (c for c in name if unicodedata.category(c)[0] != "C")
    text = re.sub(r'[<>:"/\\|?*\s]+', " ", "".join(visible)).strip(" .")
    text = text.encode("utf-8", "ignore")[:limit].decode("utf-8", "ignore").rstrip(" .")
    if text.split(".", 1)[0].rstrip().lower() in _RESERVED:
        text = f"_{text}"
    return text or fallback
