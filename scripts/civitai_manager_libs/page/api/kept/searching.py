"""Searches in what was read: of a gallery or of all, as pages of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from ....ground import whole
from ....library import own, records, search
from ....words import messages
from ...wire import Asked, image_view
from ..finding import highest_level
from ..picture import can_be_made_here
from ..tools import saved_files, saved_ids

__all__ = ["LAST_MODEL", "MOST_LETTERS", "held_to_here", "kept_images", "said_of"]

MOST_LETTERS = 1000
LAST_MODEL = 2**31 - 1
_MOST_BLANK = 20  # pages in a row of which nothing can be made here


def kept_images(asked: Asked) -> dict[str, Any]:
    """`images?search=...`: of what was kept; nobody else is asked."""
    query = search.query_of(asked.text("search")[:MOST_LETTERS])
    found = _found(asked, query)
    images = records.find_all(found.ids).values()
    saved, marked = saved_files(found.ids), own.marks.of(found.ids)
    said = said_of(query, asked.language)
    return {
        "images": [image_view(image, saved, marked) for image in images],
        "cursor": found.cursor,
        "dropped": 0,
        "others": 0,
        "notes": [{"code": "search", "message": " ".join(said)}] if said else [],
        "read_at": datetime.now(timezone.utc).isoformat("T", "seconds"),
        "kept": False,
    }


def held_to_here(
    query: search.Query, image_ids: Sequence[int], open_model: int | None
) -> Sequence[int]:
    """Those of them that fit what the query says of this machine."""
    if query.here is None:
        return image_ids
    can_be = set(can_be_made_here(image_ids, open_model))
    return [image_id for image_id in image_ids if (image_id in can_be) == query.here]


def _found(asked: Asked, query: search.Query) -> search.Found:
    cursor, limit = asked.text("cursor") or None, whole(asked.text("limit"), 1, 200) or 100
    scope, open_model = _scope(asked), whole(asked.text("model") or None, 1, LAST_MODEL)
    ids: tuple[int, ...] = ()
    for _ in range(_MOST_BLANK):
        found = search.find(
            query, scope, sort=asked.text("sort"), cursor=cursor, limit=limit, saved=saved_ids
        )
        ids, cursor = (*held_to_here(query, found.ids, open_model),), found.cursor
        if ids or cursor is None:
            break
    return search.Found(ids, cursor)


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
        number = whole(asked.text(kind) or None, 1, LAST_MODEL)
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
