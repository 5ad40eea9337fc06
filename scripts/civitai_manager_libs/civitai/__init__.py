"""Requests to Civitai's REST API, and its responses as records."""

from .api import (
    Client,
    fetch_image,
    fetch_images,
    fetch_images_by_id,
    fetch_model,
    fetch_models,
    fetch_post,
    fetch_username,
    fetch_version,
    fetch_version_by_hash,
    find_example_image,
    find_user,
    may_have_timed_out,
    parse_page,
    search_models,
    walk_pages,
)
from .image_query import ImageQuery, Page, PERIODS, SORTS
from .licences import find_strictest, Licence, parse_licence, PERMISSIONS
from .records import (
    Access,
    count_unrelated,
    image_from_json,
    make_download_urls,
    make_page_url,
    make_version_page_url,
    Model,
    model_from_json,
    parse_files,
    Post,
    RemoteFile,
    seem_unrelated,
    select_images,
    Version,
    version_from_json,
)
from .urls import is_allowed_url, parse_image_ids, parse_reference, Reference

__all__ = ["Access", "Client", "count_unrelated", "fetch_image", "fetch_images", "fetch_model"]
__all__ += ["fetch_username", "fetch_version", "fetch_version_by_hash", "find_example_image"]
__all__ += ["find_user", "image_from_json", "ImageQuery", "is_allowed_url", "make_download_urls"]
__all__ += ["make_page_url", "make_version_page_url", "may_have_timed_out", "Model"]
__all__ += ["model_from_json", "Page", "parse_files", "parse_page", "parse_reference"]
__all__ += ["PERIODS", "Reference", "RemoteFile", "search_models", "seem_unrelated", "SORTS"]
__all__ += ["select_images"]
__all__ += ["Version", "version_from_json", "walk_pages", "fetch_images_by_id", "parse_image_ids"]
__all__ += ["fetch_models", "find_strictest", "Licence", "parse_licence", "PERMISSIONS"]
__all__ += ["fetch_post", "Post"]
