"""GET /api/v1/models, /models/:id and /model-versions/:id."""

from __future__ import annotations

import re
from typing import Any

from .checks import Params, ErrorResponse
from .downloads import describe_access, describe_files, is_archived
from .gallery import (
    find_demo_model,
    find_demo_version,
    list_showcase,
    make_meta,
    mix_bits,
    DemoModel,
)
from .gallery import MODELS, DemoVersion
from .query import BASE_MODELS, PERIODS
from .records import make_showcase_record

__all__ = ["describe_model", "describe_version", "describe_version_by_hash", "list_models"]

_TYPES = (
    "Checkpoint TextualInversion Hypernetwork AestheticGradient LORA LoCon DoRA Controlnet "
    "Upscaler MotionModule VAE Poses Wildcards Other"
).split()
_SORTS = (
    "Highest Rated,Most Downloaded,Most Liked,Most Discussed,Most Collected,"
    "Most Images,Newest,Oldest"
).split(",")
_ALL, _PG = 31, 1  # masks of browsing levels
_LAST_ID = 2**31 - 1
_TOO_MANY = "You've requested too many pages, please use cursors instead"


def list_models(params: Params, server_url: str) -> dict[str, Any]:
    """Return the JSON for the API's `/models`: one page of models.

    Raises ErrorResponse for invalid parameters.
    """
    limit, page = params.read_integer("limit", 1, 100), params.read_integer("page", 1)
    words, cursor = params.read_string("query"), params.read_string("cursor")
    levels = _ALL if params.read_flag("nsfw") else _PG
    found = _find_models(params, words or "")
    params.raise_issues()
    limit = 100 if limit is None else limit
    if page and page * limit > 1000:
        raise ErrorResponse(429, {"error": _TOO_MANY})
    if page and words:
        raise ErrorResponse.bad_request(
            "Cannot use page param with query search. Use cursor-based pagination."
        )
    start = _parse_offset(cursor, bool(words)) if cursor else (page - 1) * limit if page else 0
    items = [_make_model_json(m, server_url, levels, True) for m in found[start : start + limit]]
    metadata: dict[str, Any] = {"currentPage": page, "pageSize": limit} if page else {}
    if start + limit < len(found):
        metadata["nextCursor"] = _make_cursor(start + limit, found, bool(words))
        metadata["nextPage"] = params.make_next_url(
            f"{server_url}/api/v1/models", metadata["nextCursor"]
        )
    return {"items": items, "metadata": metadata}


def _find_models(params: Params, words: str) -> list[DemoModel]:
    types = params.read_choices("types", _TYPES, None)
    base_models = params.read_choices("baseModels", BASE_MODELS, None)
    ids, tag, user = params.read_integers("ids"), params.read_string("tag"), params.read_username()
    sort = params.read_choice("sort", _SORTS)
    params.read_choice("period", tuple(PERIODS))
    found = [
        m
        for m in MODELS
        if _matches_words(m, words)
        and (not types or m.type in types)
        and (not base_models or any(v.base_model in base_models for v in m.versions))
        and (not ids or m.id in ids)
        and (not tag or tag in m.tags)
        and (not user or m.creator == user)
    ]
    if sort in ("Newest", "Oldest"):
        return sorted(found, key=lambda m: m.versions[0].published, reverse=sort == "Newest")
    return sorted(found, key=lambda m: m.thumbs_up, reverse=True)


def _matches_words(model: DemoModel, words: str) -> bool:
    text = f"{model.name} {model.creator} {' '.join(model.tags)} {model.type}".lower()
    return all(word in text for word in words.lower().split())


def _make_cursor(index: int, models: list[DemoModel], is_search: bool) -> str:
    """Return the cursor of the page that begins with the model `models[index]`.

    The cursor is `likes|id|index` of this model. For a search by words, it is the index alone.
    """
    model = models[index]
    return str(index) if is_search else f"{model.thumbs_up}|{model.id}|{index}"


def _parse_offset(cursor: str, is_search: bool) -> int:
    """Return the index of a page's first model, as the page's cursor contains it.

    is_search: whether it is the cursor of a search by words. Raises ErrorResponse for an invalid
    cursor.
    """
    parts = re.fullmatch(r"(\d{1,6})" if is_search else r"\d+\|\d+\|(\d{1,6})", cursor)
    if not parts:
        expected, got = (1, cursor.count("|") + 1) if is_search else (3, cursor.count("|") + 1)
        raise ErrorResponse.bad_request(
            f"Invalid cursor: expected {expected} value(s), received {got}"
        )
    return int(parts[1])


def describe_model(model_id: str, server_url: str) -> dict[str, Any]:
    """Return the JSON for `/models/<id>`. Raises ErrorResponse if the model does not exist."""
    if not re.fullmatch(r"\d{1,10}", model_id) or not 1 <= int(model_id) <= _LAST_ID:
        raise ErrorResponse(400, {"error": "✖ Invalid input: expected number\n  → at id"})
    found = find_demo_model(int(model_id))
    if not found:
        raise ErrorResponse(404, {"error": f"No model with id {int(model_id)}"})
    return _make_model_json(found, server_url, _ALL, False)


def describe_version(version_id: str, server_url: str) -> dict[str, Any]:
    """Return the JSON for `/model-versions/<id>`. Raises ErrorResponse if it does not exist."""
    found = find_demo_version(int(version_id)) if re.fullmatch(r"\d{1,10}", version_id) else None
    if not found:
        raise ErrorResponse(404, {"error": "Model not found"})
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
    raise ErrorResponse(404, {"error": "Model not found"})


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
