"""The gallery or image that a command names, checked before anything is downloaded."""

from __future__ import annotations

import argparse
import os
from contextlib import suppress
from dataclasses import replace

from .. import civitai, setting, util
from ..civitai import ImageQuery, is_allowed_url, Reference
from ..core import level_mask
from ..errors import CivitaiShortcutError, InputError, NeedsKey, NetworkError, NotFound
from ..http_client import CivitaiHttpClient
from ..jobs import NamingContext
from .terminal import print_translated, terminal_text, translate_errors

__all__ = ["resolve_target", "make_checked_client"]

_MAX_VERSIONS_SHOWN = 10


def make_checked_client() -> CivitaiHttpClient:
    """Return an HTTP client, after a check of Civitai's URL and the API key in the settings.

    The key is checked by an extra request, because Civitai ignores a wrong key in other requests.
    Raises InputError for an invalid URL or key, and NetworkError if Civitai does not respond.
    """
    base = util.without_query(setting.base_url())
    if not is_allowed_url(base, base):
        raise InputError(terminal_text("bad_base_url", url=repr(base)))
    client = CivitaiHttpClient()
    if setting.civitai_api_key:
        try:
            civitai.fetch_username(client)
        except NeedsKey as error:
            from_environment = os.environ.get("CIVITAI_API_KEY", "").strip()
            key = "unknown_key_of_environment" if from_environment else "unknown_key"
            raise InputError(terminal_text(key)) from error
        except NetworkError:
            raise
        except CivitaiShortcutError:
            return client  # not the key's fault; the next request reports the error
    return client


def resolve_target(
    client: CivitaiHttpClient, arguments: argparse.Namespace
) -> tuple[NamingContext, ImageQuery]:
    """Find out which images the user wants; return (names for the files, query for the images).

    arguments: the parsed command line. Raises InputError if it names no gallery or image, and
    CivitaiShortcutError if Civitai does not have it or does not respond.
    """
    with translate_errors("bad_model"):
        reference = civitai.parse_reference(arguments.model, suggests_search=False)
    _check_reference(reference, arguments.model)
    if arguments.version is not None and not _names_model(reference):
        raise InputError(terminal_text("version_of_no_model"))
    context, query = _resolve_gallery(client, reference, arguments.version)
    query = replace(
        query,
        sort=arguments.sort,
        period=arguments.period,
        level=31 if query.image_id else level_mask(arguments.level),
        type=arguments.type,
    )
    if query.drops_sort and not query.image_id:
        print_translated("sort_needs_version")
    return context, query


def _check_reference(reference: Reference, text: str) -> None:
    """Raise InputError if a reference names a collection or search words, not a gallery or image.

    text: what the user typed, quoted in the message.
    """
    if reference.words:
        raise InputError(terminal_text("names_no_model", text=repr(text)))
    if reference.collection_id is not None:
        raise InputError(terminal_text("no_collections"))


def _names_model(reference: Reference) -> bool:
    return reference.model_id is not None or reference.version_id is not None


def _resolve_gallery(
    client: CivitaiHttpClient, reference: Reference, version: int | None
) -> tuple[NamingContext, ImageQuery]:
    if reference.post_id is not None:
        return NamingContext(f"Post {reference.post_id}"), ImageQuery(post_id=reference.post_id)
    if reference.username:
        return NamingContext(reference.username), ImageQuery(username=reference.username)
    if reference.image_id is not None:
        return _resolve_image(client, reference.image_id)
    version_id = reference.version_id if version is None else version
    try:
        model_id, context = _resolve_model(client, reference.model_id, version_id)
    except NotFound as error:
        if reference.is_bare and version is None:  # a bare id may be an image's
            with suppress(CivitaiShortcutError):
                return _resolve_image(client, reference.model_id or 0)
        key = "no_such_version" if reference.model_id is None else "no_such_model"
        message = terminal_text(key, id=reference.model_id or version_id)
        raise CivitaiShortcutError(message) from error
    return context, ImageQuery(model_id, version_id)


def _resolve_image(client: CivitaiHttpClient, image_id: int) -> tuple[NamingContext, ImageQuery]:
    if civitai.fetch_image(client, image_id) is None:
        raise CivitaiShortcutError(terminal_text("no_such_image", id=image_id))
    return NamingContext(f"Image {image_id}"), ImageQuery(image_id=image_id)


def _resolve_model(
    client: CivitaiHttpClient, model_id: int | None, version_id: int | None
) -> tuple[int | None, NamingContext]:
    """Fetch a model or one of its versions; return (model id, names for files and folders).

    model_id: None if only `version_id` is known. In that case the returned id is None if Civitai
    does not name the version's model. Raises NotFound, and InputError if the version belongs to
    another model.
    """
    if model_id is None:
        version = civitai.fetch_version(client, version_id or 0)
        name = version.model_name or f"Model version {version_id}"
        return version.model_id, NamingContext(name, version.name)
    model = civitai.fetch_model(client, model_id)
    versions = {version.id: version.name for version in model.versions}
    if version_id is None:
        return model_id, NamingContext(model.name, versions=versions)
    if version_id not in versions:
        name, known = repr(model.name), _list_versions(list(versions))
        raise InputError(terminal_text("not_its_version", name=name, id=version_id, known=known))
    return model_id, NamingContext(model.name, versions[version_id])


def _list_versions(ids: list[int]) -> str:
    shown = ", ".join(map(str, ids[:_MAX_VERSIONS_SHOWN]))
    key = "it_has_more" if len(ids) > _MAX_VERSIONS_SHOWN else "it_has"
    return terminal_text(key, ids=shown) if ids else ""
