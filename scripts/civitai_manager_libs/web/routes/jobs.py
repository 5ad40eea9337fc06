"""Routes that start, list and control downloads."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from ... import setting
from ...civitai import ImageQuery
from ...core import as_id, as_mapping, as_whole_number, clean_line, Image
from ...i18n import messages
from ...jobs import JobState, NamingContext
from ...library import models, pages, records, wait_for_writes
from ..http import ApiError, is_from_this_machine, RequestContext
from ..schemas.jobs import JobList, JobStarted
from .dependencies import find_saved_files, get_job_service, parse_gallery_query, parse_image_query
from .job_views import make_jobs_panel
from .repeated_requests import respond_once

__all__ = ["act_on_job", "begin_job", "get_jobs", "make_naming_context"]

_LISTED, _MOST_LISTED = 12, 500  # jobs
_MOST_LETTERS = 1000  # characters of a search
_MOST_IDS = 100_000
_PAGE = 100  # images in a page that the browser requests
_OPENER_SECONDS = 1.5  # a file manager that still runs then has opened


def get_jobs(context: RequestContext) -> JobList:
    """Return the latest jobs, as the downloads panel shows them.

    Query parameters: `search`, words that a job's description must all contain; `limit`, how many
    jobs to return, 12 by default and 500 at most.
    """
    words = context.query_param("search")[:_MOST_LETTERS]
    limit = as_whole_number(context.query_param("limit"), 1, _MOST_LISTED)
    return _make_panel(context, words, limit or _LISTED)


def _make_panel(context: RequestContext, words: str = "", limit: int = _LISTED) -> JobList:
    return make_jobs_panel(get_job_service(), context.language, words, limit, context.may_see_paths)


def act_on_job(context: RequestContext) -> JobList:
    """Apply the action in the path to the job in the path; return the latest jobs.

    Actions: "cancel", "pause", "resume", "first" (in the queue), "retry" (failed items), "anew"
    (files that are missing now), "forget" (delete the job), "open" (the folder). Raises ApiError
    for others.
    """
    job_id, act = context.path_param("job"), _ACTIONS.get(context.path_param("action"))
    if act is None:
        raise ApiError(404, "not_there")
    act(job_id, context)
    return _make_panel(context)


def begin_job(context: RequestContext) -> JobStarted:
    """Start a download; return the new job's id, None if there is nothing to do, and a message.

    The body's field `ids` selects images to download; without it, `query` selects a gallery. A
    second request with the same field `request`, as after a double click, starts no second job.
    """
    return respond_once(context, lambda: _start_job(context))


def _start_job(context: RequestContext) -> JobStarted:
    if context.body_field("ids") is not None:
        return _download_selection(context, context.body_field("ids"))
    if isinstance(context.body_field("query"), dict):
        return _download_gallery(context, context.body_field("query"))
    raise ApiError(400, "bad_input")


def _download_selection(context: RequestContext, ids: Any) -> JobStarted:
    images = _require_images(ids)
    if not images:
        raise ApiError(400, "bad_input", "nothing_to_download")
    again = False
    if len(images) == 1:  # report that it is saved, or download a deleted file again
        path = find_saved_files([images[0].id]).get(images[0].id)
        if path is not None:
            return _started_view(context, None, 0, "already_saved", path=context.show_path(path))
        with get_job_service().open_store() as store:
            again = images[0].id in store.find_saved_paths([images[0].id])
    model_id, version_id = (as_id(context.body_field(name)) for name in ("model", "version"))
    naming = make_naming_context(_parse_title(context, images[0].username), model_id, version_id)
    params = as_mapping(context.body_field("query"))
    query, search = parse_image_query(params), clean_line(params.get("search"))
    job_id = get_job_service().download_selection(images, naming, again, query, search)
    return _started_view(context, job_id, len(images), "job_started")


def _require_images(ids: Any) -> list[Image]:
    """Return the images with the ids in a request.

    Raises ApiError if `ids` is not a list of at most 100,000 ids, or an image is not in the
    library.
    """
    if not isinstance(ids, list) or len(ids) > _MOST_IDS:
        raise ApiError(400, "bad_input")
    wanted = [as_whole_number(entry, 1) for entry in ids]
    known = records.find_images([image_id for image_id in wanted if image_id is not None])
    if None in wanted or len(known) < len(set(wanted)):
        raise ApiError(404, "not_known")
    return list(known.values())


def _download_gallery(context: RequestContext, params: dict[str, Any]) -> JobStarted:
    query = parse_gallery_query(params)
    limit = _parse_limit(context)
    default = query.username
    if query.post_id:
        default = messages.translate("post_number", "en", id=query.post_id)
    naming = make_naming_context(_parse_title(context, default), query.model_id, query.version_id)
    if context.body_field("reads_only") is True:
        return _read_gallery(context, query, limit, naming)
    verify = context.body_field("verify") is True
    job_id = get_job_service().download_gallery(query, limit, naming, verify)
    return _started_view(context, job_id, limit, "job_started_gallery")


def _read_gallery(
    context: RequestContext, query: ImageQuery, limit: int, naming: NamingContext
) -> JobStarted:
    """Start a job that fetches a gallery's pages but no image files; return the response.

    The job begins at the first page that the library lacks. If no page is lacking, no job is
    started.
    """
    wait_for_writes()
    cursor, is_whole = pages.find_first_missing_page(query, _PAGE)
    if is_whole:
        return _started_view(context, None, 0, "all_was_read")
    job_id = get_job_service().read_gallery(query, limit, naming, cursor)
    return _started_view(context, job_id, limit, "reading_started")


def make_naming_context(
    title: str, model_id: int | None, version_id: int | None = None
) -> NamingContext:
    """Return the names of model and version that a job's file name template can use.

    title: the model's name; if "", the stored model's name is used, or else "Civitai". version_id:
    the version to name; the name is "" without a version or if the model is not stored.
    """
    model = models.find_stored_model(model_id) if model_id else None
    versions = {version.id: version.name for version in (model.versions if model else ())}
    name = title or (model.name if model else "Civitai")
    return NamingContext(name, versions.get(version_id or 0, ""), versions)


def _parse_limit(context: RequestContext) -> int:
    entry = setting.BY_NAME["gallery_download_limit"]
    given = context.body_field("limit")
    limit = setting.gallery_download_limit if given is None else given
    wanted = as_whole_number(limit, int(entry.low), int(entry.high))
    if wanted is None:
        bounds = {"low": entry.low, "high": entry.high}
        raise ApiError(400, "bad_input", "bad_limit", "limit", **bounds)
    return wanted


def _parse_title(context: RequestContext, default: str) -> str:
    """Return the job's title from the body, or `default` if the body has none."""
    return clean_line(context.body_field("title")) or default


