"""What is around every route: its body, its limits, its errors."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import Any, IO

import anyio
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from ... import host
from ...core import as_id, Cancellation, has_too_many_parts, is_deeply_nested
from ...errors import Cancelled, CivitaiShortcutError
from ...i18n import messages
from ..bundle import CODE_HEADER, CODE_QUERY, find_code_version
from .contract import ApiRoute, check_body, REMOTE_SECONDS, RemoteWork
from .guard import find_lock_reason, is_cross_site, is_host_ip_or_localhost, is_our_page
from .replies import ApiError, explain_error, find_language, InThread, make_error_response
from .replies import make_failure_response, make_json_response

_IN_MEMORY = 256 * 1024  # bytes; a larger body is stored on the disk
_SECONDS = 30.0  # to wait for the next part of a body
# JSON values; 100,000 ids or an import have fewer. Parsing a million takes a second.
_MOST_PARTS, _MOST_SIGNS = 500_000, 2_000_000


@asynccontextmanager
async def _read_body(request: Request, route: ApiRoute, in_thread: InThread) -> AsyncIterator[Any]:
    """Yield the JSON body, the open file of an upload, None for a GET. Raises ApiError."""
    if request.method in ("GET", "HEAD"):
        yield None
        return
    with SpooledTemporaryFile(_IN_MEMORY) as file:
        try:
            await _write_body(request, file, route.max_bytes, in_thread)
        except TimeoutError as error:
            raise ApiError(408, "too_slow") from error
        except OSError as error:  # no space for a temporary file
            raise ApiError(507, "disk") from error
        yield file if route.is_upload else await in_thread(_parse_body, file, route)


async def _write_body(
    request: Request, file: IO[bytes], max_bytes: int, in_thread: InThread
) -> None:
    """Write a body to a file; raise TimeoutError after 30 seconds without new bytes."""
    size, parts = 0, request.stream()
    while True:
        with anyio.fail_after(_SECONDS):
            part = await anext(parts, None)
        if part is None:
            return
        size += len(part)
        if size > max_bytes:
            raise ApiError(413, "too_large")
        await in_thread(file.write, part)


def _parse_body(file: IO[bytes], route: ApiRoute) -> Any:
    """Return the checked JSON of a file; an empty file, as null, is an object without fields."""
    file.seek(0)
    body = file.read()
    if has_too_many_parts(body, _MOST_PARTS, _MOST_SIGNS):
        raise ApiError(413, "too_large")
    try:
        value = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "bad_input") from error
    if is_deeply_nested(value):
        raise ApiError(400, "bad_input")
    value = {} if value is None else value
    if route.body_type is not None:
        check_body(value, route.body_type)
    return value


# Threads by lane. quick: what the page starts with. images: single images and pages of them.
# models: the files on this machine. counts: work that grows with the library. changes: writes.
# bulk: exports and imports. bodies: requests. remote, files: what waits for Civitai.
_THREADS = {"quick": 8, "images": 8, "models": 2, "counts": 2, "changes": 4, "bulk": 2, "bodies": 8}
_THREADS |= {"remote": 64, "files": 32}


@dataclass(frozen=True)
class RequestContext:
    """A request as a route's function sees it.

    cancelled: set when the browser disconnects, or when the route's time is over. run_local: runs a
    function in a thread of the route, and returns an awaitable result.
    """

    request: Request
    cancelled: Cancellation
    run_local: Callable[..., Awaitable[Any]]

    @property
    def language(self) -> str:
        """Return the language in which the user reads messages."""
        return find_language(self.request)

    def query_param(self, name: str) -> str:
        """Return a query parameter, "" if it is absent."""
        return self.request.query_params.get(name, "")

    def query_id(self, name: str) -> int | None:
        """Return a query parameter as the id of a model or version, None if absent or invalid."""
        return as_id(self.query_param(name))

    def path_param(self, name: str) -> Any:
        return self.request.path_params[name]

    @property
    def may_see_paths(self) -> bool:
        """Return whether the user may change settings, and so see this machine's paths."""
        return not find_lock_reason(self.request, "download_images_folder")

    def check_lock(self, name: str, field: str = "") -> None:
        """Raise ApiError if the user may not change a setting; for the names see the settings."""
        if lock := find_lock_reason(self.request, name):
            raise ApiError(403, lock, field=field)

    def show_path(self, path: str) -> str:
        """Return a file's path as the user may see it: its name if the user may not see paths."""
        return path if self.may_see_paths else os.path.basename(path)

    def explain_error(self, error: CivitaiShortcutError) -> str:
        """Return a sentence for the user that tells what went wrong and what to do."""
        return explain_error(error, self.language, self.may_see_paths)

    def translate(self, key: str, **values: Any) -> str:
        """Return the message with this key in the request's language. values: its placeholders."""
        return messages.translate(key, self.language, **values)


