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

__all__ = ["count_unrelated", "fetch_image", "fetch_images", "fetch_model", "fetch_username"]
__all__ += ["fetch_version", "ImageQuery", "is_image_url", "may_be_time_limit", "Model"]
__all__ += ["model_from_json", "ModelPage", "Page", "parse_image", "parse_page", "parse_reference"]
__all__ += ["PERIODS", "Reference", "search_models", "seem_unrelated", "SORTS", "Version"]
__all__ += ["walk_pages"]
