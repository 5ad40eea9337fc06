"""Civitai's REST API as records."""

from .api import (
    image_of,
    page_of,
    parse_reference,
    read_image,
    read_images,
    read_model,
    read_username,
    read_version,
    search_models,
)
from .pagination import ImageQuery, may_be_time_limit, Page, PERIODS, SORTS, walk
from .records import Found, Model, model_from, Version
from .relations import count_unrelated, seem_unrelated
from .urls import is_picture_address, Reference

__all__ = [
    "Found",
    "ImageQuery",
    "Model",
    "PERIODS",
    "Page",
    "Reference",
    "SORTS",
    "Version",
    "count_unrelated",
    "image_of",
    "is_picture_address",
    "may_be_time_limit",
    "model_from",
    "page_of",
    "parse_reference",
    "read_image",
    "read_images",
    "read_model",
    "read_username",
    "read_version",
    "search_models",
    "seem_unrelated",
    "walk",
]
