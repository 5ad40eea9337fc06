"""GET /api/v1/models, /models/:id and /model-versions/:id."""

from __future__ import annotations

from typing import Any

from .downloads import describe_access, describe_files, is_archived
from .gallery import DemoModel, DemoVersion, find_demo_model, find_demo_version
from .gallery import list_showcase, make_meta, MODELS
from .params import ErrorResponse, Params, parse_id
from .records import make_showcase_record

__all__ = ["describe_model", "describe_version", "describe_version_by_hash", "list_models"]


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
    body |= describe_access(version)
    return {**body, "model": {"name": model.name, "type": model.type, **_make_mode(model)}}


def describe_version_by_hash(file_hash: str, server_url: str) -> dict[str, Any]:
    """Return the JSON for `/model-versions/by-hash/<hash>`.

    Raises ErrorResponse if no file has this hash.
    """
    for model in MODELS:
        for version in model.versions:
            files = describe_files(model, version, server_url)
            if any(file_hash.upper() in file["hashes"].values() for file in files):
                return describe_version(str(version.id), server_url)
    raise ErrorResponse(404, "Model not found")


_LEVELS = 31  # bit mask of the browsing levels in each gallery


def _make_mode(model: DemoModel) -> dict[str, str]:
    return {"mode": "Archived"} if is_archived(model) else {}


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
        "files": describe_files(model, version, server_url),
        "images": [
            make_showcase_record(image, server_url) for image in list_showcase(model, version)
        ],
        "downloadUrl": f"{server_url}/api/download/models/{version.id}",
    }