class Endpoints:
    """Makes endpoints of Starlette from routes; the endpoints share threads."""

    def __init__(self) -> None:
        self._limiters: dict[str, anyio.CapacityLimiter] = {}

    def make_endpoint(self, route: ApiRoute) -> Callable[[Request], Awaitable[Any]]:
        """Return an endpoint that checks a request and calls the route's function.

        Another site's page gets 403; so does each page but our own if the method is not GET.
        """

        async def endpoint(request: Request) -> Any:
            try:
                _check_access(request, is_read=route.method == "GET")
                in_thread = partial(self._run_in_thread, "bodies")
                async with _read_body(request, route, in_thread) as body:
                    return await self._respond(route, request, body)
            except ApiError as error:
                return make_error_response(error, find_language(request))
            except ClientDisconnect:  # nobody reads the response
                return Response(status_code=400)

        return endpoint

    async def _respond(self, route: ApiRoute, request: Request, body: Any) -> Any:
        cancelled, is_late, answer = Cancellation(), False, None
        run_local = partial(self._run_in_thread, route.lane)
        context = RequestContext(request, cancelled, run_local)
        with anyio.CancelScope() as scope:

            def end() -> None:  # drops what waits for a thread, and stops what runs in one
                cancelled.set()
                scope.cancel()

            def end_late() -> None:
                nonlocal is_late
                is_late = True
                end()

            start_timer = asyncio.get_running_loop().call_later
            timer = start_timer(route.seconds, end_late)
            watch = asyncio.ensure_future(_watch_disconnect(request, end))
            if route.is_change:
                watch.cancel()
            try:
                call = partial(_call_for_response, context=context)
                answer = await self._run_in_thread(route.lane, call, route.bind_body(context, body))
                if isinstance(answer, RemoteWork):
                    remote = answer
                    timer.cancel()
                    timer = start_timer(REMOTE_SECONDS[remote.lane], end_late)
                    answer = None
                    if not self._find_limiter(remote.lane).available_tokens:
                        answer = await self._run_in_thread(route.lane, call, remote.find_stored)
                    answer = answer or await self._run_in_thread(remote.lane, call, remote.work)
            except asyncio.CancelledError:  # by `end`, or the server is stopping
                cancelled.set()
                raise
            finally:
                timer.cancel()
                watch.cancel()
        if answer is None:
            raise ApiError(503, "too_long") if is_late else ClientDisconnect
        return answer

    def _find_limiter(self, lane: str) -> anyio.CapacityLimiter:
        if lane not in self._limiters:  # made here, since it needs a running event loop
            self._limiters[lane] = anyio.CapacityLimiter(_THREADS[lane])
        return self._limiters[lane]

    async def _run_in_thread(self, lane: str, work: Callable[..., Any], *arguments: Any) -> Any:
        return await anyio.to_thread.run_sync(work, *arguments, limiter=self._find_limiter(lane))


def _check_access(request: Request, is_read: bool) -> None:
    """Raise ApiError if a request is not allowed, or if its page is of another version."""
    if not host.is_logged_in(request):
        raise ApiError(401, "login")
    if is_cross_site(request.headers, request.method) if is_read else not is_our_page(request):
        raise ApiError(403, "not_allowed")
    # In our own server, `CrossSiteGuard` has checked the header `Host` before.
    is_open = not host.in_webui() or host.is_shared() or host.has_login(request)
    if not is_open and not is_host_ip_or_localhost(request.headers):
        raise ApiError(403, "not_allowed", "unknown_name")
    version = request.headers.get(CODE_HEADER, request.query_params.get(CODE_QUERY))
    if version not in (None, find_code_version()):  # programs need not send one
        raise ApiError(409, "outdated")


def _call_for_response(work: Callable[[], Any], context: RequestContext) -> Any:
    """Return the result as a response, or its error in words; None if nobody waits for it."""
    try:
        with context.cancelled.as_current():
            context.cancelled.check()
            answer = work()
    except ApiError as error:
        return make_error_response(error, context.language)
    except CivitaiShortcutError as error:
        if isinstance(error, Cancelled) and context.cancelled.is_set():
            return None
        return make_failure_response(error, context.explain_error(error))
    is_ready = answer is None or isinstance(answer, RemoteWork) or callable(answer)
    return answer if is_ready else make_json_response(answer)


async def _watch_disconnect(request: Request, end: Callable[[], None]) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        continue
    end()
