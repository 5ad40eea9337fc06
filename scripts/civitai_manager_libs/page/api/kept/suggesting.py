"""What the last word of a search may become."""

from __future__ import annotations

from typing import Any

from ....library import search
from ...wire import Asked
from .searching import MOST_LETTERS

__all__ = ["suggest"]


def suggest(asked: Asked) -> list[dict[str, Any]]:
    """`suggest?word=`; count: how many pictures have it, 0 of a key."""
    found = search.suggestions(asked.text("word")[:MOST_LETTERS])
    return [{"text": one.text, "count": one.count} for one in found]
