"""What every route has in common: access checks, threads, and errors as responses.

Handlers never run in the event loop or in a thread of the WebUI. Local work (memory, disk) and
remote work (Civitai) have separate threads, so that local responses are sent even while Civitai is
silent.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import anyio
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from ... import host
from ...core import as_id, Cancellation
from ...errors import CivitaiShortcutError
from ...i18n import messages
from ..bundle import CODE_HEADER, CODE_QUERY, find_code_version
from .csrf import find_lock_reason, is_cross_site, is_host_ip_or_localhost, is_our_page
from .request_body import read_body, SMALL_BODY
from .responses import ApiError, explain_error, find_language, make_error_response
from .responses import make_failure_response, make_json_response

__all__ = ["Endpoints", "Handler", "RemoteWork", "RequestContext"]

_THREADS = {"local": 16, "remote": 64, "files": 32}  # by lane
T = TypeVar("T")
_MOST_LETTERS = 10_000  # characters in a field of a body


@dataclass(frozen=True)
class RequestContext:
    """A request as a handler sees it.

    body: the parsed JSON of a POST or PUT, or the open file of an upload; None for a GET.
    cancelled: set when the browser disconnects. run_local: runs a function in one of the threads
    that never wait for Civitai, and returns an awaitable result.
    """

    request: Request
    body: Any
    language: str
    cancelled: Cancellation
    run_local: Callable[..., Awaitable[Any]]

    def query_param(self, name: str) -> str:
        """Return a query parameter, "" if it is absent."""
        return self.request.query_params.get(name, "")

    def query_id(self, name: str) -> int | None:
        """Return a query parameter as the id of a model or version, None if absent or invalid."""
        return as_id(self.query_param(name))

    def path_param(self, name: str) -> Any:
        return self.request.path_params[name]

    def body_field(self, name: str) -> Any:
        """Return a field of the JSON body, None if it is absent."""
        return self.body.get(name) if isinstance(self.body, dict) else None

    def typed_field(self, name: str, kind: type, is_required: bool = False) -> Any:
        """Return a field of the JSON body, None if it is absent.

        Raises ApiError if the value is not of the type `kind`, if it has more than 10,000
        characters, or if it is absent although `is_required` is true.
        """
        value = self.body_field(name)
        is_kind = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
        is_fit = is_kind and len(str(value)) <= _MOST_LETTERS
        if not is_fit and (is_required or value is not None):
            raise ApiError(400, "bad_input", field=name)
        return value

    def require_choice(self, name: str, choices: Mapping[str, T]) -> T:
        """Return the value in `choices` whose key is given by a field of the JSON body.

        Raises ApiError if the field does not have one of the keys. name: the field's name.
        """
        value = self.body_field(name)
        if not isinstance(value, str) or value not in choices:
            raise ApiError(400, "bad_input", field=name)
        return choices[value]

    @property
    def may_see_paths(self) -> bool:
        """Return whether the user may see paths, addresses and errors of this machine.

        Only users who may change the settings see them.
        """
        return not find_lock_reason(self.request, "download_images_folder")

    def show_path(self, path: str) -> str:
        """Return a file's path as the user may see it: its name if the user may not see paths."""
        return path if self.may_see_paths else os.path.basename(path)

    def explain_error(self, error: CivitaiShortcutError) -> str:
        """Return a sentence for the user that tells what went wrong and what to do."""
        return explain_error(error, self.language, self.may_see_paths)

    def translate(self, key: str, **values: Any) -> str:
        """Return the message with this key in the request's language.

        values: what to insert into the message's placeholders.
        """
        return messages.translate(key, self.language, **values)


@dataclass(frozen=True)
class RemoteWork(Generic[T]):
    """Work that waits for Civitai. A handler returns it, and its result becomes the response.

    lane: the threads that do the work: "remote", or "files" for images, so that images are sent
    even while all searches wait.
    """

    work: Callable[[], T]
    lane: str = "remote"


# A route's function; a thread runs it. It returns a Response, JSON or a RemoteWork.
Handler = Callable[[RequestContext], Any]
Endpoint = Callable[[Request], Awaitable[Any]]


