"""The home page: recent galleries, models on this machine, and the user's collections."""

from __future__ import annotations

import os
from contextlib import suppress

from starlette.responses import Response

from typing_extensions import TypedDict

from ... import civitai
from ...civitai import Version
from ...core import as_id, as_whole_number, log_disk_errors
from ...errors import NotFound
from ...library import Collection, image_records, models, reproductions, watches
from ...model_files import check_newer_versions, dismiss_newer_version, find_version_of_file
from ...model_files import get_model_index, is_check_due, list_newer_versions, ModelFile
from ...model_files import read_check_time, remove_version
from ..http import ApiError, change_route, make_bytes_response, remote_route, RemoteWork
from ..http import RequestContext, route
from .dependencies import find_shown_levels, get_client
from .user_data import get_collections
from .views import format_iso_time, make_newer_version_view, NewerVersionView


class RecentGallery(TypedDict):
    """The gallery of a model or an author that the user has opened.

    model: the model's id, None for an author's gallery. user: the author, "" for a model's gallery.
    cover: the id of the model's first example image or, of an author, of the newest stored image
    that may be shown without blur; None for none.
    """

    name: str
    model: int | None
    user: str
    cover: int | None


class LocalModel(TypedDict):
    """A model file on the server's disk.

    key: an id of the file. name, version_name: the model's and version's names on Civitai, "" if
    unknown. model, version: their ids, None if unknown. preview: a number that changes with the
    image at `local_models/{key}/preview`, 0 for no image. cover: the id of an example image if
    there is no preview. search_words: words by which to search for an unknown model. can_resolve:
    whether `local_models/{key}` may find out more from Civitai.
    """

    key: int
    file: str
    kind: str
    name: str
    version_name: str
    model: int | None
    version: int | None
    preview: int
    cover: int | None
    search_words: str
    can_resolve: bool


class LocalModels(TypedDict):
    """A part of the model files on this machine. count: the number of all files.

    Files with a known hash or Civitai id come first; within both groups, the most recently changed.
    """

    models: list[LocalModel]
    count: int


class NewerVersions(TypedDict):
    """The newer versions, latest first. checked_at: the last check, "" if there was none.

    is_due: whether the last check is more than a week ago.
    """

    versions: list[NewerVersionView]
    checked_at: str
    is_due: bool


class Home(TypedDict):
    """What the home page shows.

    watch_covers: {a watched gallery's key: id of the cover, as in RecentGallery}.
    favourites, library, downloads: their numbers of images and covers. downloads: all images ever
    downloaded.
    """

    recent: list[RecentGallery]
    watch_covers: dict[str, int]
    local_models: LocalModels
    newer_versions: NewerVersions
    collections: list[Collection]
    favourites: Collection
    library: Collection
    downloads: Collection


_MODEL_KINDS = ("model", "lora", "embed", "hypernet", "")
_PART = 24  # model files in a response
_RECENT = 12  # galleries


@route("GET", "home", "models")
def get_home(context: RequestContext) -> Home:
    """Return the home page's JSON without a request to Civitai. Raises DiskError."""
    levels, recent, watched = find_shown_levels(), list[RecentGallery](), list[str]()
    for key, name in models.list_recent_galleries()[:_RECENT]:
        model_id, user = (key, "") if isinstance(key, int) else (None, key)
        cover = _find_cover(f"user {user}" if user else f"model {model_id}", levels)
        recent.append({"name": name, "model": model_id, "user": user, "cover": cover})
    with log_disk_errors("library"):
        watched = [watch.gallery for watch in watches.list_watches()]
    covers = {gallery: _find_cover(gallery, levels) for gallery in watched}
    return {
        "recent": recent,
        "watch_covers": {name: cover for name, cover in covers.items() if cover is not None},
        "local_models": _list_part(0),
        "newer_versions": _list_newer_versions(context.language),
        "collections": get_collections(context),
        "favourites": models.summarize_set("favourites", levels),
        "library": models.summarize_set("library", levels),
        "downloads": models.summarize_set("downloads", levels),
    }


@route("GET", "local_models", "models")
def get_local_models(context: RequestContext) -> LocalModels:
    """Return at most 24 model files on this machine, from the index in the query's `from` on."""
    start = as_whole_number(context.query_param("from") or 0, 0, 100_000)
    return _list_part(start or 0)


@route("GET", "local_models/{key:civitai_id}", "models")
def get_local_model(context: RequestContext) -> RemoteWork[LocalModel]:
    """Return the JSON of the model file whose key is in the path, with its data on Civitai.

    The file is looked up by its Civitai id or hash. If neither is known, or Civitai does not have
    the file, only its data on this machine is returned. `identify_local_model` computes a missing
    hash.
    """
    file = _require_file(context)
    return RemoteWork(lambda: _look_up_file(file))


