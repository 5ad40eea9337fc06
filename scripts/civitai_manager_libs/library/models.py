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
from ..errors import NetworkError, ServerTrouble, UnreadableAnswer
from . import records
from .store import packed, rows_or_none, SizedCache, unpacked, write_later

__all__ = ["base_models", "keep_covers", "kept_model", "kept_versions", "read_model"]
__all__ += ["version_names"]

_FRESH = 300.0  # seconds; Civitai's own edge keeps a model for about so long
_NEAR_BYTES = 16 * 1024 * 1024  # of models in memory

_lock = threading.Lock()
_near: SizedCache[int, tuple[float, Model]] = SizedCache(_NEAR_BYTES)  # all by monotonic time


def read_model(client: Any, model_id: int, cancelled: Cancellation | None = None) -> Model:
    """From a moment ago if it was read then; what was kept, when Civitai does not answer.

    Raises what the client raises.
    """
    with _lock:
        read_at, model = _near.get(model_id) or (0.0, None)
    if model is not None and time.monotonic() - read_at < _FRESH:
        return model
    try:
        model = civitai.read_model(client, model_id, cancelled)
    except (NetworkError, ServerTrouble):
        kept = kept_model(model_id)
        if kept is None:
            raise
        return kept
    _keep(model)
    return model


def kept_model(model_id: int) -> Model | None:
    """As it was when it was last read; None when it never was."""
    with _lock:
        _, near = _near.get(model_id) or (0.0, None)
    if near is not None:
        return near
    for (record,) in rows_or_none("SELECT record FROM models WHERE id = ?", (model_id,)):
        try:
            return civitai.model_from(unpacked(record)[0])
        except UnreadableAnswer:
            return None
    return None


def keep_covers(models: Iterable[Model]) -> None:
    """The pictures on the cards of a search can be found by their ids."""
    records.keep([m.cover for m in models if m.cover is not None], is_whole=False)


def base_models() -> list[str]:
    """Of the models that were read, each once."""
    named = "CASE WHEN json_valid(base_models) THEN base_models ELSE '[]' END"  # one may be damaged
    sql = f"SELECT DISTINCT value FROM models, json_each({named}) ORDER BY value"
    return [name for (name,) in rows_or_none(sql)]


def version_names(version_ids: Sequence[int]) -> dict[int, tuple[int, str]]:
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
        rows_or_none(sql, (json.dumps(missing),)) if missing else ()
    ):
        found[version_id] = (model_id, f"{model} {name}")
    return found


def kept_versions(version_ids: Sequence[int]) -> dict[int, Version]:
    """Those of them whose models were read."""
    wanted, ids = set(version_ids), {i for i, _ in version_names(version_ids).values()}
    kept = (kept_model(model_id) for model_id in ids)
    return {v.id: v for model in kept if model for v in model.versions if v.id in wanted}


def _keep(model: Model) -> None:
    record, size = packed(model.record)
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
