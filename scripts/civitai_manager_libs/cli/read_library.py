"""The library in a terminal: searches and statistics."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, replace

from ..civitai import ImageQuery, make_page_url, walk_pages
from ..core import fold_text, Image, level_mask
from ..errors import InputError
from ..infotext import build_infotext, parse_infotext
from ..library import bookmarks, gallery_stats, image_records, import_export, models, pages, search
from ..library import wait_for_writes
from ..model_files import filter_by_models
from .download_jobs import open_store
from .target import make_checked_client, names_model, parse_target
from .terminal import format_row, get_text, NOTHING_DONE, pad, print_result, print_translated
from .terminal import shorten, SUCCESS

_MAX_INDEX_SECONDS = 600.0  # to index the library of an older version
_AUTHOR_WIDTH, _VALUE_WIDTH = 20, 40  # columns
_WRITE_SECONDS = 60.0  # for records that are still being written to the library
_PAGE = 100  # images
_MAX_BARS, _BAR_WIDTH = 8, 20  # bars of each kind; columns of the longest bar


def search_library(arguments: argparse.Namespace) -> int:
    """Search the images stored on this machine, print the matches, and return the exit code."""
    image_records.index_remaining()
    models.store_older_licences()
    wait_for_writes(_MAX_INDEX_SECONDS)
    words = arguments.words
    if len(words) > 1:  # the shell has removed the user's quotes
        spaced = re.compile(r"^(-?(?:[a-z]+[:=])?)([^\"\s]*\s[^\"]*)$")
        words = [spaced.sub(r'\1"\2"', word) for word in words]
    query = search.parse_query(" ".join(words))
    problems = list(query.problems)
    if query.installed is not None:
        problems.append(search.QueryProblem("flag", "is:installed", "is"))
        query = replace(query, installed=None)
    for problem in problems:
        choices = [flag for flag in search.FLAGS.get(problem.key, ()) if flag != "installed"]
        values = {"text": problem.text, "name": problem.key, "choices": ", ".join(choices)}
        print_translated(f"search_{problem.kind}", **values)
    scope, limit = search.SearchScope(level=level_mask(arguments.level)), arguments.limit
    with open_store() as store:
        store.copy_saved_paths()
    ids = _find_ids(query, scope, arguments.sort, limit + 1)
    images = list(image_records.find_images(ids[:limit]).values())
    if arguments.json:
        print_result(json.dumps([_image_to_json(image) for image in images]))
        return SUCCESS
    for image in images:
        prompt = parse_infotext(build_infotext(image.meta, image)).prompt
        author = shorten(image.username, _AUTHOR_WIDTH)
        cells = ((f"{image.id}", 11), (image.created_at[:10], 10), (author, _AUTHOR_WIDTH))
        print_result(format_row(*cells, text=" ".join(prompt.split())))
    if not images:
        print_translated("search_none")
    elif len(ids) > limit:
        print_translated("found_more")
    return SUCCESS


def _find_ids(
    query: search.SearchQuery, scope: search.SearchScope, sort: str, most: int
) -> list[int]:
    ids, cursor = list[int](), None
    while len(ids) < most:
        found = search.run_search(query, scope, sort=sort, cursor=cursor, limit=max(most, _PAGE))
        ids += filter_by_models(found.ids, query)
        cursor = found.cursor
        if cursor is None:
            break
    return ids


def print_bookmarks(arguments: argparse.Namespace) -> int:
    """Print the user's bookmarks as JSON, and return the exit code.

    arguments: the parsed command line; with `set`, only the collection of this name is printed,
    with `records`, the library's images in place of the bookmarks. A missing collection is reported
    on stderr.
    """
    name = arguments.set
    if arguments.records:
        for line in import_export.iter_records():
            print_result(line)
        return SUCCESS
    names = {fold_text(collection.name) for collection in bookmarks.list_collections()}
    if name and fold_text(name) not in names:
        print_translated("no_set", name=name)
        return NOTHING_DONE
    for line in import_export.iter_export(name):
        print_result(line)
    return SUCCESS


def _image_to_json(image: Image) -> dict[str, object]:
    return {
        "id": image.id,
        "page": make_page_url("images", image.id),
        "author": image.username,
        "date": image.created_at,
        "width": image.width,
        "height": image.height,
        "base_model": image.base_model,
        "reactions": image.reactions.total,
        "infotext": build_infotext(image.meta, image),
    }


def show_stats(arguments: argparse.Namespace) -> int:
    """Print what the images of a model have in common, as a table or JSON; return the exit code.

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
        count, size = 0, min(_PAGE, arguments.read)
        for page, _ in walk_pages(lambda cursor: pages.load_page(client, query, cursor, size)):
            count += len(page.images)
            if count >= arguments.read:
                break
        wait_for_writes(_WRITE_SECONDS)
        print_translated("stats_were_read", n=count)
    stats = gallery_stats.compute_gallery_stats(model_id, version_id, level)
    if arguments.json:
        print_result(json.dumps(stats, default=asdict))
        return SUCCESS
    for line in _format_table(stats):
        print_result(line)
    return SUCCESS


def _format_table(stats: gallery_stats.Stats) -> Iterator[str]:
    counts = {"pictures": stats["image_count"], "with_data": stats["with_data"]}
    yield get_text("stats_sample", **counts, reactions=_format_number(stats["reactions"]))
    if not stats["image_count"]:
        yield get_text("stats_none")
        return
    heads = (get_text(f"stats_head_{name}") for name in ("count", "share", "reactions"))
    yield f"  {'':{_VALUE_WIDTH}} {' '.join(pad(head, -9) for head in heads)}"
    for group in stats["groups"]:
        yield from ("", get_text(f"stats_{group['kind']}"))
        longest = group["bars"][0].count
        for bar in group["bars"][:_MAX_BARS]:
            label = bar.label
            if bar.weight:
                label += f" : {bar.weight}"
                label += f" ({bar.low} … {bar.high})" if bar.low != bar.high else ""
            share = f"{bar.count:>9} {bar.share:>9.0%} {_format_number(bar.reactions):>9}"
            length = max(1, round(_BAR_WIDTH * bar.count / longest))
            yield f"  {_format_value(label)} {share}  {'#' * length}"
    if len(stats["versions"]) > 1:
        yield from ("", get_text("stats_versions"))
        for version in stats["versions"]:
            most = version["most"]
            kinds = ("sampler", "schedule", "steps", "cfg", "guidance", "size", "clip")
            values = [f"{get_text(f'stats_{k}')} {most[k].label}" for k in kinds if k in most]
            name = _format_value(version["name"])
            yield f"  {name} {version['with_data']:>9}  {', '.join(values)}"
    if stats["recipe"]:
        yield from ("", get_text("stats_recipe"), *stats["recipe"].split("\n"))


def _format_value(text: str) -> str:
    return pad(shorten(text, _VALUE_WIDTH), _VALUE_WIDTH)


def _format_number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
