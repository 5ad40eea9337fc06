"""What was read and marked, at a terminal: searched, a line for each picture, or as JSON."""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence

from .. import setting
from ..core import Image, level_mask
from ..i18n import messages
from ..infotext import infotext, parse_infotext
from ..library import bookmarks, finish, records, search
from . import terminal

__all__ = ["export_marked", "search_kept"]

_PATIENCE = 600.0  # seconds for what an older version's library has
_WIDTHS = (11, 10, 20)  # columns of id, date and author


def search_kept(arguments: argparse.Namespace, saved: Callable[[], Iterable[int]]) -> None:
    search.index_rest()
    finish(_PATIENCE)
    query = search.query_of(_typed(arguments.words))
    _say_problems(query)
    scope = search.Scope(level=level_mask(arguments.level))
    ids = _find_up_to(arguments.limit + 1, query, scope, arguments.sort, saved)
    images = list(records.find_all(ids[: arguments.limit]).values())
    if arguments.json:
        terminal.out(json.dumps([_fields(image) for image in images]))
        return
    for image in images:
        terminal.out(_line(image))
    if not images:
        terminal.say_text("search_none")
    elif len(ids) > arguments.limit:
        terminal.say_text("found_more")


def _find_up_to(
    most: int,
    query: search.Query,
    scope: search.Scope,
    sort: str,
    saved: Callable[[], Iterable[int]],
) -> Sequence[int]:
    """Return at most so many ids that fit; a page looks at so many images only."""
    found = search.find(query, scope, sort=sort, limit=most, saved=saved)
    ids = found.ids
    if found.cursor and len(ids) < most:
        count, total = search.count_looked_at(found.cursor, sort)
        terminal.say_text("search_goes_on", n=f"{count:,}", all=f"{total:,}")
    while found.cursor and len(ids) < most:
        rest = most - len(ids)
        found = search.find(query, scope, sort=sort, cursor=found.cursor, limit=rest, saved=saved)
        ids += found.ids
    return ids


def export_marked(name: str) -> bool:
    """As JSON on stdout; whether there is such a set."""
    if name and not any(
        search.folded(name) == search.folded(s.name) for s in bookmarks.collections.all_sets()
    ):
        terminal.say_text("no_set", name=name)
        return False
    terminal.out(json.dumps(bookmarks.import_export.export(name)))
    return True


def _say_problems(query: search.Query) -> None:
    """What is on this machine only the page knows."""
    here = [] if query.here is None else [search.Problem("flag", "is:here", "is")]
    for one in (*query.problems, *here):
        choices = [flag for flag in search.FLAGS.get(one.key, ()) if flag != "here"]
        values = {"text": one.text, "name": one.key, "choices": ", ".join(choices)}
        terminal.say(messages.text(f"search_{one.kind}", terminal.language(), **values))


def _typed(words: Sequence[str]) -> str:
    """A shell takes the quotes off: of several words, those that have blanks get them again."""
    if len(words) == 1:
        return words[0]
    return " ".join(
        re.sub(r"^(-?(?:[a-z]+:)?)([^\"]*\s[^\"]*)$", r'\1"\2"', word) for word in words
    )


def _fields(image: Image) -> dict[str, object]:
    return {
        "id": image.id,
        "page": f"{setting.base_url()}/images/{image.id}",
        "author": image.username,
        "date": image.created_at,
        "width": image.width,
        "height": image.height,
        "base_model": image.base_model,
        "reactions": image.stats.reactions,
        "infotext": infotext(image.meta, image),
    }


def _line(image: Image) -> str:
    prompt = " ".join(parse_infotext(infotext(image.meta, image)).prompt.split())
    heads = (str(image.id), image.created_at[:10], terminal.fitted(image.username, _WIDTHS[2]))
    told = "  ".join(terminal.padded(text, width) for text, width in zip(heads, _WIDTHS))
    line = f"{told}  {terminal.plain(prompt)}"
    if not sys.stdout.isatty():
        return line
    return terminal.fitted(line, max(shutil.get_terminal_size().columns - 1, sum(_WIDTHS) + 20))
