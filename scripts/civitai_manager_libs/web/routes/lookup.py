"""Routes that resolve the search field's text: any address on Civitai, an id, or words."""

from __future__ import annotations

from collections.abc import Sequence

from ... import civitai
from ...civitai import Model, Reference
from ...core import as_id, Image, log_disk_errors
from ...errors import InputError, NotFound
from ...library import deletions, models, recent_models, records
from ..http import ApiError, make_model_card, make_model_view, RemoteWork, RequestContext
from ..schemas import models as schemas
from ..schemas.models import Author, FoundImage, FoundModel, LookupResult, ModelCardPage
from .bootstrap import is_demo
from .dependencies import get_client, parse_image_query, parse_level_mask

__all__ = ["find_author", "get_model", "look_up", "search_by_words"]

_MOST_VERSIONS = 3  # versions of an image that are requested to find its model


def look_up(context: RequestContext) -> RemoteWork[LookupResult]:
    """Return the model, image, post or user that the query parameter `text` names.

    `text` is a URL or an id; a bare id is looked up as a model's, then as an image's. For any other
    text, return the models that match it as search words.
    """
    return RemoteWork(lambda: _resolve_reference(context, _parse_reference(context)))


def search_by_words(context: RequestContext) -> RemoteWork[ModelCardPage]:
    """Return a page of the models that match the words in the query parameter `q`.

    Raises ApiError if there are no words; the offline demo returns all its models instead.
    """
    words = " ".join(context.query_param("q").split())
    if not words and not is_demo():
        raise ApiError(400, "bad_input", "bad_reference")
    return RemoteWork(lambda: _search_models(context, words, context.query_param("cursor") or None))


def find_author(context: RequestContext) -> Author | RemoteWork[Author]:
    """Return an author's name as Civitai spells it, "" if Civitai has no such user.

    The query parameter `name` is the name as the user typed it.
    """
    name = parse_image_query({"user": context.query_param("name")}).username
    if not name:
        return {"name": ""}
    return RemoteWork(lambda: {"name": civitai.find_user(get_client(), name, context.cancelled)})


def get_model(context: RequestContext) -> schemas.ModelView | RemoteWork[schemas.ModelView]:
    """Return the JSON of the model whose id is in the path, and list the model as recently opened.

    An ApiError is raised if Civitai does not have the model.
    """
    model_id = context.path_param("model_id")
    if models.find_recent_model(model_id) is not None:
        return _require_model(context, model_id)
    stored = models.find_stored_model(model_id)
    return RemoteWork(
        lambda: _require_model(context, model_id),
        find_stored=lambda: make_model_view(stored) if stored else None,
    )


def _parse_reference(context: RequestContext) -> Reference:
    try:
        return civitai.parse_reference(context.query_param("text"))
    except InputError as error:
        raise InputError(str(error), "bad_reference") from error


def _resolve_reference(context: RequestContext, reference: Reference) -> LookupResult:
    if reference.collection_id is not None:
        raise ApiError(400, "bad_input", "no_collections")
    if reference.words:
        found = _search_models(context, reference.words, None)
        return {"kind": "models", "query": reference.words, **found}
    if reference.post_id is not None:
        title = context.translate("post_number", id=reference.post_id)
        return {"kind": "post", "post_id": reference.post_id, "title": title}
    if reference.username:
        return {"kind": "user", "username": reference.username}
    if reference.image_id is not None:
        return _open_image(context, reference)
    return _open_model(context, reference)


def _search_models(context: RequestContext, words: str, cursor: str | None) -> ModelCardPage:
    level = parse_level_mask(context.query_param("level"))
    found = civitai.search_models(get_client(), words, level, 24, cursor, context.cancelled)
    models.store_covers(found.models)
    return {"models": [make_model_card(one) for one in found.models], "cursor": found.next_cursor}


def _require_model(context: RequestContext, model_id: int) -> schemas.ModelView:
    """Return the JSON of a model. Raises ApiError if Civitai does not have the model."""
    if as_id(model_id) is None:
        raise ApiError(404, "gone", "no_model")
    try:
        return make_model_view(_load_model(context, model_id))
    except NotFound as error:
        raise ApiError(404, "gone", "no_model") from error


def _open_model(context: RequestContext, reference: Reference) -> FoundModel | FoundImage:
    model_id, version_id = reference.model_id, reference.version_id
    try:
        if model_id is None:
            version = civitai.fetch_version(get_client(), version_id or 0, context.cancelled)
            model_id = version.model_id
        opened = _load_model(context, model_id or 0)
    except NotFound as error:
        # A bare number may also be an image's id.
        image = _fetch_image(context, model_id or 0) if reference.is_bare else None
        if image is not None:
            return _image_result(context, image, image.version_ids)
        raise ApiError(404, "gone", "no_model") from error
    if version_id not in [version.id for version in opened.versions]:
        version_id = None
    return {"kind": "model", "model": make_model_view(opened), "version_id": version_id}


def _load_model(context: RequestContext, model_id: int) -> Model:
    found = models.load_model(get_client(), model_id, context.cancelled)
    with log_disk_errors("gallery"):
        recent_models.add_recent_gallery(found.id, found.name)
    return found


def _open_image(context: RequestContext, reference: Reference) -> FoundImage:
    image_id = reference.image_id or 0
    image = _fetch_image(context, image_id) or records.find_image(image_id)
    if image is None:
        raise ApiError(404, "gone", "no_image")
    named = () if reference.version_id is None else (reference.version_id,)
    return _image_result(context, image, (*named, *image.version_ids))


def _fetch_image(context: RequestContext, image_id: int) -> Image | None:
    image = civitai.fetch_image(get_client(), image_id, context.cancelled)
    if image is None:
        deletions.mark_deleted(image_id)
    else:
        records.store_images([image])
    return image


def _image_result(context: RequestContext, image: Image, version_ids: Sequence[int]) -> FoundImage:
    found = _find_model(context, version_ids[:_MOST_VERSIONS])
    return {
        "kind": "image",
        "image_id": image.id,
        "post_id": image.post_id,
        "model": None if found is None else make_model_view(found),
    }


def _find_model(context: RequestContext, version_ids: Sequence[int]) -> Model | None:
    """Return the model of the first of these versions that Civitai has.

    Return None if Civitai has none of them, or does not say to which model that version belongs.
    """
    for version_id in version_ids:
        try:
            version = civitai.fetch_version(get_client(), version_id, context.cancelled)
            return _load_model(context, version.model_id) if version.model_id else None
        except NotFound:
            continue
    return None
