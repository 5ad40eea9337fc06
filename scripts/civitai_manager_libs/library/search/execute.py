"""Searches in the library that return the ids of matching images, a page at a time."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from ..store import open_library
from .conditions import Condition, iter_scope_conditions, make_condition, negate, SearchScope
from .grammar import SearchQuery
from .hidden_terms import HiddenTerms, make_hidden_condition
from .order import make_random_order, RANDOM, SORTS
from .scan import plan_scan, Position, SearchPage, SelectRows

__all__ = ["count_by_month", "run_search", "select_hidden"]

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
