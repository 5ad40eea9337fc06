"""Searches in what was read: of a gallery, of all, or of what the page has loaded."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from ....core import whole
from ....i18n import messages
from ....library import gallery_stats, pages, records, search
from ...http import Asked, LAST_ID, Refusal
from ..dependencies import (
    given_ids,
    level_up_to,
    page_view,
    place_of,
    query_of,
    saved_files,
    saved_ids,
)
from ..image import can_be_made_here

__all__ = ["figures", "kept_images", "suggest", "within"]

_MOST_LETTERS = 1000
_MOST_IDS = 100_000


def kept_images(asked: Asked) -> dict[str, Any]:
    """`images?search=...`: return a page of what was kept; nobody else is asked.

    A page looks at so many images only: it may have none, and a cursor to look on from; `looked_at`
    tells then how far the search has come.
    """
    query = search.query_of(asked.text("search")[:_MOST_LETTERS])
    asked.cancelled.check()  # it may have waited for its turn longer than who asked
    (cursor, limit), sort = place_of(asked), asked.text("sort")
    found = search.find(
        query, _scope(asked), sort=sort, cursor=cursor, limit=limit, saved=saved_ids
    )
    ids = _held_to_here(query, found.ids, asked.number("model"))
    is_short = found.cursor is not None and len(ids) < limit
    looked_at = search.count_looked_at(found.cursor, sort) if is_short else None
    images = records.find_all(ids).values()
    said = _said_of(query, asked.language)
    notes = [{"code": "search", "message": " ".join(said)}] if said else []
    return page_view(images, found.cursor, time.time(), notes, looked_at=looked_at)


def suggest(asked: Asked) -> list[dict[str, Any]]:
    """`suggest?word=`; count: how many pictures have it, 0 of a key."""
    return [vars(one) for one in search.suggestions(asked.text("word")[:_MOST_LETTERS])]


def within(asked: Asked) -> dict[str, Any]:
    """`POST within`: those of the ids, which the page has loaded, that fit the search."""
    known, words = given_ids(asked, _MOST_IDS), asked.given("words", str, is_needed=True)
    query = search.query_of(words[:_MOST_LETTERS])
    fitting = records.having(known, query, lambda: saved_files(known))
    fitting = _held_to_here(query, fitting, whole(asked.field("model"), 1, LAST_ID))
    return {"ids": fitting, "said": " ".join(_said_of(query, asked.language))}


def _held_to_here(
    query: search.Query, image_ids: Sequence[int], open_model: int | None
) -> Sequence[int]:
    """Those of them that fit what the query says of this machine."""
    if query.here is None:
        return image_ids
    can_be = set(can_be_made_here(image_ids, open_model))
    return [image_id for image_id in image_ids if (image_id in can_be) == query.here]


def _scope(asked: Asked) -> search.Scope:
    query = query_of(asked.request.query_params)
    return search.Scope(
        gallery="".join(pages.galleries_of(query)[:1]),
        level=query.level,
        type=query.type or "",
        base_models=query.base_models,
        with_data=query.with_meta,
    )


def _said_of(query: search.Query, language: str) -> list[str]:
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


def figures(asked: Asked) -> dict[str, Any]:
    """`figures?model=&version=&level=`. Nothing is asked of Civitai for it."""
    model_id, version_id = asked.number("model"), asked.number("version")
    if model_id is None and version_id is None:
        raise Refusal(400, "bad_input", "name_a_model")
    return gallery_stats.figures_of(model_id, version_id, level_up_to(asked.text("level")))
