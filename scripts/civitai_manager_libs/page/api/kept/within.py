"""Which of the pictures that the page has loaded fit a search."""

from __future__ import annotations

from typing import Any

from ....ground import whole
from ....library import records, search
from ...wire import Asked, Refusal
from ..tools import given_ids, saved_files
from .searching import held_to_here, LAST_MODEL, MOST_LETTERS, said_of

__all__ = ["within"]

_MOST_IDS = 100_000


def within(asked: Asked) -> dict[str, Any]:
    """`POST within`: those of the ids that were read and fit the search."""
    known, words = given_ids(asked, _MOST_IDS), asked.field("words")
    if not isinstance(words, str):
        raise Refusal(400, "bad_input")
    query = search.query_of(words[:MOST_LETTERS])
    fitting = records.having(known, query, lambda: saved_files(known))
    fitting = held_to_here(query, fitting, whole(asked.field("model"), 1, LAST_MODEL))
    return {"ids": fitting, "said": " ".join(said_of(query, asked.language))}
