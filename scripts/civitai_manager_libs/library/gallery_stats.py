"""The pictures of a model's gallery that were read, as they are counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from ..stats import Overview, overview, Sample, Seen, told
from . import models, records, stats_table
from .store import finish, rows, write_later

__all__ = ["figures_of", "seen"]

_AT_ONCE = 500  # records in memory
_PATIENCE = 2.0  # seconds for what was just read to be written


def figures_of(model_id: int | None, version_id: int | None, level: int) -> dict[str, Any]:
    """What works with a model or one of its versions, see `figures.told`. Raises DiskError."""
    kept = models.kept_model(model_id) if model_id else None
    versions = {version.id: version.name for version in (kept.versions if kept else ())}
    files = {
        file: version.id for version in (kept.versions if kept else ()) for file in version.files
    }
    found = overview(seen(model_id, list(versions), version_id, level), files)
    return told(found, versions, _names(found))


def seen(
    model_id: int | None, version_ids: Sequence[int], version_id: int | None, level: int
) -> list[Seen]:
    """Those whose ratings are within the mask `level`. Raises DiskError.

    version_ids: all of the model's. version_id: only what is of this one.
    """
    finish(_PATIENCE)
    own = dict.fromkeys(version_ids if version_id is None else [*version_ids, version_id])
    versions = {key: _ids_in(f"version {key}") for key in own}
    ids = _ids_in(f"model {model_id}") if version_id is None else versions[version_id]
    found = []
    for image_id, _, picture_level, reactions, _, settings, words in _figured(list(ids)):
        if picture_level & level:
            sample = Sample(reactions, _divided(settings), _divided(words))
            found.append(Seen(sample, [key for key in own if image_id in versions[key]]))
    return found


def _ids_in(gallery: str) -> set[int]:
    """As `records.keep` is told of it."""
    return {key for (key,) in rows("SELECT id FROM seen WHERE gallery = ?", (gallery,))}


def _names(found: Overview) -> dict[str, str]:
    """Of what pictures name by a Civitai version alone, as far as its model was read."""
    every = (found.figures, *found.versions.values())
    values = (bar.value for one in every for bars in one.bars.values() for bar in bars)
    ids = [int(value[1:]) for value in values if value[:1] == "#" and value[1:].isdecimal()]
    return {f"#{key}": name for key, (_, name) in models.version_names(ids).items()}


def _figured(ids: list[int]) -> Iterator[stats_table.Row]:
    """Those that are not there, of records that an older version has kept, are made."""
    kept = stats_table.kept(ids)
    yield from kept
    lacking = list(set(ids).difference(row[0] for row in kept))
    for start in range(0, len(lacking), _AT_ONCE):
        images = records.find_all(lacking[start : start + _AT_ONCE]).values()
        made = [stats_table.row_of(image) for image in images]
        write_later(partial(stats_table.save, made=made))
        yield from made


def _divided(text: str) -> Sequence[str]:
    return text.split("\n") if text else ()
