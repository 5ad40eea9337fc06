"""Checks the responses of our routes against the schemas that the page relies on."""

from __future__ import annotations

import dataclasses
import functools
import re
import sys

import pydantic
import requests
from civitai_manager_libs.web import schemas

__all__ = ["ROUTES", "check_response"]

ROUTES = {
    (method, route): kind
    for method, table in schemas.Responses.__annotations__.items()
    for route, kind in getattr(schemas, table.__forward_arg__).__annotations__.items()
}


def check_response(method: str, path: str, response: requests.Response) -> None:
    """Raise pydantic's ValidationError if a response's JSON does not match the path's schema."""
    route = re.sub(r"/[0-9]+", "/{id}", path.partition("?")[0])
    route = re.sub(r"^jobs/{id}/.*", "jobs/{id}/{action}", route)
    is_json = "json" in response.headers.get("content-type", "")
    kind = ROUTES.get((method, route)) if response.ok else schemas.ErrorBody
    if is_json and kind is not None and hasattr(pydantic, "TypeAdapter"):
        _forbid_extra_fields()
        pydantic.TypeAdapter(kind).validate_json(response.content, strict=True)


@functools.cache
def _forbid_extra_fields() -> None:
    for name, module in list(sys.modules.items()):
        if name.startswith(schemas.__name__):
            for value in vars(module).values():
                if hasattr(value, "__total__") or dataclasses.is_dataclass(value):
                    value.__pydantic_config__ = {"extra": "forbid"}
