"""The table of routes: paths and their handlers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import Route

from ..http import ApiError, ApiRoute, Endpoints, RequestContext, SMALL_BODY
from . import (
    bookmarks,
    files,
    gallery,
    home,
    image,
    jobs,
    model_files,
    reproductions,
    search,
    settings,
    watches,
)

__all__ = ["add_routes"]

_ROOT = "/civitai_shortcut"
_API = f"{_ROOT}/api"
_MB = 1024 * 1024  # bytes
_SECONDS = 60  # of a change; a writer may have to wait half of it for another


def _change(method: str, path: str, handler: Any, max_bytes: int = SMALL_BODY) -> ApiRoute:
    return ApiRoute(method, path, handler, "changes", _SECONDS, max_bytes, is_change=True)


_IMAGE = "images/{image_id:civitai_id}"
_FILE = "local_models/{key:civitai_id}"
_REPRODUCTION = "reproductions/{reproduction:civitai_id}"
_ROUTES = (
    ApiRoute("GET", "bootstrap", settings.get_bootstrap),
    ApiRoute("GET", "instance", settings.get_instance),
    ApiRoute("GET", "jobs", jobs.get_jobs),
    ApiRoute("GET", "hidden", bookmarks.get_hidden),
    ApiRoute("GET", "watches", watches.get_watches),
    ApiRoute("GET", "lookup", gallery.look_up),
    ApiRoute("GET", "authors", gallery.find_author),
    ApiRoute("GET", "models", gallery.search_by_words),
    ApiRoute("GET", "models/{model_id:civitai_id}", gallery.get_model),
    ApiRoute("GET", "model_files", model_files.get_model_files),
    ApiRoute("GET", "thumb/{image_id:civitai_id}", files.get_thumbnail, "images"),
    ApiRoute("GET", "file/{image_id:civitai_id}", files.get_file, "images"),
    ApiRoute("GET", "images", gallery.get_images, "images"),
    ApiRoute("GET", _IMAGE, image.get_details, "images"),
    ApiRoute("GET", f"{_IMAGE}/file", image.get_host_file, "images"),
    ApiRoute("GET", f"{_IMAGE}/workflow", image.get_workflow, "images"),
    ApiRoute("GET", f"{_IMAGE}/reproductions", reproductions.get_reproductions, "images"),
    ApiRoute("GET", f"{_REPRODUCTION}/file", reproductions.get_reproduction_file, "images"),
    ApiRoute("GET", f"{_REPRODUCTION}/thumb", reproductions.get_reproduction_thumbnail, "images"),
    ApiRoute("GET", "home", home.get_home, "models"),
    ApiRoute("GET", "local_models", home.get_local_models, "models"),
    ApiRoute("GET", _FILE, home.get_local_model, "models"),
    ApiRoute("GET", f"{_FILE}/preview", home.get_preview, "models"),
    ApiRoute("POST", f"{_FILE}/identify", home.identify_local_model, "models"),
    ApiRoute("GET", "collections", bookmarks.get_collections, "counts"),
    ApiRoute("GET", "filename_preview", settings.preview_names, "counts"),
    ApiRoute("GET", "months", search.get_months, "counts"),
    ApiRoute("GET", "stats", search.get_stats, "counts", 60),
    ApiRoute("POST", "search_preview", search.preview_search, "counts", max_bytes=2 * _MB),
    ApiRoute("POST", "loaded_filter", search.filter_loaded, "counts", max_bytes=2 * _MB),
    ApiRoute("POST", "image_annotations", bookmarks.get_annotations, "counts", max_bytes=2 * _MB),
    ApiRoute("POST", "needed_files", model_files.list_for_images, "counts", max_bytes=2 * _MB),
    ApiRoute("POST", "compatibility", image.check_infotext, "images", max_bytes=4 * _MB),
    ApiRoute("POST", f"{_IMAGE}/send", image.prepare_send, "images", max_bytes=4 * _MB),
    ApiRoute(
        *("POST", f"{_IMAGE}/comparison", reproductions.compare_file, "images"),
        max_bytes=64 * _MB,
        is_upload=True,
    ),
    ApiRoute("POST", "key/test", settings.test_key),
    ApiRoute("GET", "export", bookmarks.get_export, "bulk"),
    ApiRoute(
        *("POST", "import", bookmarks.post_import, "bulk", 3600, 4096 * _MB),
        is_change=True,
        is_upload=True,
    ),
    _change("POST", "watches", watches.act_on_watches),
    _change("POST", f"{_IMAGE}/reproductions/remove", reproductions.remove_reproductions),
    _change("POST", "jobs/{job:civitai_id}/{action}", jobs.act_on_job),
    _change("POST", "jobs", jobs.begin_job, 2 * _MB),
    _change("POST", "model_files", model_files.begin_download, _MB),
    _change("POST", "annotations", bookmarks.annotate_images, 2 * _MB),
    _change("POST", "collections", bookmarks.act_on_collections, 2 * _MB),
    _change("POST", "hidden", bookmarks.change_hidden, 2 * _MB),
    _change("PUT", "settings", settings.put_settings),
    _change("PUT", "key", settings.put_key),
)


class _IdConvertor(Convertor[int]):
    """Converts an id in a path to an integer; a number above 2**63 - 1 becomes 2**63 - 1.

    Starlette's own convertor fails at very long numbers.
    """

    regex = "[0-9]+"
    largest = 2**63 - 1  # SQLite's largest integer; no record has it as its id

    def convert(self, value: str) -> int:
        return min(int(value[:20]), self.largest)

    def to_string(self, value: int) -> str:
        return str(value)


def add_routes(app: Any) -> None:
    """Add our routes to an application, before gradio's routes, which accept every path."""
    register_url_convertor("civitai_id", _IdConvertor())
    endpoints = Endpoints()
    page_file = ApiRoute("GET", f"{_ROOT}/page/{{version}}/{{name:path}}", files.get_page_file)
    others = (page_file, ApiRoute("GET", f"{_ROOT}/{{rest:path}}", _not_found))
    routes = [
        Route(route.path, endpoints.make_endpoint(route), methods=[route.method])
        for route in (*(replace(one, path=f"{_API}/{one.path}") for one in _ROUTES), *others)
    ]
    app.router.routes[:0] = routes


def _not_found(context: RequestContext) -> Any:
    raise ApiError(404, "not_there")
