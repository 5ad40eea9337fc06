"""Requests to Civitai's REST API, and its responses as records."""

from .api import (
    fetch_image,
    fetch_images,
    fetch_model,
    fetch_username,
    fetch_version,
    parse_image,
    parse_page,
    parse_reference,
    search_models,
)
from .pagination import ImageQuery, may_be_time_limit, Page, PERIODS, SORTS, walk_pages
from .records import Model, model_from_json, ModelPage, Version
from .relations import count_unrelated, seem_unrelated
from .urls import is_image_url, Reference

__all__ = [
    "ModelPage",
    "ImageQuery",
    "Model",
    "PERIODS",
    "Page",
    "Reference",
    "SORTS",
    "Version",
    "count_unrelated",
    "parse_image",
    "is_image_url",
    "may_be_time_limit",
    "model_from_json",
    "parse_page",
    "parse_reference",
    "fetch_image",
    "fetch_images",
    "fetch_model",
    "fetch_username",
    "fetch_version",
    "search_models",
    "seem_unrelated",
    "walk_pages",
]
