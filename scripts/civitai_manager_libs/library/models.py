"""Models and versions that were read, with their covers, and those opened last."""

from __future__ import annotations

import json
import math
import sqlite3
import time
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from typing import Any, Literal

from .. import civitai, setting
from ..civitai import Licence, Model, parse_licence, Version
from ..core import as_list, as_mapping, lock_file, log_disk_errors, open_to_read
from ..core import parse_json_or_none, SingleFlight, write_text_file
from ..errors import InvalidResponse, NetworkError, NotFound, ServerError
from ..network import ApiClient, ONE_TRY
from . import bookmarks, image_records
from .database import compress_record, decompress_record, MemoryCache, select_rows_or_empty
from .database import write_later, writing
from .schema import OF_IDS

_COVERS = 4
_LATEST = 40  # images from which covers are chosen
_SETS = {
    "favourites": (
        "annotations WHERE favourite",
        "SELECT id FROM annotations WHERE favourite ORDER BY marked_at DESC LIMIT ?",
    ),
    "library": ("search_fields", "SELECT id FROM images ORDER BY read_at DESC LIMIT ?"),
    "downloads": ("saved", "SELECT id FROM saved ORDER BY saved_at DESC, id DESC LIMIT ?"),
}


def find_gallery_cover(gallery: str, levels: int) -> int | None:
    """Return the id of the newest stored image of a gallery, or None if there is no such image.

    gallery: a name such as "model 5" or "user anna". levels: bit mask of the browsing levels
    (content ratings) that the image may have. Images that the user's rules hide are left out.
    """
    sql = (
        "SELECT id FROM seen JOIN search_fields f USING (id) WHERE gallery = ? AND level & ?"
        " AND NOT EXISTS (SELECT 1 FROM hidden_images WHERE id = f.id) ORDER BY id DESC LIMIT 1"
    )
    return next((id for (id,) in select_rows_or_empty(sql, (gallery, levels))), None)


def summarize_set(
    name: Literal["favourites", "library", "downloads"], levels: int
) -> bookmarks.Collection:
    """Return the number of images in a set, and up to four of the 40 latest as covers.

    levels: as in `image_records.choose_covers`.
    """
    counting, latest = _SETS[name]
    ids = [id for (id,) in select_rows_or_empty(latest, (_LATEST,))]
    covers = image_records.choose_covers(ids, levels)
    count = sum(count for (count,) in select_rows_or_empty(f"SELECT count(*) FROM {counting}"))
    return bookmarks.Collection(name, count, tuple(covers[:_COVERS]))


_FRESH = 300.0  # seconds; Civitai's own edge caches a model for about as long
_MEMORY_BYTES = 16 * 1024 * 1024  # of the models in memory
_AUTO_V2 = 10  # digits of this hash, which begins a SHA256
_HASH_DIGITS = (8, _AUTO_V2, 12, 64)  # of AutoV1, AutoV2, AutoV3 and SHA256
_AT_ONCE = 100  # models in a request
_FEW = 20  # records in one transaction
_WITHOUT_LICENCE = (
    "SELECT id, read_at, record FROM models"
    " WHERE id NOT IN (SELECT model_id FROM licences) LIMIT ?"
)
_UNKNOWN_LICENCE = (
    "INSERT INTO licences VALUES (?, ?, '{}') ON CONFLICT (model_id)"
    " DO UPDATE SET read_at = excluded.read_at"
)
_DAY = 86_400.0  # seconds until Civitai is asked again for a licence, or for a version it lacks

# The monotonic time at which each model was fetched, and the model.
_memory: MemoryCache[int, tuple[float, Model]] = MemoryCache(_MEMORY_BYTES)
_flights: SingleFlight[Model] = SingleFlight()


