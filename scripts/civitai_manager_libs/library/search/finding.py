"""Carries a search out: ids of the pictures that fit, a page at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..store import has_trigrams, rows
from .conditions import Condition, condition, trigram_query
from .grammar import Query

__all__ = ["Found", "SORTS", "Scope", "find"]

Rows = Callable[[str, Sequence[object]], "list[tuple[Any, ...]]"]

SORTS = {  # what it is sorted by: order, and what comes after a cursor
    "Newest": ("{id} DESC", "{id} < ?"),
    "Oldest": ("{id}", "{id} > ?"),
    "Most Reactions": ("f.reactions DESC, {id} DESC", "(f.reactions, {id}) < (?, ?)"),
}
_MOST_BEGINNING = 300  # trigrams
_NOWHERE = "\1\1\1"  # control characters are in no text
_CURSOR = re.compile(r"[0-9]{1,18}(\|[0-9]{1,18})?")


@dataclass(frozen=True)
class Scope:
    """Of which pictures, beside what the search itself says.

    ids: None for all. gallery: as `seen` names it, "" for all. level: mask. type: "" for all.
    base_models: () for all.
    """

    ids: Sequence[int] | None = None
    gallery: str = ""
    level: int = 31
    type: str = ""
    base_models: Sequence[str] = ()
    with_data: bool = False


@dataclass(frozen=True)
class Found:
    """cursor: None at the end."""

    ids: tuple[int, ...] = ()
    cursor: str | None = None


def find(
    query: Query,
    scope: Scope = Scope(),
    *,
    sort: str = "Newest",
    cursor: str | None = None,
    limit: int = 100,
    saved: Callable[[], Iterable[int]] = list,
    read: Rows = rows,
) -> Found:
    """sort: one of SORTS, else it is `Newest`. saved: ids of what jobs have saved. Raises what
    `read` raises."""
    sort = sort if sort in SORTS else "Newest"
    # What some given ids hold is found faster in their texts than in the index.
    has_index = scope.ids is None and has_trigrams()
    terms = trigram_query(query.terms, partial(_beginning, read)) if has_index else ""
    conditions = [condition(term, saved) for term in query.terms]
    conditions += _of_scope(scope)
    order, after = (part.format(id="g.rowid" if terms else "f.id") for part in SORTS[sort])
    if cursor is not None and _CURSOR.fullmatch(cursor):
        conditions.append(Condition(after, _after(cursor, sort)))
    start = "trigrams g CROSS JOIN facts f ON f.id = g.rowid" if terms else "facts f"
    where = [one.sql for one in conditions]
    values = [value for one in conditions for value in one.values]
    if terms:
        where, values = ["trigrams MATCH ?", *where], [terms, *values]
    sql = (
        f"SELECT f.id, f.reactions FROM {start} CROSS JOIN texts t ON t.id = f.id"
        f" WHERE {' AND '.join(where) or 1} ORDER BY {order} LIMIT ?"
    )
    found = read(sql, [*values, limit + 1])
    return Found(tuple(row[0] for row in found[:limit]), _next(found, limit, sort))


def _beginning(read: Rows, letters: str) -> list[str]:
    """None where they are too many, one that is nowhere where there is none."""
    sql = "SELECT term FROM trigram_list WHERE term >= ? AND term < ? LIMIT ?"
    found = read(sql, (letters, f"{letters}\U0010ffff", _MOST_BEGINNING + 1))
    if len(found) > _MOST_BEGINNING:  # so common that the first texts have it
        return []
    return [term for (term,) in found] or [_NOWHERE]


def _of_scope(scope: Scope) -> Iterator[Condition]:
    if scope.ids is not None:
        ids = json.dumps(list(scope.ids))
        yield Condition("f.id IN (SELECT value FROM json_each(?))", (ids,))
    if scope.gallery:
        yield Condition("f.id IN (SELECT id FROM seen WHERE gallery = ?)", (scope.gallery,))
    if scope.level != 31:
        yield Condition("(f.level & ?) <> 0", (scope.level,))
    if scope.type:
        yield Condition("f.type = ?", (scope.type,))
    if scope.with_data:
        yield Condition("f.has_data")
    if scope.base_models:
        named = "SELECT id FROM uses WHERE name IN (SELECT number FROM names WHERE kind = 'base'"
        shown = json.dumps(list(scope.base_models))
        sql = f"f.id IN ({named} AND shown IN (SELECT value FROM json_each(?))))"
        yield Condition(sql, (shown,))


def _after(cursor: str, sort: str) -> tuple[object, ...]:
    first, _, second = cursor.partition("|")
    return (int(first), int(second or 0)) if sort == "Most Reactions" else (int(first),)


def _next(found: Sequence[tuple[Any, ...]], limit: int, sort: str) -> str | None:
    if len(found) <= limit:
        return None
    image_id, reactions = found[limit - 1]
    return f"{reactions}|{image_id}" if sort == "Most Reactions" else str(image_id)
