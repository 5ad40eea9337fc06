"""What works with a model, as a table at a terminal."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from typing import Any

from .. import civitai
from ..civitai import ImageQuery, walk_pages
from ..core import level_mask
from ..errors import InputError
from ..http_client import CivitaiHttpClient
from ..library import gallery_stats, models, pages, wait_for_writes
from . import terminal
from .target import make_checked_client
from .terminal import print_result, print_translated, terminal_text, translate_errors

__all__ = ["show_stats"]

_PAGE = 100  # pictures
_BARS, _BAR = 8, 20  # of each kind; columns of the longest
_VALUE = 40  # columns


def show_stats(arguments: argparse.Namespace) -> None:
    """Raises InputError, and with `--read` what the client raises."""
    with translate_errors("bad_model"):
        reference = civitai.parse_reference(arguments.model, takes_words=False)
    if reference.model_id is None and reference.version_id is None:
        raise InputError(terminal_text("stats_of_a_model"))
    version_id = reference.version_id if arguments.version is None else arguments.version
    model_id, level = reference.model_id, level_mask(arguments.level)
    if arguments.read:
        client = make_checked_client()
        model_id = _fetch_model(client, model_id, version_id)
        query = ImageQuery(model_id, version_id, level=level)
        print_translated("stats_were_read", n=_fetch_records(client, query, arguments.read))
    found = gallery_stats.compute_gallery_stats(model_id, version_id, level)
    if arguments.json:
        print_result(json.dumps(found))
        return
    for line in _format_table(found):
        print_result(line)


def _fetch_model(
    client: CivitaiHttpClient, model_id: int | None, version_id: int | None
) -> int | None:
    """Its id. What it and its versions are called is kept."""
    if model_id is None:
        model_id = civitai.fetch_version(client, version_id or 0).model_id
    if model_id is not None:
        models.load_model(client, model_id)
    return model_id


def _fetch_records(client: CivitaiHttpClient, query: ImageQuery, wanted: int) -> int:
    """Records only, which are kept; how many."""
    count = 0
    size = min(_PAGE, wanted)
    for page, _ in walk_pages(lambda cursor: pages.load_page(client, query, cursor, size).page):
        count += len(page.images)
        if count >= wanted:
            break
    wait_for_writes(60)
    return count


def _format_table(found: Mapping[str, Any]) -> Iterator[str]:
    counts = {"pictures": found["pictures"], "with_data": found["with_data"]}
    yield terminal_text("stats_sample", **counts, reactions=_format_number(found["reactions"]))
    if not found["pictures"]:
        yield terminal_text("stats_none")
        return
    heads = (terminal_text(f"stats_head_{name}") for name in ("count", "share", "reactions"))
    yield f"  {'':{_VALUE}} {' '.join(terminal.pad_columns(head, -9) for head in heads)}"
    for group in found["groups"]:
        yield ""
        yield terminal_text(f"stats_{group['kind']}")
        most = group["bars"][0]["count"]
        for bar in group["bars"][:_BARS]:
            yield _format_bar(bar, most)
    if len(found["versions"]) > 1:
        yield ""
        yield terminal_text("stats_versions")
        for version in found["versions"]:
            yield _format_version(version)
    if found["recipe"]:
        yield from ("", terminal_text("stats_recipe"), *found["recipe"].split("\n"))


def _format_bar(bar: Mapping[str, Any], most: int) -> str:
    shown = bar["label"] if not bar["weight"] else f"{bar['label']} : {_format_weights(bar)}"
    value = terminal.pad_columns(
        terminal.truncate_columns(terminal.strip_controls(shown), _VALUE), _VALUE
    )
    share = f"{bar['count']:>9} {bar['share']:>9.0%} {_format_number(bar['reactions']):>9}"
    return f"  {value} {share}  {'#' * max(1, round(_BAR * bar['count'] / most))}"


def _format_weights(bar: Mapping[str, Any]) -> str:
    low, high = bar["low"], bar["high"]
    return bar["weight"] if low == high else f"{bar['weight']} ({low} … {high})"


def _format_version(version: Mapping[str, Any]) -> str:
    most = version["most"]
    kinds = ("sampler", "schedule", "steps", "cfg", "guidance", "size", "clip")
    told = (
        f"{terminal_text(f'stats_{kind}')} {most[kind]['label']}" for kind in kinds if kind in most
    )
    name = terminal.pad_columns(
        terminal.truncate_columns(terminal.strip_controls(version["name"]), _VALUE), _VALUE
    )
    return f"  {name} {version['with_data']:>9}  {', '.join(told)}"


def _format_number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
