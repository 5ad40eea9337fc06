"""The download route for model files, and the storage to which it redirects."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

from .files import File
from .gallery import DemoModel, DemoVersion, find_demo_version, find_demo_file, list_demo_files
from .gallery import make_file_bytes, make_hashes, count_file_bytes, DemoFile
from .params import ErrorResponse, Params, parse_id

__all__ = [
    "describe_access",
    "describe_files",
    "find_storage_path",
    "find_stored_file",
    "is_archived",
]
__all__ += ["STORAGE"]

STORAGE = "/storage/"
_ARCHIVED = 900_010  # a model
_EARLY_ACCESS, _DAYS_LEFT = 910_602, 12
_FOR_SALE, _GENERATOR_ONLY, _NEEDS_LOGIN = 910_201, 910_702, 910_301
_LOGIN = "The creator of this asset requires you to be logged in to download it"


def is_archived(model: DemoModel) -> bool:
    """Return whether a model is archived. Files of an archived model cannot be downloaded."""
    return model.id == _ARCHIVED


def describe_access(version: DemoVersion) -> dict[str, Any]:
    """Return the fields of a version's API record that say who may download the version."""
    control = "InternalGeneration" if version.id == _GENERATOR_ONLY else "Download"
    paid = None
    if version.id in (_EARLY_ACCESS, _FOR_SALE):
        ends_at = _find_early_access_end() if version.id == _EARLY_ACCESS else None
        paid = {"permanent": ends_at is None, "endsAt": ends_at}
    return {"usageControl": control, "paidAccess": paid}


def describe_files(model: DemoModel, version: DemoVersion, server_url: str) -> list[dict[str, Any]]:
    """Return the files of a version as the API describes them, [] if the model is archived."""
    if is_archived(model):
        return []
    files = list_demo_files(model, version)
    return [_describe_file(file, file is files[0], server_url) for file in files]


def find_storage_path(version_id: str, params: Params, has_key: bool) -> str:
    """Return the URL path at which the demo serves the file that a request asks to download.

    version_id: from the request's path. params: `fileId` names the file; without it, `type` and
    `format` name a kind, and the version's first file of that kind is served. has_key: whether the
    request has a valid API key. Raises ErrorResponse if the version or file does not exist or may
    not be downloaded.
    """
    found = find_demo_version(parse_id(version_id))
    if found is None:
        raise ErrorResponse(404, "Model not found")
    model, version = found
    _check_access(model, version, has_key)
    file_id = params.get_integer("fileId")
    for file in list_demo_files(model, version):
        is_of_kind = params.get_string("type") in ("", file.type) and (
            params.get_string("format") in ("", file.format)
        )
        if is_of_kind if file_id is None else file.id == file_id:
            return f"{STORAGE}{file.id}/{quote(file.name)}"
    raise ErrorResponse(404, "File not found")


def find_stored_file(path: str) -> File:
    """Return the model file at a path below `/storage/`. Raises ErrorResponse if none exists."""
    file = find_demo_file(parse_id(path.removeprefix(STORAGE).partition("/")[0]))
    if file is None:
        raise ErrorResponse(404, "NoSuchKey")
    etag = f'"{make_hashes(file)["SHA256"][:32].lower()}"'
    return File(make_file_bytes(file), "application/octet-stream", etag)


def _describe_file(file: DemoFile, is_primary: bool, server_url: str) -> dict[str, Any]:
    about = {"format": file.format, "size": "pruned"}
    about |= {"fp": file.precision} if file.precision else {}
    url = f"{server_url}/api/download/models/{file.version_id}"
    return {
        "id": file.id,
        "name": file.name,
        "type": file.type,
        "sizeKB": count_file_bytes(file) / 1024,
        "metadata": about,
        "pickleScanResult": "Success",
        "virusScanResult": "Success",
        "hashes": make_hashes(file),
        "primary": is_primary,
        "downloadUrl": url if is_primary else f"{url}?type={quote(file.type)}&format={file.format}",
    }


def _check_access(model: DemoModel, version: DemoVersion, has_key: bool) -> None:
    """Raise ErrorResponse, with Civitai's status code, if the version may not be downloaded.

    has_key: whether the request has a valid API key.
    """
    if is_archived(model):
        raise ErrorResponse(410, "Model archived")
    if version.id in (_EARLY_ACCESS, _FOR_SALE):
        message = "This asset is in Early Access and you need to purchase access to it"
        end = {"deadline": _find_early_access_end()} if version.id == _EARLY_ACCESS else {}
        raise ErrorResponse(403, "Early Access", **end, message=message)
    if version.id == _GENERATOR_ONLY:
        raise ErrorResponse(403, "You do not have access to this resource")
    if version.id == _NEEDS_LOGIN and not has_key:
        raise ErrorResponse(401, "Unauthorized", message=_LOGIN)


def _find_early_access_end() -> str:
    today = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    return (today + timedelta(days=_DAYS_LEFT)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
