"""The models that were read, kept: to open one again at once, and where Civitai is silent."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Sequence
from typing import Any

from .. import civitai
from ..civitai import Model, Version
from ..core import Cancellation
from ..errors import InvalidResponse, NetworkError, ServerError
from . import records
from .store import (
    compress_record,
    decompress_record,
    select_rows_or_empty,
    SizedCache,
    write_later,
)

__all__ = ["list_base_models", "store_covers", "find_model", "find_versions", "load_model"]
__all__ += ["find_version_names"]

_FRESH = 300.0  # seconds; Civitai's own edge keeps a model for about so long
_NEAR_BYTES = 16 * 1024 * 1024  # of models in memory

_lock = threading.Lock()
_near: SizedCache[int, tuple[float, Model]] = SizedCache(_NEAR_BYTES)  # all by monotonic time


def load_model(client: Any, model_id: int, cancelled: Cancellation | None = None) -> Model:
    """From a moment ago if it was read then; what was kept, when Civitai does not answer.

    Raises what the client raises.
    """
    with _lock:
        read_at, model = _near.get(model_id) or (0.0, None)
    if model is not None and time.monotonic() - read_at < _FRESH:
        return model
    try:
        model = civitai.fetch_model(client, model_id, cancelled)
    except (NetworkError, ServerError):
        kept = find_model(model_id)
        if kept is None:
            raise
        return kept
    _store_model(model)
    return model


def find_model(model_id: int) -> Model | None:
    """As it was when it was last read; None when it never was."""
    with _lock:
        _, near = _near.get(model_id) or (0.0, None)
    if near is not None:
        return near
    for (record,) in select_rows_or_empty("SELECT record FROM models WHERE id = ?", (model_id,)):
        try:
            return civitai.model_from_json(decompress_record(record)[0])
        except InvalidResponse:
            return None
    return None


def store_covers(models: Iterable[Model]) -> None:
    """The pictures on the cards of a search can be found by their ids."""
    records.store_images([m.cover for m in models if m.cover is not None], is_whole=False)


def list_base_models() -> list[str]:
    """Of the models that were read, each once."""
    named = "CASE WHEN json_valid(base_models) THEN base_models ELSE '[]' END"  # one may be damaged
    sql = f"SELECT DISTINCT value FROM models, json_each({named}) ORDER BY value"
    return [name for (name,) in select_rows_or_empty(sql)]


def find_version_names(version_ids: Sequence[int]) -> dict[int, tuple[int, str]]:
    """Of the versions of models that were read: (model id, names of model and version)."""
    with _lock:
        near = [model for _, model in _near.values()]
    found = {
        version.id: (model.id, f"{model.name} {version.name}")
        for model in near
        for version in model.versions
        if version.id in version_ids
    }
    sql = (
        "SELECT id, model_id, model_name, name FROM versions"
        " WHERE id IN (SELECT value FROM json_each(?))"
    )
    missing = [version_id for version_id in version_ids if version_id not in found]
    for version_id, model_id, model, name in (
        select_rows_or_empty(sql, (json.dumps(missing),)) if missing else ()
    ):
        found[version_id] = (model_id, f"{model} {name}")
    return found


def find_versions(version_ids: Sequence[int]) -> dict[int, Version]:
    """Those of them whose models were read."""
    wanted, ids = set(version_ids), {i for i, _ in find_version_names(version_ids).values()}
    kept = (find_model(model_id) for model_id in ids)
    return {v.id: v for model in kept if model for v in model.versions if v.id in wanted}


def _store_model(model: Model) -> None:
    record, size = compress_record(model.record)
    with _lock:
        _near.put(
            model.id, (time.monotonic(), model), 2 * size
        )  # its record, and what is read of it
    row = (model.id, time.time(), json.dumps(model.base_models), record)
    versions = [(v.id, model.id, model.name, v.name) for v in model.versions]

    def write(db: sqlite3.Connection) -> None:
        db.execute("INSERT OR REPLACE INTO models VALUES (?, ?, ?, ?)", row)
        db.executemany("INSERT OR REPLACE INTO versions VALUES (?, ?, ?, ?)", versions)

    write_later(write, size=len(record))
