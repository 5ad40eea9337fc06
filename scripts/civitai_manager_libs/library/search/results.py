"""Searches in the library, a page at a time, and counts of what they find."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from ..database import select_rows
from ..schema import RANK
from .conditions import Condition, HIDDEN, iter_conditions, iter_scope_conditions, negate
from .conditions import SearchScope, SelectRows
from .grammar import SearchQuery

RANDOM = "Random"  # the name of a sort
_LAST_SEED = _BITS = 2**31 - 1  # of Civitai's ids
_FACTOR = 0x2545F491  # odd


class Order(NamedTuple):
    """A sort order of images.

    key: SQL expression of the row `f` of `search_fields`, a number that is different for each
        image.
    id: how conditions name an image's id; see `Condition`. nearest: SELECT for the key of the
    20,000th image after the key `?`; "" if a page is not first looked for among these.
    """

    key: str
    is_descending: bool = True
    id: str = "f.id"
    nearest: str = ""


# In the order of reactions, images are read from an index. Texts are read at random then, which
# takes three times as long: where the nearest images do not fill a page, all that match are sorted.
_RANK = f"({RANK.format(reactions='f.reactions', id='f.id')})"
_LAST_RANK = 2**62
_NEAREST = (
    f"SELECT {_RANK} FROM search_fields f WHERE {_RANK} < ? ORDER BY 1 DESC LIMIT 1 OFFSET 20000"
)
_SORTED_BY_RANK = Order(f"+{_RANK}")
SORTS = {
    "Newest": Order("f.id"),
    "Oldest": Order("f.id", is_descending=False),
    "Most Reactions": Order(_RANK, id="+f.id", nearest=_NEAREST),
}


def make_random_order(seed: int) -> Order:
    """Return a random sort order, which is always the same for the same seed.

    seed: 1 to 2**31 - 1. Each page reads all image ids: about 0.05 s for 200,000 images.
    """
    # Each step maps the 31 bits of an id to other 31 bits, no two ids to the same: a multiplication
    # by an odd number, and an exclusive or with the upper bits, for which SQLite has no operator.
    mixed = f"((f.id * {2 * seed + 1 & _BITS}) & {_BITS})"
    folded = f"(({mixed} | ({mixed} >> 16)) - ({mixed} & ({mixed} >> 16)))"
    return Order(f"(({folded} * {_FACTOR}) & {_BITS})")


# The seed of a random order, and the sort key of the last image.
_CURSOR = re.compile(r"(?:([0-9]{1,10})/)?([0-9]{1,18})")


class SearchPage(NamedTuple):
    """A page of results. cursor: of the next page, None at the end.

    hidden_count: how many matching images are left out because they are hidden.
    """

    ids: tuple[int, ...] = ()
    cursor: str | None = None
    hidden_count: int = 0


def run_search(
    query: SearchQuery,
    scope: SearchScope = SearchScope(),
    *,
    sort: str = "Newest",
    seed: int | None = None,
    cursor: str | None = None,
    limit: int = 100,
    leaves_out_hidden: bool = False,
    read: SelectRows = select_rows,
) -> SearchPage:
    """Return one page of the images that match a search, with at most `limit` ids.

    sort: a key of SORTS, or RANDOM; other names mean "Newest". seed: of the random order; None
    begins a new one. cursor: the previous page's `cursor`; None or an invalid cursor mean the first
    page. leaves_out_hidden: leave out the images that the user's rules hide. read: runs a
    SELECT and returns the rows, by default of the local library. Raises DiskError.
    """
    if any(replace(term, is_not=not term.is_not) in query.terms for term in query.terms):
        return SearchPage()  # a word and its opposite: SQLite would look through all images
    match = _CURSOR.fullmatch(cursor or "")
    after = int(match[2]) if match else None
    order, prefix = SORTS.get(sort, SORTS["Newest"]), ""
    if sort == RANDOM:
        seed = int(match and match[1] or seed or random.randint(1, _LAST_SEED))
        order, prefix = make_random_order(seed), f"{seed}/"
    direction, before, later = ("DESC", ">=", "<") if order.is_descending else ("", "<=", ">")
    indexed = read if scope.ids is None else None  # texts of given images are compared faster
    conditions = [*iter_scope_conditions(scope), *iter_conditions(query.terms, indexed)]
    shown = [negate(HIDDEN), *conditions] if leaves_out_hidden else conditions

    def select_page(order: Order, bounds: Sequence[Condition]) -> list[tuple[Any, ...]]:
        tail = f"ORDER BY {order.key} {direction} LIMIT {limit + 1}"
        return _select(read, f"f.id, {order.key}", [*shown, *bounds], scope, order, tail)

    found: list[tuple[Any, ...]] = []
    if order.nearest:
        start = _LAST_RANK if after is None else after
        bound = f"{order.key} < ? AND {order.key} >= ifnull(({order.nearest}), 0)"
        found = select_page(order, [Condition(bound, (start, start))])
    if len(found) <= limit:
        order = _SORTED_BY_RANK if order.nearest else order
        found = select_page(order, _list_bounds(order, later, after))
    last = found[limit - 1][1] if len(found) > limit else None
    hidden_count = 0
    if leaves_out_hidden:
        bounds = [*_list_bounds(order, later, after), *_list_bounds(order, before, last)]
        counted = _select(read, "count(*)", [*conditions, *bounds, HIDDEN], scope, order)
        hidden_count = counted[0][0]
    ids = tuple(image_id for image_id, _ in found[:limit])
    return SearchPage(ids, None if last is None else f"{prefix}{last}", hidden_count)


def count_by_month(scope: SearchScope, leaves_out_hidden: bool = False) -> list[tuple[str, int]]:
    """Return (month, number of images) pairs, newest first, with months such as "2025-03".

    Images without a date are left out, and those that the user's rules hide if
    `leaves_out_hidden`. Raises DiskError.
    """
    conditions = [*iter_scope_conditions(scope), Condition("f.created <> ''")]
    if leaves_out_hidden:
        conditions.append(negate(HIDDEN))
    columns = "substr(f.created, 1, 7) AS created, count(*)"
    return _select(select_rows, columns, conditions, scope, tail="GROUP BY 1 ORDER BY 1 DESC")


def _list_bounds(order: Order, sign: str, key: int | None) -> list[Condition]:
    return [] if key is None else [Condition(f"{order.key} {sign} ?", (key,))]


def _select(
    read: SelectRows,
    columns: str,
    conditions: Sequence[Condition],
    scope: SearchScope,
    order: Order = SORTS["Newest"],
    tail: str = "",
) -> list[tuple[Any, ...]]:
    image_id = order.id if scope.ids is None else "+f.id"  # the given ids are looked up
    where = " AND ".join(condition.sql.format(id=image_id) for condition in conditions) or "1"
    values = [value for condition in conditions for value in condition.values]
    return read(f"SELECT {columns} FROM search_fields f WHERE {where} {tail}", values)
