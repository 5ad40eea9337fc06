"""Prints what the images of a model have in common, as a table or as JSON."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..civitai import ImageQuery, walk_pages
from ..core import level_mask
from ..errors import InputError
from ..http_client import CivitaiHttpClient
from ..library import gallery_stats, models, pages, wait_for_writes
from . import terminal
from .target import make_checked_client, names_model, parse_target
from .terminal import print_result, print_translated, get_text

__all__ = ["show_stats"]

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
