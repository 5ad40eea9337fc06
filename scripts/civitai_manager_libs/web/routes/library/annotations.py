"""The user's own marks of pictures, and named sets of them; both as a file of JSON, out and in."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from starlette.responses import Response

from ....core import Image
from ....library import bookmarks, records
from ...http import Asked, own_view, Refusal
from ..dependencies import given_ids

__all__ = ["act_on_sets", "export", "mark", "sets", "take"]

_MOST_IDS = 10_000


def mark(asked: Asked) -> dict[str, Any]:
    """`POST own`: of `ids`, whatever is given of favourite, stars, note, tags, add_to, remove_from.

    What is marked then is told of each.
    """
    images = _images(asked)
    wanted = bookmarks.annotations.Change(
        asked.given("favourite", bool),
        asked.given("stars", int),
        asked.given("note", str),
        _texts(asked, "tags"),
    )
    if wanted != bookmarks.annotations.Change():
        bookmarks.annotations.change(images, wanted)
    ids = [image.id for image in images]
    if name := asked.given("add_to", str):
        bookmarks.collections.add(images, name)
    if name := asked.given("remove_from", str):
        bookmarks.collections.remove(ids, name)
    found = bookmarks.annotations.of(ids)
    return {"own": {str(i): own_view(found.get(i, bookmarks.Mark())) for i in ids}}


def sets(asked: Asked) -> list[dict[str, Any]]:
    """`sets`."""
    return [vars(one) for one in bookmarks.collections.all_sets()]


def act_on_sets(asked: Asked) -> list[dict[str, Any]]:
    """`POST sets`: {deed: make, rename or delete, name, to}."""
    name, to = asked.given("name", str) or "", asked.given("to", str) or ""
    deeds: dict[Any, Callable[[], object]] = {
        "make": lambda: bookmarks.collections.add([], name),
        "rename": lambda: bookmarks.collections.rename(name, to),
        "delete": lambda: bookmarks.collections.delete(name),
    }
    deed = asked.field("deed")
    if not isinstance(deed, str) or deed not in deeds:
        raise Refusal(400, "bad_input")
    deeds[deed]()
    return sets(asked)


def export(asked: Asked) -> Response:
    """`export?set=`: of one set, or of all that the user has marked, as a file to save."""
    told = bookmarks.import_export.export(asked.text("set"))
    body = json.dumps(told, ensure_ascii=False, indent=1).encode("utf-8", "replace")
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": 'attachment; filename="civitai-shortcut-sets.json"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(body, 200, headers, media_type="application/json")


def take(asked: Asked) -> dict[str, Any]:
    """`POST import`: what `export` gave."""
    pictures, named = bookmarks.import_export.take(asked.body)
    said = asked.words("import_done", n=pictures, sets=named)
    return {"pictures": pictures, "sets": named, "message": said}


def _images(asked: Asked) -> list[Image]:
    """Only what was read can be marked."""
    found = list(records.find_all(given_ids(asked, _MOST_IDS)).values())
    if not found:
        raise Refusal(404, "not_known")
    return found


def _texts(asked: Asked, name: str) -> Sequence[str] | None:
    value = asked.field(name)
    if value is not None and not (isinstance(value, list) and all(map(_is_text, value))):
        raise Refusal(400, "bad_input", field=name)
    return value


def _is_text(value: object) -> bool:
    return isinstance(value, str)
