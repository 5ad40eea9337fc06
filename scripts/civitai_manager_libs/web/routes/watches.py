"""Routes of watched galleries, and their checks in the background."""

from __future__ import annotations

import threading
import time
from typing import Literal

from typing_extensions import TypedDict

from ... import setting
from ...core import log_disk_errors
from ...errors import CivitaiShortcutError, DiskError, NetworkError, NotFound, ServerError
from ...library import image_records, watches
from ..http import ApiError, change_route, RequestContext, route
from .dependencies import GalleryQuery, get_client, get_job_service, parse_gallery_query
from .jobs import begin_check
from .views import format_iso_time

__all__ = ["get_watches", "WatchList"]


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


_HOUR = 3600.0  # seconds
_DAY = 86_400.0
_MONTH = 30 * _DAY
_MOST_CHECKED = 20_000  # images
_ALL = ""  # stands for all galleries


class _WatchChecks:
    """Looks for new images in watched galleries in a background thread, one check at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun_at: float | None = None  # by `time.monotonic`
        self.is_running = False
        self.errors: dict[str, CivitaiShortcutError] = {}  # of the last check, by gallery

    def start_check(self, is_requested: bool) -> None:
        """Start to look for new images in watched galleries. Do nothing if a check is running.

        is_requested: whether the user has requested a check of all galleries. Otherwise, the check
        starts only if it is due, and leaves out galleries that were checked in the last day (in the
        server's first check: in the last hour).
        """
        with self._lock:
            begun_at = self._begun_at
            is_due = is_requested or begun_at is None
            if begun_at is not None and setting.watch_daily:
                is_due = is_due or time.monotonic() - begun_at >= _HOUR
            if self.is_running or not is_due:
                return
            pause = 0.0 if is_requested else _HOUR if begun_at is None else _DAY
            now = time.time()
            # If the clock was set back, the last check seems to be in the future.
            due = [one for one in watches.list_watches() if abs(now - one.checked_at) >= pause]
            self._begun_at, self.is_running = time.monotonic(), bool(due)
        if due:
            threading.Thread(target=self._check, args=(due,), name="watched", daemon=True).start()

    def _check(self, due: list[watches.Watch]) -> None:
        errors: dict[str, CivitaiShortcutError] = {}
        try:
            for one in due:
                try:
                    watches.check_watch(get_client(), one)
                except (NetworkError, ServerError, DiskError) as error:
                    errors[_ALL] = error
                    break  # the other checks would fail too
                except CivitaiShortcutError as error:
                    errors[one.gallery] = error
        finally:
            self.errors, self.is_running = errors, False


_checks = _WatchChecks()


@route("GET", "watches")
def get_watches(context: RequestContext) -> WatchList:
    """Return the watched galleries, or a message if the library cannot be read."""
    try:
        return _watches_view(context)
    except DiskError as error:
        return {
            "galleries": [],
            "checking": False,
            "problem": context.explain_error(error),
        }


@change_route("POST", "watches")
def act_on_watches(
    context: RequestContext,
    action: Literal["watch", "unwatch", "check", "check_due"],
    query: GalleryQuery | None = None,
    name: str = "",
    gallery: str = "",
) -> WatchList:
    """Watch or unwatch a gallery, or look for new images; return the watched galleries.

    query, name: the gallery to watch, and its name in the list. gallery: the key of the one to
    unwatch. "check" looks in all galleries, "check_due" only where a check is due.
    """
    if action == "watch":
        watches.watch_gallery(parse_gallery_query(query or {}), name)
    elif action == "unwatch":
        if not gallery:
            raise ApiError(400, "bad_input", field="gallery")
        watches.unwatch_gallery(gallery)
    else:
        if action == "check_due" and setting.check_favourites:
            _check_favourites(context)
        _checks.start_check(is_requested=action == "check")
    return _watches_view(context)


def _check_favourites(context: RequestContext) -> None:
    """Start a check of the favourites, unless one was started or was not due in the last month."""
    title, since = context.translate("check_favourites_title"), time.time() - _MONTH
    with log_disk_errors("gallery"):
        ids = image_records.find_unchecked_favourites(_MONTH)[:_MOST_CHECKED]
        jobs = get_job_service().list_jobs(1, lambda job: job.is_check and job.created > since)
        if ids and not jobs[0]:
            begin_check(context, ids, title)


def _watches_view(context: RequestContext) -> WatchList:
    is_running = _checks.is_running  # read before the results, which may arrive meanwhile
    galleries = [_watch_view(one, context) for one in watches.list_watches()]
    problem = _problem_text(_ALL, context) if galleries else ""
    return {"galleries": galleries, "checking": is_running, "problem": problem}


def _problem_text(gallery: str, context: RequestContext) -> str:
    error = _checks.errors.get(gallery)
    if isinstance(error, NotFound):
        return context.translate("no_gallery")
    return context.explain_error(error) if error else ""


def _watch_view(one: watches.Watch, context: RequestContext) -> WatchedGallery:
    kind, _, value = one.gallery.partition(" ")
    return {
        "gallery": one.gallery,
        "name": one.name,
        "model": one.model_id,
        "version": int(value) if kind == "version" else None,
        "user": value if kind == "user" else "",
        "by_upload": kind == "model",  # see `ImageQuery.uses_sql_database`
        "new_count": one.new_count,
        "has_more": one.has_more,
        "checked_at": format_iso_time(one.checked_at),
        "problem": _problem_text(one.gallery, context),
    }
