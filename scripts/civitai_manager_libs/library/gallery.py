"""The pictures of a model's gallery that were read, as they are counted."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from .. import setting
from ..figures import Overview, overview, Sample, Seen, told
from . import figured, models, records
from .database import rows
from .writer import finish, write_later

__all__ = ["figures_of", "seen"]

_AT_ONCE = 500  # records in memory
_PATIENCE = 2.0  # seconds for what was just read to be written
# What the pages of a gallery have that were read, and of which version each page is.
_PAGES = (
    "SELECT ids, json_extract(query, '$[1].version_id') FROM pages"
    " WHERE json_extract(query, '$[0]') = ? AND (json_extract(query, '$[1].model_id') = ?"
    " OR json_extract(query, '$[1].version_id') IN (SELECT value FROM json_each(?)))"
)


def figures_of(model_id: int | None, version_id: int | None, level: int) -> dict[str, Any]:
    """What works with a model, or with one version of it, as `figures.told` tells it."""
    kept = models.kept_model(model_id, level) if model_id else None
    versions = {version.id: version.name for version in (kept.versions if kept else ())}
    files = {
        file: version.id for version in (kept.versions if kept else ()) for file in version.files
    }
    found = overview(seen(model_id, list(versions), version_id, level), files)
    return told(found, versions, _names(found))


def seen(
    model_id: int | None, version_ids: Sequence[int], version_id: int | None, level: int
) -> list[Seen]:
    """Those whose ratings are within the mask `level`.

    version_ids: all of the model's. version_id: only what is of this one.
    """
    finish(_PATIENCE)
    own = {*version_ids} if version_id is None else {*version_ids, version_id}
    pages = _ids_by_version(model_id, own)
    of_pages = _versions_by_id(pages)
    told: dict[str, frozenset[int]] = {}  # by what a row says: most say one of a few
    found = []
    for row in _figured(list(set().union(*pages.values()))):
        image_id, _, picture_level, reactions, named, settings, words = row
        if named not in told:
            told[named] = frozenset(own.intersection(map(int, filter(None, named.split(",")))))
        versions = told[named].union(of_pages.get(image_id, ()))
        if picture_level & level and (version_id is None or version_id in versions):
            sample = Sample(reactions, _divided(settings), _divided(words))
            found.append(Seen(sample, versions))
    return found


def _names(found: Overview) -> dict[str, str]:
    """Of what pictures name by a Civitai version alone, as far as its model was read."""
    every = (found.figures, *found.versions.values())
    values = (bar.value for one in every for bars in one.bars.values() for bar in bars)
    ids = [int(value[1:]) for value in values if value[:1] == "#" and value[1:].isdecimal()]
    return {f"#{key}": name for key, (_, name) in models.version_names(ids).items()}


def _ids_by_version(model_id: int | None, version_ids: set[int]) -> dict[int, set[int]]:
    """Those of pages of the whole model under 0."""
    found: dict[int, set[int]] = {}
    values = (setting.base_url(), model_id or 0, json.dumps(list(version_ids)))
    for ids, version_id in rows(_PAGES, values):
        found.setdefault(version_id or 0, set()).update(json.loads(ids))
    return found


def _versions_by_id(pages: dict[int, set[int]]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for version_id, ids in pages.items():
        for image_id in ids if version_id else ():
            found.setdefault(image_id, set()).add(version_id)
    return found


def _figured(ids: list[int]) -> Iterator[figured.Row]:
    """Those that are not there, of records that an older version has kept, are made."""
    kept = figured.kept(ids)
    yield from kept
    lacking = list(set(ids).difference(row[0] for row in kept))
    for start in range(0, len(lacking), _AT_ONCE):
        images = records.find_all(lacking[start : start + _AT_ONCE]).values()
        made = [figured.row_of(image) for image in images]
        _save_later(made)
        yield from made


def _divided(text: str) -> Sequence[str]:
    return text.split("\n") if text else ()


def _save_later(made: list[figured.Row]) -> None:
    def write(db: sqlite3.Connection) -> None:
        figured.save(db, made)

    write_later(write)
