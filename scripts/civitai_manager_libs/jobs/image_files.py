"""What a job requests and writes: its client, its folder, and the sidecars of images."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from .. import setting, util
from ..civitai import ImageQuery, Page
from ..core import as_whole_number, AtomicFile, Cancellation, check_no_links, clean_line, Image
from ..http_client import CivitaiHttpClient, FetchedFile, FileOptions, SendOptions
from ..infotext import build_infotext, embed_infotext, find_workflow, read_embedded
from ..library import pages
from ..model_files import ModelFileRequest, receive_model_file, ReceivedModel
from ..network import ApiClient, Progress, Target
from .filename_template import DEFAULT_TEMPLATE, split_template, validate_template
from .job_records import NamingContext

__all__ = [
    "choose_destination",
    "choose_image_width",
    "JobClient",
    "reserved_bytes",
    "write_sidecars",
]

_DAMAGED = "Its record is damaged: nothing was written beside the picture."


class JobClient(ApiClient):
    """Sends the requests of jobs to Civitai.

    The page's requests are sent before those of jobs. The bandwidth limit applies to jobs only. A
    method with the parameter `cancelled` raises Cancelled as soon as that is set.
    """

    _client: CivitaiHttpClient

    def __init__(self, client: CivitaiHttpClient) -> None:
        super().__init__(client, SendOptions(urgent=False))

    def fetch_page(
        self, query: ImageQuery, cursor: str | None, limit: int, cancelled: Cancellation
    ) -> Page:
        """Fetch a gallery page of at most `limit` images; store its records in the library.

        cursor: Civitai's cursor of the page, None for the first page.
        """
        return pages.fetch_page(self, query, cursor, limit, cancelled)

    def fetch_file(
        self, url: str, target: Target, progress: Progress, cancelled: Cancellation
    ) -> FetchedFile:
        """Download an image's file, or resume an interrupted download."""
        options = FileOptions(resumable=True, reserve=reserved_bytes())
        sending = SendOptions(throttled=True)
        return self._client.fetch(url, target, options, sending, progress, cancelled)

    def receive_model(
        self, request: ModelFileRequest, progress: Progress, cancelled: Cancellation
    ) -> ReceivedModel:
        """Download a model file, or resume an interrupted download."""
        return receive_model_file(self._client, request, progress, cancelled)

    def paused_seconds(self, url: str) -> float:
        """Return for how many seconds a URL's host or Civitai's API wants no request, or 0.0."""
        return max(map(self._client.paused_seconds, (url, setting.base_url())))


def reserved_bytes() -> int:
    """Return how many bytes of disk space downloads must leave free."""
    return setting.gallery_disk_reserve_mb * 1024 * 1024


def choose_image_width(quality: str | None = None) -> int:
    """Return the width in pixels at which to download images, 0 for the original size.

    quality: "original" or a width as text; None for the user's setting.
    """
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


def write_sidecars(path: str, record: str, is_ours: bool) -> str:
    """Save an image's metadata in text files beside it; return a warning about a damaged record.

    The settings choose among `<name>.txt` (infotext), `<name>.workflow.json` and `<name>.json`
    (Civitai's record). If the settings say so, the infotext is also embedded into the image, but
    only if this program downloaded the image (`is_ours`). record: Civitai's record as JSON text; if
    it is damaged or "", nothing is written. Return "" for no warning. Raises DiskError.
    """
    needs_texts = setting.save_infotext or setting.embeds_infotext or setting.save_workflow
    if not record or not (needs_texts or setting.save_record):
        return ""
    stem = os.path.splitext(path)[0]
    try:
        row = json.loads(record)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        util.printD(f"[gallery] {os.path.basename(stem)}: {_DAMAGED}")
        return _DAMAGED
    infotext, workflow = _find_texts(path, row) if needs_texts else ("", "")
    if setting.embeds_infotext and is_ours:
        embed_infotext(path, infotext)
    if setting.save_infotext and infotext:
        _write_sidecar(f"{stem}.txt", infotext)
    if setting.save_workflow and workflow:
        _write_sidecar(f"{stem}.workflow.json", workflow)
    if setting.save_record:
        _write_sidecar(f"{stem}.json", record)
    return ""


def _find_texts(path: str, row: Mapping[str, Any]) -> tuple[str, str]:
    """Return (infotext, workflow) of an image; read its file for what Civitai's record lacks."""
    image_id, post_id = (as_whole_number(row.get(name), 1) for name in ("id", "postId"))
    base_model, meta = clean_line(row.get("baseModel"), 100), row.get("meta")
    image = Image(image_id or 0, "", base_model=base_model, post_id=post_id)
    infotext = build_infotext(meta, image, adds_lora_tags=setting.adds_lora_tags)
    workflow = find_workflow(meta)
    if infotext and (workflow or not setting.save_workflow):
        return infotext, workflow
    embedded = read_embedded(path)
    return infotext or embedded.infotext, workflow or embedded.workflow


def _write_sidecar(path: str, text: str) -> None:
    with AtomicFile(os.path.dirname(path)) as file:
        file.write(text.encode("utf-8", "replace"))
        file.commit(path)
