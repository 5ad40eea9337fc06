"""Civitai's REST API as records."""

from __future__ import annotations

from .addresses import is_picture_address
from .api import (
    page_of,
    parse_reference,
    read_images,
    read_model,
    read_user,
    read_version,
    search_models,
)
from .paging import ImageQuery, Page, PageState, PERIODS, SORTS, walk
from .records import Model

__all__ = [
    "ImageQuery",
    "Model",
    "PERIODS",
    "Page",
    "PageState",
    "SORTS",
    "is_picture_address",
    "page_of",
    "parse_reference",
    "read_images",
    "read_model",
    "read_user",
    "read_version",
    "search_models",
    "walk",
]
