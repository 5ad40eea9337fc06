"""Carries a search out: ids of the pictures that fit, a page at a time.

No page takes longer than a bounded amount of work, however large the library is. Where few images
fit one of the conditions, those are looked at and no others. Else images are looked through in the
order asked for, one stretch of so many a page: a page may have fewer images than asked for, even
none, and a cursor all the same, from which the next page looks on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..store import has_trigrams, open_library, select_rows
from .conditions import (
    Condition,
    FACTS,
    make_condition,
    make_name_condition,
    merge_bounds,
    NAMES_OF,
    OWN,
    TEXTS,
    trigram_queries,
)
from .grammar import SearchQuery, Term

__all__ = ["SearchPage", "SORTS", "SearchScope", "count_looked_at", "run_search"]

Rows = Callable[[str, Sequence[object]], "list[tuple[Any, ...]]"]


@dataclass(frozen=True)
class _Order:
    """What images are sorted by. place: what a cursor holds. after, until: what follows a place,
    and what does not come later than one."""

    sql: str
    place: str
    after: str
    until: str


SORTS = {
    "Newest": _Order("{id} DESC", "{id}", "{id} < ?", "{id} >= ?"),
    "Oldest": _Order("{id}", "{id}", "{id} > ?", "{id} <= ?"),
    "Most Reactions": _Order(
        "f.reactions DESC, {id} DESC",
        "f.reactions, {id}",
        "(f.reactions, {id}) < (?, ?)",
        "(f.reactions, {id}) >= (?, ?)",
    ),
}
_WORK = 200_000  # of a page, as _COSTS tells it: about 20 ms
_COSTS = {FACTS: 1.0, OWN: 10.0, NAMES_OF: 30.0, TEXTS: 8.0}  # of a condition, for each image
_OF_READING = 50.0  # an image's texts
_OF_INDEX, _OF_TRIGRAM = 2.0, 0.25  # for each image of which the index of texts is asked
_FEW = 10_000  # ids that are sorted in less time than all images are looked through in order
_COMMON = 30_000  # texts: a trigram of more is of little use where all images are to be found
_MOST_BEGINNING = 300  # trigrams
_SAMPLE, _RARE = 1_000, 50  # of the newest texts, less than one in so many
_GIVEN_IDS = "SELECT value AS id FROM json_each(?)"
_MATCHING = "SELECT rowid AS id FROM trigrams WHERE trigrams MATCH ?"
_NOWHERE = "\1\1\1"  # control characters are in no text
_CURSOR = re.compile(r"[0-9]{1,18}(\|[0-9]{1,18})?")


@dataclass(frozen=True)
class SearchScope:
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
class SearchPage:
    """cursor: where to look on, None at the end; images may be left there though `ids` are few."""

    ids: tuple[int, ...] = ()
    cursor: str | None = None


@dataclass(frozen=True)
class _Start:
    """Where a search begins: FROM, its conditions and their values, and what names an id there.

    fits: the condition that all ids there fit. is_few: whether all of them may be looked at. cost:
    for each image that is passed over.
    """

    sql: str = "facts f"
    where: tuple[str, ...] = ()
    values: tuple[object, ...] = ()
    id: str = "f.id"
    fits: Condition | None = None
    is_few: bool = False
    cost: float = 0.0


def run_search(
    query: SearchQuery,
    scope: SearchScope = SearchScope(),
    *,
    sort: str = "Newest",
    cursor: str | None = None,
    limit: int = 100,
    saved: Callable[[], Iterable[int]] = list,
    read: Rows | None = None,
) -> SearchPage:
    """Return a page of at most `limit` ids that fit.

    sort: one of SORTS, else it is `Newest`. saved: returns the ids of what jobs have saved. read:
    reads rows, None for the library's. Raises what `read` raises.
    """
    conditions = [make_condition(term, saved) for term in query.terms]
    conditions = merge_bounds([*conditions, *_scope_conditions(scope)])
    conditions.sort(key=lambda one: one.looks_at)
    if read is not None:
        return _find(query, conditions, scope, sort, cursor, limit, read)
    with open_library() as library:
        return _find(query, conditions, scope, sort, cursor, limit, library.rows)


def count_looked_at(cursor: str, sort: str) -> tuple[int, int]:
    """Return how many images come no later than a page's cursor, and how many there are."""
    order = SORTS.get(sort, SORTS["Newest"])
    looked = f"SELECT count(*) FROM facts f WHERE {order.until.format(id='f.id')}"
    sql = f"SELECT ({looked}), (SELECT count(*) FROM facts)"
    ((count, total),) = select_rows(sql, _place_of(cursor, order))
    return count, total


def _find(
    query: SearchQuery,
    conditions: list[Condition],
    scope: SearchScope,
    sort: str,
    cursor: str | None,
    limit: int,
    read: Rows,
) -> SearchPage:
    order = SORTS.get(sort, SORTS["Newest"])
    place = _place_of(cursor, order) if cursor and _CURSOR.fullmatch(cursor) else ()
    # What some given ids hold is found faster in their texts than in the index.
    has_index = scope.ids is None and has_trigrams()
    words = trigram_queries(query.terms, partial(_list_trigrams, read)) if has_index else []
    start = _few_of(conditions, words, scope, read)
    if start is None:
        start = _in_order(words if sort != "Most Reactions" else [])
    walk = _Walk(start, [one for one in conditions if one is not start.fits], order, read)
    end = () if start.is_few else walk.end(place)
    found = walk.places(walk.conditions, place, end, limit + 1)
    if len(found) > limit:
        end, found = found[limit - 1], found[:limit]
    return SearchPage(tuple(one[-1] for one in found), "|".join(map(str, end)) if end else None)


