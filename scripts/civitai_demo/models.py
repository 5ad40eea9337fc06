"""The API's routes of models and model versions, and the storage of their files."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

from .files import File
from .gallery import count_file_bytes, DemoFile, DemoModel, DemoVersion, find_demo_file
from .gallery import find_demo_model, find_demo_version, list_demo_files, list_showcase
from .gallery import make_file_bytes, make_hashes, make_meta, MODELS
from .params import ErrorResponse, Params, parse_id
from .records import make_showcase_record

__all__ = ["describe_model", "describe_version", "describe_version_by_hash", "find_storage_path"]
__all__ += ["find_stored_file", "list_models", "STORAGE"]

STORAGE = "/storage/"
_ARCHIVED = 900_010  # a model
_EARLY_ACCESS, _DAYS_LEFT = 910_602, 12
_FOR_SALE, _GENERATOR_ONLY, _NEEDS_LOGIN = 910_201, 910_702, 910_301
_LOGIN = "The creator of this asset requires you to be logged in to download it"
_LEVELS = 31  # bit mask of the browsing levels in each gallery


def list_models(params: Params, server_url: str) -> dict[str, Any]:
    """Return the JSON for the API's `/models`: all models that match, on one page.

    A model matches if it is one of the parameter `ids`, if that is given, and its name, creator,
    tags or type contain each word of the parameter `query`.
    """
    words = params.get_string("query").lower().split()
    ids = [parse_id(text) for text in params.get_string("ids").split(",") if text]
    found = [model for model in MODELS if not ids or model.id in ids]
    found = [model for model in found if _matches_words(model, words)]
    found.sort(key=lambda model: model.thumbs_up, reverse=True)
    return {"items": [_make_model_json(model, server_url) for model in found], "metadata": {}}


def _matches_words(model: DemoModel, words: list[str]) -> bool:
    text = f"{model.name} {model.creator} {' '.join(model.tags)} {model.type}".lower()
    return all(word in text for word in words)


def describe_model(model_id: str, server_url: str) -> dict[str, Any]:
    """Return the JSON for `/models/<id>`. Raises ErrorResponse if the model does not exist."""
    found = find_demo_model(parse_id(model_id))
    if not found:
        raise ErrorResponse(404, f"No model with id {model_id}")
    return _make_model_json(found, server_url)


def describe_version(version_id: str, server_url: str) -> dict[str, Any]:
    """Return the JSON for `/model-versions/<id>`. Raises ErrorResponse if it does not exist."""
    found = find_demo_version(parse_id(version_id))
    if not found:
        raise ErrorResponse(404, "Model not found")
    model, version = found
    body = _make_version_json(model, version, server_url)
    for item, image in zip(body["images"], list_showcase(model, version)):
        item["meta"] = make_meta(image)
    body |= {"modelId": model.id, "createdAt": version.published, "status": "Published"}
    body |= _describe_access(version)
    return {**body, "model": {"name": model.name, "type": model.type, **_make_mode(model)}}


def describe_version_by_hash(file_hash: str, server_url: str) -> dict[str, Any]:
    """Return the JSON for `/model-versions/by-hash/<hash>`.

    Raises ErrorResponse if no file has this hash.
    """
    for model in MODELS:
        for version in model.versions:
            files = _describe_files(model, version, server_url)
            if any(file_hash.upper() in file["hashes"].values() for file in files):
                return describe_version(str(version.id), server_url)
    raise ErrorResponse(404, "Model not found")


def _make_mode(model: DemoModel) -> dict[str, str]:
    return {"mode": "Archived"} if _is_archived(model) else {}


def _make_model_json(model: DemoModel, server_url: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": model.id,
        "name": model.name,
        "description": model.description,
        "type": model.type,
        "nsfw": False,
        "nsfwLevel": _LEVELS,
        "stats": {"thumbsUpCount": model.thumbs_up},
        "tags": list(model.tags),
        **_make_mode(model),
        **model.licence,
    }
    if model.creator is not None:  # absent for Civitai's own account
        body["creator"] = {"username": model.creator, "image": None}
    body["modelVersions"] = [
        {"index": i, **_make_version_json(model, version, server_url)}
        for i, version in enumerate(model.versions)
    ]
    return body


def _make_version_json(model: DemoModel, version: DemoVersion, server_url: str) -> dict[str, Any]:
    return {
        "id": version.id,
        "name": version.name,
        "baseModel": version.base_model,
        "publishedAt": version.published,
        "availability": "Public",
        "description": version.notes and f"<p>{version.notes}</p>",
        "nsfwLevel": _LEVELS,
        "trainedWords": ["night windows"] if model.name == "Night Windows" else [],
        "stats": {"thumbsUpCount": model.thumbs_up // len(model.versions)},
        "files": _describe_files(model, version, server_url),
        "images": [
            make_showcase_record(image, server_url) for image in list_showcase(model, version)
        ],
        "downloadUrl": f"{server_url}/api/download/models/{version.id}",
    }


def _is_archived(model: DemoModel) -> bool:
    """Return whether a model is archived. Files of an archived model cannot be downloaded."""
    return model.id == _ARCHIVED


def _describe_access(version: DemoVersion) -> dict[str, Any]:
    """Return the fields of a version's API record that say who may download the version."""
    control = "InternalGeneration" if version.id == _GENERATOR_ONLY else "Download"
    paid = None
    if version.id in (_EARLY_ACCESS, _FOR_SALE):
        ends_at = _find_early_access_end() if version.id == _EARLY_ACCESS else None
        paid = {"permanent": ends_at is None, "endsAt": ends_at}
    return {"usageControl": control, "paidAccess": paid}


def _describe_files(
    model: DemoModel, version: DemoVersion, server_url: str
) -> list[dict[str, Any]]:
    """Return the files of a version as the API describes them, [] if the model is archived."""
    if _is_archived(model):
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
    if _is_archived(model):
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
