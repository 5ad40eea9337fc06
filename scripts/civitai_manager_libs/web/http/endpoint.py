"""What is around every route: its body, its limits, its errors."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Container, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import Any, cast, Generic, IO, TypeVar

import anyio
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from ... import host
from ...civitai import (
    make_image_page_url,
    make_model_page_url,
    make_post_page_url,
    make_user_page_url,
    make_version_page_url,
    Model,
    Version,
)
from ...core import as_id, Cancellation, has_too_many_parts, Image, is_deeply_nested, level_name
from ...errors import Cancelled, CivitaiShortcutError
from ...i18n import messages
from ...infotext import Resource, summarize
from ...library import bookmarks
from ..bundle import CODE_HEADER, CODE_QUERY, find_code_version
from ..schemas.images import Annotations, ImageLinks, ImageView, Kind, Level, ResourceLink
from ..schemas.models import ModelCard, ModelVersion, ModelView
from .guard import find_lock_reason, is_cross_site, is_host_ip_or_localhost, is_our_page
from .replies import (
    ApiError,
    explain_error,
    find_language,
    InThread,
    make_error_response,
    make_failure_response,
    make_json_response,
)

__all__ = [
    "ApiRoute",
    "Endpoints",
    "format_iso_time",
    "make_annotation_view",
    "make_image_links",
    "make_image_view",
    "make_model_card",
    "make_model_view",
    "make_resource_view",
    "read_body",
    "RemoteWork",
    "RequestContext",
    "SMALL_BODY",
]

SMALL_BODY = 64 * 1024  # bytes
_IN_MEMORY = 256 * 1024  # bytes; a larger body is stored on the disk
_SECONDS = 30.0  # to wait for the next part of a body
# JSON values; 100,000 ids or an import have fewer. Parsing a million takes a second.
_MOST_PARTS, _MOST_SIGNS = 500_000, 2_000_000


@asynccontextmanager
async def read_body(
    request: Request, max_bytes: int, in_thread: InThread, is_file: bool = False
) -> AsyncIterator[Any]:
    """Return a context manager that yields the parsed JSON body of a request, None for a GET.

    is_file: yield the body as an open temporary file instead, without parsing it. in_thread: calls
    a function in a thread, so that parsing and writing do not block the event loop. Raises ApiError
    if the body is invalid, larger than `max_bytes`, too slow or does not fit on the disk, and
    ClientDisconnect if the client disconnects.
    """
    if request.method in ("GET", "HEAD"):
        yield None
        return
    with SpooledTemporaryFile(_IN_MEMORY) as file:
        try:
            await _write_body(request, file, max_bytes, in_thread)
        except TimeoutError as error:
            raise ApiError(408, "too_slow") from error
        except OSError as error:  # no space for a temporary file
            raise ApiError(507, "disk") from error
        yield file if is_file else await in_thread(_parse_body, file)


async def _write_body(
    request: Request, file: IO[bytes], max_bytes: int, in_thread: InThread
) -> None:
    """Write the body of a request to a file.

    Raises ApiError for more than `max_bytes`, and TimeoutError after 30 seconds without new bytes.
    """
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


def _parse_body(file: IO[bytes]) -> Any:
    """Return the parsed JSON of a file, None if the file is empty."""
    file.seek(0)
    body = file.read()
    if has_too_many_parts(body, _MOST_PARTS, _MOST_SIGNS):
        raise ApiError(413, "too_large")
    try:
        value = json.loads(body or b"null")
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "bad_input") from error
    if is_deeply_nested(value):
        raise ApiError(400, "bad_input")
    return value


def make_model_card(model: Model) -> ModelCard:
    """Return the JSON of a model for a list of search results."""
    return {
        "id": model.id,
        "name": model.name,
        "type": model.type,
        "creator": model.creator,
        "base_models": list(model.base_models),
        "cover": {"id": cover.id, "blurhash": cover.hash} if (cover := model.cover) else None,
        "url": make_model_page_url(model.id),
    }


def make_model_view(model: Model) -> ModelView:
    """Return the JSON of a model with its description and versions."""
    return {
        **make_model_card(model),
        "description": model.description_text,
        "tags": list(model.tags),
        "versions": [_version_view(version) for version in model.versions],
    }


def make_image_view(
    image: Image,
    saved: Container[int],
    annotations: Mapping[int, bookmarks.Annotation],
    new_ids: Container[int] = (),
) -> ImageView:
    """Return the JSON of an image for the grid.

    saved: ids of downloaded images. annotations: the user's annotations by image id. new_ids: ids
    of images that are new in a watched gallery.
    """
    annotation = annotations.get(image.id, bookmarks.Annotation())
    return {
        "id": image.id,
        "kind": cast(Kind, image.type),
        "width": image.width,
        "height": image.height,
        "blurhash": image.hash,
        "level": cast(Level, level_name(image.level)),
        "user": image.username,
        "date": image.created_at,
        "reactions": image.reactions.total,
        "base_model": image.base_model,
        "saved": image.id in saved,
        "has_data": bool(image.meta),
        "favourite": annotation.favourite,
        "stars": annotation.stars,
        "new": image.id in new_ids,
        "deleted_at": format_iso_time(annotation.deleted_at),
        "summary": summarize(image.meta),
        "post_id": image.post_id,
    }


def make_annotation_view(annotation: bookmarks.Annotation) -> Annotations:
    """Return the JSON of the user's annotations of an image."""
    return {
        "favourite": annotation.favourite,
        "stars": annotation.stars,
        "note": annotation.note,
        "tags": list(annotation.tags),
        "collections": list(annotation.collections),
    }