def load_model(client: Any, model_id: int) -> Model:
    """Return a model from memory if it was fetched in the last 5 minutes, else from Civitai.

    After a NetworkError, ServerError or InvalidResponse, return the model from the local library;
    raise the error if none is stored. Also raises NotFound and Cancelled.
    """
    if (recent := find_recent_model(model_id)) is not None:
        return recent
    stored = find_stored_model(model_id)
    client = ApiClient(client, ONE_TRY) if stored else client
    try:
        return _flights.do(model_id, lambda: _fetch_model(client, model_id))
    except (NetworkError, ServerError, InvalidResponse):
        if stored is None:
            raise
        return stored


def _fetch_model(client: Any, model_id: int) -> Model:
    model = civitai.fetch_model(client, model_id)
    _store_model(model)
    return model


def find_recent_model(model_id: int) -> Model | None:
    """Return a model from memory, or None if it was not fetched in the last 5 minutes."""
    fetched_at, model = _memory.get(model_id) or (0.0, None)
    return model if model is not None and time.monotonic() - fetched_at < _FRESH else None


def find_stored_model(model_id: int) -> Model | None:
    """Return a model from memory or the local library, or None if the model is not stored."""
    _, model = _memory.get(model_id) or (0.0, None)
    if model is not None:
        return model
    for (record,) in select_rows_or_empty("SELECT record FROM models WHERE id = ?", (model_id,)):
        try:
            return civitai.model_from_json(decompress_record(record)[0])
        except InvalidResponse:
            return None
    return None


def update_models(client: Any, model_ids: Collection[int]) -> dict[int, Model]:
    """Fetch models, 100 with each request, and store them; return those that Civitai sends, by id.

    The records of versions that were fetched by themselves stay: they tell more than the models'.
    Raises NetworkError, HttpStatusError, InvalidResponse and Cancelled.
    """
    ids, found = list(model_ids), dict[int, Model]()
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        sent = civitai.fetch_models(client, some)
        for model in sent.values():
            _store_model(model, keeps_versions=True)
        if unsent := [(model_id, time.time()) for model_id in some if model_id not in sent]:
            with log_disk_errors("library"), writing() as db:
                db.executemany(_UNKNOWN_LICENCE, unsent)
        found |= sent
    return found


def load_licences(client: Any, model_ids: Iterable[int]) -> None:
    """Fetch the models that were not requested within the last day, and store their licences.

    Raises NetworkError, HttpStatusError, InvalidResponse and Cancelled.
    """
    ids, now = list(dict.fromkeys(model_ids)), time.time()
    sql = f"SELECT model_id FROM licences WHERE model_id {OF_IDS} AND read_at BETWEEN ? AND ?"
    rows = select_rows_or_empty(sql, (json.dumps(ids), now - _DAY, now))
    recent = {model_id for (model_id,) in rows}
    update_models(client, [i for i in ids if i not in recent and not find_recent_model(i)])


def find_licences(model_ids: Collection[int]) -> dict[int, Licence]:
    """Return {model id: licence} of stored models, {} or missing for an unknown one."""
    known = {model.id: model for _, model in _memory.values() if model.id in model_ids}
    found = {model_id: model.licence for model_id, model in known.items()}
    sql = f"SELECT model_id, licence FROM licences WHERE model_id {OF_IDS}"
    missing = [model_id for model_id in model_ids if model_id not in found]
    for model_id, text in select_rows_or_empty(sql, (json.dumps(missing),)) if missing else ():
        found[model_id] = as_mapping(parse_json_or_none(text))
    return found


def store_older_licences() -> None:
    """Store the licences of the models that an older program version stored, in the background."""

    def write(db: sqlite3.Connection) -> None:
        rows = db.execute(_WITHOUT_LICENCE, (_FEW,)).fetchall()
        for model_id, read_at, record in rows:
            licence = parse_licence(as_mapping(decompress_record(record)[0]))
            _write_licence(db, model_id, read_at, licence)
        if len(rows) == _FEW:
            write_later(write)

    write_later(write)


def _write_licence(db: sqlite3.Connection, model_id: int, read_at: float, licence: Licence) -> None:
    row = (model_id, read_at, json.dumps(licence))
    db.execute("INSERT OR REPLACE INTO licences VALUES (?, ?, ?)", row)


