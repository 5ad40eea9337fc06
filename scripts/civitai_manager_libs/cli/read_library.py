"""The library in a terminal: searches and statistics."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..civitai import ImageQuery, make_image_page_url, walk_pages
from ..core import Image, level_mask
from ..errors import InputError
from ..http_client import CivitaiHttpClient
from ..infotext import build_infotext, parse_infotext
from ..library import (
    bookmarks,
    gallery_stats,
    image_records,
    import_export,
    models,
    pages,
    search,
    wait_for_writes,
)
from . import terminal
from .target import make_checked_client, names_model, parse_target
from .terminal import get_text, print_result, print_translated

__all__ = ["print_bookmarks", "search_library", "show_stats"]

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
    images = list(image_records.find_images(ids[: arguments.limit]).values())
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
    sort = arguments.sort
    found = search.run_search(query, scope, sort=sort, limit=limit, list_saved=list_saved_ids)
    return found.ids


def print_bookmarks(name: str) -> bool:
    """Print the user's bookmarks as JSON; return False if the named collection does not exist.

    name: the collection to print, "" for all bookmarks. A missing collection is reported on stderr.
    """
    if name and not any(
        search.fold_text(name) == search.fold_text(s.name) for s in bookmarks.list_collections()
    ):
        terminal.print_translated("no_set", name=name)
        return False
    for line in import_export.iter_export(name):
        terminal.print_result(line)
    return True


def _print_problems(query: search.SearchQuery) -> None:
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


_PAGE = 100  # images
_MAX_BARS, _BAR_WIDTH = 8, 20  # bars of each kind; columns of the longest bar
_VALUE_WIDTH = 40  # columns


def show_stats(arguments: argparse.Namespace) -> None:
    """Print what the images of a model have in common, as a table or as JSON.

    Images in the library are counted; with `--read`, images are first fetched into it. Raises
    InputError if the arguments name no model, and CivitaiShortcutError if a request fails.
    """
    reference = parse_target(arguments.model)
    if not names_model(reference):
        raise InputError(get_text("stats_of_a_model"))
    version_id = reference.version_id if arguments.version is None else arguments.version
    model_id, level = reference.model_id, level_mask(arguments.level)
    if arguments.read:
        client = make_checked_client()
        if model_id is None:
            model_id = models.load_version(client, version_id or 0).model_id
        if model_id is not None:
            models.load_model(client, model_id)  # stores the names of its versions
        query = ImageQuery(model_id, version_id, level=level)
        print_translated("stats_were_read", n=_fetch_records(client, query, arguments.read))
    stats = gallery_stats.compute_gallery_stats(model_id, version_id, level)
    if arguments.json:
        print_result(json.dumps(stats))
        return
    for line in _format_table(stats):
        print_result(line)


def _fetch_records(client: CivitaiHttpClient, query: ImageQuery, limit: int) -> int:
    """Fetch a gallery's images as JSON records, store them in the library, and return their number.

    limit: the number of images after which no further page is fetched.
    """
    count = 0
    size = min(_PAGE, limit)
    for page, _ in walk_pages(lambda cursor: pages.load_page(client, query, cursor, size).page):
        count += len(page.images)
        if count >= limit:
            break
    wait_for_writes(60)
    return count


def _format_table(stats: Mapping[str, Any]) -> Iterator[str]:
    counts = {"pictures": stats["image_count"], "with_data": stats["with_data"]}
    yield get_text("stats_sample", **counts, reactions=_format_number(stats["reactions"]))
    if not stats["image_count"]:
        yield get_text("stats_none")
        return
    heads = (get_text(f"stats_head_{name}") for name in ("count", "share", "reactions"))
    yield f"  {'':{_VALUE_WIDTH}} {' '.join(terminal.pad_columns(head, -9) for head in heads)}"
    for group in stats["groups"]:
        yield ""
        yield get_text(f"stats_{group['kind']}")
        longest = group["bars"][0]["count"]
        for bar in group["bars"][:_MAX_BARS]:
            yield _format_bar(bar, longest)
    if len(stats["versions"]) > 1:
        yield ""
        yield get_text("stats_versions")
        for version in stats["versions"]:
            yield _format_version(version)
    if stats["recipe"]:
        yield from ("", get_text("stats_recipe"), *stats["recipe"].split("\n"))


def _format_bar(bar: Mapping[str, Any], longest: int) -> str:
    label = bar["label"] if not bar["weight"] else f"{bar['label']} : {_format_weights(bar)}"
    value = terminal.make_cell(label, _VALUE_WIDTH)
    share = f"{bar['count']:>9} {bar['share']:>9.0%} {_format_number(bar['reactions']):>9}"
    return f"  {value} {share}  {'#' * max(1, round(_BAR_WIDTH * bar['count'] / longest))}"


def _format_weights(bar: Mapping[str, Any]) -> str:
    low, high = bar["low"], bar["high"]
    return str(bar["weight"]) if low == high else f"{bar['weight']} ({low} … {high})"


def _format_version(version: Mapping[str, Any]) -> str:
    most = version["most"]
    kinds = ("sampler", "schedule", "steps", "cfg", "guidance", "size", "clip")
    values = (
        f"{get_text(f'stats_{kind}')} {most[kind]['label']}" for kind in kinds if kind in most
    )
    name = terminal.make_cell(version["name"], _VALUE_WIDTH)
    return f"  {name} {version['with_data']:>9}  {', '.join(values)}"


def _format_number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