class Endpoints:
    """Makes endpoints of Starlette from route handlers; the endpoints share threads and limits."""

    def __init__(self) -> None:
        self._limiters: dict[str, anyio.CapacityLimiter] = {}

    def for_read(self, handler: Handler) -> Endpoint:
        """Return an endpoint that calls `handler` for GET requests; other sites' pages get 403."""
        return self._endpoint(
            handler, lambda request: not is_cross_site(request.headers, request.method)
        )

    def for_write(self, handler: Handler, max_bytes: int = SMALL_BODY) -> Endpoint:
        """Return an endpoint that calls `handler` for writes from our own page; others get 403.

        max_bytes: the largest size of a request body; a larger one gets 413.
        """
        return self._endpoint(handler, is_our_page, max_bytes)

    def for_upload(self, handler: Handler, max_bytes: int) -> Endpoint:
        """Return an endpoint that calls `handler` with a file that our own page uploads.

        The file is the whole request body. Uploads from elsewhere get 403. max_bytes: the file's
        largest size; a larger one gets 413.
        """
        return self._endpoint(handler, is_our_page, max_bytes, is_file=True)

    def _endpoint(
        self,
        handler: Handler,
        is_allowed: Callable[[Request], bool],
        max_bytes: int = 0,
        is_file: bool = False,
    ) -> Endpoint:
        async def endpoint(request: Request) -> Any:
            try:
                if not host.is_logged_in(request):
                    raise ApiError(401, "login")
                if not is_allowed(request):
                    raise ApiError(403, "not_allowed")
                if not _has_valid_host(request):
                    raise ApiError(403, "not_allowed", "unknown_name")
                version = request.headers.get(CODE_HEADER, request.query_params.get(CODE_QUERY))
                if version not in (None, find_code_version()):  # programs need not send one
                    raise ApiError(409, "outdated")
                async with read_body(request, max_bytes, self.run_local, is_file) as body:
                    return await self._respond(handler, request, body)
            except ApiError as error:
                return make_error_response(error, find_language(request))
            except ClientDisconnect:  # nobody reads the response
                return Response(status_code=400)

        return endpoint

    async def _respond(self, handler: Handler, request: Request, body: Any) -> Any:
        cancellation = Cancellation()
        context = RequestContext(
            request, body, find_language(request), cancellation, self.run_local
        )
        watch = asyncio.ensure_future(_watch_disconnect(request, cancellation))
        try:
            answer = await self.run_local(_call_for_response, lambda: handler(context), context)
            if isinstance(answer, RemoteWork):
                answer = await self._run_in_thread(
                    answer.lane, _call_for_response, answer.work, context
                )
            return answer
        except asyncio.CancelledError:  # the server is stopping
            cancellation.set()
            raise
        finally:
            watch.cancel()

    async def run_local(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """Run a function in one of the threads that never wait for Civitai; return its result."""
        return await self._run_in_thread("local", work, *arguments)

    async def _run_in_thread(self, lane: str, work: Callable[..., Any], *arguments: Any) -> Any:
        if lane not in self._limiters:  # made here, since it needs a running event loop
            self._limiters[lane] = anyio.CapacityLimiter(_THREADS[lane])
        return await anyio.to_thread.run_sync(work, *arguments, limiter=self._limiters[lane])


def _has_valid_host(request: Request) -> bool:
    """Return whether the `Host` header of a request is acceptable.

    If a WebUI has no login and only this machine can reach it, the header must be an IP address or
    localhost. In all other cases, any name is acceptable.
    """
    # In our own server, `CrossSiteGuard` has checked the header before.
    if not host.in_webui() or host.is_shared() or host.has_login(request):
        return True
    return is_host_ip_or_localhost(request.headers)


def _call_for_response(work: Callable[[], Any], context: RequestContext) -> Any:
    """Call `work`; return a JSON response with its result, or with its error in words.

    A result that is a RemoteWork or already a response is returned unchanged. Errors other than
    ApiError and CivitaiShortcutError are raised.
    """
    try:
        answer = work()
    except ApiError as error:
        return make_error_response(error, context.language)
    except CivitaiShortcutError as error:
        return make_failure_response(error, context.explain_error(error))
    is_ready = isinstance(answer, RemoteWork) or callable(answer)
    return answer if is_ready else make_json_response(answer)


async def _watch_disconnect(request: Request, cancellation: Cancellation) -> None:
    """Wait until the browser disconnects from a request, then set the cancellation."""
    while (await request.receive())["type"] != "http.disconnect":
        continue
    cancellation.set()
