"""The stored models: to open a model again at once, or while Civitai does not respond."""

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
from .unretried import UnretriedClient
from .store import (
    compress_record,
    decompress_record,
    select_rows_or_empty,
    SizedCache,
    write_later,
)

__all__ = ["find_model", "find_version_names", "find_versions", "list_base_models", "load_model"]
__all__ += ["store_covers"]

_FRESH = 300.0  # seconds; Civitai's own edge caches a model for about as long
_MEMORY_BYTES = 16 * 1024 * 1024  # of the models in memory

_lock = threading.Lock()
# The monotonic time at which each model was fetched, and the model.
_memory: SizedCache[int, tuple[float, Model]] = SizedCache(_MEMORY_BYTES)


def load_model(client: Any, model_id: int, cancelled: Cancellation | None = None) -> Model:
    """Return a model from memory, from Civitai, or else from the library.

    Memory is used for 5 minutes after a model was fetched, the library only if Civitai does not
    respond; a stored model is requested without retries. Raises the client's error if the library
    does not have the model either.
    """
    with _lock:
        fetched_at, model = _memory.get(model_id) or (0.0, None)
    if model is not None and time.monotonic() - fetched_at < _FRESH:
        return model
    stored = find_model(model_id)
    try:
        model = civitai.fetch_model(
            UnretriedClient(client) if stored else client, model_id, cancelled
        )
    except (NetworkError, ServerError):
        if stored is None:
            raise
        return stored
    _store_model(model)
    return model


def find_model(model_id: int) -> Model | None:
    """Return the model as it was last fetched, None if it is not stored."""
    with _lock:
        _, model = _memory.get(model_id) or (0.0, None)
    if model is not None:
        return model
    for (record,) in select_rows_or_empty("SELECT record FROM models WHERE id = ?", (model_id,)):
        try:
            return civitai.model_from_json(decompress_record(record)[0])
        except InvalidResponse:
            return None
    return None


def store_covers(models: Iterable[Model]) -> None:
    """Store the cover images of models, so that `records.find_image` finds them."""
    records.store_images([m.cover for m in models if m.cover is not None], is_complete=False)


def list_base_models() -> list[str]:
    """Return the base models of all stored models, such as "SDXL 1.0", sorted."""
    names = "CASE WHEN json_valid(base_models) THEN base_models ELSE '[]' END"  # may be damaged
    sql = f"SELECT DISTINCT value FROM models, json_each({names}) ORDER BY value"
    return [name for (name,) in select_rows_or_empty(sql)]


def find_version_names(version_ids: Sequence[int]) -> dict[int, tuple[int, str]]:
    """Return (model id, "<model name> <version name>") for each version id.

    Versions of models that are not stored are left out.
    """
    with _lock:
        models = [model for _, model in _memory.values()]
    found = {
        version.id: (model.id, f"{model.name} {version.name}")
        for model in models
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
    """Return the versions by id; leave out versions of models that are not stored."""
    wanted, ids = set(version_ids), {i for i, _ in find_version_names(version_ids).values()}
    models = (find_model(model_id) for model_id in ids)
    return {v.id: v for model in models if model for v in model.versions if v.id in wanted}


def _store_model(model: Model) -> None:
    record, size = compress_record(model.record)
    with _lock:
        _memory.put(model.id, (time.monotonic(), model), 2 * size)  # the record and its fields
    row = (model.id, time.time(), json.dumps(model.base_models), record)
    versions = [(v.id, model.id, model.name, v.name) for v in model.versions]

    def write(db: sqlite3.Connection) -> None:
        db.execute("INSERT OR REPLACE INTO models VALUES (?, ?, ?, ?)", row)
        db.executemany("INSERT OR REPLACE INTO versions VALUES (?, ?, ?, ?)", versions)

    write_later(write, size=len(record))
