"""The table of routes: paths and their handlers."""

from __future__ import annotations

from typing import Any

from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import Route

from ..http import ApiError, Endpoints, RequestContext
from . import (
    bootstrap,
    files,
    home,
    image,
    images,
    jobs,
    library,
    lookup,
    model_files,
    reproductions,
    settings,
    watches,
)

__all__ = ["add_routes"]

_ROOT = "/civitai_shortcut"
_API = f"{_ROOT}/api"
_MB = 1024 * 1024  # bytes
_READ = (
    ("bootstrap", bootstrap.get_bootstrap),
    ("home", home.get_home),
    ("instance", bootstrap.get_instance),
    ("local_models", home.get_local_models),
    ("local_models/{key:civitai_id}", home.get_local_model),
    ("local_models/{key:civitai_id}/preview", home.get_preview),
    ("lookup", lookup.look_up),
    ("model_files", model_files.get_model_files),
    ("authors", lookup.find_author),
    ("models", lookup.search_by_words),
    ("models/{model_id:civitai_id}", lookup.get_model),
    ("images", images.get_images),
    ("images/{image_id:civitai_id}", image.get_details),
    ("images/{image_id:civitai_id}/file", image.get_host_file),
    ("images/{image_id:civitai_id}/workflow", image.get_workflow),
    ("images/{image_id:civitai_id}/reproductions", reproductions.get_reproductions),
    ("reproductions/{reproduction:civitai_id}/file", reproductions.get_reproduction_file),
    ("reproductions/{reproduction:civitai_id}/thumb", reproductions.get_reproduction_thumbnail),
    ("thumb/{image_id:civitai_id}", files.get_thumbnail),
    ("file/{image_id:civitai_id}", files.get_file),
    ("jobs", jobs.get_jobs),
    ("stats", library.get_stats),
    ("filename_preview", settings.preview_names),
    ("collections", library.get_collections),
    ("hidden", library.get_hidden),
    ("months", library.get_months),
    ("export", library.get_export),
    ("watches", watches.get_watches),
)
_WRITE = (
    ("POST", "watches", watches.act_on_watches),
    (
        "POST",
        "images/{image_id:civitai_id}/reproductions/remove",
        reproductions.remove_reproductions,
    ),
    ("POST", "local_models/{key:civitai_id}/identify", home.identify_local_model),
    ("POST", "jobs/{job:civitai_id}/{action}", jobs.act_on_job),
    ("PUT", "settings", settings.put_settings),
    ("PUT", "key", settings.put_key),
    ("POST", "key/test", settings.test_key),
)
_WRITE_MUCH = (  # the last field: the most bytes in a body
    ("POST", "compatibility", image.check_infotext, 4 * _MB),  # a text
    ("POST", "images/{image_id:civitai_id}/send", image.prepare_send, 4 * _MB),
    ("POST", "loaded_filter", library.filter_loaded, 2 * _MB),  # ids
    ("POST", "search_preview", library.preview_search, 2 * _MB),
    ("POST", "annotations", library.annotate_images, 2 * _MB),
    ("POST", "image_annotations", library.get_annotations, 2 * _MB),
    ("POST", "collections", library.act_on_collections, 2 * _MB),
    ("POST", "jobs", jobs.begin_job, 2 * _MB),
    ("POST", "model_files", model_files.begin_download, _MB),
    ("POST", "needed_files", model_files.list_for_images, 2 * _MB),
    ("POST", "hidden", library.change_hidden, 2 * _MB),
    ("POST", "import", library.post_import, 8 * _MB),
)
_UPLOADS = (  # the last field: the most bytes in a file
    ("images/{image_id:civitai_id}/comparison", reproductions.compare_file, 64 * _MB),
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
    routes = [Route(f"{_API}/{path}", endpoints.for_read(handler)) for path, handler in _READ]
    routes += [
        Route(f"{_API}/{path}", endpoints.for_write(handler, *limit), methods=[method])
        for method, path, handler, *limit in (*_WRITE, *_WRITE_MUCH)
    ]
    routes += [
        Route(f"{_API}/{path}", endpoints.for_upload(handler, limit), methods=["POST"])
        for path, handler, limit in _UPLOADS
    ]
    routes.append(
        Route(f"{_ROOT}/page/{{version}}/{{name:path}}", endpoints.for_read(files.get_page_file))
    )
    routes.append(Route(f"{_ROOT}/{{rest:path}}", endpoints.for_read(_not_found)))
    app.router.routes[:0] = routes


def _not_found(context: RequestContext) -> Any:
    raise ApiError(404, "not_there")