def _started_view(
    context: RequestContext, job_id: int | None, count: int, key: str, **values: str
) -> JobStarted:
    words = context.translate(key, n=count, **values)
    return {"job_id": job_id, "image_count": count, "message": words}


def _open_folder(job_id: int, context: RequestContext) -> None:
    """Open a job's folder in this machine's file manager. Raises ApiError if that is impossible."""
    with get_job_service().open_store() as store:
        folder = store.get_job(job_id).folder
    if not context.may_see_paths:
        raise ApiError(403, "not_allowed", "files_on_server")
    if not _can_open_folders(context):
        raise ApiError(400, "bad_input", "folder_on_server", folder=folder)
    if not os.path.isdir(folder):
        raise ApiError(400, "bad_input", "folder_not_there", folder=folder)
    opener = {"win32": "explorer", "darwin": "open"}.get(sys.platform, "xdg-open")
    nowhere = subprocess.DEVNULL
    try:
        process = subprocess.Popen([opener, folder], stdout=nowhere, stderr=nowhere)
        code = process.wait(_OPENER_SECONDS)
    except subprocess.TimeoutExpired:  # some run as long as their window is open
        return
    except OSError:
        code = 1
    if code and opener != "explorer":  # Windows' exit code says nothing
        raise ApiError(400, "bad_input", "no_file_manager", folder=folder)


def _can_open_folders(context: RequestContext) -> bool:
    """Return whether the browser is on this machine and the machine has a file manager."""
    if not is_from_this_machine(context.request):
        return False
    return sys.platform in ("win32", "darwin") or shutil.which("xdg-open") is not None


_ACTIONS: dict[str, Callable[[int, RequestContext], None]] = {
    "cancel": lambda job_id, _: get_job_service().stop(job_id, JobState.CANCELLED),
    "pause": lambda job_id, _: get_job_service().stop(job_id, JobState.PAUSED),
    "resume": lambda job_id, _: get_job_service().resume(job_id),
    "first": lambda job_id, _: get_job_service().resume(job_id),
    "anew": lambda job_id, _: get_job_service().fetch_missing(job_id),
    "retry": lambda job_id, _: get_job_service().retry(job_id),
    "forget": lambda job_id, _: get_job_service().forget(job_id),
    "open": _open_folder,
}
