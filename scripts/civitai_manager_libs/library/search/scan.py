"""Searches in the library, a page at a time."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ..database import has_trigrams, open_library
from ..schema import RANK
from .conditions import (
    Condition,
    HiddenTerms,
    iter_scope_conditions,
    make_condition,
    make_hidden_condition,
    make_trigram_queries,
    merge_bounds,
    negate,
    SearchScope,
    Source,
)
from .grammar import SearchQuery, Term

__all__ = [
    "count_by_month",
    "make_random_order",
    "Order",
    "plan_scan",
    "Position",
    "RANDOM",
    "run_search",
    "SearchPage",
    "select_hidden",
    "SelectRows",
    "SORTS",
]

RANDOM = "Random"  # the name of a sort
_BITS = 2**31 - 1  # of Civitai's ids
_FACTOR = 0x2545F491  # odd


@dataclass(frozen=True)
class Order:
    """A sort order of images.

    sort_key: SQL expression for a number that is different for each image. The expression may use
    the row `f` of the table `facts`, and `{id}` for the image's id.
    """

    sort_key: str
    is_descending: bool = True

    @property
    def is_by_id(self) -> bool:
        return self.sort_key == "{id}"


SORTS = {
    "Newest": Order("{id}"),
    "Oldest": Order("{id}", is_descending=False),
    "Most Reactions": Order(f"({RANK.format(reactions='f.reactions', id='{id}')})"),
}


def make_random_order(seed: int) -> Order:
    """Return a random sort order, which is always the same for the same seed.

    seed: 1 to 2**31 - 1. Each page reads all image ids: about 0.05 s for 200,000 images.
    """
    # Each step maps the 31 bits of an id to other 31 bits, no two ids to the same: a multiplication
    # by an odd number, and an exclusive or with the upper bits, for which SQLite has no operator.
    mixed = f"(({{id}} * {2 * seed + 1 & _BITS}) & {_BITS})"
    folded = f"(({mixed} | ({mixed} >> 16)) - ({mixed} & ({mixed} >> 16)))"
    return Order(f"(({folded} * {_FACTOR}) & {_BITS})")


SelectRows = Callable[[str, Sequence[object]], "list[tuple[Any, ...]]"]

# Costs are in units of what it takes to compare one column of one image, about 0.1 microseconds.
_WORK = 200_000  # of a page
_COSTS = {Source.FACTS: 1.0, Source.ANNOTATIONS: 10.0, Source.NAMES: 30.0, Source.TEXTS: 8.0}
_READ_TEXTS = 50.0  # of one image
_COUNT = 0.7  # one image
_MATCH, _MATCH_TRIGRAM = 2.0, 0.25  # one image in the trigram index, and for each trigram
_FEW = 10_000  # ids, which are sorted sooner than all images are read in order
_COMMON = 30_000  # images: a trigram of more is of little use
_MOST_TRIGRAMS = 300  # for a word of one or two letters
_SAMPLE, _RARE = 1_000, 50  # newest images; a word is rare if less than one in 50 of these has it
_GIVEN_IDS = "SELECT value AS id FROM json_each(?)"
_MATCHING = "SELECT rowid AS id FROM trigrams WHERE trigrams MATCH ?"
_CURSOR = re.compile(
    r"(?:([0-9]{1,10})/)?([0-9]{1,18})(?::([0-9]{0,18}):([0-9]{1,18}):([0-9]{1,18}))?"
)
_NO_SUCH_TRIGRAM = "\1\1\1"  # folded texts have no control characters


@dataclass(frozen=True)
class Position:
    """Where a page of search results begins; `str(position)` is the page's cursor.

    A search tests the images in batches. A page shows matches of one batch; if they are too many,
    the next page continues the batch. sort_key: of the last image before the page, None at the
    start. end: sort key of the last image of the batch to continue, None to begin a new batch.
    count: number of images in all batches so far. total: number of all images, 0 if not counted.
    seed: of a random order, 0 for other orders.
    """

    sort_key: int | None = None
    end: int | None = None
    count: int = 0
    total: int = 0
    seed: int = 0

    @classmethod
    def parse(cls, cursor: str | None) -> Position:
        """Return the position in a cursor; None or an invalid cursor means the first page."""
        match = _CURSOR.fullmatch(cursor or "")
        if match is None:
            return cls()
        seed, sort_key, end, count, total = match.groups()
        numbers = int(count or 0), int(total or 0), int(seed or 0)
        return cls(int(sort_key), int(end) if end else None, *numbers)

    def __str__(self) -> str:
        end = "" if self.end is None else self.end
        seed = f"{self.seed}/" if self.seed else ""
        return f"{seed}{self.sort_key}:{end}:{self.count}:{self.total}"


@dataclass(frozen=True)
class SearchPage:
    """One page of search results.

    cursor: for the next page, None at the end. A page with few ids may have a next page.
    looked_at: (images searched so far, all images), None at the end.
    hidden_count: number of matching images left out because they are hidden.
    """

    ids: tuple[int, ...] = ()
    cursor: str | None = None
    looked_at: tuple[int, int] | None = None
    hidden_count: int = 0


@dataclass(frozen=True)
class _Start:
    """The database rows that a search reads first, as parts of an SQL query.

    sql: FROM clause. where: conditions. values: parameters. id: expression for an image's id.
    fulfilled: a condition that all these rows meet, None if unknown. cost: of reading one row, in
    the unit of `_WORK`.
    is_few: whether the rows are so few that one page may read them all.
    """

    sql: str = "facts f"
    where: tuple[str, ...] = ()
    values: tuple[object, ...] = ()
    id: str = "f.id"
    fulfilled: Condition | None = None
    is_few: bool = False
    cost: float = 0.0


def plan_scan(
    terms: Sequence[Term],
    ids: Sequence[int] | None,
    order: Order,
    read: SelectRows,
    conditions: Iterable[Condition],
) -> Scan:
    """Return the fastest Scan for the images that meet all conditions, in sort order.

    terms: the search terms, to look up in the trigram index; `conditions` must include them.
    ids: the images to search, None for all. read: runs a SELECT and returns the rows.
    """
    conditions = sorted(merge_bounds(conditions), key=lambda condition: condition.source)
    if ids is not None:  # among these, words are found faster in the texts than in the index
        start = _start_from_ids(Condition("", (json.dumps(list(ids)),), _GIVEN_IDS))
    else:
        list_trigrams = partial(_list_trigrams, read)
        queries = make_trigram_queries(terms, list_trigrams) if has_trigrams() else []
        start = _start_from_few(conditions, queries, read) or _start_from_all(
            queries if order.is_by_id else []
        )
    others = [condition for condition in conditions if condition is not start.fulfilled]
    return Scan(start, others, order, read)


@dataclass(frozen=True)
class Scan:
    """A planned search: the rows to read, the conditions to test and the sort order."""

    start: _Start
    conditions: list[Condition]
    order: Order
    read: SelectRows

    def select_page(self, position: Position, limit: int) -> SearchPage:
        """Return the page of at most `limit` matching images that begins at a position."""
        end, number = position.end, 0
        if end is None and not self.start.is_few:
            end, number = self.choose_batch_end(position.sort_key)
        found = self.select_images(self.conditions, position.sort_key, end, limit + 1)
        ids = tuple(image_id for image_id, _ in found[:limit])
        is_full = len(found) > limit
        if not is_full and end is None:
            return SearchPage(ids)
        total = position.total or int(self.read("SELECT count(*) FROM facts", ())[0][0])
        count = total if end is None else min(position.count + number, total)
        sort_key = found[limit - 1][1] if is_full else end
        end = end if is_full else None
        position = replace(position, sort_key=sort_key, end=end, count=count, total=total)
        return SearchPage(ids, str(position), (count, total))

    def choose_batch_end(self, after_key: int | None) -> tuple[int | None, int]:
        """Return (sort key of a batch's last image, number of the batch's images).

        The batch is as large as the work for one page (`_WORK`) allows. If it may have all
        remaining images, the returned key is None, and the number means nothing. after_key: sort
        key of the last image before the batch, None at the start.
        """
        fast = [c for c in self.conditions if c.source <= Source.ANNOTATIONS]
        slow = [c for c in self.conditions if c.source > Source.ANNOTATIONS]
        all_images = Scan(_Start(), [], self.order, self.read)
        last_key, number, cost = None, 0, self.start.cost + _sum_costs(fast)
        if cost:
            number = max(1, int(_WORK / (cost + (_COUNT if slow else 0))))
            last_key = all_images._find_sort_key(number, [], after_key, None)
        if slow:
            most = max(1, int(_WORK / _sum_costs(slow)))
            nearer = self._find_sort_key(most, fast, after_key, last_key)
            if nearer is not None:
                return nearer, all_images._count(after_key, nearer) if cost else most
        return last_key, number

    def select_images(
        self,
        conditions: Sequence[Condition],
        after_key: int | None,
        last_key: int | None,
        limit: int,
        offset: int = 0,
    ) -> list[tuple[int, int]]:
        """Return (image id, sort key) of each image that meets all conditions, in sort order.

        after_key, last_key: return only images after `after_key` and up to `last_key`; None means
        no such limit. limit: largest number of images. offset: number of images to skip.
        """
        key_sql = self.order.sort_key.format(id=self.start.id)
        direction = "DESC" if self.order.is_descending else ""
        tail = f"ORDER BY {key_sql} {direction} LIMIT {limit} OFFSET {offset}"
        return self._select(f"{self.start.id}, {key_sql}", conditions, after_key, last_key, tail)

    def _find_sort_key(
        self,
        number: int,
        conditions: Sequence[Condition],
        after_key: int | None,
        last_key: int | None,
    ) -> int | None:
        """Return the sort key of the `number`-th image that meets all conditions."""
        found = self.select_images(conditions, after_key, last_key, 1, number - 1)
        return found[0][1] if found else None

    def count_between(self, position: Position, cursor: str | None) -> int:
        """Return how many images meet the conditions between the start and the end of a page.

        position: where the page begins. cursor: of the next page, None if this page is the last.
        """
        last_key = None if cursor is None else Position.parse(cursor).sort_key
        return int(self._select("count(*)", self.conditions, position.sort_key, last_key)[0][0])

    def count_by_value(self, expression: str) -> list[tuple[Any, ...]]:
        """Return (value, number of matching images) for each value of an SQL expression.

        The largest value comes first.
        """
        tail = "GROUP BY 1 ORDER BY 1 DESC"
        return self._select(f"{expression}, count(*)", self.conditions, None, None, tail)

    def _count(self, after_key: int | None, last_key: int) -> int:
        return int(self._select("count(*)", [], after_key, last_key)[0][0])

    def _select(
        self,
        columns: str,
        conditions: Sequence[Condition],
        after_key: int | None,
        last_key: int | None,
        tail: str = "",
    ) -> list[tuple[Any, ...]]:
        start = self.start
        where, values = [*start.where], [*start.values]
        key_sql = self.order.sort_key.format(id=start.id)
        after, until = ("<", ">=") if self.order.is_descending else (">", "<=")
        for sign, key in ((after, after_key), (until, last_key)):
            if key is not None:
                where.append(f"{key_sql} {sign} ?")
                values.append(key)
        where += [condition.sql for condition in conditions]
        values += [value for condition in conditions for value in condition.values]
        texts = "CROSS JOIN texts t ON t.id = f.id" if _needs_texts(conditions) else ""
        sql = f"SELECT {columns} FROM {start.sql} {texts} WHERE {' AND '.join(where) or 1} {tail}"
        return self.read(sql, values)


def _start_from_few(
    conditions: Sequence[Condition], queries: Sequence[str], read: SelectRows
) -> _Start | None:
    """Return how to read only the images that meet the condition with the fewest matches.

    Return None if even these are too many to test for one page, or if no condition has an index.
    queries: full-text queries; those with few matches together count as one more condition.
    """
    start, most = None, min(_FEW, int(_WORK / max(_sum_costs(conditions), 1)))
    rare = [
        query
        for query in queries
        if _count_up_to(_COMMON, _make_match_condition(query), read) <= _COMMON
    ]
    for condition in [*conditions, *([_make_match_condition(" AND ".join(rare))] if rare else [])]:
        if condition.ids and (count := _count_up_to(most, condition, read)) <= most:
            start, most = _start_from_ids(condition), count - 1
    return start


def _start_from_all(queries: Sequence[str]) -> _Start:
    """Return how to read the images that match all queries, or all images if there is no query.

    queries: full-text queries.
    """
    if not queries:
        return _Start()
    sql = "trigrams g CROSS JOIN facts f ON f.id = g.rowid"
    where, cost = ("trigrams MATCH ?",), _MATCH + _MATCH_TRIGRAM * len(queries)
    return _Start(sql, where, (" AND ".join(queries),), "g.rowid", cost=cost)


def _start_from_ids(condition: Condition) -> _Start:
    # LIMIT keeps SQLite from merging the subquery with the query around it.
    ids = f"(SELECT DISTINCT id FROM ({condition.ids}) LIMIT -1)"
    sql = f"{ids} d CROSS JOIN facts f ON f.id = d.id"
    return _Start(sql, (), condition.values, fulfilled=condition, is_few=True)


def _make_match_condition(query: str) -> Condition:
    return Condition("", (query,), _MATCHING)


def _needs_texts(conditions: Sequence[Condition]) -> bool:
    return any(condition.source == Source.TEXTS for condition in conditions)


def _sum_costs(conditions: Sequence[Condition]) -> float:
    texts = _READ_TEXTS if _needs_texts(conditions) else 0.0
    return texts + sum(_COSTS[condition.source] * condition.count for condition in conditions)


def _count_up_to(most: int, condition: Condition, read: SelectRows) -> int:
    """Return how many images meet a condition, `most` + 1 if there are more than `most`."""
    sql = f"SELECT count(*) FROM (SELECT 1 FROM ({condition.ids}) LIMIT ?)"
    return int(read(sql, (*condition.values, most + 1))[0][0])


def _list_trigrams(read: SelectRows, term: Term) -> list[str]:
    """Return the indexed trigrams that begin with a term of one or two letters.

    Return [] if the index is of no use, because too many images or trigrams have these letters.
    """
    letters = term.value
    text = "negative" if term.key else "prompt || names"
    sample = f"SELECT {text} AS text FROM texts ORDER BY id DESC LIMIT {_SAMPLE}"
    common = f"SELECT count(*) FROM ({sample}) WHERE instr(text, ?) > 0"
    if read(common, (letters,))[0][0] * _RARE > _SAMPLE:
        return []
    sql = "SELECT term FROM trigram_list WHERE term >= ? AND term < ? LIMIT ?"
    trigrams = read(sql, (letters, f"{letters}\U0010ffff", _MOST_TRIGRAMS + 1))
    if len(trigrams) > _MOST_TRIGRAMS:
        return []
    return [trigram for (trigram,) in trigrams] or [_NO_SUCH_TRIGRAM]


_LAST_SEED = 2**31 - 1  # of a random order


def run_search(
    query: SearchQuery,
    scope: SearchScope = SearchScope(),
    *,
    sort: str = "Newest",
    cursor: str | None = None,
    limit: int = 100,
    hidden: HiddenTerms = HiddenTerms(),
    list_saved: Callable[[], Iterable[int]] = list,
    read: SelectRows | None = None,
) -> SearchPage:
    """Return one page of the images that match a search, with at most `limit` ids.

    sort: a key of SORTS, or RANDOM; other names mean "Newest". With RANDOM, each first page begins
    a new random order. cursor: the previous page's `cursor`, None for the first page. hidden:
    authors and words whose images are left out. list_saved: returns the ids of downloaded images.
    read: runs a SELECT and returns the rows, None for the local library. Raises DiskError.
    """
    if read is None:
        with open_library() as library:
            search_in = partial(run_search, query, scope, sort=sort, cursor=cursor, limit=limit)
            return search_in(hidden=hidden, list_saved=list_saved, read=library.rows)
    conditions = [make_condition(term, list_saved) for term in query.terms]
    conditions = [*conditions, *iter_scope_conditions(scope)]
    position = Position.parse(cursor)
    order = SORTS.get(sort, SORTS["Newest"])
    if sort == RANDOM:
        position = replace(position, seed=position.seed or random.randint(1, _LAST_SEED))
        order = make_random_order(position.seed)
    plan = partial(plan_scan, query.terms, scope.ids, order, read)
    if not hidden:
        return plan(conditions).select_page(position, limit)
    is_hidden = make_hidden_condition(hidden)
    page = plan([*conditions, negate(is_hidden)]).select_page(position, limit)
    hidden_count = plan([*conditions, is_hidden]).count_between(position, page.cursor)
    return replace(page, hidden_count=hidden_count)


def select_hidden(ids: Sequence[int], hidden: HiddenTerms, read: SelectRows) -> set[int]:
    """Return those of the given image ids that the authors and words in `hidden` hide.

    hidden: at least one author or word. read: runs a SELECT on a library and returns the rows.
    """
    plan = partial(plan_scan, (), ids, SORTS["Newest"], read)
    return set(plan([make_hidden_condition(hidden)]).select_page(Position(), len(ids)).ids)


def count_by_month(scope: SearchScope, hidden: HiddenTerms) -> list[tuple[str, int]]:
    """Return (month, number of images) pairs, newest first, with months such as "2025-03".

    Hidden images and images without a date are left out. Raises DiskError.
    """
    conditions = [*iter_scope_conditions(scope), Condition("f.created <> ''")]
    conditions += [negate(make_hidden_condition(hidden))] if hidden else []
    with open_library() as library:
        scan = plan_scan((), scope.ids, SORTS["Newest"], library.rows, conditions)
        return [(month, count) for month, count in scan.count_by_value("substr(f.created, 1, 7)")]
