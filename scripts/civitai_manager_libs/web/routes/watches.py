"""Routes of watched galleries, and their checks in the background."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from ... import setting
from ...errors import CivitaiShortcutError, DiskError, NetworkError, NotFound, ServerError
from ...library import watches
from ..http import format_iso_time, RequestContext
from ..schemas.page import WatchedGallery, WatchList
from .dependencies import get_client, parse_gallery_query

__all__ = ["act_on_watches", "get_watches"]

_HOUR = 3600.0  # seconds
_DAY = 86_400.0
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
            if self.is_running or not (is_requested or self._is_check_due()):
                return
            pause = 0.0 if is_requested else _HOUR if self._begun_at is None else _DAY
            now = time.time()
            # If the clock was set back, the last check seems to be in the future.
            due = [one for one in watches.list_watches() if abs(now - one.checked_at) >= pause]
            self._begun_at, self.is_running = time.monotonic(), bool(due)
        if due:
            threading.Thread(target=self._check, args=(due,), name="watched", daemon=True).start()

    def _is_check_due(self) -> bool:
        if self._begun_at is None:
            return True
        return setting.watch_daily and time.monotonic() - self._begun_at >= _HOUR

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


def act_on_watches(context: RequestContext) -> WatchList:
    """Do what the body's field `action` names, and return the watched galleries.

    The actions are "watch" and "unwatch" for the gallery that the body names; "check" looks for new
    images in all watched galleries, "check_due" in those whose daily check is due.
    """
    actions: dict[str, Callable[[], object]] = {
        "watch": lambda: _watch(context),
        "unwatch": lambda: watches.unwatch_gallery(
            context.typed_field("gallery", str, is_required=True)
        ),
        "check": lambda: _checks.start_check(is_requested=True),
        "check_due": lambda: _checks.start_check(is_requested=False),
    }
    context.require_choice("action", actions)()
    return _watches_view(context)


def _watch(context: RequestContext) -> None:
    names = ("model", "version", "post", "user", "sort", "type", "meta", "base", "level")
    params = {name: context.body_field(name) for name in names}
    query = parse_gallery_query(params)
    watches.watch_gallery(query, context.typed_field("name", str, is_required=True))


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
