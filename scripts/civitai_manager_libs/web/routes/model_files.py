"""Routes that list the model files that images need, and start their download."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...civitai import RemoteFile, Version
from ...core import as_id, as_mapping, as_whole_number, clean_line
from ...errors import NotFound
from ...library import bookmarks, models, records
from ...model_files import (
    choose_file,
    find_needed_file,
    list_needed_files,
    NeededFiles,
    plan_requests,
)
from ..http import ApiError, find_lock_reason, RemoteWork, RequestContext
from ..schemas import model_files as schemas
from .dependencies import get_client, get_job_service, require_ids
from .model_file_views import explain_refusal, make_needed_files_view
from .repeated_requests import respond_once

__all__ = ["begin_download", "get_model_files", "list_for_images"]

_MOST_IMAGES = 10_000
_MOST_FILES = 500  # in one request


def get_model_files(context: RequestContext) -> RemoteWork[schemas.NeededFilesView]:
    """Return the model files that an image, a collection or a model's version needs.

    The query parameter `image`, `collection` or `model` selects which. `version` selects the
    version of `model`, by default the newest. Versions that the library does not have are fetched.
    """
    image_id = as_whole_number(context.query_param("image"), 1)
    if image_id is not None:
        return _list_remotely(context, [image_id], context.query_id("model"))
    if name := context.query_param("collection"):
        return RemoteWork(
            lambda: _list_for_ids(context, bookmarks.collections.list_image_ids(name), None)
        )
    model_id = context.query_id("model")
    if model_id is None:
        raise ApiError(400, "bad_input")
    return RemoteWork(lambda: _list_for_model(context, model_id, context.query_id("version")))


def list_for_images(context: RequestContext) -> RemoteWork[schemas.NeededFilesView]:
    """Return the model files that the images in the body's field `ids` need.

    The body's field `model` is the id of the model whose gallery is open: resources that an image
    names only by a file's name or hash are looked up among this model's files too. Versions that
    the library does not have are fetched from Civitai.
    """
    ids = require_ids(context, _MOST_IMAGES)
    model_id = as_id(context.body_field("model"))
    return _list_remotely(context, ids, model_id)


def begin_download(context: RequestContext) -> RemoteWork[schemas.ModelFilesStarted]:
    """Start a job that downloads the files in the body; return the job's id and a message.

    The body names a file by its id and its version's id, never by a URL. Raises ApiError for a
    request from another machine if there is no login.
    """
    if lock := find_lock_reason(context.request, "model_files"):
        raise ApiError(403, lock)
    # Not as local work: an existing file of the same name and size is read to compare it.
    return RemoteWork(lambda: respond_once(context, lambda: _start_download(context)))


def _list_remotely(
    context: RequestContext, ids: Sequence[int], model_id: int | None
) -> RemoteWork[schemas.NeededFilesView]:
    return RemoteWork(lambda: _list_for_ids(context, ids, model_id))


def _list_for_ids(
    context: RequestContext, ids: Sequence[int], model_id: int | None
) -> schemas.NeededFilesView:
    images = list(records.find_images(ids).values())
    if not images and ids:
        raise ApiError(404, "not_known")
    found = list_needed_files(get_client(), images, model_id, context.cancelled)
    return make_needed_files_view(context, found, len(images))


def _list_for_model(
    context: RequestContext, model_id: int, version_id: int | None
) -> schemas.NeededFilesView:
    """Return the JSON of the main file of a model's version.

    version_id: None for the newest version. Raises ApiError if there is no such model or version.
    """
    try:
        model = models.find_stored_model(model_id) or models.load_model(
            get_client(), model_id, context.cancelled
        )
    except NotFound as error:
        raise ApiError(404, "gone", "no_model") from error
    versions = [one for one in model.versions if version_id in (None, one.id)]
    if not versions:
        raise ApiError(404, "gone", "no_model")
    needed = find_needed_file(get_client(), versions[0], context.cancelled)
    return make_needed_files_view(context, NeededFiles((needed,)), 1)


def _start_download(context: RequestContext) -> schemas.ModelFilesStarted:
    entries = context.body_field("files")
    if not isinstance(entries, list) or not 0 < len(entries) <= _MOST_FILES:
        raise ApiError(400, "bad_input")
    wanted = _require_files(context, [as_mapping(entry) for entry in entries])
    requests = plan_requests(get_client(), wanted, cancelled=context.cancelled)
    title = requests[0].title
    if len({request.version_id for request in requests}) > 1:
        title = context.translate("model_job_title", n=len(requests))
    name = context.typed_field("collection", str) or ""
    search = f'set="{clean_line(name)}"' if name else ""
    started = get_job_service().download_model_files(requests, title, search)
    key = "model_job_started" if started.job_id is not None else "model_job_known"
    message = context.translate(key, n=len(started.file_ids), title=title)
    return {"job_id": started.job_id, "message": message}


def _require_files(
    context: RequestContext, entries: Sequence[Mapping[str, Any]]
) -> list[tuple[RemoteFile, Version]]:
    """Return (file, its version) for each file in the request's body.

    entries: the files' ids and their versions' ids. Raises ApiError if a file cannot be downloaded.
    """
    ids = [as_id(entry.get("version_id")) or 0 for entry in entries]
    versions = models.find_versions(ids)
    return [
        (_require_file(context, versions.get(version_id), entry), versions[version_id])
        for version_id, entry in zip(ids, entries)
    ]


def _require_file(
    context: RequestContext, version: Version | None, entry: Mapping[str, Any]
) -> RemoteFile:
    file_id = as_id(entry.get("file_id")) or 0
    if version is None or not file_id:
        raise ApiError(404, "not_known", "model_not_read")
    choice = choose_file(version, file_id=file_id, allows_pickle=entry.get("allow_pickle") is True)
    if choice.file is None:
        raise ApiError(404, "not_known", "model_not_read")
    if choice.refusal:
        reason = explain_refusal(choice, context.language)
        name = choice.file.name
        raise ApiError(409, choice.refusal, "model_refused_one", name=name, reason=reason)
    return choice.file
