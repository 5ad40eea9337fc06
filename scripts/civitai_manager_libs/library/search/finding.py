"""Carries a search out: ids of the pictures that fit, a page at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..store import has_trigrams, rows
from .conditions import (
    Condition,
    condition,
    named,
    OWN,
    TEXTS,
    trigram_query,
    within_bounds,
)
from .grammar import Query, Term

__all__ = ["Found", "SORTS", "Scope", "find"]

Rows = Callable[[str, Sequence[object]], "list[tuple[Any, ...]]"]

SORTS = {  # what it is sorted by: order, and what comes after a cursor
    "Newest": ("{id} DESC", "{id} < ?"),
    "Oldest": ("{id}", "{id} > ?"),
    "Most Reactions": ("f.reactions DESC, {id} DESC", "(f.reactions, {id}) < (?, ?)"),
}
_MOST_BEGINNING = 300  # trigrams
_SAMPLE, _RARE = 1_000, 50  # of the newest texts, less than one in so many
_FEW = 10_000  # ids that are looked at one by one in less time than all images are in order
_GIVEN_IDS = "SELECT value AS id FROM json_each(?)"
_MATCHING = "SELECT rowid FROM trigrams WHERE trigrams MATCH ?"
_IN_INDEX = "trigrams g CROSS JOIN facts f ON f.id = g.rowid"
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
    conditions = [condition(term, saved) for term in query.terms]
    conditions = within_bounds([*conditions, *_of_scope(scope)])
    # What some given ids hold is found faster in their texts than in the index.
    has_index = scope.ids is None and has_trigrams()
    words = trigram_query(query.terms, partial(_beginning, read)) if has_index else ""
    start = _start(conditions, words, scope, sort, read)
    order, after = (part.format(id=start.id) for part in SORTS[sort])
    if cursor is not None and _CURSOR.fullmatch(cursor):
        conditions.append(Condition(after, _after(cursor, sort)))
    conditions = [one for one in conditions if one is not start.fits]
    conditions.sort(key=lambda one: one.looks_at)
    where = [*start.where, *(one.sql for one in conditions)]
    texts = "CROSS JOIN texts t ON t.id = f.id"
    sql = (
        f"SELECT f.id, f.reactions FROM {start.sql}"
        f" {texts if any(one.looks_at == TEXTS for one in conditions) else ''}"
        f" WHERE {' AND '.join(where) or 1} ORDER BY {order} LIMIT ?"
    )
    values = [*start.values, *(value for one in conditions for value in one.values)]
    found = read(sql, [*values, limit + 1])
    return Found(tuple(row[0] for row in found[:limit]), _next(found, limit, sort))


@dataclass(frozen=True)
class _Start:
    """Where a search begins: FROM, its conditions and their values, and what names an id there.

    fits: the condition that all ids there fit.
    """

    sql: str = "facts f"
    where: tuple[str, ...] = ()
    values: tuple[object, ...] = ()
    id: str = "f.id"
    fits: Condition | None = None


def _start(
    conditions: Sequence[Condition], words: str, scope: Scope, sort: str, read: Rows
) -> _Start:
    """Return the fastest way in: the few ids that fit one condition, where there is such a one;
    else all images in the order asked for, of which the first ones that fit are soon found."""
    if scope.ids is not None:
        return _start_of(Condition("", (json.dumps(list(scope.ids)),), _GIVEN_IDS))
    start, most = _Start(), _FEW
    for one in conditions:
        if one.ids and (found := _count_up_to(most, one.ids, one.values, read)) <= most:
            start, most = _start_of(one), found - 1
    is_words_alone = all(one.looks_at == TEXTS for one in conditions)
    if words and (
        is_words_alone
        and sort != "Most Reactions"
        or _count_up_to(most, _MATCHING, (words,), read) <= most
    ):
        return _Start(_IN_INDEX, ("trigrams MATCH ?",), (words,), "g.rowid")
    return start


def _start_of(few: Condition) -> _Start:
    """LIMIT keeps SQLite from making one query of both."""
    ids = f"(SELECT DISTINCT id FROM ({few.ids}) LIMIT -1)"
    return _Start(f"{ids} d CROSS JOIN facts f ON f.id = d.id", (), few.values, fits=few)


def _count_up_to(most: int, ids: str, values: Sequence[object], read: Rows) -> int:
    """Return how many ids there are, `most` + 1 for all that is more."""
    sql = f"SELECT count(*) FROM (SELECT 1 FROM ({ids}) LIMIT ?)"
    return int(read(sql, (*values, most + 1))[0][0])


def _beginning(read: Rows, term: Term) -> list[str]:
    """Return the trigrams that begin with the letters of a term: none where they are too many, or
    where so many texts have the letters that some are soon found without the index, whose lists
    of them take long to read; one that is nowhere where there is none."""
    letters = term.value
    text = "negative" if term.key else "prompt || names"
    sample = f"SELECT {text} AS text FROM texts ORDER BY id DESC LIMIT {_SAMPLE}"
    common = f"SELECT count(*) FROM ({sample}) WHERE instr(text, ?) > 0"
    if read(common, (letters,))[0][0] * _RARE > _SAMPLE:
        return []
    sql = "SELECT term FROM trigram_list WHERE term >= ? AND term < ? LIMIT ?"
    found = read(sql, (letters, f"{letters}\U0010ffff", _MOST_BEGINNING + 1))
    if len(found) > _MOST_BEGINNING:
        return []
    return [term for (term,) in found] or [_NOWHERE]


def _of_scope(scope: Scope) -> Iterator[Condition]:
    if scope.gallery:
        yield Condition(
            "EXISTS (SELECT 1 FROM seen WHERE gallery = ? AND id = f.id)",
            (scope.gallery,),
            "SELECT id FROM seen WHERE gallery = ?",
            OWN,
        )
    if scope.level != 31:
        yield Condition("(f.level & ?) <> 0", (scope.level,))
    if scope.type:
        yield Condition("+f.type = ?", (scope.type,), "SELECT id FROM facts WHERE type = ?")
    if scope.with_data:
        yield Condition("f.has_data")
    if scope.base_models:
        shown = "shown IN (SELECT value FROM json_each(?))"
        yield named(("base",), shown, (json.dumps(list(scope.base_models)),))


def _after(cursor: str, sort: str) -> tuple[object, ...]:
    first, _, second = cursor.partition("|")
    return (int(first), int(second or 0)) if sort == "Most Reactions" else (int(first),)


def _next(found: Sequence[tuple[Any, ...]], limit: int, sort: str) -> str | None:
    if len(found) <= limit:
        return None
    image_id, reactions = found[limit - 1]
    return f"{reactions}|{image_id}" if sort == "Most Reactions" else str(image_id)
