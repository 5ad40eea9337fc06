"""Routes of watched galleries, with the check that favourites get once a month."""

from __future__ import annotations

import time
from typing import Literal

from typing_extensions import TypedDict

from ... import setting
from ...civitai import ImageQuery
from ...core import log_disk_errors
from ...errors import CivitaiShortcutError, DiskError, NotFound
from ...library import image_records, watches
from ..http import ApiError, change_route, RemoteWork, RequestContext, route
from .dependencies import do_with_model, GalleryQuery, get_client, get_job_service
from .dependencies import parse_gallery_query
from .jobs import begin_check, make_naming_context
from .views import format_iso_time


class WatchedGallery(TypedDict):
    """A gallery that the user watches for new images.

    gallery: its key, such as `model 101`. by_upload: Civitai sorts by upload date, so an image that
    was published late may be new without being at the top. new_count: number of images since the
    user's last visit. has_more: there are more new images than `new_count`. checked_at: "" if
    never. problem: why the last check failed, or "".
    """

    gallery: str
    name: str
    model: int | None
    version: int | None
    user: str
    by_upload: bool
    new_count: int
    has_more: bool
    checked_at: str
    problem: str


class WatchList(TypedDict):
    """All watched galleries. problem: why the last check ended early, or ""."""

    galleries: list[WatchedGallery]
    checking: bool
    problem: str


_MONTH = 30 * 86_400.0  # seconds
_MOST_CHECKED = 20_000  # images

_checks = watches.WatchChecks()


@route("GET", "watches")
def get_watches(context: RequestContext) -> WatchList:
    """Return the watched galleries, or a message if the library cannot be read."""
    try:
        return _watches_view(context)
    except DiskError as error:
        return {"galleries": [], "checking": False, "problem": context.explain_error(error)}


@change_route("POST", "watches")
def act_on_watches(
    context: RequestContext,
    action: Literal["watch", "unwatch", "check", "check_due"],
    query: GalleryQuery | None = None,
    name: str = "",
    gallery: str | None = None,
    is_undo: bool = False,
) -> WatchList | RemoteWork[WatchList]:
    """Watch or unwatch a gallery, or look for new images; return the watched galleries.

    query, name: the gallery to watch, and its name in the list, "" for that of its model or author.
    is_undo: watch it as before it was unwatched. gallery: the key of the one to unwatch. "check"
    looks in all galleries, "check_due" only where a check is due.
    """
    if action == "watch":

        def watch() -> WatchList:
            wanted = parse_gallery_query(query or {})
            watches.watch_gallery(wanted, name or _name_gallery(wanted), is_undo)
            return _watches_view(context)

        return do_with_model(None if name else query, watch)
    if action == "unwatch":
        if gallery is None:
            raise ApiError(400, "bad_input", field="gallery")
        watches.unwatch_gallery(gallery)
    else:
        if action == "check_due" and setting.check_favourites:
            since = time.time() - _MONTH
            with log_disk_errors("gallery"):
                ids = image_records.find_unchecked_favourites(_MONTH)[:_MOST_CHECKED]
                jobs = get_job_service().list_jobs(
                    1, lambda job: job.is_check and job.created > since
                )
                if ids and not jobs[0]:
                    begin_check(context, ids, "check_favourites_title")
        _checks.start(get_client(), is_requested=action == "check")
    return _watches_view(context)


def _name_gallery(query: ImageQuery) -> str:
    names = make_naming_context(query.model_id, query.version_id, query.username)
    return " · ".join(filter(None, (names.model, names.version)))


def _watches_view(context: RequestContext) -> WatchList:
    is_running = _checks.is_running  # read before the results, which may arrive meanwhile
    galleries = list[WatchedGallery]()
    for one in watches.list_watches():
        kind, _, value = one.gallery.partition(" ")
        galleries.append(
            {
                "gallery": one.gallery,
                "name": one.name,
                "model": one.model_id,
                "version": int(value) if kind == "version" else None,
                "user": value if kind == "user" else "",
                "by_upload": kind == "model",  # see `ImageQuery.uses_sql_database`
                "new_count": one.new_count,
                "has_more": one.has_more,
                "checked_at": format_iso_time(one.checked_at),
                "problem": _problem_text(_checks.errors.get(one.gallery), context),
            }
        )
    problem = _problem_text(_checks.error, context) if galleries else ""
    return {"galleries": galleries, "checking": is_running, "problem": problem}


def _problem_text(error: CivitaiShortcutError | None, context: RequestContext) -> str:
    if isinstance(error, NotFound):
        return context.translate("no_gallery")
    return context.explain_error(error) if error else ""
