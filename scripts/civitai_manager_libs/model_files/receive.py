"""A model file received into its folder, and what other programs read beside it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .. import host, setting, util
from ..civitai import find_example_image, make_version_page_url, Version, version_from_json
from ..core import (
    AtomicFile,
    Cancellation,
    check_no_links,
    delete_resumable,
    html_to_text,
    level_mask,
    log_disk_errors,
    sync_folder,
    thumbnail_url,
    translate_disk_errors,
)
from ..errors import (
    Cancelled,
    CivitaiShortcutError,
    DiskError,
    InvalidResponse,
    PathTaken,
    WrongHash,
)
from ..http_client import CivitaiHttpClient, ExpectedFile, FileOptions, SendOptions
from ..library import models
from ..network import Progress
from .destination import find_free_path, find_model_kind
from .folders import find_folder
from .index import compute_hash, get_model_index
from .used_models import ModelFileRequest

__all__ = ["receive_model_file", "ReceivedModel", "was_saved_unverified", "write_companions"]

_PREVIEW_EXTENSIONS = ("png", "jpg", "jpeg", "webp", "gif")
_CONFIGURATIONS = (".yaml", ".yml")
_MODEL_KEYS = ("name", "type", "nsfw", "poi", "mode")  # of a model in the record of a version
_MAX_DESCRIPTION = 1000  # characters
_MAX_INFO = 4_000_000  # characters
# Base models by the beginning of their names, as the A1111 family calls them.
_SD_VERSIONS = (
    *(("SD 1", "SD1"), ("SD 2", "SD2"), ("SDXL", "SDXL")),
    *(("Pony", "SDXL"), ("Illustrious", "SDXL"), ("NoobAI", "SDXL")),
)


@dataclass(frozen=True)
class ReceivedModel:
    """A model file that was stored in its folder.

    size: in bytes. was_here: whether the same file was there before. notes: message codes for the
    user, `refresh_host`, `no_companions` or `not_verified` (Civitai does not know the SHA256).
    message: errors about companion files, in English.
    """

    path: str
    size: int
    was_here: bool = False
    notes: tuple[str, ...] = ()
    message: str = ""


def receive_model_file(
    client: CivitaiHttpClient,
    request: ModelFileRequest,
    progress: Progress,
    cancelled: Cancellation,
) -> ReceivedModel:
    """Download a model file to its folder, unless the same file is there already.

    Missing companion files are written, and the WebUI reloads its list of models. Raises the errors
    of `CivitaiHttpClient.fetch_model`.
    """
    request, size, was_here = _receive_file(client, request, progress, cancelled)
    errors = write_companions(client, request, cancelled)
    if request.archive_urls:  # no sidecar tells which file it is
        with log_disk_errors("models"):
            compute_hash(request.path, cancelled)
    get_model_index().forget()
    notes = ["no_companions"] if errors else []
    if not request.sha256:
        notes.append("not_verified")
    if not host.refresh_models(request.kind):
        notes.append("refresh_host")
    message = " ".join(map(str, errors))
    return ReceivedModel(request.path, size, was_here, tuple(notes), message)


def _receive_file(
    client: CivitaiHttpClient,
    request: ModelFileRequest,
    progress: Progress,
    cancelled: Cancellation,
) -> tuple[ModelFileRequest, int, bool]:
    """Return (the request with the file's final path, its size, whether it was there before)."""
    url, other_url = request.download_urls
    reserve = setting.gallery_disk_reserve_mb << 20
    expected = ExpectedFile(
        request.sha256,
        request.size,
        reserve,
        other_url=other_url,
        key=request.url,
        sends_key=not request.archive_urls,
    )
    is_second_try = False
    while True:
        path = find_free_path(request.path, request.version_id, request.file)
        if not path:
            message = f"{request.path} cannot be written: other files already have this name."
            raise DiskError(message, request.path)
        check_no_links(find_folder(request.kind), os.path.dirname(path))
        if os.path.lexists(path):
            with translate_disk_errors(path):
                size = os.path.getsize(path)
            delete_resumable(os.path.dirname(path), [request.url])
            return replace(request, path=path), size, True
        try:
            fetched = client.fetch_model(url, path, expected, SendOptions(), progress, cancelled)
            return replace(request, path=path), fetched.size, False
        except PathTaken:  # by another download that has ended first
            continue
        except WrongHash:  # once more, from the start
            if is_second_try:
                raise
            is_second_try = True


def write_companions(
    client: CivitaiHttpClient, request: ModelFileRequest, cancelled: Cancellation
) -> list[CivitaiShortcutError]:
    """Write the missing companion files (`.civitai.info`, `.json`, preview); return the errors.

    The settings tell which companion files are wanted. A part of a model, such as its VAE, gets
    none. When `cancelled` is set, return without writing the rest.
    """
    try:
        version = version_from_json(_complete_record(request))
    except InvalidResponse:
        return []
    parts = [file for file in version.remote_files if file.id == request.file_id and file.is_part]
    is_part = bool(parts) and request.kind != find_model_kind(version)
    if is_part or request.path.lower().endswith(_CONFIGURATIONS):
        return []
    stem = os.path.splitext(request.path)[0]
    writers: tuple[tuple[bool, Callable[[], None]], ...] = (
        (setting.model_civitai_info, lambda: _write_json(f"{stem}.civitai.info", version.record)),
        (setting.model_card, lambda: _write_card(stem, version)),
        (setting.model_preview, lambda: _fetch_preview(client, stem, request, cancelled)),
    )
    errors = []
    for write in (write for is_wanted, write in writers if is_wanted):
        try:
            write()
        except Cancelled:  # the model file itself is complete
            break
        except CivitaiShortcutError as error:
            util.printD(f"[models] {error}")
            errors.append(error)
    return errors


def was_saved_unverified(path: str) -> bool:
    """Return whether Civitai did not know the SHA256 of a model file when the file was saved.

    The file's `.civitai.info` tells it; return False if there is none.
    """
    try:
        with open(f"{os.path.splitext(path)[0]}.civitai.info", encoding="utf-8-sig") as file:
            version = version_from_json(json.loads(file.read(_MAX_INFO)))
    except (OSError, ValueError, RecursionError, InvalidResponse):
        return False
    return bool(version.remote_files) and not version.has_hashes


def _complete_record(request: ModelFileRequest) -> Mapping[str, Any]:
    """Return the requested version's JSON, with `modelId` and `model` added if they are missing.

    Civitai's response to `GET /model-versions/<id>` has both fields. `model` is added only if the
    library has the model.
    """
    if not request.model_id:
        return request.record
    record = {"modelId": request.model_id, **request.record}
    model = models.find_stored_model(request.model_id) if "model" not in record else None
    if model is not None:
        row = model.record
        record["model"] = {key: row[key] for key in _MODEL_KEYS if key in row}
    return record


def _write_card(stem: str, version: Version) -> None:
    description = html_to_text(version.record.get("description"))[:_MAX_DESCRIPTION]
    base = version.base_model
    card = {
        "description": description or f"{version.model_name} {version.name}".strip(),
        "sd version": next((sd for start, sd in _SD_VERSIONS if base.startswith(start)), "Unknown"),
        "activation text": ", ".join(version.trained_words),
        "preferred weight": 0,  # 0: the weight in the WebUI's settings
        "negative text": "",
        "notes": make_version_page_url(version.id, version.model_id) if version.model_id else "",
    }
    _write_json(f"{stem}.json", card)


def _write_json(path: str, value: Mapping[str, Any]) -> None:
    if os.path.lexists(path):
        return
    with AtomicFile(os.path.dirname(path)) as file:
        file.write(json.dumps(value, ensure_ascii=False, indent=2).encode("utf-8", "replace"))
        file.commit(path)
    sync_folder(os.path.dirname(path))


def _fetch_preview(
    client: CivitaiHttpClient, stem: str, request: ModelFileRequest, cancelled: Cancellation
) -> None:
    """Download the first example image that the browsing level allows, as the model's preview.

    Do nothing if the model has a preview, or if the level allows no example image. stem: the model
    file's path without the extension.
    """
    names = [f"{stem}{middle}.{end}" for middle in (".preview", "") for end in _PREVIEW_EXTENSIONS]
    if any(map(os.path.lexists, names)):
        return
    image = find_example_image(request.record, level_mask(setting.gallery_level))
    if image is not None:
        client.fetch(
            thumbnail_url(image),
            lambda extension: f"{stem}.preview.{extension}",
            FileOptions(),
            SendOptions(throttled=True, max_retries=1),
            cancelled=cancelled,
        )
