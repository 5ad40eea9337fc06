"""What a job requests and writes: its client, its folder, its files' names and sidecars."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from .. import setting, util
from ..civitai import ImageQuery, Page
from ..core import (
    as_text,
    as_whole_number,
    AtomicFile,
    Cancellation,
    check_no_links,
    clean_line,
    file_names,
    Image,
    level_name,
    make_file_name,
)
from ..errors import InputError
from ..http_client import CivitaiHttpClient, FetchedFile, FileOptions, SendOptions
from ..i18n import messages
from ..infotext import build_infotext, embed_infotext, find_workflow, read_embedded
from ..library import pages
from ..model_files import ModelFileRequest, receive_model_file, ReceivedModel
from ..network import ApiClient, Progress, Target
from .job_records import NamingContext

__all__ = [
    "choose_destination",
    "choose_image_width",
    "DEFAULT_TEMPLATE",
    "FIELDS",
    "fill_template",
    "JobClient",
    "MAX_NAME_BYTES",
    "reserved_bytes",
    "split_template",
    "validate_template",
    "write_sidecars",
]

DEFAULT_TEMPLATE = "{id}"
# UTF-8 bytes: most in a field's value, in a file or folder name, and in a path that every system
# accepts below a folder of usual length; least in a folder name of a path that is shortened.
_MAX_VALUE, _MAX_PART, MAX_NAME_BYTES, _MIN_PART = 100, 150, 200, 10
_RATINGS = {"None": "PG", "Soft": "PG-13", "Mature": "R", "X": "X", "XXX": "XXX"}
_DIGITS = frozenset("0123456789")
_DAMAGED = "Its record is damaged: nothing was written beside the picture."


def _meta_field(*keys: str) -> Callable[[Image, NamingContext], str]:
    def read_value(image: Image, _: NamingContext) -> str:
        values = (as_text((image.meta or {}).get(key)) for key in keys)
        return next(filter(None, values), "")

    return read_value


FIELDS: dict[str, Callable[[Image, NamingContext], str]] = {
    "id": lambda image, _: str(image.id),
    "model": lambda _, context: context.model,
    "version": lambda image, context: context.version
    or next((context.versions[v] for v in image.version_ids if v in context.versions), ""),
    "author": lambda image, _: image.username,
    "date": lambda image, _: image.created_at,
    "level": lambda image, _: _RATINGS[level_name(image.level)],
    "type": lambda image, _: image.type,
    "base_model": lambda image, _: image.base_model,
    "post": lambda image, _: str(image.post_id or ""),
    "width": lambda image, _: str(image.width or ""),
    "height": lambda image, _: str(image.height or ""),
    "reactions": lambda image, _: str(image.reactions.total),
    "seed": _meta_field("seed", "Seed"),
    "sampler": _meta_field("sampler", "Sampler"),
    "steps": _meta_field("steps", "Steps"),
    "checkpoint": _meta_field("Model"),
}


def validate_template(template: str) -> str:
    """Check a file name template; return it without surrounding spaces and with forward slashes.

    Raises InputError if the template is invalid; the message says what to change.
    """
    template = file_names.clean_template(template)
    key, values = file_names.find_template_problem(template, FIELDS) or (
        _find_name_problem(template.rpartition("/")[2]),
        {},
    )
    if key:
        why = messages.translate(key, "en", **values)
        raise InputError(f"This file name template is not valid: {why}.", key, **values)
    return template


def _find_name_problem(name_template: str) -> str:
    """Return why a template could give two images the same file name, as a message key.

    Return "" if all names are different. name_template: a template without folders.
    """
    if DEFAULT_TEMPLATE not in name_template:
        return "template_no_id"
    before, after = _split_at_id(name_template)
    if file_names.has_fields(before) and file_names.has_fields(after):
        return "template_id_inside"
    neighbours = (before[-1:], after[:1])
    is_touched = any(c and (c in _DIGITS or c in "{}" or not c.isprintable()) for c in neighbours)
    return "template_id_touched" if is_touched else ""


def split_template(template: str, context: NamingContext) -> tuple[str, str]:
    """Split a template into (folder that all images of a job share, template of the rest).

    The shared folder is filled in. Example: `{model}/{id}` gives ("Some model", "{id}").
    """
    common, parts = [], template.split("/")
    is_shared = {"model", *(("version",) if context.version else ())}.issuperset
    while len(parts) > 1 and is_shared(file_names.list_fields(parts[0])):
        common.append(_fill_folder(parts.pop(0), Image(0, ""), context))
    return "/".join(filter(None, common)), "/".join(parts)


def fill_template(
    template: str, image: Image, context: NamingContext, max_bytes: int = MAX_NAME_BYTES
) -> str:
    """Fill a template for an image; return a path below the job's folder, without extension.

    A missing value becomes the text after `|` in its field, else "unknown". Every part of the path
    is valid on Windows, macOS and Linux. max_bytes: the longest path in UTF-8 bytes.
    """
    *folders, last = template.split("/")
    name = _fill_file_name(last, image, context, min(_MAX_PART, max_bytes))
    parts = list(filter(None, (_fill_folder(folder, image, context) for folder in folders)))
    room = max_bytes - len(name.encode())
    if sum(len(part.encode()) + 1 for part in parts) > room:
        share = max(_MIN_PART, room // len(parts) - 1)
        parts = [make_file_name(part, file_names.NO_VALUE, share) for part in parts]
    return "/".join([*parts, name])


def _fill_folder(template: str, image: Image, context: NamingContext) -> str:
    if not template.strip():
        return ""
    return make_file_name(_fill_fields(template, image, context), file_names.NO_VALUE, _MAX_PART)


def _fill_file_name(template: str, image: Image, context: NamingContext, max_bytes: int) -> str:
    """Return the file name that a template gives, without extension."""
    before, after = (_fill_fields(side, image, context) for side in _split_at_id(template))
    room = max_bytes - len(str(image.id)) - 1
    before = _cut_bytes(before[:-1], room) + before[-1:]  # the separator keeps digits off the id
    after = _cut_bytes(after, room - len(before.encode()))
    return make_file_name(f"{before}{image.id}{after}", file_names.NO_VALUE, 2 * _MAX_PART)


def _split_at_id(name_template: str) -> tuple[str, str]:
    """Split a file name template at `{id}`; return (text before it, text after it)."""
    before, _, after = name_template.partition(DEFAULT_TEMPLATE)
    if file_names.has_fields(before):
        before, _, after = name_template.rpartition(DEFAULT_TEMPLATE)
    return before, after


def _cut_bytes(text: str, limit: int) -> str:
    return text.encode("utf-8", "ignore")[: max(0, limit)].decode("utf-8", "ignore")


def _fill_fields(template: str, image: Image, context: NamingContext) -> str:
    def value_of(name: str, date_format: str) -> str:
        value = FIELDS[name](image, context)
        if name != "date":
            return value
        try:
            moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
        except ValueError:
            return ""
        form = date_format or "%Y-%m-%d"
        return file_names.DATE_PART.sub(lambda part: moment.strftime(part[0]), form)

    return file_names.fill_fields(template, value_of, _MAX_VALUE)


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
