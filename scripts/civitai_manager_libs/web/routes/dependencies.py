"""What routes need of each other and of the server."""

from __future__ import annotations

import os
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from typing_extensions import TypedDict

from ... import civitai_gallery_action, host, setting, util
from ...civitai import ImageQuery
from ...core import as_id, as_whole_number, Image, level_mask, LEVELS, SingleFlight
from ...errors import CivitaiShortcutError, DiskError
from ...jobs import JobService, MakeService
from ...library import hidden_rules, image_records, models, pages
from ..http import ApiError, RemoteWork, RequestContext


class GalleryQuery(TypedDict, total=False):
    """A gallery by model, version, post, user, tag or list; its filters. The page sends all fields.

    images: the ids of a list, separated by commas, or the key of a stored list. tag: Civitai's
    number of a tag, then a space and the tag's name; a filter where another field names the
    gallery. seed: of the random sort order, None for a new one. meta: only images with generation
    data. base: names of base models, separated by commas. search: words for a search of the
    library, None for a gallery.
    """

    model: int | None
    version: int | None
    post: int | None
    user: str
    tag: str
    sort: str
    seed: int | None
    period: str
    level: str
    type: str
    meta: bool
    base: str
    search: str | None
    images: str


_KEPT = 200  # responses
T = TypeVar("T")

_flights: SingleFlight[Any] = SingleFlight()
_responses: OrderedDict[str, Any] = OrderedDict()  # by request id


def respond_once(request_id: str, begin: Callable[[], T]) -> T:
    """Call `begin` and return its result; for a repeated request, return the first result again.

    A request is repeated if its id is one of the last 200. Without a valid id, `begin` is always
    called. Requests with other ids do not wait for `begin`.
    """
    if not re.fullmatch(r"[\w-]{8,64}", request_id):
        return begin()

    def respond() -> T:
        response: T | None = _responses.get(request_id)
        if response is None:
            response = _responses[request_id] = begin()
            if len(_responses) > _KEPT:
                _responses.popitem(last=False)
        return response

    response: T = _flights.do(request_id, respond)
    return response


_LONGEST_CURSOR = 2000  # characters
_RESUME_SECONDS = 10.0


def get_client() -> Any:
    """Return the HTTP client that all routes share."""
    return civitai_gallery_action.get_http_client()


_job_service, _make_service = JobService(get_client), MakeService()


def get_job_service() -> JobService:
    """Return the job service that all routes share."""
    return _job_service


def get_make_service() -> MakeService:
    """Return the service that makes images for all routes."""
    return _make_service


def do_with_model(query: GalleryQuery | None, begin: Callable[[], T]) -> T | RemoteWork[T]:
    """Call `begin`; if it needs a model's name that is not stored, first fetch the model."""
    model_id = as_id((query or {}).get("model"))
    if model_id is None or models.find_stored_model(model_id):
        return begin()

    def fetch_and_begin() -> T:
        with suppress(CivitaiShortcutError):
            models.load_model(get_client(), model_id)
        return begin()

    return RemoteWork(fetch_and_begin)


def resume_work() -> None:
    """Resume unfinished jobs, and indexing of a library that an older version has written.

    If a database cannot be used, log the error and try again later, since the disk may be full; the
    page works without it.
    """
    host.raise_open_file_limit()
    if os.path.isfile(setting.library_file()):
        image_records.index_remaining()
        models.store_older_licences()
    for resume in (
        hidden_rules.adopt_old_file,
        get_job_service().resume_after_start,
        get_make_service().resume_after_start,
    ):
        _resume(resume, _RESUME_SECONDS)


def _resume(resume: Callable[[], None], seconds: float) -> None:
    """Call `resume`; after a DiskError again in `seconds`, then in twice as many, and so on."""
    try:
        resume()
    except DiskError as error:
        util.printD(f"[gallery] {error}")
        timer = threading.Timer(seconds, _resume, (resume, 2 * seconds))
        timer.daemon = True
        timer.start()


def require_image(context: RequestContext) -> Image:
    """Return the image whose id is in the path. Raises ApiError if it is not in the library."""
    image = image_records.find_image(context.path_param("image_id"))
    if image is None:
        raise ApiError(404, "not_known")
    return image


def parse_level_mask(name: Any) -> int:
    """Return the bit mask of a level and all lower ones; unknown: the level in the settings."""
    is_known = isinstance(name, str) and name in LEVELS
    return level_mask(name if is_known else setting.gallery_level)


def find_shown_levels() -> int:
    """Return the bit mask of the browsing levels that are shown without blur."""
    return level_mask(setting.gallery_level) & level_mask(setting.blur_level)


def parse_image_query(params: Mapping[str, Any]) -> ImageQuery:
    """Return the gallery, sort order and filters that request parameters name, as an ImageQuery.

    params: {name: value}, with the names of `GalleryQuery`. An invalid value is replaced by the
    default.
    """
    numbers = {
        name: as_id(params.get(short))
        for name, short in (("model_id", "model"), ("version_id", "version"), ("post_id", "post"))
    }
    base = [name.strip() for name in str(params.get("base") or "").split(",")]
    return ImageQuery.from_json(
        {
            **numbers,
            "username": str(params.get("user") or ""),
            "tag_id": as_id(str(params.get("tag") or "").partition(" ")[0]),
            "images": str(params.get("images") or ""),
            "sort": params.get("sort") or "Newest",
            "period": params.get("period") or "AllTime",
            "level": parse_level_mask(params.get("level")),
            "type": params.get("type") or None,
            "with_meta": str(params.get("meta") or "0") in ("1", "true", "True"),
            "base_models": [name for name in base if name],
        }
    )


def parse_gallery_query(params: Mapping[str, Any]) -> ImageQuery:
    """Return a query as `parse_image_query` does. Raises ApiError if it names no gallery."""
    query = parse_image_query(params)
    if not pages.list_gallery_names(query):
        raise ApiError(400, "bad_input", "name_a_model")
    return query


def parse_page_position(context: RequestContext) -> tuple[str | None, int]:
    """Return (cursor, number of images) from the query parameters `cursor` and `limit`.

    The cursor is None for the first page. The number is 100 if `limit` is not from 1 to 200. Raises
    ApiError if the cursor is longer than 2000 characters, which Civitai's are not.
    """
    if len(context.query_param("cursor")) > _LONGEST_CURSOR:
        raise ApiError(400, "bad_input")
    return (
        context.query_param("cursor") or None,
        as_whole_number(context.query_param("limit"), 1, 200) or 100,
    )
