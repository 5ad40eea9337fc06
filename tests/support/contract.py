"""Checks the responses of our routes against the types that the routes declare."""

import dataclasses
import functools
import re
import sys

import pydantic
import requests
from civitai_manager_libs.web import http, routes
from starlette.responses import Response

__all__ = ["ROUTES", "check_response"]

# The JSON routes by (method, path with "{id}" for each number).
ROUTES = {
    (route.method, re.sub(r"\{\w+:civitai_id\}", "{id}", route.path)): route
    for route in http.ROUTES
}


def check_response(method: str, path: str, response: requests.Response) -> None:
    """Raise pydantic's ValidationError if a response's JSON does not have the declared type."""
    route = re.sub(r"/[0-9]+", "/{id}", path.partition("?")[0])
    route = re.sub(r"^jobs/{id}/.*", "jobs/{id}/{action}", route)
    is_json = "json" in response.headers.get("content-type", "")
    declared = ROUTES.get((method, route))
    kind = dict[str, http.ErrorDetails] if not response.ok else declared and declared.answer_type
    if is_json and kind not in (None, Response) and hasattr(pydantic, "TypeAdapter"):
        _forbid_extra_fields()
        pydantic.TypeAdapter(kind).validate_json(response.content, strict=True)


@functools.cache
def _forbid_extra_fields() -> None:
    for name, module in list(sys.modules.items()):
        if name.startswith(routes.__package__) or name == http.replies.__name__:
            for value in vars(module).values():
                if hasattr(value, "__total__") or dataclasses.is_dataclass(value):
                    value.__pydantic_config__ = {"extra": "forbid"}