def list_base_models() -> list[str]:
    """Return the names of all stored base models, such as "SDXL 1.0", in sorted order."""
    names = "CASE WHEN json_valid(base_models) THEN base_models ELSE '[]' END"  # may be damaged
    sql = f"SELECT DISTINCT value FROM models, json_each({names}) ORDER BY value"
    return [name for (name,) in select_rows_or_empty(sql)]


def find_version_names(version_ids: Sequence[int]) -> dict[int, tuple[int, str]]:
    """Return the names of versions: {version id: (model id, "<model name> <version name>")}.

    Versions that are not stored are left out.
    """
    wanted = set(version_ids)
    found = {
        version.id: (model.id, f"{version.model_name} {version.name}")
        for _, model in _memory.values()
        for version in model.versions
        if version.id in wanted
    }
    sql = f"SELECT id, model_id, model_name, name FROM versions WHERE id {OF_IDS}"
    missing = [version_id for version_id in version_ids if version_id not in found]
    rows = select_rows_or_empty(sql, (json.dumps(missing),)) if missing else ()
    for version_id, model_id, model, name in rows:
        found[version_id] = (model_id, f"{model} {name}")
    return found


def find_versions(version_ids: Sequence[int]) -> dict[int, Version]:
    """Return {version id: version}; leave out versions that are not stored.

    Those that were fetched by their own id or file hash are preferred to parts of models.
    """
    found: dict[int, Version] = {}
    sql = f"SELECT record FROM version_records WHERE id {OF_IDS}"
    for (record,) in select_rows_or_empty(sql, (json.dumps(list(version_ids)),)):
        with suppress(InvalidResponse):
            version = civitai.version_from_json(decompress_record(record)[0])
            found[version.id] = version
    missing = set(version_ids) - found.keys()
    ids = {model_id for model_id, _ in find_version_names(list(missing)).values()}
    models = filter(None, map(find_stored_model, ids))
    return found | {v.id: v for model in models for v in model.versions if v.id in missing}


def find_versions_by_hash(hashes: Collection[str]) -> dict[str, int]:
    """Return {hash: id of the stored version that has a file with this hash}.

    hashes: AutoV1, AutoV2, AutoV3 or SHA256, in lower case.
    """
    keys = {file_hash: _hash_key(file_hash) for file_hash in hashes}
    sql = "SELECT hash, min(version_id) FROM version_hashes WHERE hash IN"
    sql += " (SELECT value FROM json_each(?)) GROUP BY hash"
    values = (json.dumps([*keys.values()]),)
    found: dict[str, int] = dict(select_rows_or_empty(sql, values)) if keys else {}
    return {file_hash: found[key] for file_hash, key in keys.items() if key in found}


def load_version(client: Any, key: int | str, max_age: float = math.inf) -> Version:
    """Return a model version from the local library, or else from Civitai.

    key: the version's id, or the hash of one of its files (as in `find_versions_by_hash`). max_age:
    seconds after which a stored version is fetched again; one that is stored only as a part of its
    model is fetched in any case, since such a record may lack who may download it. Raises NotFound
    if Civitai does not have the version, or did not have it within the last day. Also raises
    NetworkError, HttpStatusError, InvalidResponse and Cancelled.
    """
    version_id = find_versions_by_hash([key]).get(key) if isinstance(key, str) else key
    stored = find_versions([version_id]).get(version_id) if version_id is not None else None
    if stored is not None and max_age == math.inf:
        return stored
    sql = "SELECT read_at FROM version_records WHERE id = ?"
    for (read_at,) in select_rows_or_empty(sql, (version_id,)):
        if stored is not None and 0 <= time.time() - read_at <= max_age:
            return stored
    key = key if version_id is None else version_id
    if is_missing(key):
        raise NotFound(f"Civitai has no such version: {key}.", 404)
    try:
        version = civitai.fetch_version(client, key)
    except NotFound:
        row = (_missing_key(key), time.time())
        with log_disk_errors("library"), writing() as db:
            db.execute("INSERT OR REPLACE INTO missing_versions VALUES (?, ?)", row)
        raise
    stored_row = (version.id, time.time(), compress_record(version.record)[0])
    with log_disk_errors("library"), writing() as db:
        db.execute("INSERT OR REPLACE INTO version_records VALUES (?, ?, ?)", stored_row)
        _write_versions(db, version.model_id, version.model_name, [version])
    return version


