"""GET /api/v1/models, /models/:id and /model-versions/:id."""

from __future__ import annotations

import re
from typing import Any

from .checks import Params, Refusal
from .gallery import (
    checksum,
    file_stem,
    meta_of,
    mixed,
    Model,
    model_of,
    MODELS,
    showcase,
    Version,
    version_of,
)
from .query import BASE_MODELS, PERIODS
from .records import showcase_record

__all__ = ["model", "models", "version"]

_TYPES = ("Checkpoint", "TextualInversion", "Hypernetwork", "AestheticGradient", "LORA", "LoCon")
_TYPES += ("DoRA", "Controlnet", "Upscaler", "MotionModule", "VAE", "Poses", "Wildcards", "Other")
_SORTS = ("Highest Rated", "Most Downloaded", "Most Liked", "Most Discussed", "Most Collected")
_SORTS += ("Most Images", "Newest", "Oldest")
_ALL, _PG = 31, 1  # masks of browsing levels
_LAST_ID = 2**31 - 1
_TOO_MANY = "You've requested too many pages, please use cursors instead"


def models(params: Params, base: str) -> dict[str, Any]:
    limit, page = params.number("limit", 1, 100), params.number("page", 1)
    words, cursor = params.text("query"), params.text("cursor")
    levels = _ALL if params.flag("nsfw") else _PG
    found = _found(params, words or "")
    params.check()
    limit = 100 if limit is None else limit
    if page and page * limit > 1000:
        raise Refusal(429, {"error": _TOO_MANY})
    if page and words:
        raise Refusal.bad_request(
            "Cannot use page param with query search. Use cursor-based pagination."
        )
    start = _offset(cursor, bool(words)) if cursor else (page - 1) * limit if page else 0
    items = [_model(m, base, levels, True) for m in found[start : start + limit]]
    metadata: dict[str, Any] = {"currentPage": page, "pageSize": limit} if page else {}
    if start + limit < len(found):
        metadata["nextCursor"] = _cursor(start + limit, found, bool(words))
        metadata["nextPage"] = params.next_page(f"{base}/api/v1/models", metadata["nextCursor"])
    return {"items": items, "metadata": metadata}


def _found(params: Params, words: str) -> list[Model]:
    types = params.choices("types", _TYPES, None)
    base_models = params.choices("baseModels", BASE_MODELS, None)
    ids, tag, user = params.numbers("ids"), params.text("tag"), params.username()
    sort = params.choice("sort", _SORTS)
    params.choice("period", tuple(PERIODS))
    found = [
        m
        for m in MODELS
        if _speaks_of(m, words)
        and (not types or m.type in types)
        and (not base_models or any(v.base_model in base_models for v in m.versions))
        and (not ids or m.id in ids)
        and (not tag or tag in m.tags)
        and (not user or m.creator == user)
    ]
    if sort in ("Newest", "Oldest"):
        return sorted(found, key=lambda m: m.versions[0].published, reverse=sort == "Newest")
    return sorted(found, key=lambda m: m.thumbs_up, reverse=True)


def _speaks_of(model: Model, words: str) -> bool:
    text = f"{model.name} {model.creator} {' '.join(model.tags)} {model.type}".lower()
    return all(word in text for word in words.lower().split())


def _cursor(at: int, found: list[Model], searching: bool) -> str:
    """A search counts; a list names what its order needs."""
    return str(at) if searching else f"{found[at].thumbs_up}|{found[at].id}|{at}"


def _offset(cursor: str, searching: bool) -> int:
    parts = re.fullmatch(r"(\d{1,6})" if searching else r"\d+\|\d+\|(\d{1,6})", cursor)
    if not parts:
        expected, got = (1, cursor.count("|") + 1) if searching else (3, cursor.count("|") + 1)
        raise Refusal.bad_request(f"Invalid cursor: expected {expected} value(s), received {got}")
    return int(parts[1])


def model(text: str, base: str) -> dict[str, Any]:
    """By id, with pictures of all ratings, as the site does."""
    if not re.fullmatch(r"\d{1,10}", text) or not 1 <= int(text) <= _LAST_ID:
        raise Refusal(400, {"error": "✖ Invalid input: expected number\n  → at id"})
    found = model_of(int(text))
    if not found:
        raise Refusal(404, {"error": f"No model with id {int(text)}"})
    return _model(found, base, _ALL, False)


def version(text: str, base: str) -> dict[str, Any]:
    found = version_of(int(text)) if re.fullmatch(r"\d{1,10}", text) else None
    if not found:
        raise Refusal(404, {"error": "Model not found"})
    owner, chosen = found
    about = {"name": owner.name, "type": owner.type, "nsfw": False, "poi": False}
    body = _version(owner, chosen, base, _ALL, False)
    for item, row in zip(body["images"], showcase(owner, chosen)):
        item["meta"] = meta_of(row)
    times = {"createdAt": chosen.published, "updatedAt": chosen.published, "status": "Published"}
    return {**body, "modelId": owner.id, **times, "model": about}


def _model(owner: Model, base: str, levels: int, listed: bool) -> dict[str, Any]:
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
        "stats": {"downloadCount": None, **_stats(owner.thumbs_up, owner.id)},
        "tags": list(owner.tags),
    }
    if owner.creator is not None:  # absent for the house account
        body["creator"] = {"username": owner.creator, "image": None}
    body["modelVersions"] = [
        {"index": i, **_version(owner, each, base, levels, listed)}
        for i, each in enumerate(owner.versions)
    ]
    return body


def _stats(thumbs_up: int, number: int) -> dict[str, int]:
    spread = mixed(number, 5)
    return {
        "thumbsUpCount": thumbs_up,
        "thumbsDownCount": spread % 9,
        "commentCount": spread % 120,
        "tippedAmountCount": spread % 500,
    }


def _version(owner: Model, each: Version, base: str, levels: int, listed: bool) -> dict[str, Any]:
    shown = [row for row in showcase(owner, each) if row.level & levels]
    return {
        "id": each.id,
        "name": each.name,
        "baseModel": each.base_model,
        "baseModelType": "Standard",
        "publishedAt": each.published,
        "availability": "Public",
        "nsfwLevel": _ALL,
        "description": None,
        "trainedWords": ["night windows"] if owner.name == "Night Windows" else [],
        "stats": {"downloadCount": None, "thumbsUpCount": owner.thumbs_up // len(owner.versions)},
        "files": [_file(owner, each, base)],
        "images": [showcase_record(row, base, listed) for row in shown],
        "downloadUrl": f"{base}/api/download/models/{each.id}",
    }


def _file(owner: Model, each: Version, base: str) -> dict[str, Any]:
    stem = file_stem(owner.name, each.name)
    sha = checksum(stem).upper() + "".join(f"{mixed(each.id, n):016X}" for n in range(4))[10:]
    return {
        "id": each.id * 10,
        "name": f"{stem}.safetensors",
        "type": "Model",
        "sizeKB": 6_775_430.35 if owner.type == "Checkpoint" else 223_120.5,
        "metadata": {"format": "SafeTensor", "size": "pruned", "fp": "fp16"},
        "pickleScanResult": "Success",
        "virusScanResult": "Success",
        "hashes": {"AutoV2": sha[:10], "SHA256": sha},
        "primary": True,
        "downloadUrl": f"{base}/api/download/models/{each.id}",
    }
