"""The search that finds the pictures which a bar stands for. Pure."""

from __future__ import annotations

import re

from .facts import NAMED

__all__ = ["search_for"]

_NUMBERS = ("steps", "cfg", "clip", "upscale")
_KEYS = {"checkpoint": "model", "upscale": "hires"}


def search_for(kind: str, value: str, label: str, is_own: bool = False) -> str:
    """In the grammar of the search field; "" where it has no words for it.

    label: what a resource is called that pictures name by its version. is_own: it is a file of the
    model's own, which pictures may name in two ways.
    """
    if kind in ("word", "negative"):
        text = _quoted(value)
        return text if kind == "word" else f"negative:{text}"
    key = _KEYS.get(kind, kind)
    if kind in _NUMBERS:
        return f"{key}={value}"
    if is_own:
        return f"model:{_quoted(label)}" if label != value else ""
    return f"{key}{'=' if kind in NAMED else ':'}{_quoted(label)}"


def _quoted(text: str) -> str:
    """A quote in it would end it; what is around that is looked for."""
    parts = (" ".join(part.split()) for part in re.split('["“”„]', text))
    return f'"{max(parts, key=len)}"'