def is_missing(key: int | str) -> bool:
    """Return whether Civitai has said within the last day that it does not have a version.

    key: the version's id or a file's hash. What its host at another base URL has said does not
    count.
    """
    # If the clock was ahead, the time is in the future.
    sql = "SELECT 1 FROM missing_versions WHERE key = ? AND read_at BETWEEN ? AND ?"
    now = time.time()
    values = (_missing_key(key), now - _DAY, now)
    return bool(select_rows_or_empty(sql, values))


def _missing_key(key: int | str) -> str:
    owner = "key " if setting.civitai_api_key else ""
    return f"{owner}{setting.base_url()} {key}"


def _write_versions(
    db: sqlite3.Connection, model_id: int | None, model_name: str, versions: Sequence[Version]
) -> None:
    names = [(v.id, model_id, model_name, v.name) for v in versions if model_id]
    db.executemany("INSERT OR REPLACE INTO versions VALUES (?, ?, ?, ?)", names)
    hashes = {
        (_hash_key(file_hash), version.id)
        for version in versions
        for file in version.remote_files
        for file_hash in file.hashes
        if len(file_hash) in _HASH_DIGITS
    }
    db.executemany("INSERT OR IGNORE INTO version_hashes VALUES (?, ?)", hashes)


def _hash_key(file_hash: str) -> str:
    """Return a file hash as the library stores it; a SHA256 is shortened to its AutoV2."""
    return file_hash[:_AUTO_V2] if len(file_hash) == 64 else file_hash


def _store_model(model: Model, keeps_versions: bool = False) -> None:
    record, size = compress_record(model.record)
    _memory.put(model.id, (time.monotonic(), model), 2 * size)  # the record and its fields
    row = (model.id, time.time(), json.dumps(model.base_models), record)

    def write(db: sqlite3.Connection) -> None:
        db.execute("INSERT OR REPLACE INTO models VALUES (?, ?, ?, ?)", row)
        _write_licence(db, model.id, row[1], model.licence)
        ids = [] if keeps_versions else [(version.id, row[1]) for version in model.versions]
        # One that was fetched since then is newer than the model, and says who may download it.
        db.executemany("DELETE FROM version_records WHERE id = ? AND read_at <= ?", ids)
        _write_versions(db, model.id, model.name, model.versions)

    write_later(write, len(record))


_RECENT, _MAX_GALLERIES = "recent.json", 20


def list_recent_models() -> list[tuple[int, str]]:
    """Return (model id, name) of the recently opened models, the latest first."""
    return [(key, name) for key, name in list_recent_galleries() if isinstance(key, int)]


def list_recent_galleries() -> list[tuple[int | str, str]]:
    """Return (key, name) of the recently opened galleries, the latest first.

    The key is a model's id or an author's name. Return [] if the stored list is missing or damaged.
    """
    try:
        with open_to_read(setting.data_path(_RECENT)) as file:
            rows = json.loads(file.read(100_000))
    except (OSError, ValueError, RecursionError):
        return []
    rows = [row for row in as_list(rows) if isinstance(row, list) and len(row) == 2]
    valid = [row for row in rows if isinstance(row[0], (int, str)) and isinstance(row[1], str)]
    return [(key, name) for key, name in valid[:_MAX_GALLERIES]]


def add_recent_gallery(key: int | str, name: str) -> None:
    """Put a gallery, by its model's id or author, first among the recent ones. Raises DiskError."""
    path = setting.data_path(_RECENT)
    with lock_file(path):
        rows = [(key, name), *(row for row in list_recent_galleries() if row[0] != key)]
        write_text_file(path, json.dumps(rows[:_MAX_GALLERIES], ensure_ascii=False))
