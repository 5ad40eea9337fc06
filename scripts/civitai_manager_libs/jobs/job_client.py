"""The requests of jobs to Civitai, and the folder and width for what they save."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import BinaryIO

from .. import setting
from ..civitai import ImageQuery, Page
from ..core import check_no_links
from ..http_client import CivitaiHttpClient, FetchedFile, FileOptions, SendOptions
from ..library import pages
from ..model_files import ModelFileRequest, receive_model_file, ReceivedModel
from ..network import ApiClient, Progress, Target
from .filename_template import DEFAULT_TEMPLATE, split_template, validate_template
from .job_records import NamingContext


class JobClient(ApiClient):
    """Sends the requests of jobs to Civitai.

    The page's requests are sent before those of jobs. The bandwidth limit applies to jobs only.
    """

    _client: CivitaiHttpClient

    def __init__(self, client: CivitaiHttpClient) -> None:
        super().__init__(client, SendOptions(urgent=False))

    def fetch_page(self, query: ImageQuery, cursor: str | None, limit: int) -> Page:
        """Fetch a gallery page of at most `limit` images; store its records in the library."""
        return pages.fetch_page(self, query, cursor, limit)

    def fetch_file(
        self,
        url: str,
        target: Target,
        progress: Progress,
        place: Callable[[BinaryIO, str], bool] | None,
    ) -> FetchedFile:
        """Download an image's file, or resume an interrupted one; `place` as in FileOptions."""
        options = FileOptions(resumable=True, reserve=setting.reserved_bytes(), place=place)
        sending = SendOptions(throttled=True)
        return self._client.fetch(url, target, options, sending, progress)

    def receive_model(self, request: ModelFileRequest, progress: Progress) -> ReceivedModel:
        """Download a model file, or resume an interrupted download."""
        return receive_model_file(self._client, request, progress)

    def paused_seconds(self, url: str) -> float:
        """Return for how many seconds a URL's host or Civitai's API wants no request, or 0.0."""
        return max(map(self._client.paused_seconds, (url, setting.base_url())))


def choose_image_width(quality: str | None = None) -> int:
    """Return a width in pixels, 0 for original images. quality: as text, None for the setting."""
    quality = setting.saved_quality if quality is None else quality
    return int(quality) if quality.isdigit() else 0


def choose_destination(
    context: NamingContext, template: str | None = None, folder: str | None = None
) -> tuple[str, str]:
    """Return (folder of a new job, template of the file names in that folder).

    The returned folder includes those folders of the template that are the same for all images.
    folder: None for the folder in the settings. template: None for the template in the settings, or
    for `{id}` if a folder is given. Raises InputError if the template is invalid, and DiskError if
    one of the template's folders is a link.
    """
    if template is None:
        template = setting.saved_name if folder is None else DEFAULT_TEMPLATE
    below, rest = split_template(validate_template(template), context)
    # Use an absolute path: a job may be resumed in another working directory.
    base = os.path.abspath(setting.saved_images_folder() if folder is None else folder)
    destination = os.path.join(base, *filter(None, below.split("/")))
    check_no_links(base, destination)
    return destination, rest
