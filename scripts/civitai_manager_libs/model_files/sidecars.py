"""The files beside a model file, which tell other programs and ours what the model is."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from .. import setting, util
from ..civitai import find_example_image, make_version_page_url, RemoteFile, Version
from ..civitai import version_from_json
from ..core import as_checksum, as_id, as_list, as_mapping, AtomicFile, clean_line, html_to_text
from ..core import level_mask, model_formats, read_json_or_empty, sync_folder, thumbnail_url
from ..errors import Cancelled, CivitaiShortcutError, InvalidResponse
from ..http_client import CivitaiHttpClient, FileOptions, SendOptions
from ..library import models
from .choice import ModelFileRequest
from .kinds import find_model_kind, SD_VERSIONS
from .matching import ModelFile

_PREVIEW_EXTENSIONS = ("png", "jpg", "jpeg", "webp", "gif")
_MODEL_KEYS = ("name", "type", "nsfw", "poi", "mode")  # of a model in the record of a version
_MAX_DESCRIPTION = 1000  # characters
_MAX_SIDECAR = 4_000_000  # bytes; a sidecar with all images of a page has some hundred thousand
_LENGTHS = (8, 10, 12, 64)  # of AutoV1, AutoV2, AutoV3, SHA256


def write_companions(
    client: CivitaiHttpClient, request: ModelFileRequest
) -> list[CivitaiShortcutError]:
    """Write the missing companion files (`.civitai.info`, `.json`, preview); return the errors.

    The settings tell which companion files are wanted. A part of a model, such as its VAE, gets
    none. After a cancellation, return without writing the rest.
    """
    record = dict(request.record)
    if request.model_id:  # Civitai's response to a request for the version has both
        record = {"modelId": request.model_id, **record}
        model = None
        with suppress(Cancelled):  # the model file itself is complete, here and below
            model = models.find_stored_model(request.model_id) if "model" not in record else None
        if model is not None:
            record["model"] = {key: model.record[key] for key in _MODEL_KEYS if key in model.record}
    try:
        version = version_from_json(record)
    except InvalidResponse:
        return []
    parts = [file for file in version.remote_files if file.id == request.file_id and file.is_part]
    is_part = bool(parts) and request.kind != find_model_kind(version)
    if is_part or request.path.lower().endswith(model_formats.CONFIGURATIONS):
        return []
    stem = os.path.splitext(request.path)[0]
    writers: tuple[tuple[bool, Callable[[], None]], ...] = (
        (setting.model_civitai_info, lambda: _write_json(f"{stem}.civitai.info", version.record)),
        (setting.model_card, lambda: _write_card(stem, version)),
        (setting.model_preview, lambda: _fetch_preview(client, stem, request)),
    )
    errors = []
    for write in (write for is_wanted, write in writers if is_wanted):
        try:
            write()
        except Cancelled:
            break
        except CivitaiShortcutError as error:
            util.printD(f"[models] {error}")
            errors.append(error)
    return errors


def was_saved_unverified(path: str) -> bool:
    """Return whether Civitai did not know the SHA256 of a model file when the file was saved.

    The file's `.civitai.info` tells it; return False if there is none.
    """
    record = read_json_or_empty(f"{os.path.splitext(path)[0]}.civitai.info", _MAX_SIDECAR)
    try:
        version = version_from_json(record)
    except InvalidResponse:
        return False
    return bool(version.remote_files) and not version.has_hashes


def _write_card(stem: str, version: Version) -> None:
    description = html_to_text(version.record.get("description"))[:_MAX_DESCRIPTION]
    base = version.base_model
    card = {
        "description": description or f"{version.model_name} {version.name}".strip(),
        "sd version": next((sd for start, sd in SD_VERSIONS if base.startswith(start)), "Unknown"),
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


def _fetch_preview(client: CivitaiHttpClient, stem: str, request: ModelFileRequest) -> None:
    """Download the first example image of an allowed level, unless the model has a preview."""
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
        )


def read_sidecar(path: str) -> ModelFile:
    """Return the hashes, ids and version that a sidecar, a JSON file beside a model, tells."""
    end = next(end for end in EXTENSIONS if path.endswith(end))
    data = read_json_or_empty(path, _MAX_SIDECAR)
    return _PARSERS[end](data, os.path.basename(path).removesuffix(end))


def describes_other_version(path: str, version_id: int) -> bool:
    """Return whether a sidecar beside a model file describes a version other than `version_id`.

    path: the model file's path. Deleting a model file may leave its sidecar behind, which then
    seems to describe the next file of that name.
    """
    stem = os.path.splitext(path)[0]
    stated = {read_sidecar(f"{stem}{end}").version_id for end in EXTENSIONS}
    return not stated <= {None, version_id}


def _parse_version(
    version: Mapping[str, Any], stem: str, hashes: frozenset[str] = frozenset()
) -> ModelFile:
    files = [as_mapping(file) for file in as_list(version.get("files"))[:50]]
    # A checkpoint's record also lists its VAE, which need not be here, or is the file itself.
    named = [file for file in files if _is_part(file) and _find_stem(file) == stem]
    own = named or [file for file in files if not _is_part(file)] or files
    stated = [code for file in own for code in _iter_hashes(file.get("hashes"))]
    return _make_sidecar(version, ("id", "modelId", "name"), hashes.union(stated))


def _is_part(file: Mapping[str, Any]) -> bool:
    return RemoteFile(0, type=clean_line(file.get("type"))).is_part


def _find_stem(file: Mapping[str, Any]) -> str:
    name = file.get("name")
    return os.path.splitext(name)[0] if isinstance(name, str) else ""


def _parse_lora_manager(data: Mapping[str, Any], stem: str) -> ModelFile:
    hashes = frozenset(_iter_hashes({"SHA256": data.get("sha256")}))
    return _parse_version(as_mapping(data.get("civitai")), stem, hashes)


def _parse_sdnext(model: Mapping[str, Any], stem: str) -> ModelFile:
    """Return what a model's JSON says, as Civitai's API sends it and SD.Next stores it.

    stem: the model file's name without extension; the version is the one with a file of this name,
    unknown if there is none. Other JSON, such as A1111's notes, says nothing.
    """
    versions = [as_mapping(version) for version in as_list(model.get("modelVersions"))[:500]]
    for version in versions:
        if stem in map(_find_stem, map(as_mapping, as_list(version.get("files"))[:50])):
            return _parse_version({**version, "modelId": model.get("id")}, stem)
    return _make_sidecar(model if versions else {}, ("", "id", ""), frozenset())


def _parse_stability_matrix(data: Mapping[str, Any], stem: str) -> ModelFile:
    names = ("VersionId", "ModelId", "VersionName")
    return _make_sidecar(data, names, frozenset(_iter_hashes(data.get("Hashes"))))


def _make_sidecar(
    data: Mapping[str, Any], names: tuple[str, str, str], hashes: frozenset[str]
) -> ModelFile:
    version_id, model_id, name = map(data.get, names)
    return ModelFile(
        hashes=hashes,
        version_id=as_id(version_id),
        model_id=as_id(model_id),
        version_name=clean_line(name, 60),
    )


def _iter_hashes(stated: object) -> Iterator[str]:
    for value in as_mapping(stated).values():
        code = as_checksum(value).lower()
        if len(code) in _LENGTHS:
            yield code


# A parser has the JSON and the model file's name without extension.
_PARSERS: dict[str, Callable[[Mapping[str, Any], str], ModelFile]] = {
    ".civitai.info": _parse_version,
    ".metadata.json": _parse_lora_manager,
    ".cm-info.json": _parse_stability_matrix,
    ".json": _parse_sdnext,  # last: the others end so too
}
EXTENSIONS = tuple(_PARSERS)
