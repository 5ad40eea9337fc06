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

from ..store import has_trigrams, open_library
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
from .order import Order, SORTS

__all__ = ["SearchPage", "SearchScope", "run_search"]

Rows = Callable[[str, Sequence[object]], "list[tuple[Any, ...]]"]


_WORK = 200_000  # of a page, as _COSTS tells it: about 20 ms
_COSTS = {FACTS: 1.0, OWN: 10.0, NAMES_OF: 30.0, TEXTS: 8.0}  # of a condition, for each image
_OF_READING = 50.0  # an image's texts
_OF_COUNTING = 0.7  # an image
_OF_INDEX, _OF_TRIGRAM = 2.0, 0.25  # for each image of which the index of texts is asked
_FEW = 10_000  # ids that are sorted in less time than all images are looked through in order
_COMMON = 30_000  # texts: a trigram of more is of little use where all images are to be found
_MOST_BEGINNING = 300  # trigrams
_SAMPLE, _RARE = 1_000, 50  # of the newest texts, less than one in so many
_GIVEN_IDS = "SELECT value AS id FROM json_each(?)"
_MATCHING = "SELECT rowid AS id FROM trigrams WHERE trigrams MATCH ?"
_NOWHERE = "\1\1\1"  # control characters are in no text
_CURSOR = re.compile(r"([0-9]{1,18})(?::([0-9]{0,18}):([0-9]{1,18}):([0-9]{1,18}))?")


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
    """One page of the images that match.

    cursor: where the next page begins, None at the end; more may match although `ids` are few.
    looked_at: how many images were looked at up to here, and how many there are; None at the end.
    """

    ids: tuple[int, ...] = ()
    cursor: str | None = None
    looked_at: tuple[int, int] | None = None


@dataclass(frozen=True)
class _Position:
    """How far a search has come, which its cursor holds.

    place: of the last image that was returned or looked at, None at the beginning. end: the place
    where the stretch ends that is being looked through, None for no such place. count: images up
    to that end, 0 at the beginning. total: all images, 0 where they were not counted yet.
    """

    place: int | None = None
    end: int | None = None
    count: int = 0
    total: int = 0

    @classmethod
    def parse(cls, cursor: str | None) -> _Position:
        """Return the position that a cursor holds, the beginning for what is no cursor."""
        found = _CURSOR.fullmatch(cursor or "")
        if found is None:
            return cls()
        place, end, count, total = found.groups()
        return cls(int(place), int(end) if end else None, int(count or 0), int(total or 0))

    def __str__(self) -> str:
        end = "" if self.end is None else self.end
        return f"{self.place}:{end}:{self.count}:{self.total}"


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


def _find(
    query: SearchQuery,
    conditions: list[Condition],
    scope: SearchScope,
    sort: str,
    cursor: str | None,
    limit: int,
    read: Rows,
) -> SearchPage:
    order, position = SORTS.get(sort, SORTS["Newest"]), _Position.parse(cursor)
    # What some given ids hold is found faster in their texts than in the index.
    has_index = scope.ids is None and has_trigrams()
    words = trigram_queries(query.terms, partial(_list_trigrams, read)) if has_index else []
    start = _few_of(conditions, words, scope, read)
    if start is None:
        start = _in_order(words if sort != "Most Reactions" else [])
    walk = _Walk(start, [one for one in conditions if one is not start.fits], order, read)
    end, number = position.end, 0
    if end is None and not start.is_few:
        end, number = walk.stretch(position.place)
    found = walk.find(walk.conditions, position.place, end, limit + 1)
    ids = tuple(image_id for image_id, _ in found[:limit])
    is_full = len(found) > limit
    if not is_full and end is None:
        return SearchPage(ids)
    total = position.total or int(read("SELECT count(*) FROM facts", ())[0][0])
    count = total if end is None else min(position.count + number, total)
    place = found[limit - 1][1] if is_full else end
    position = _Position(place, end if is_full else None, count, total)
    return SearchPage(ids, str(position), (count, total))


@dataclass(frozen=True)
class _Walk:
    """Images that are looked through in an order, from a start on."""

    start: _Start
    conditions: list[Condition]
    order: Order
    read: Rows

    def stretch(self, place: int | None) -> tuple[int | None, int]:
        """Return the place up to which a page looks, and the number of images up to there.

        Returns (None, 0) where a page may look at all that follow. Of conditions that cost much,
        a stretch has fewer images, which are those that fit the conditions that cost little.
        """
        cheap = [one for one in self.conditions if one.looks_at <= OWN]
        costly = [one for one in self.conditions if one.looks_at > OWN]
        all_images = _Walk(_Start(), [], self.order, self.read)
        end, number, cost = None, 0, self.start.cost + _cost(cheap)
        if cost:
            number = max(1, int(_WORK / (cost + (_OF_COUNTING if costly else 0))))
            end = all_images._place_of_number(number, [], place, None)
        if costly:
            most = max(1, int(_WORK / _cost(costly)))
            nearer = self._place_of_number(most, cheap, place, end)
            if nearer is not None:
                return nearer, all_images._count(place, nearer) if cost else most
        return end, number

    def find(
        self,
        conditions: Sequence[Condition],
        place: int | None,
        end: int | None,
        limit: int,
        offset: int = 0,
    ) -> list[tuple[int, int]]:
        """Return the ids that fit, in order, with their places; after a place, up to an end."""
        shown = self.order.place.format(id=self.start.id)
        direction = "DESC" if self.order.is_descending else ""
        return self._select(
            f"{self.start.id}, {shown}",
            conditions,
            place,
            end,
            f"ORDER BY {shown} {direction} LIMIT {limit} OFFSET {offset}",
        )

    def _place_of_number(
        self, number: int, conditions: Sequence[Condition], place: int | None, end: int | None
    ) -> int | None:
        """Return the place of the image of this number among those that fit, None for none."""
        found = self.find(conditions, place, end, 1, number - 1)
        return found[0][1] if found else None

    def _count(self, place: int | None, end: int) -> int:
        return int(self._select("count(*)", [], place, end)[0][0])

    def _select(
        self,
        columns: str,
        conditions: Sequence[Condition],
        place: int | None,
        end: int | None,
        rest: str = "",
    ) -> list[tuple[Any, ...]]:
        start, of_id = self.start, self.start.id
        where, values = [*start.where], [*start.values]
        for bound, sql in ((place, self.order.after(of_id)), (end, self.order.until(of_id))):
            if bound is not None:
                where.append(sql)
                values.append(bound)
        where += [one.sql for one in conditions]
        values += [value for one in conditions for value in one.values]
        needs_texts = any(one.looks_at == TEXTS for one in conditions)
        texts = "CROSS JOIN texts t ON t.id = f.id" if needs_texts else ""
        sql = f"SELECT {columns} FROM {start.sql} {texts} WHERE {' AND '.join(where) or 1} {rest}"
        return self.read(sql, values)


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
