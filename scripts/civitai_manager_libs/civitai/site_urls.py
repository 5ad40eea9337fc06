"""URLs on the configured Civitai site: web pages, and downloads of model files."""

from __future__ import annotations

from urllib.parse import quote

from .. import setting
from .files import RemoteFile
from .urls import is_allowed_url

__all__ = ["make_download_urls", "make_image_page_url", "make_model_page_url"]
__all__ += ["make_post_page_url", "make_user_page_url", "make_version_page_url"]


def make_model_page_url(model_id: int) -> str:
    return f"{setting.base_url()}/models/{model_id}"


def make_version_page_url(version_id: int, model_id: int | None = None) -> str:
    """Return the URL of a model version's web page. The URL works without the model's id too."""
    path = f"models/{model_id}?modelVersionId=" if model_id else "model-versions/"
    return f"{setting.base_url()}/{path}{version_id}"


def make_image_page_url(image_id: int) -> str:
    return f"{setting.base_url()}/images/{image_id}"


def make_post_page_url(post_id: int) -> str:
    return f"{setting.base_url()}/posts/{post_id}"


def make_user_page_url(username: str) -> str:
    return f"{setting.base_url()}/user/{quote(username, safe='')}"


def make_download_urls(version_id: int, file: RemoteFile) -> tuple[str, str]:
    """Return the URL of a model version's file, and the URL to request if that is not found, or "".

    The first URL names the file by its id. The one in Civitai's record names only a kind of file,
    of which a version may have several; but Civitai finds a VAE that belongs to another version
    only by it.
    """
    by_id = f"{setting.base_url()}/api/download/models/{version_id}?fileId={file.id}"
    return by_id, file.url if file.type == "VAE" and is_allowed_url(file.url) else ""
