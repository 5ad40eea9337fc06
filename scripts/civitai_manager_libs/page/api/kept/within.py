"""Which of the pictures that the page has loaded fit a search."""

from __future__ import annotations

from typing import Any

from ....ground import whole
from ....library import records, search
from ...wire import Asked, Refusal
from ..tools import saved_files
from .searching import held_to_here, LAST_MODEL, MOST_LETTERS, said_of

__all__ = ["within"]

_MOST_IDS = 100_000
_LAST_ID = 2**63 - 1  # of what SQLite can hold


def within(asked: Asked) -> dict[str, Any]:
    """`POST within`: those of the ids that were read and fit the search."""
    ids, words = asked.field("ids"), asked.field("words")
    if not isinstance(ids, list) or len(ids) > _MOST_IDS or not isinstance(words, str):
        raise Refusal(400, "bad_input")
    known = [i for i in ids if isinstance(i, int) and not isinstance(i, bool) and 0 < i <= _LAST_ID]
    query = search.query_of(words[:MOST_LETTERS])
    fitting = records.having(known, query, lambda: saved_files(known))
    fitting = held_to_here(query, fitting, whole(asked.field("model"), 1, LAST_MODEL))
    return {"ids": fitting, "said": " ".join(said_of(query, asked.language))}
