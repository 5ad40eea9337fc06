"""The user's own marks of pictures, and named sets of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ....errors import InputError
from ....ground import Image
from ....library import own, records
from ....words import messages
from ...wire import Asked, own_view, Refusal
from ..tools import given_ids

__all__ = ["act_on_sets", "mark", "sets"]

_MOST_IDS = 10_000
_MOST_LETTERS = 10_000


def mark(asked: Asked) -> dict[str, Any]:
    """`POST own`: of `ids`, whatever is given of favourite, stars, note, tags, add_to, remove_from.

    What is marked then is told of each.
    """
    images = _images(asked)
    wanted = own.marks.Change(
        _given(asked, "favourite", bool),
        _given(asked, "stars", int),
        _given(asked, "note", str),
        _texts(asked, "tags"),
    )
    if wanted != own.marks.Change():
        own.marks.change(images, wanted)
    ids = [image.id for image in images]
    if name := _given(asked, "add_to", str):
        with_words(lambda: own.sets.add(images, name), asked)
    if name := _given(asked, "remove_from", str):
        own.sets.remove(ids, name)
    found = own.marks.of(ids)
    return {"own": {str(i): own_view(found.get(i, own.Mark())) for i in ids}}


def sets(asked: Asked) -> list[dict[str, Any]]:
    """`sets`."""
    return [
        {"name": one.name, "count": one.count, "covers": list(one.covers)}
        for one in own.sets.all_sets()
    ]


def act_on_sets(asked: Asked) -> list[dict[str, Any]]:
    """`POST sets`: {deed: make, rename or delete, name, to}."""
    name, to = _given(asked, "name", str) or "", _given(asked, "to", str) or ""
    deeds: dict[Any, Callable[[], object]] = {
        "make": lambda: own.sets.add([], name),
        "rename": lambda: own.sets.rename(name, to),
        "delete": lambda: own.sets.delete(name),
    }
    deed = asked.field("deed")
    if not isinstance(deed, str) or deed not in deeds:
        raise Refusal(400, "bad_input")
    with_words(deeds[deed], asked)
    return sets(asked)


def with_words(deed: Callable[[], object], asked: Asked) -> None:
    """An error's own sentence is English."""
    try:
        deed()
    except InputError as error:
        if asked.language == "en":
            raise
        raise Refusal(400, "bad_input", messages.text("set_refused", asked.language)) from error


def _images(asked: Asked) -> list[Image]:
    """Only what was read can be marked."""
    found = list(records.find_all(given_ids(asked, _MOST_IDS)).values())
    if not found:
        raise Refusal(404, "not_known")
    return found


def _given(asked: Asked, name: str, kind: type) -> Any:
    value = asked.field(name)
    if value is None:
        return None
    is_kind = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
    if not is_kind or (isinstance(value, str) and len(value) > _MOST_LETTERS):
        raise Refusal(400, "bad_input", field=name)
    return value


def _texts(asked: Asked, name: str) -> Sequence[str] | None:
    value = asked.field(name)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Refusal(400, "bad_input", field=name)
    return value
