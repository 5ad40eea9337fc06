"""The gallery, model or image that a command names, checked before anything is downloaded."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import nullcontext, suppress
from dataclasses import replace

from .. import civitai, setting, util
from ..civitai import ImageQuery, is_allowed_url, Model, Reference, Version
from ..core import find_encoding, Image, level_mask
from ..errors import CivitaiShortcutError, InputError, NeedsKey, NetworkError, NotFound
from ..http_client import CivitaiHttpClient
from ..jobs import NamingContext
from ..library import image_records, models, pages
from .terminal import get_text, print_translated, translate_errors

_MAX_VERSIONS_SHOWN = 10
_MOST_LIST = 20 * 1024 * 1024  # bytes


def make_checked_client() -> CivitaiHttpClient:
    """Return an HTTP client, after a check of Civitai's URL and the API key in the settings.

    A key is checked by an extra request, because Civitai ignores a wrong key in other requests.
    Raises InputError for an invalid URL or key, and NetworkError if Civitai does not respond to
    this request.
    """
    base = util.without_query(setting.base_url())
    if not is_allowed_url(base):
        raise InputError(get_text("bad_base_url", url=repr(base)))
    client = CivitaiHttpClient()
    if setting.civitai_api_key:
        try:
            civitai.fetch_username(client)
        except NeedsKey as error:
            from_environment = os.environ.get("CIVITAI_API_KEY", "").strip()
            key = "unknown_key_of_environment" if from_environment else "unknown_key"
            raise InputError(get_text(key)) from error
        except NetworkError:
            raise
        except CivitaiShortcutError:
            return client  # not the key's fault; the next request reports the error
    return client


def resolve_target(
    client: CivitaiHttpClient, arguments: argparse.Namespace
) -> tuple[NamingContext, ImageQuery]:
    """Return (context for naming files, query) for the images that the user wants to download.

    arguments: the parsed command line. Raises InputError if its `model` names no gallery or image,
    and CivitaiShortcutError if Civitai does not have the named model or image, or does not respond.
    """
    reference = parse_target(arguments.model)
    if reference.words:
        raise InputError(get_text("names_no_model", text=repr(arguments.model)))
    if reference.collection_id is not None:
        raise InputError(get_text("no_collections"))
    if arguments.version is not None and not names_model(reference):
        raise InputError(get_text("version_of_no_model"))
    context, query = _resolve_gallery(client, reference, arguments.version)
    query = replace(
        query,
        sort=arguments.sort,
        period=arguments.period,
        level=31 if query.image_id else level_mask(arguments.level),
        type=arguments.type,
    )
    if query.ignores_sort and not query.image_id:
        print_translated("sort_needs_version")
    return context, query


def load_listed_images(
    client: CivitaiHttpClient, path: str, limit: int | None
) -> tuple[NamingContext, list[Image], list[int]]:
    """Return (context for naming files, images, ids of images not to be had) of a list of images.

    path: of a text file with addresses or ids of images, or - for stdin. limit: how many of the
    list's first images are wanted, None for all. Raises InputError if the list cannot be read or
    names no image, CivitaiShortcutError if none of the images can be had.
    """
    try:
        with nullcontext(sys.stdin.buffer) if path == "-" else open(path, "rb") as file:
            text = file.read(_MOST_LIST + 1)
    except OSError as error:
        raise InputError(get_text("list_unreadable", path=path, error=error.strerror)) from error
    if len(text) > _MOST_LIST:
        raise InputError(get_text("list_too_large", path=path))
    with translate_errors("bad_list"):
        ids = civitai.parse_image_ids(text.decode(find_encoding(text), "replace"))[:limit]
    found: dict[int, Image] = {}
    for images in pages.iter_listed_images(client, ids):
        found |= {image.id: image for image in images}
    missing = [image_id for image_id in ids if image_id not in found]
    if not found:
        raise CivitaiShortcutError(get_text("list_gone", n=len(ids)))
    name = "List" if path == "-" else os.path.splitext(os.path.basename(path))[0]
    return NamingContext(name), list(found.values()), missing


def parse_target(text: str) -> Reference:
    """Return what an id or URL refers to, other text as `words`. Raises InputError."""
    with translate_errors("bad_model"):
        return civitai.parse_reference(text, suggests_search=False)


def names_model(reference: Reference) -> bool:
    """Return whether a reference names a model or a version."""
    return reference.model_id is not None or reference.version_id is not None


def load_target(
    client: CivitaiHttpClient, reference: Reference, version_id: int | None
) -> Image | Model | Version:
    """Return the image, model or version that a reference names, from the library or Civitai.

    version_id: the version to return, None for the one in the reference, or the model if the
    reference has none. An id without a URL is a model's, or an image's if there is no such model
    and no wanted version. Raises InputError if the model lacks the version, and
    CivitaiShortcutError if Civitai does not have the image, model or version, or does not respond.
    """
    if reference.image_id is not None:
        return _load_image(client, reference.image_id)
    version_id = reference.version_id if version_id is None else version_id
    try:
        if reference.model_id is None:
            return models.load_version(client, version_id or 0)
        model = models.load_model(client, reference.model_id)
    except NotFound as error:
        if reference.is_bare and version_id is None:
            with suppress(CivitaiShortcutError):
                return _load_image(client, reference.model_id or 0)
        key = "no_such_version" if reference.model_id is None else "no_such_model"
        message = get_text(key, id=reference.model_id or version_id)
        raise CivitaiShortcutError(message) from error
    if version_id is None:
        return model
    for version in model.versions:
        if version.id == version_id:
            return version
    ids = [str(version.id) for version in model.versions]
    key = "it_has_more" if len(ids) > _MAX_VERSIONS_SHOWN else "it_has"
    known = get_text(key, ids=", ".join(ids[:_MAX_VERSIONS_SHOWN])) if ids else ""
    raise InputError(get_text("not_its_version", name=repr(model.name), id=version_id, known=known))


def _resolve_gallery(
    client: CivitaiHttpClient, reference: Reference, version_id: int | None
) -> tuple[NamingContext, ImageQuery]:
    if reference.post_id is not None:
        return NamingContext(f"Post {reference.post_id}"), ImageQuery(post_id=reference.post_id)
    if reference.username:
        return NamingContext(reference.username), ImageQuery(username=reference.username)
    target = load_target(client, reference, version_id)
    if isinstance(target, Image):
        return NamingContext(f"Image {target.id}"), ImageQuery(image_id=target.id)
    if isinstance(target, Model):
        versions = {version.id: version.name for version in target.versions}
        return NamingContext(target.name, versions=versions), ImageQuery(target.id)
    name = target.model_name or f"Model version {target.id}"
    return NamingContext(name, target.name), ImageQuery(target.model_id, target.id)


def _load_image(client: CivitaiHttpClient, image_id: int) -> Image:
    """Return an image from the library; fetch it if it is not there or has no generation data."""
    stored = image_records.find_image(image_id)
    if stored is not None and stored.meta:
        return stored
    image = civitai.fetch_image(client, image_id)
    if image is None:
        raise CivitaiShortcutError(get_text("no_such_image", id=image_id))
    image_records.store_images([image])
    return image
