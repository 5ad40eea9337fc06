"""What a job is made of by the settings: its client, its folder and its template."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from .. import setting
from ..civitai import ImageQuery, Page
from ..core import Cancellation
from ..http_client import CivitaiHttpClient, FetchedFile, FileOptions, SendOptions
from ..library import pages
from ..network import Progress, Target
from .filename_template import DEFAULT_TEMPLATE, split_template, validate_template
from .records import NamingContext

__all__ = ["JobClient", "choose_destination", "rendition_width", "reserved_bytes"]


class JobClient:
    """Civitai as a job uses it: interactive requests go first, and the bandwidth limit holds."""

    def __init__(self, client: CivitaiHttpClient) -> None:
        self._client = client

    def fetch_json(
        self,
        url: str,
        params: Mapping[str, str | int] | None = None,
        cancelled: Cancellation | None = None,
    ) -> Any:
        """Fetch JSON as `CivitaiHttpClient.fetch_json` does; interactive requests go first."""
        return self._client.fetch_json(url, params, cancelled, urgent=False)

    def fetch_page(
        self, query: ImageQuery, cursor: str | None, limit: int, cancelled: Cancellation
    ) -> Page:
        """Fetch a gallery page of at most `limit` images, and store its records in the library."""
        return pages.fetch_page(self, query, cursor, limit, cancelled).page

    def fetch_file(
        self, url: str, target: Target, progress: Progress, cancelled: Cancellation
    ) -> FetchedFile:
        """Fetch an image's file; a partial file is kept for the next run.

        target: returns the path for a file extension. progress: called with the bytes that have
        arrived and the total, 0 if unknown.
        """
        options = FileOptions(resumable=True, reserve=reserved_bytes())
        sending = SendOptions(throttled=True)
        return self._client.fetch(url, target, options, sending, progress, cancelled)

    def paused_seconds(self, url: str) -> float:
        """Return the seconds until both this URL's host and Civitai's API accept requests."""
        return max(map(self._client.paused_seconds, (url, setting.base_url())))


def reserved_bytes() -> int:
    """Return the disk space in bytes that downloads must leave free."""
    return setting.gallery_disk_reserve_mb * 1024 * 1024


def rendition_width(quality: str | None = None) -> int:
    """Return the width in pixels of the rendition to fetch, 0 for the original.

    quality: "original" or a width; None for the setting.
    """
    quality = setting.saved_quality if quality is None else quality
    return int(quality) if quality.isdigit() else 0


def choose_destination(
    context: NamingContext, template: str | None = None, folder: str | None = None
) -> tuple[str, str]:
    """Return a job's folder, and the template of its images' names below that folder.

    folder: None for the setting. template: None for the setting, or for the image id alone if a
    folder is given. Raises InputError if the template is not valid.
    """
    if template is None:
        template = setting.saved_name if folder is None else DEFAULT_TEMPLATE
    below, rest = split_template(validate_template(template), context)
    # Absolute: a job may be resumed in another working directory.
    base = os.path.abspath(setting.saved_images_folder() if folder is None else folder)
    return os.path.join(base, *filter(None, below.split("/"))), rest
