"""GET /api/v1/models, /models/:id and /model-versions/:id."""

from __future__ import annotations

from typing import Any

from .downloads import describe_access, describe_files, is_archived
from .gallery import DemoModel, DemoVersion, find_demo_model, find_demo_version
from .gallery import list_showcase, make_meta, mix_bits, MODELS
from .params import ErrorResponse, Params, parse_id
from .records import make_showcase_record

__all__ = ["describe_model", "describe_version", "describe_version_by_hash", "list_models"]

_ALL, _PG = 31, 1  # masks of browsing levels


def list_models(params: Params, server_url: str) -> dict[str, Any]:
    """Return the JSON for the API's `/models`: a page of the models that match `query`.

    The cursor is the number of models before the page.
    """
    words = params.get_string("query").lower().split()
    found = [model for model in MODELS if _matches_words(model, words)]
    found.sort(key=lambda model: model.thumbs_up, reverse=True)
    start = params.get_integer("cursor") or 0
    end = start + min(params.get_integer("limit") or 100, 100)
    levels = _ALL if params.get_string("nsfw") == "true" else _PG
    items = [_make_model_json(model, server_url, levels, True) for model in found[start:end]]
    return {"items": items, "metadata": {"nextCursor": str(end)} if end < len(found) else {}}


def _matches_words(model: DemoModel, words: list[str]) -> bool:
    text = f"{model.name} {model.creator} {' '.join(model.tags)} {model.type}".lower()
    return all(word in text for word in words)


def describe_model(model_id: str, server_url: str) -> dict[str, Any]:
    """Return the JSON for `/models/<id>`. Raises ErrorResponse if the model does not exist."""
    found = find_demo_model(parse_id(model_id))
    if not found:
        raise ErrorResponse(404, f"No model with id {model_id}")
    return _make_model_json(found, server_url, _ALL, False)


def describe_version(version_id: str, server_url: str) -> dict[str, Any]:
    """Return the JSON for `/model-versions/<id>`. Raises ErrorResponse if it does not exist."""
    found = find_demo_version(parse_id(version_id))
    if not found:
        raise ErrorResponse(404, "Model not found")
    owner, chosen = found
    about = {"name": owner.name, "type": owner.type, "nsfw": False, "poi": False}
    about |= {"mode": "Archived"} if is_archived(owner) else {}
    body = _make_version_json(owner, chosen, server_url, _ALL, False)
    for item, image in zip(body["images"], list_showcase(owner, chosen)):
        item["meta"] = make_meta(image)
    times = {"createdAt": chosen.published, "updatedAt": chosen.published, "status": "Published"}
    return {**body, "modelId": owner.id, **times, "model": about}


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


def _make_model_json(
    owner: DemoModel, server_url: str, levels: int, with_ids: bool
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": owner.id,
        "name": owner.name,
        "description": owner.description,
        "type": owner.type,
        "nsfw": False,
        "nsfwLevel": _ALL if owner.size else _PG,
        "availability": "Public",
        "poi": False,
        "minor": False,
        "supportsGeneration": owner.type != "VAE",
        "stats": {"downloadCount": None, **_make_stats(owner.thumbs_up, owner.id)},
        "tags": list(owner.tags),
    }
    if is_archived(owner):
        body["mode"] = "Archived"
    if owner.creator is not None:  # absent for Civitai's own account
        body["creator"] = {"username": owner.creator, "image": None}
    body["modelVersions"] = [
        {"index": i, **_make_version_json(owner, version, server_url, levels, with_ids)}
        for i, version in enumerate(owner.versions)
    ]
    return body


def _make_stats(thumbs_up: int, number: int) -> dict[str, int]:
    spread = mix_bits(number, 5)
    return {
        "thumbsUpCount": thumbs_up,
        "thumbsDownCount": spread % 9,
        "commentCount": spread % 120,
        "tippedAmountCount": spread % 500,
    }


def _make_version_json(
    owner: DemoModel, version: DemoVersion, server_url: str, levels: int, with_ids: bool
) -> dict[str, Any]:
    shown = [image for image in list_showcase(owner, version) if image.level & levels]
    return {
        "id": version.id,
        "name": version.name,
        "baseModel": version.base_model,
        "baseModelType": "Standard",
        "publishedAt": version.published,
        "availability": "Public",
        **describe_access(version),
        "nsfwLevel": _ALL,
        "description": None,
        "trainedWords": ["night windows"] if owner.name == "Night Windows" else [],
        "stats": {"downloadCount": None, "thumbsUpCount": owner.thumbs_up // len(owner.versions)},
        "files": describe_files(owner, version, server_url),
        "images": [make_showcase_record(image, server_url, with_ids) for image in shown],
        "downloadUrl": f"{server_url}/api/download/models/{version.id}",
    }
