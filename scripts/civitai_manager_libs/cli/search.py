"""Prints search results and the user's bookmarks at a terminal, as lines or as JSON."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterable, Sequence

from ..civitai import make_image_page_url
from ..core import Image, level_mask
from ..infotext import build_infotext, parse_infotext
from ..library import bookmarks, import_export, records, search, wait_for_writes
from . import terminal

__all__ = ["print_bookmarks", "search_library"]

_MAX_INDEX_SECONDS = 600.0  # to index the library of an older version
_WIDTHS = (11, 10, 20)  # columns of id, date and author


def search_library(
    arguments: argparse.Namespace, list_saved_ids: Callable[[], Iterable[int]]
) -> None:
    """Search the images stored on this machine, and print the matching ones.

    arguments: the parsed command line. list_saved_ids: returns the ids of the images that download
    jobs have saved as files.
    """
    search.index_remaining()
    wait_for_writes(_MAX_INDEX_SECONDS)
    query = search.parse_query(_join_words(arguments.words))
    _print_problems(query)
    ids = _find_ids(arguments, query, list_saved_ids)
    images = list(records.find_images(ids[: arguments.limit]).values())
    if arguments.json:
        terminal.print_result(json.dumps([_image_to_json(image) for image in images]))
        return
    for image in images:
        terminal.print_result(_format_image(image))
    if not images:
        terminal.print_translated("search_none")
    elif len(ids) > arguments.limit:
        terminal.print_translated("found_more")


def _find_ids(
    arguments: argparse.Namespace,
    query: search.SearchQuery,
    list_saved_ids: Callable[[], Iterable[int]],
) -> Sequence[int]:
    """Return at most `arguments.limit` + 1 ids of images that match, sorted by `arguments.sort`.

    The additional id tells the caller that there are more. list_saved_ids: returns the ids of the
    images that download jobs have saved as files.
    """
    scope, limit = search.SearchScope(level=level_mask(arguments.level)), arguments.limit + 1
    ids, cursor = list[int](), None
    while True:  # one search of a large library may stop before it has found enough
        rest = limit - len(ids)
        found = search.run_search(
            query, scope, sort=arguments.sort, cursor=cursor, limit=rest, list_saved=list_saved_ids
        )
        ids += found.ids
        if len(ids) >= limit or not found.cursor:
            return ids
        if cursor is None and found.looked_at:
            count, total = found.looked_at
            terminal.print_translated("search_goes_on", n=f"{count:,}", all=f"{total:,}")
        cursor = found.cursor


def print_bookmarks(name: str) -> bool:
    """Print the user's bookmarks as JSON; return False if the named collection does not exist.

    name: the collection to print, "" for all bookmarks. A missing collection is reported on stderr.
    """
    if name and not any(
        search.fold_text(name) == search.fold_text(s.name)
        for s in bookmarks.collections.list_collections()
    ):
        terminal.print_translated("no_set", name=name)
        return False
    for line in import_export.iter_export(name):
        terminal.print_result(line)
    return True


def _print_problems(query: search.SearchQuery) -> None:
    """Print a message for each part of a search that is ignored, for example an unknown field."""
    unsupported = [] if query.here is None else [search.QueryProblem("flag", "is:here", "is")]
    for problem in (*query.problems, *unsupported):
        choices = [flag for flag in search.FLAGS.get(problem.key, ()) if flag != "here"]
        values = {"text": problem.text, "name": problem.key, "choices": ", ".join(choices)}
        terminal.print_translated(f"search_{problem.kind}", **values)


def _join_words(words: Sequence[str]) -> str:
    """Join the arguments of a search to one query, and return it.

    An argument that contains blanks gets quotes, because the shell has removed the user's quotes.
    """
    if len(words) == 1:
        return words[0]
    return " ".join(
        re.sub(r"^(-?(?:[a-z]+:)?)([^\"\s]*\s[^\"]*)$", r'\1"\2"', word) for word in words
    )


def _image_to_json(image: Image) -> dict[str, object]:
    return {
        "id": image.id,
        "page": make_image_page_url(image.id),
        "author": image.username,
        "date": image.created_at,
        "width": image.width,
        "height": image.height,
        "base_model": image.base_model,
        "reactions": image.reactions.total,
        "infotext": build_infotext(image.meta, image),
    }


def _format_image(image: Image) -> str:
    prompt = " ".join(parse_infotext(build_infotext(image.meta, image)).prompt.split())
    cells = (str(image.id), image.created_at[:10], image.username)
    padded = "  ".join(map(terminal.make_cell, cells, _WIDTHS))
    return terminal.fit_line(f"{padded}  {prompt}", sum(_WIDTHS) + 20)