def format_iso_time(moment: float) -> str:
    """Return a Unix time as ISO 8601 in UTC, "" for 0."""
    date = datetime.fromtimestamp(moment, timezone.utc)
    return date.isoformat("T", "seconds") if moment else ""


def make_image_links(image: Image) -> ImageLinks:
    """Return the Civitai URLs of an image, of its post and of its user."""
    post_id, user = image.post_id, image.username
    return {
        "url": make_image_page_url(image.id),
        "post_url": make_post_page_url(post_id) if post_id else "",
        "user_url": make_user_page_url(user) if user else "",
    }


def make_resource_view(resource: Resource, names: Mapping[int, tuple[int, str]]) -> ResourceLink:
    """Return the JSON of a resource that an image was made with.

    names: {version id: (model id, "<model name> <version name>")}; the name is used if the resource
    has none.
    """
    model_id, known = names.get(resource.version_id or 0, (0, ""))
    version_id = resource.version_id
    return {
        "type": resource.type,
        "name": resource.name or known or (f"#{version_id}" if version_id else ""),
        "weight": resource.weight,
        "hash": resource.hash,
        "version_id": version_id,
        "url": make_version_page_url(version_id, model_id) if version_id else "",
    }


def _version_view(version: Version) -> ModelVersion:
    return {
        "id": version.id,
        "name": version.name,
        "base_model": version.base_model,
        "trained_words": list(version.trained_words),
    }


# Threads by lane. quick: what the page starts with. images: single images and pages of them.
# models: the files on this machine. counts: work that grows with the library. changes: writes.
# bulk: exports and imports. bodies: requests. remote, files: what waits for Civitai.
_THREADS = {"quick": 8, "images": 8, "models": 2, "counts": 2, "changes": 4, "bulk": 2, "bodies": 8}
_THREADS |= {"remote": 64, "files": 32}
_REMOTE_SECONDS = {"remote": 300.0, "files": 3600.0}
T = TypeVar("T")
_MOST_LETTERS = 10_000  # characters in a field of a body