@dataclass(frozen=True)
class _Walk:
    """Images looked through from a start on. A place is what the order's cursors hold."""

    start: _Start
    conditions: list[Condition]
    order: _Order
    read: Rows

    def end(self, place: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the place up to which one page looks; () where that is the last image.

        What costs much is looked at for few images, which are those that fit all that costs
        little; that is looked at for many.
        """
        cheap = [one for one in self.conditions if one.looks_at <= OWN]
        dear = [one for one in self.conditions if one.looks_at > OWN]
        end: tuple[Any, ...] = ()
        cost = self.start.cost + _cost(cheap)
        if cost:
            all_images = _Walk(_Start(), [], self.order, self.read)
            end = all_images._nth(int(_WORK / cost), [], place, ())
        if dear:
            end = self._nth(int(_WORK / _cost(dear)), cheap, place, end) or end
        return end

    def places(
        self,
        conditions: Sequence[Condition],
        place: tuple[Any, ...],
        end: tuple[Any, ...],
        limit: int,
        offset: int = 0,
    ) -> list[tuple[Any, ...]]:
        """Return the places of those that fit, after a place and up to an end, in order."""
        start, of_id = self.start, self.start.id
        bounds = [(self.order.after, place)] if place else []
        bounds += [(self.order.until, end)] if end else []
        where = [*start.where, *(sql.format(id=of_id) for sql, _ in bounds)]
        where += [one.sql for one in conditions]
        values = [*start.values, *(value for _, values in bounds for value in values)]
        values += [value for one in conditions for value in one.values]
        texts = "CROSS JOIN texts t ON t.id = f.id"
        sql = (
            f"SELECT {self.order.place.format(id=of_id)} FROM {start.sql}"
            f" {texts if any(one.looks_at == TEXTS for one in conditions) else ''}"
            f" WHERE {' AND '.join(where) or 1}"
            f" ORDER BY {self.order.sql.format(id=of_id)} LIMIT ? OFFSET ?"
        )
        return self.read(sql, [*values, limit, offset])

    def _nth(
        self,
        number: int,
        conditions: Sequence[Condition],
        place: tuple[Any, ...],
        end: tuple[Any, ...],
    ) -> tuple[Any, ...]:
        """Return the place of the image of this number among those that fit, () for none."""
        found = self.places(conditions, place, end, 1, max(0, number - 1))
        return found[0] if found else ()


def _few_of(
    conditions: Sequence[Condition], words: Sequence[str], scope: SearchScope, read: Rows
) -> _Start | None:
    """Return the start from the fewest ids that fit one condition, if there are few."""
    if scope.ids is not None:
        return _start_from_ids(Condition("", (json.dumps(list(scope.ids)),), _GIVEN_IDS))
    start, most = None, min(_FEW, int(_WORK / max(_cost(conditions), 1)))
    rare = [word for word in words if _count_up_to(_COMMON, _matching(word), read) <= _COMMON]
    for one in [*conditions, *([_matching(" AND ".join(rare))] if rare else [])]:
        if one.ids and (found := _count_up_to(most, one, read)) <= most:
            start, most = _start_from_ids(one), found - 1
    return start


def _in_order(words: Sequence[str]) -> _Start:
    """Return the start from all images, of which those that have no such words are passed over."""
    if not words:
        return _Start()
    from_index = "trigrams g CROSS JOIN facts f ON f.id = g.rowid"
    where, cost = ("trigrams MATCH ?",), _OF_INDEX + _OF_TRIGRAM * len(words)
    return _Start(from_index, where, (" AND ".join(words),), "g.rowid", cost=cost)


def _cost(conditions: Sequence[Condition]) -> float:
    read = _OF_READING if any(one.looks_at == TEXTS for one in conditions) else 0.0
    return read + sum(_COSTS[one.looks_at] for one in conditions)


def _matching(words: str) -> Condition:
    return Condition("", (words,), _MATCHING)


def _start_from_ids(few: Condition) -> _Start:
    """LIMIT keeps SQLite from making one query of both."""
    ids = f"(SELECT DISTINCT id FROM ({few.ids}) LIMIT -1)"
    sql = f"{ids} d CROSS JOIN facts f ON f.id = d.id"
    return _Start(sql, (), few.values, fits=few, is_few=True)


def _count_up_to(most: int, fitting: Condition, read: Rows) -> int:
    """Return how many ids fit, `most` + 1 for all that is more."""
    sql = f"SELECT count(*) FROM (SELECT 1 FROM ({fitting.ids}) LIMIT ?)"
    return int(read(sql, (*fitting.values, most + 1))[0][0])


def _list_trigrams(read: Rows, term: Term) -> list[str]:
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


def _scope_conditions(scope: SearchScope) -> Iterator[Condition]:
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
        yield make_name_condition(("base",), shown, (json.dumps(list(scope.base_models)),))


def _place_of(cursor: str, order: _Order) -> tuple[int, ...]:
    parts = [int(part) for part in cursor.split("|")]
    return (parts[0], parts[-1])[: order.place.count(",") + 1]
