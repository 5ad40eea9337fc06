"""Requests to Civitai's REST API, and its responses as records."""

from .api import Client, fetch_image, fetch_images, fetch_images_by_id, fetch_model, fetch_models
from .api import fetch_post, fetch_username, fetch_version, find_unsent_ids, find_user, parse_page
from .api import search_models
from .image_query import BASE_MODELS, ImageQuery, Page, PERIODS, SORTS
from .licences import find_strictest, Licence, parse_licence, PERMISSIONS
from .pagination import may_have_timed_out, walk_pages
from .records import count_unrelated, find_example_image, image_from_json, make_download_urls
from .records import make_page_url, make_version_page_url, Model, model_from_json, parse_files, Post
from .records import RemoteFile, seem_unrelated, select_images, Version, version_from_json
from .urls import is_allowed_url, parse_image_ids, parse_reference, Reference

__all__ = ["BASE_MODELS", "Client", "count_unrelated", "fetch_image", "fetch_images"]
__all__ += ["fetch_images_by_id", "fetch_model", "fetch_models", "fetch_post", "fetch_username"]
__all__ += ["fetch_version", "find_example_image", "find_strictest", "find_unsent_ids"]
__all__ += ["find_user", "image_from_json", "ImageQuery", "is_allowed_url", "Licence"]
__all__ += ["make_download_urls", "make_page_url", "make_version_page_url", "may_have_timed_out"]
__all__ += ["Model", "model_from_json", "Page", "parse_files", "parse_image_ids", "parse_licence"]
__all__ += ["parse_page", "parse_reference", "PERIODS", "PERMISSIONS", "Post", "Reference"]
__all__ += ["RemoteFile", "search_models", "seem_unrelated", "select_images", "SORTS", "Version"]
__all__ += ["version_from_json", "walk_pages"]