@dataclass(frozen=True)
class RequestContext:
    """A request as a handler sees it.

    body: the parsed JSON of a POST or PUT, or the open file of an upload; None for a GET.
    cancelled: set when the browser disconnects, or when the route's time is over. run_local: runs a
    function in a thread of the route, and returns an awaitable result.
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
    even while all searches wait. find_stored: returns what to answer if no thread is free, or None.
    """

    work: Callable[[], T]
    lane: str = "remote"
    find_stored: Callable[[], T | None] = lambda: None


# A route's function; a thread runs it. It returns a Response, JSON or a RemoteWork.
Handler = Callable[[RequestContext], Any]
Endpoint = Callable[[Request], Awaitable[Any]]


@dataclass(frozen=True)
class ApiRoute:
    """A route: its path, its function and its limits.

    lane: the threads that run the function. seconds: after which the work is ended and the client
    gets 503; work that waits for Civitai has 5 minutes, that for files an hour. max_bytes: of the
    request's body; a larger one gets 413. is_change: whether the function changes what the user
    made; it is then finished even if the client has gone. is_upload: whether the body is a file.
    """

    method: str
    path: str
    handler: Handler
    lane: str = "quick"
    seconds: float = 20.0
    max_bytes: int = SMALL_BODY
    is_change: bool = False
    is_upload: bool = False


class Endpoints:
    """Makes endpoints of Starlette from routes; the endpoints share threads."""

    def __init__(self) -> None:
        self._limiters: dict[str, anyio.CapacityLimiter] = {}

    def make_endpoint(self, route: ApiRoute) -> Endpoint:
        """Return an endpoint that checks a request and calls the route's function.

        Another site's page gets 403; so does each page but our own if the method is not GET.
        """

        async def endpoint(request: Request) -> Any:
            try:
                _check_access(request, is_read=route.method == "GET")
                in_thread = partial(self._run_in_thread, "bodies")
                async with read_body(request, route.max_bytes, in_thread, route.is_upload) as body:
                    return await self._respond(route, request, body)
            except ApiError as error:
                return make_error_response(error, find_language(request))
            except ClientDisconnect:  # nobody reads the response
                return Response(status_code=400)

        return endpoint

    async def _respond(self, route: ApiRoute, request: Request, body: Any) -> Any:
        """Return the response of a route's function, or of the RemoteWork that it returns.

        Raises ApiError if that takes too long, and ClientDisconnect if the client disconnects.
        """
        cancelled, language, is_late, answer = Cancellation(), find_language(request), False, None
        run_local = partial(self._run_in_thread, route.lane)
        context = RequestContext(request, body, language, cancelled, run_local)
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
                answer = await self._run_in_thread(
                    route.lane, call, partial(route.handler, context)
                )
                if isinstance(answer, RemoteWork):
                    remote = answer
                    timer.cancel()
                    timer = start_timer(_REMOTE_SECONDS[remote.lane], end_late)
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
    if not _has_valid_host(request):
        raise ApiError(403, "not_allowed", "unknown_name")
    version = request.headers.get(CODE_HEADER, request.query_params.get(CODE_QUERY))
    if version not in (None, find_code_version()):  # programs need not send one
        raise ApiError(409, "outdated")


def _has_valid_host(request: Request) -> bool:
    """Return whether the `Host` header of a request is acceptable."""
    # In our own server, `CrossSiteGuard` has checked the header before.
    if not host.in_webui() or host.is_shared() or host.has_login(request):
        return True
    return is_host_ip_or_localhost(request.headers)


def _call_for_response(work: Callable[[], Any], context: RequestContext) -> Any:
    """Call `work`; return a JSON response with its result, or with its error in words.

    A result that is a RemoteWork or already a response is returned unchanged. Return None if the
    result is None or the request was cancelled. Errors other than ApiError and CivitaiShortcutError
    are raised.
    """
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
    """Wait until the browser disconnects from a request, then call `end`."""
    while (await request.receive())["type"] != "http.disconnect":
        continue
    end()
