"""The routes below `/civitai_shortcut/`: JSON, images, and the page's own code."""

from typing import Any

from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import Route

from ... import host
from ..http import ApiError, ApiRoute, Endpoints, RequestContext, ROUTES
from . import (  # noqa: F401  # they declare their routes
    engines,
    files,
    gallery,
    home,
    image,
    jobs,
    model_files,
    reproductions,
    search,
    user_data,
    watches,
)
from .bootstrap import new_instance, set_demo
from .dependencies import resume_work
from .settings import CHECKS

__all__ = ["CHECKS", "add_routes", "resume_work", "new_instance", "set_demo"]

_ROOT = "/civitai_shortcut"


class _IdConvertor(Convertor[int]):
    """Converts an id in a path to at most 2**63 - 1; Starlette's own fails at very long numbers."""

    regex = "[0-9]+"
    largest = 2**63 - 1  # SQLite's largest integer; no record has it as its id

    def convert(self, value: str) -> int:
        return min(int(value[:20]), self.largest)

    def to_string(self, value: int) -> str:
        return str(value)


def add_routes(app: Any) -> None:
    """Add our routes to an application, before gradio's routes, which accept every path.

    In SD.Next with a sub-path, they are added below that path too: only it can be requested.
    """
    register_url_convertor("civitai_id", _IdConvertor())
    endpoints = Endpoints()
    page_file = ApiRoute("GET", f"{_ROOT}/page/{{version}}/{{name:path}}", files.get_page_file)
    others = (page_file, ApiRoute("GET", f"{_ROOT}/{{rest:path}}", _not_found))
    paths = [*((one, f"{_ROOT}/api/{one.path}") for one in ROUTES), *((o, o.path) for o in others)]
    app.router.routes[:0] = [
        Route(f"{subpath}{path}", endpoints.make_endpoint(one), methods=[one.method])
        for subpath in dict.fromkeys(("", host.find_subpath()))
        for one, path in paths
    ]


def _not_found(context: RequestContext) -> Any:
    raise ApiError(404, "not_there")
