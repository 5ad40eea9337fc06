"""Downloads: begun, seen, stopped, gone on with."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from ... import setting
from ...civitai import ImageQuery
from ...core import Image, one_line, whole
from ...i18n import messages
from ...jobs import Facts, JobState
from ...library import finish, models, pages, records
from ..http import Asked, is_from_this_machine, LAST_ID, Refusal
from .dependencies import gallery_query, job_service, saved_files
from .job_views import panel

__all__ = ["act", "begin", "facts_of", "jobs"]

_LAST_JOB = 2**63 - 1  # of what SQLite can hold
_MOST_IDS = 100_000
_PAGE = 100  # pictures of a page as the page asks for it
_OPENER_SECONDS = 1.5  # after which a file manager that still runs is taken as open
_REQUESTS_KEPT = 200


def jobs(asked: Asked) -> dict[str, Any]:
    return panel(job_service(), asked.language)


def act(asked: Asked) -> dict[str, Any]:
    """`POST jobs/<n>/<deed>`."""
    job_id, deed = asked.path("job"), _DEEDS.get(asked.path("deed"))
    if deed is None or job_id > _LAST_JOB:
        raise Refusal(404, "not_there")
    deed(job_id, asked)
    return jobs(asked)


def begin(asked: Asked) -> dict[str, Any]:
    """`POST jobs`. The same `request` twice, as of a double click, begins one job."""
    request = asked.field("request")
    if not isinstance(request, str) or not re.fullmatch(r"[\w-]{8,64}", request):
        return _begun(asked)
    return _requests.once(request, lambda: _begun(asked))


class _Requests:
    """What was answered to requests that may come again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def once(self, request: str, answer: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        with self._lock:  # held meanwhile: to begin a job is a matter of milliseconds
            if request not in self._answers:
                self._answers[request] = answer()
                if len(self._answers) > _REQUESTS_KEPT:
                    self._answers.popitem(last=False)
            return self._answers[request]


_requests = _Requests()


def _begun(asked: Asked) -> dict[str, Any]:
    if asked.field("ids") is not None:
        return _chosen(asked, asked.field("ids"))
    if isinstance(asked.field("query"), dict):
        return _gallery(asked, asked.field("query"))
    raise Refusal(400, "bad_input")


def _chosen(asked: Asked, ids: Any) -> dict[str, Any]:
    images = _known(ids)
    if not images:
        raise Refusal(400, "bad_input", "nothing_to_download")
    again = False
    if len(images) == 1:  # what was saved is told at once; what is not there any more comes anew
        path = saved_files([images[0].id]).get(images[0].id)
        if path is not None:
            return _answer(asked, None, 0, "already_saved", path=path)
        with job_service().store() as store:
            again = images[0].id in store.saved_paths([images[0].id])
    model_id, version_id = (whole(asked.field(name), 1, LAST_ID) for name in ("model", "version"))
    facts = facts_of(_title(asked, images[0].username), model_id, version_id)
    job_id = job_service().download_chosen(images, facts, again)
    return _answer(asked, job_id, len(images), "job_started")


def _known(ids: Any) -> list[Image]:
    """Raises Refusal: only what the server has itself read."""
    if not isinstance(ids, list) or len(ids) > _MOST_IDS:
        raise Refusal(400, "bad_input")
    wanted = [whole(entry, 1) for entry in ids]
    known = records.find_all([image_id for image_id in wanted if image_id is not None])
    if None in wanted or len(known) < len(set(wanted)):
        raise Refusal(404, "not_known")
    return list(known.values())


def _gallery(asked: Asked, given: dict[str, Any]) -> dict[str, Any]:
    query = gallery_query(given)
    limit = _limit(asked)
    otherwise = query.username
    if query.post_id:
        otherwise = messages.text("post_number", "en", id=query.post_id)
    facts = facts_of(_title(asked, otherwise), query.model_id, query.version_id)
    if asked.field("reads_only") is True:
        return _reading(asked, query, limit, facts)
    verify = asked.field("verify") is True
    job_id = job_service().download_gallery(query, limit, facts, verify)
    return _answer(asked, job_id, limit, "job_started_gallery")


def _reading(asked: Asked, query: ImageQuery, limit: int, facts: Facts) -> dict[str, Any]:
    """From behind what was read of it, as the page asks for that."""
    finish()
    cursor, is_whole = pages.end_of_kept(query, _PAGE)
    if is_whole:
        return _answer(asked, None, 0, "all_was_read")
    job_id = job_service().read_gallery(query, limit, facts, cursor)
    return _answer(asked, job_id, limit, "reading_started")


def facts_of(title: str, model_id: int | None, version_id: int | None = None) -> Facts:
    """What names may tell: title, else the model's name, and what was read of its versions."""
    kept = models.kept_model(model_id) if model_id else None
    versions = {version.id: version.name for version in (kept.versions if kept else ())}
    model = title or (kept.name if kept else "Civitai")
    return Facts(model, versions.get(version_id or 0, ""), versions)


def _limit(asked: Asked) -> int:
    entry = setting.BY_NAME["gallery_download_limit"]
    given = asked.field("limit")
    limit = setting.gallery_download_limit if given is None else given
    wanted = whole(limit, int(entry.low), int(entry.high))
    if wanted is None:
        bounds = {"low": entry.low, "high": entry.high}
        raise Refusal(400, "bad_input", "bad_limit", "limit", **bounds)
    return wanted


def _title(asked: Asked, otherwise: str) -> str:
    """What the job is called, and its folder after that; "" for its model's name."""
    return one_line(asked.field("title")) or otherwise


def _answer(
    asked: Asked, job_id: int | None, count: int, key: str, **values: str
) -> dict[str, Any]:
    words = asked.words(key, n=count, **values)
    return {"job": job_id, "pictures": count, "message": words}


def _open_folder(job_id: int, asked: Asked) -> None:
    """In the file manager of this machine, if it is the user's. Raises Refusal."""
    with job_service().store() as store:
        folder = store.job(job_id).folder
    if not _can_open_folders(asked):
        raise Refusal(400, "bad_input", "folder_on_server", folder=folder)
    if not os.path.isdir(folder):
        raise Refusal(400, "bad_input", "folder_not_there", folder=folder)
    opener = {"win32": "explorer", "darwin": "open"}.get(sys.platform, "xdg-open")
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        code = subprocess.Popen([opener, folder], **silent).wait(_OPENER_SECONDS)
    except subprocess.TimeoutExpired:  # some stay as long as their window
        return
    except OSError:
        code = 1
    if code and opener != "explorer":  # whose code says nothing
        raise Refusal(400, "bad_input", "no_file_manager", folder=folder)


def _can_open_folders(asked: Asked) -> bool:
    """Whether the machine that serves the page is the one that shows it, and has a file manager."""
    if not is_from_this_machine(asked.request):
        return False
    return sys.platform in ("win32", "darwin") or shutil.which("xdg-open") is not None


_DEEDS: dict[str, Callable[[int, Asked], None]] = {
    "cancel": lambda job_id, _: job_service().stop(job_id, JobState.CANCELLED),
    "pause": lambda job_id, _: job_service().stop(job_id, JobState.PAUSED),
    "resume": lambda job_id, _: job_service().resume(job_id),
    "first": lambda job_id, _: job_service().resume(job_id),
    "anew": lambda job_id, _: job_service().fetch_missing(job_id),
    "retry": lambda job_id, _: job_service().retry(job_id),
    "forget": lambda job_id, _: job_service().forget(job_id),
    "open": _open_folder,
}
