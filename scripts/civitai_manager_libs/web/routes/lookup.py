"""What the one field takes: an address of anything on Civitai, an id, words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import civitai
from ...civitai import Model, Reference
from ...core import Image, logged
from ...errors import Gone, InputError
from ...library import deletions, models, recent_models, records
from ..http import Asked, card, Far, model_view, Refusal
from .dependencies import client, level_up_to

__all__ = ["find", "model", "search"]

_MOST_VERSIONS = 3  # of those an image names that are asked for their model


def find(asked: Asked) -> Far:
    """`find?text=`."""
    return Far(lambda: _found(asked, _reference(asked)))


def search(asked: Asked) -> Far:
    """`models?q=&cursor=`."""
    words = " ".join(asked.text("q").split())
    if not words:
        raise Refusal(400, "bad_input", "bad_reference")
    return Far(lambda: _searched(asked, words, asked.text("cursor") or None))


def model(asked: Asked) -> Far:
    """`models/<id>`."""
    return Far(lambda: _model(asked, Reference(asked.path("model_id")))["model"])


def _reference(asked: Asked) -> Reference:
    try:
        return civitai.parse_reference(asked.text("text"))
    except InputError as error:
        raise InputError(str(error), "bad_reference") from error


def _found(asked: Asked, reference: Reference) -> dict[str, Any]:
    if reference.collection_id is not None:
        raise Refusal(400, "bad_input", "no_collections")
    if reference.words:
        found = _searched(asked, reference.words, None)
        return {"kind": "models", "words": reference.words, **found}
    if reference.post_id is not None:
        title = asked.words("post_number", id=reference.post_id)
        return {"kind": "post", "post_id": reference.post_id, "title": title}
    if reference.username:
        return {"kind": "user", "username": reference.username}
    if reference.image_id is not None:
        return _image(asked, reference)
    return _model(asked, reference)


def _searched(asked: Asked, words: str, cursor: str | None) -> dict[str, Any]:
    level = level_up_to(asked.text("level"))
    found = civitai.search_models(client(), words, level, 24, cursor, asked.cancelled)
    models.keep_covers(found.models)
    return {"models": [card(one) for one in found.models], "cursor": found.next_cursor}


def _model(asked: Asked, reference: Reference) -> dict[str, Any]:
    model_id, version_id = reference.model_id, reference.version_id
    try:
        if model_id is None:
            version = civitai.read_version(client(), version_id or 0, asked.cancelled)
            model_id = version.model_id
        opened = _opened(asked, model_id or 0)
    except Gone as error:
        # An id without an address may be an image's as well.
        image = _read_image(asked, model_id or 0) if reference.is_bare else None
        if image is not None:
            return _of_image(asked, image, image.version_ids)
        raise Refusal(404, "gone", "no_model") from error
    if version_id not in [version.id for version in opened.versions]:
        version_id = None
    found = {"model": model_view(opened), "version_id": version_id, "image_id": None}
    return {"kind": "model", **found}


def _opened(asked: Asked, model_id: int) -> Model:
    found = models.read_model(client(), model_id, asked.cancelled)
    with logged("gallery"):
        recent_models.add(found.id, found.name)
    return found


def _image(asked: Asked, reference: Reference) -> dict[str, Any]:
    image_id = reference.image_id or 0
    image = _read_image(asked, image_id) or records.find(image_id)
    if image is None:
        raise Refusal(404, "gone", "no_image")
    named = () if reference.version_id is None else (reference.version_id,)
    return _of_image(asked, image, (*named, *image.version_ids))


def _read_image(asked: Asked, image_id: int) -> Image | None:
    image = civitai.read_image(client(), image_id, asked.cancelled)
    if image is None:
        deletions.note_gone(image_id)
    else:
        records.keep([image])
    return image


def _of_image(asked: Asked, image: Image, version_ids: Sequence[int]) -> dict[str, Any]:
    found = _model_of(asked, version_ids[:_MOST_VERSIONS])
    return {
        "kind": "image",
        "image_id": image.id,
        "post_id": image.post_id,
        "model": None if found is None else model_view(found),
    }


def _model_of(asked: Asked, version_ids: Sequence[int]) -> Model | None:
    """The first of these that Civitai still has."""
    for version_id in version_ids:
        try:
            version = civitai.read_version(client(), version_id, asked.cancelled)
            return _opened(asked, version.model_id) if version.model_id else None
        except Gone:
            continue
    return None
