"""The addresses that the page's own code asks: the jobs' panel, its buttons, its thumbnails."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from .. import host, setting, util
from ..errors import CivitaiShortcutError, Refused
from .tab import job_service, panel
from ..words import messages

__all__ = ["add_routes"]

_ROOT = "/civitai_shortcut"
_LAST_JOB = 2**63 - 1  # of what SQLite can hold
_OPENER_SECONDS = 1.5  # after which a file manager that still runs is taken as open
_LOOPBACK = {"127.0.0.1", "::1"}


def add_routes(app: Any) -> None:
    """To a running gradio app; ahead of its own, of which one takes every address."""
    routes = [
        Route(f"{_ROOT}/jobs", _jobs),
        Route(f"{_ROOT}/jobs/{{job:int}}/{{action}}", _act, methods=["POST"]),
        Route(f"{_ROOT}/thumbnail/{{name}}", _thumbnail),
    ]
    app.router.routes[:0] = routes


def _jobs(request: Request) -> Response:
    if not host.is_logged_in(request):
        return Response(status_code=401)
    try:
        return JSONResponse(panel(_language(request)), headers={"Cache-Control": "no-store"})
    except CivitaiShortcutError as error:
        return _refusal(error, 500)


def _act(request: Request) -> Response:
    """A button of the panel. Only our own page's code can send its header: others lack CORS."""
    if not host.is_logged_in(request) or not _is_our_page(request):
        return Response(status_code=403)
    action = _ACTIONS.get(request.path_params["action"])
    if action is None or request.path_params["job"] > _LAST_JOB:
        return Response(status_code=404)
    try:
        action(request.path_params["job"], request)
    except CivitaiShortcutError as error:
        return _refusal(error, 400)
    return _jobs(request)


def _open_folder(job_id: int, request: Request) -> None:
    """In the file manager of this machine, if it is the user's."""
    if request.client is None or request.client.host not in _LOOPBACK:
        raise Refused(f"The pictures are on the server, in {job_service().folder(job_id)}.")
    folder = job_service().folder(job_id)
    if not os.path.isdir(folder):
        raise Refused(f"{folder} is not there.")
    opener = {"win32": "explorer", "darwin": "open"}.get(sys.platform, "xdg-open")
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        code = subprocess.Popen([opener, folder], **silent).wait(_OPENER_SECONDS)
    except subprocess.TimeoutExpired:  # some stay as long as their window
        return
    except OSError:
        code = 1
    if code and opener != "explorer":  # whose code says nothing
        raise Refused(f"No file manager was found. The pictures are in {folder}.")


_ACTIONS = {
    "cancel": lambda job_id, _: job_service().stop(job_id, "cancelled"),
    "pause": lambda job_id, _: job_service().stop(job_id, "paused"),
    "resume": lambda job_id, _: job_service().resume(job_id),
    "anew": lambda job_id, _: job_service().fetch_missing(job_id),
    "retry": lambda job_id, _: job_service().retry(job_id),
    "forget": lambda job_id, _: job_service().forget(job_id),
    "open": _open_folder,
}


def _thumbnail(request: Request) -> Response:
    """A file of the cache; a name with anything but letters, digits, `_.-` is none."""
    name = request.path_params["name"]
    path = os.path.join(setting.shortcut_gallery_folder, name)
    if not host.is_logged_in(request) or not re.fullmatch(r"[\w-][\w.-]*", name):
        return Response(status_code=404)
    try:
        with open(path, "rb") as file:
            extension = util.extension_of(file.read(16))
    except OSError:
        extension = None
    kind = _KINDS.get(extension or "")
    if kind is None:
        return Response(status_code=404)
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "max-age=3600"}
    return FileResponse(path, media_type=kind, headers=headers)


_KINDS = {"png": "image/png", "jpg": "image/jpeg", "gif": "image/gif", "webp": "image/webp"}


def _language(request: Request) -> str:
    return messages.language_of(request.headers.get("accept-language", ""))


def _is_our_page(request: Request) -> bool:
    origin = request.headers.get("origin")
    same = origin is None or host.is_of(origin, request.headers.get("host", ""))
    return same and request.headers.get("x-civitai-shortcut") == "1"


def _refusal(error: CivitaiShortcutError, status: int) -> Response:
    return JSONResponse({"error": str(error)}, status_code=status)