@route("POST", "local_models/{key:civitai_id}/identify", "models")
def identify_local_model(context: RequestContext) -> RemoteWork[LocalModel]:
    """Return the JSON of the model file whose key is in the path, with its data on Civitai.

    If neither its hash nor its id is known, the file is read as a whole to compute the hash.
    """
    file = _require_file(context)
    if file.version_id or file.hashes:
        return RemoteWork(lambda: _look_up_file(file))
    return RemoteWork(lambda: _look_up_file(get_model_index().compute_hash(file)))


@route("GET", "local_models/{key:civitai_id}/preview", "models")
def get_preview(context: RequestContext) -> Response:
    """Return a response with a thumbnail of the preview image that lies beside a model file.

    The model file's key is in the path. Raises ApiError if there is no such file or image.
    """
    file = _require_file(context)
    if not file.preview:
        raise ApiError(404, "not_there")
    body = reproductions.make_thumbnail(reproductions.open_image(file.preview))
    return make_bytes_response(body, "image/jpeg", "private, max-age=86400")


@remote_route("POST", "newer_versions/check")
def check_versions(context: RequestContext) -> NewerVersions:
    """Ask Civitai for newer versions of the models on this machine, and return them."""
    check_newer_versions(get_client())
    return _list_newer_versions(context.language)


@change_route("POST", "newer_versions/dismiss")
def dismiss_version(
    context: RequestContext, version: int, is_dismissed: bool = True
) -> NewerVersions:
    """Do not show a newer version any more, or show it again; return those that are shown."""
    dismiss_newer_version(version, is_dismissed)
    return _list_newer_versions(context.language)


def _list_newer_versions(language: str) -> NewerVersions:
    """Return what the last check found, each version once."""
    found = {newer.version_id: newer for newer in reversed(list_newer_versions())}
    return {
        "versions": [make_newer_version_view(one, language) for one in reversed(found.values())],
        "checked_at": format_iso_time(read_check_time()),
        "is_due": is_check_due(),
    }


def _find_cover(gallery: str, levels: int) -> int | None:
    """Return the id of a model's own cover, else that of a gallery's newest stored image."""
    kind, _, model_id = gallery.partition(" ")
    cover = _store_cover(as_id(model_id), None) if kind == "model" else None
    return models.find_gallery_cover(gallery, levels) if cover is None else cover


def _require_file(context: RequestContext) -> ModelFile:
    file = get_model_index().load_lookup().by_key.get(context.path_param("key"))
    if file is None or file.kind not in _MODEL_KINDS:
        raise ApiError(404, "not_there")
    return file


def _list_part(start: int) -> LocalModels:
    files = [file for file in get_model_index().list_files() if file.kind in _MODEL_KINDS]
    files.sort(key=lambda file: not (file.model_id or file.version_id or file.hashes))
    part = files[start : start + _PART]
    ids = {file.path: find_version_of_file(file) for file in part}
    known = models.find_versions([one for one in ids.values() if one])
    views = [_view_file(file, ids[file.path], known.get(ids[file.path] or 0)) for file in part]
    return {"models": views, "count": len(files)}


def _view_file(file: ModelFile, version_id: int | None, version: Version | None) -> LocalModel:
    model_id = (version.model_id if version else None) or file.model_id
    cover = None if file.preview else _store_cover(model_id, version)
    preview = 0
    with suppress(OSError):
        preview = int(os.stat(file.preview).st_mtime) or 1
    lacks_facts = model_id is None or version is None and not file.preview
    keys = [version_id] if version_id else file.sure_hashes[:1]
    # What Civitai did not have in the last day is not asked for again.
    can_resolve = lacks_facts and any(not models.is_missing(key) for key in keys)
    return {
        "key": file.make_key(),
        "file": file.name,
        "kind": file.kind,
        "name": version.model_name if version else "",
        "version_name": version.name if version else file.version_name,
        "model": model_id,
        "version": version_id,
        "preview": preview,
        "cover": cover,
        "search_words": remove_version(file.name).replace("_", " "),
        "can_resolve": can_resolve,
    }


def _store_cover(model_id: int | None, version: Version | None) -> int | None:
    """Store the example image of a model, else of a version, that needs no blur; return its id."""
    known = (model_id and models.find_stored_model(model_id)) or version
    image = civitai.find_example_image(known.record, find_shown_levels()) if known else None
    if image is None:
        return None
    image_records.store_images([image], is_complete=False)
    return image.id


def _look_up_file(file: ModelFile) -> LocalModel:
    version, version_id = None, find_version_of_file(file)
    with suppress(NotFound):
        if key := version_id or next(iter(file.sure_hashes), ""):
            version = models.load_version(get_client(), key)
    return _view_file(file, version.id if version else version_id, version)
