"""Searches in what was read: of a gallery or of all, as pages of pictures."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ....ground import whole
from ....library import records, search
from ....words import messages
from ...wire import Asked
from ..finding import highest_level
from ..tools import saved_files, saved_ids
from ..views import image_view

__all__ = ["MOST_LETTERS", "kept_images", "said_of"]

MOST_LETTERS = 1000
_LAST_ID = 2**31 - 1


def kept_images(asked: Asked) -> dict[str, Any]:
    """`images?search=...`: of what was kept; nobody else is asked."""
    query = search.query_of(asked.text("search")[:MOST_LETTERS])
    found = search.find(
        query,
        _scope(asked),
        sort=asked.text("sort"),
        cursor=asked.text("cursor") or None,
        limit=whole(asked.text("limit"), 1, 200) or 100,
        saved=saved_ids,
    )
    images = records.find_all(found.ids).values()
    saved = saved_files(found.ids)
    said = said_of(query, asked.language)
    return {
        "images": [image_view(image, saved) for image in images],
        "cursor": found.cursor,
        "dropped": 0,
        "others": 0,
        "notes": [{"code": "search", "message": " ".join(said)}] if said else [],
        "read_at": datetime.now(timezone.utc).isoformat("T", "seconds"),
        "kept": False,
    }


def _scope(asked: Asked) -> search.Scope:
    bases = (name.strip() for name in asked.text("base").split(","))
    kind = asked.text("type")
    return search.Scope(
        gallery=_gallery(asked),
        level=highest_level(asked),
        type=kind,
        base_models=[name for name in bases if name],
        with_data=asked.text("meta") in ("1", "true", "True"),
    )


def _gallery(asked: Asked) -> str:
    """The narrowest that is named, "" for all."""
    for kind in ("version", "model", "post"):
        number = whole(asked.text(kind) or None, 1, _LAST_ID)
        if number is not None:
            return f"{kind} {number}"
    return f"user {asked.text('user')}" if asked.text("user") else ""


def said_of(query: search.Query, language: str) -> list[str]:
    """What of it was left out, and why."""
    return [
        messages.text(
            f"search_{one.kind}",
            language,
            text=one.text,
            name=one.key,
            choices=", ".join(search.FLAGS.get(one.key, ())),
        )
        for one in query.problems
    ]
