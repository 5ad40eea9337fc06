"""Requests to Civitai's REST API, and its responses as records."""

from .api import (
    Client,
    fetch_image,
    fetch_images,
    fetch_model,
    fetch_username,
    fetch_version,
    fetch_version_by_hash,
    find_example_image,
    find_user,
    parse_page,
    search_models,
)
from .files import Access, parse_files, RemoteFile
from .pagination import ImageQuery, may_have_timed_out, Page, PERIODS, SORTS, walk_pages
from .records import image_from_json, Model, model_from_json, ModelPage, Version, version_from_json
from .relations import count_unrelated, seem_unrelated
from .site_urls import (
    make_download_urls,
    make_image_page_url,
    make_model_page_url,
    make_post_page_url,
    make_user_page_url,
    make_version_page_url,
)
from .urls import is_allowed_url, parse_reference, Reference

__all__ = ["Access", "Client", "count_unrelated", "fetch_image", "fetch_images", "fetch_model"]
__all__ += ["fetch_username", "fetch_version", "fetch_version_by_hash", "find_example_image"]
__all__ += ["find_user", "image_from_json", "ImageQuery", "is_allowed_url", "make_download_urls"]
__all__ += ["make_image_page_url", "make_model_page_url", "make_post_page_url"]
__all__ += ["make_user_page_url", "make_version_page_url", "may_have_timed_out", "Model"]
__all__ += [
    "model_from_json",
    "ModelPage",
    "Page",
    "parse_files",
    "parse_page",
    "parse_reference",
    "PERIODS",
]
__all__ += ["Reference", "RemoteFile", "search_models", "seem_unrelated", "SORTS", "Version"]
__all__ += ["version_from_json", "walk_pages"]
