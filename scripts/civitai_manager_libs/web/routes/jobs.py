"""Routes of download jobs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import cast, Literal

from typing_extensions import TypedDict

from ... import setting
from ...civitai import ImageQuery, make_page_url, make_version_page_url
from ...core import as_id, as_whole_number, clean_line
from ...errors import InvalidResponse
from ...i18n import messages
from ...jobs import describe_file, describe_job, describe_problem, describe_progress
from ...jobs import describe_reasons, describe_report, describe_state, Item, Job, JobState
from ...jobs import matches_words, ModelFileState, NamingContext
from ...library import bookmarks, image_records, models, pages, wait_for_writes
from ..http import ApiError, change_route, is_from_this_machine, MB, RemoteWork, RequestContext
from ..http import route
from .dependencies import do_with_model, find_shown_levels, GalleryQuery, get_job_service
from .dependencies import parse_gallery_query, parse_image_query, respond_once
from .search import search_ids
from .views import format_iso_time

_FileState = Literal["waiting", "running", "saved", "skipped", "failed"]


class JobFailure(TypedDict):
    """An image or model file that could not be downloaded.

    url: the image's or model's page on Civitai. reason: why, in words. has_thumb: a thumbnail
    exists.
    """

    id: int
    url: str
    reason: str
    detail: str
    has_thumb: bool


class JobModelFile(TypedDict):
    """A model file that a job downloads. size: bytes, 0 if unknown. line: progress or failure."""

    version_id: int
    file_id: int
    title: str
    name: str
    url: str
    state: _FileState
    received: int
    size: int
    line: str


class JobCard(TypedDict):
    """A job as the downloads panel shows it.

    thumb: the id of an image that shows what the job downloads, None for none that may be shown.
    group: the model, author or collection to which the files belong. subject: which part of the
    group, in words. filters: the gallery's filters, in words. created: ISO 8601 in UTC. reads_only:
    the job stores records and downloads no file. percent: 0 to 100. line: progress in words. note:
    why the job is not running, or what the user should do. folder: where the files are saved, ""
    for none and for users who may not change settings. actions: those of `POST jobs/{id}/{action}`
    that have a button. model_files: [] for a job of images. failed_label: number of failures and
    their reasons. report: why the job read no further pages of its gallery, then what it found
    there, in words; [] while it runs. more: how many failures are not listed, in words. toast: what
    to announce when the job ends, "" for nothing.
    """

    id: int
    title: str
    thumb: int | None
    group: str
    subject: str
    filters: list[str]
    created: str
    state: JobState
    state_label: str
    reads_only: bool
    percent: int
    line: str
    note: str
    folder: str
    saved: int
    skipped: int
    failed: int
    actions: list[str]
    report: list[str]
    model_files: list[JobModelFile]
    failed_label: str
    failures: list[JobFailure]
    more: str
    toast: str


class JobList(TypedDict):
    """The latest jobs.

    active: the number of running jobs; in a search, of the listed ones only. total: the number of
    all jobs. more: how many queued jobs are not listed, in words. bookmarks_revision: as in
    `Instance`.
    """

    active: int
    total: int
    bookmarks_revision: int
    more: str
    notice: str
    jobs: list[JobCard]


class JobStarted(TypedDict):
    """A message about a new job. job_id: None if there was nothing to do."""

    job_id: int | None
    message: str


def _make_file_view(file: ModelFileState, job: Job, language: str) -> JobModelFile:
    return {
        "version_id": file.version_id,
        "file_id": file.file_id,
        "title": file.title,
        "name": file.name,
        "url": make_version_page_url(file.version_id) if file.version_id else "",
        "state": cast(_FileState, file.state),
        "received": file.received,
        "size": file.size,
        "line": describe_file(file, job, language),
    }


def make_job_card(
    job: Job, language: str, may_see_paths: bool = True, thumb: int | None = None
) -> JobCard:
    """Return the JSON of a job.

    may_see_paths: whether it may have this machine's paths. thumb: as in `JobCard`.
    """
    group, subject, filters = describe_job(job, language)
    failures = job.failures if job.is_over else ()
    report = list[str]()
    if job.is_over and job.report.counts:  # else the job has read no gallery
        lines, end = describe_report(job, language)
        report = [end, *lines]
    more = job.failed - len(job.failures) if job.is_over else 0
    count = messages.translate("failed_count", language, n=job.failed)
    reasons, problem = describe_reasons(job, language), describe_problem(job, language)
    failed_label = f"{count} ({reasons})" if reasons else count
    toast = failed_label if job.failed else ""
    if job.failed == job.total == 1:
        toast = problem
    if job.is_over and not job.failed and (job.reason == "empty_end" or job.missing_files):
        toast = problem
    if job.is_check and job.state is JobState.DONE and not toast:
        key = "check_found" if job.report.gone else "report_none_gone"
        toast = messages.translate(key, language, n=job.report.gone)
    done, size = job.finished, job.total
    if job.has_models:
        done, size = job.bytes, job.total_bytes
    return {
        "id": job.id,
        "title": job.title,
        "thumb": thumb,
        "group": group,
        "subject": subject,
        "filters": filters,
        "created": format_iso_time(job.created),
        "state": job.state,
        "state_label": describe_state(job, language),
        "reads_only": job.options.reads_only,
        "percent": round(100 * done / size) if size else 100 * job.is_over,
        "line": describe_progress(job, language),
        "note": problem,
        "folder": job.folder if may_see_paths and not job.options.reads_only else "",
        "saved": job.saved,
        "skipped": job.skipped,
        "failed": job.failed,
        "actions": _list_actions(job),
        "report": report,
        "model_files": [_make_file_view(file, job, language) for file in job.model_files],
        "failed_label": failed_label,
        "failures": [_make_failure_view(item, language, may_see_paths) for item in failures],
        "more": messages.translate("more_failed", language, n=more) if more > 0 else "",
        "toast": toast,
    }


def _list_actions(job: Job) -> list[str]:
    names = {
        JobState.RUNNING: ["pause", "cancel"],
        JobState.QUEUED: ["first", "pause", "cancel"] if job.jobs_ahead else ["pause", "cancel"],
        JobState.PAUSED: ["resume", "cancel"],
    }.get(job.state, [])
    if job.will_retry:
        names = ["resume", "pause", "cancel"]
    if job.is_over:
        is_cut_short = job.state is JobState.CANCELLED and (job.waiting > 0 or not job.walked)
        names = ["retry"] if any(reason != "gone" for reason in job.failed_reasons) else []
        names += ["key"] if "needs_key" in job.failed_reasons else []
        names += ["resume"] if is_cut_short or job.ended_empty else []
        names += ["anew"] if job.missing_files else []
        has_files = not job.options.reads_only and job.saved + job.skipped
        names += ["open", "forget"] if has_files else ["forget"]
        names += ["verify"] if job.can_verify else []
    return names


def _make_failure_view(item: Item, language: str, may_see_paths: bool) -> JobFailure:
    is_model, url = item.kind == "model", make_page_url("images", item.image_id)
    if is_model:
        try:
            request = item.model_request
            url = make_version_page_url(request.version_id, request.model_id)
        except InvalidResponse:
            url = setting.base_url()
    return {
        "id": item.image_id,
        "url": url,
        "reason": messages.explain_reason(item.reason, language, item.message, is_model),
        # The messages are English, and may contain paths.
        "detail": item.message if language == "en" and may_see_paths else "",
        "has_thumb": item.kind not in ("audio", "model"),
    }


_ALL_LEVELS = 31
_LISTED, _MOST_LISTED = 12, 500  # jobs
_MOST_LETTERS = 1000  # characters of a search
_PAGE = 100  # images in a page that the browser requests
_OPENER_SECONDS = 1.5  # a file manager that still runs then has opened


@route("GET", "jobs")
def get_jobs(context: RequestContext) -> JobList:
    """Return the latest jobs, as the downloads panel shows them.

    Query parameters: `search`, words that a job's description must all contain; `limit`, how many
    jobs to return, 12 by default and 500 at most.
    """
    words = context.query_param("search")[:_MOST_LETTERS]
    limit = as_whole_number(context.query_param("limit"), 1, _MOST_LISTED) or _LISTED
    service, language = get_job_service(), context.language
    is_wanted = (lambda job: matches_words(job, words, language)) if words.strip() else None
    found, total = service.list_jobs(limit, is_wanted)
    levels, thumbs = find_shown_levels(), dict[int, int]()
    firsts = [job.first_image for job in found if job.first_image]
    shown = set(image_records.choose_covers(firsts, levels))
    for job in found:  # the job's first image, or its model's cover
        files = job.model_files
        if job.first_image in shown:
            thumbs[job.id] = job.first_image
        elif files and (cover := models.find_gallery_cover(f"model {files[0].model_id}", levels)):
            thumbs[job.id] = cover
    sees_paths = context.may_see_paths
    more = service.count_waiting() - sum(job.state is JobState.QUEUED for job in found)
    return {
        "active": sum(job.state is JobState.RUNNING for job in found),
        "total": total,
        "bookmarks_revision": bookmarks.get_revision(),
        "more": context.translate("more_jobs_wait", n=more) if more > 0 else "",
        "notice": service.notice if sees_paths else "",
        "jobs": [make_job_card(job, language, sees_paths, thumbs.get(job.id)) for job in found],
    }


@change_route("POST", "jobs/{job:civitai_id}/{action}")
def act_on_job(context: RequestContext) -> JobList:
    """Apply the action in the path to the job in the path; return the latest jobs.

    Actions: "cancel", "pause", "resume", "first" (in the queue), "retry" (failed items), "anew"
    (files that are missing now), "verify" (read the gallery a second time), "forget" (delete the
    job), "open" (the folder). Raises ApiError for others.
    """
    job_id, act = context.path_param("job"), _ACTIONS.get(context.path_param("action"))
    if act is None:
        raise ApiError(404, "not_there")
    act(job_id, context)
    return get_jobs(context)


@change_route("POST", "jobs", 2 * MB)
def begin_job(
    context: RequestContext,
    ids: list[int] | None = None,
    query: GalleryQuery | None = None,
    limit: float | None = None,
    reads_only: bool = False,
    verify: bool = False,
    checks: bool = False,
    request: str = "",
) -> JobStarted | RemoteWork[JobStarted]:
    """Start a download; return the new job's id, None if there is nothing to do, and a message.

    ids: the images to download; `query` is then the gallery or the library search that showed them.
    Without `ids`, `query` is the gallery to download. limit: the largest number of images, a whole
    number; None for the one in the settings. reads_only: store records (Civitai's JSON) and
    download no file. verify: afterwards read the gallery from its end too, to find images that
    Civitai left out. checks: find out which images of `ids`, or of the library search `query`, are
    to be had now. request: a unique id; a second request with the same id, as after a double click,
    starts no job.
    """

    def start() -> JobStarted:
        if checks:
            found = search_ids(query or {}) if ids is None else ids
            return begin_check(context, found)
        if ids is not None:
            return _download_selection(context, ids, query or {})
        if query is None:
            raise ApiError(400, "bad_input")
        return _download_gallery(context, query, limit, reads_only, verify)

    return do_with_model(None if checks else query, lambda: respond_once(request, start))


def begin_check(
    context: RequestContext, image_ids: Sequence[int], title_key: str = "check_title"
) -> JobStarted:
    """Start a job that finds out which images are to be had now; return the response."""
    image_ids = [image_id for image_id in dict.fromkeys(image_ids) if as_id(image_id)]
    if not image_ids:
        return _started_view(context, None, 0, "nothing_to_check")
    query = ImageQuery(images=pages.store_list(image_ids), level=_ALL_LEVELS)
    names = NamingContext(context.translate(title_key))
    job_id = get_job_service().read_gallery(query, len(image_ids), names)
    return _started_view(context, job_id, len(image_ids), "check_started")


def _download_selection(
    context: RequestContext, ids: Sequence[int], params: GalleryQuery
) -> JobStarted:
    images = list(image_records.find_images(ids).values())
    if len(images) < len(set(ids)):
        raise ApiError(404, "not_known")
    if not images:
        raise ApiError(400, "bad_input", "nothing_to_download")
    again = False
    if len(images) == 1:  # report that it is saved, or download a deleted file again
        with get_job_service().open_store() as store:
            path = store.find_saved_paths([images[0].id]).get(images[0].id)
        if path and os.path.isfile(path):
            return _started_view(context, None, 0, "already_saved", name=os.path.basename(path))
        again = path is not None
    query, search = parse_image_query(params), clean_line(params.get("search"))
    default = _name_list(query) or images[0].username
    naming = make_naming_context(query.model_id, query.version_id, default)
    job_id = get_job_service().download_selection(images, naming, again, query, search)
    return _started_view(context, job_id, len(images), "job_started")


def _download_gallery(
    context: RequestContext,
    params: GalleryQuery,
    most: float | None,
    reads_only: bool,
    verify: bool,
) -> JobStarted:
    query, entry = parse_gallery_query(params), setting.BY_NAME["gallery_download_limit"]
    most = setting.gallery_download_limit if most is None else most
    limit = as_whole_number(most, int(entry.low), int(entry.high))
    if limit is None:
        bounds = {"low": entry.low, "high": entry.high}
        raise ApiError(400, "bad_input", "bad_limit", "limit", **bounds)
    tag = str(params.get("tag") or "").partition(" ")[2]
    default = _name_list(query) or query.username or tag
    if query.post_id:
        default = messages.translate("post_number", "en", id=query.post_id)
    naming = make_naming_context(query.model_id, query.version_id, clean_line(default))
    if reads_only:  # fetch pages, but no image files
        wait_for_writes(includes_later=False)
        cursor, is_whole = pages.find_first_missing_page(query, _PAGE)
        if is_whole:
            return _started_view(context, None, 0, "all_was_read")
        job_id = get_job_service().read_gallery(query, limit, naming, cursor)
        return _started_view(context, job_id, limit, "reading_started")
    job_id = get_job_service().download_gallery(query, limit, naming, verify)
    key = "job_started_all" if limit >= setting.MOST_IMAGES else "job_started_gallery"
    return _started_view(context, job_id, limit, key)


def _name_list(query: ImageQuery) -> str:
    count = len(pages.find_listed_ids(query)) if query.images else 0
    return messages.translate("list_title", "en", n=count) if count else ""


def make_naming_context(
    model_id: int | None, version_id: int | None = None, default: str = ""
) -> NamingContext:
    """Return the names of model and version that a job's file name template can use.

    A model that is not stored has the name under which it was opened last, or else its id.
    version_id: the version to name; the name is "" without a version or if the model is not stored.
    default: the name if there is no model, "Civitai" for "".
    """
    model = models.find_stored_model(model_id) if model_id else None
    versions = {version.id: version.name for version in (model.versions if model else ())}
    if model or not model_id:
        name = model.name if model else default or "Civitai"
    else:
        name = dict(models.list_recent_models()).get(model_id) or f"Model {model_id}"
    return NamingContext(name, versions.get(version_id or 0, ""), versions)


def _started_view(
    context: RequestContext, job_id: int | None, count: int, key: str, **values: str
) -> JobStarted:
    words = context.translate(key, n=count, **values)
    return {"job_id": job_id, "message": words}


def _open_folder(job_id: int, context: RequestContext) -> None:
    with get_job_service().open_store() as store:
        folder = store.get_job(job_id).folder
    if not context.may_see_paths:
        raise ApiError(403, "not_allowed", "files_on_server")
    has_opener = sys.platform in ("win32", "darwin") or shutil.which("xdg-open") is not None
    if not (is_from_this_machine(context.request) and has_opener):
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


_ACTIONS: dict[str, Callable[[int, RequestContext], None]] = {
    "cancel": lambda job_id, _: get_job_service().stop(job_id, JobState.CANCELLED),
    "pause": lambda job_id, _: get_job_service().stop(job_id, JobState.PAUSED),
    "resume": lambda job_id, _: get_job_service().resume(job_id),
    "first": lambda job_id, _: get_job_service().resume(job_id),
    "anew": lambda job_id, _: get_job_service().retry(job_id, of_missing=True),
    "verify": lambda job_id, _: get_job_service().verify(job_id),
    "retry": lambda job_id, _: get_job_service().retry(job_id),
    "forget": lambda job_id, _: get_job_service().forget(job_id),
    "open": _open_folder,
}
