"""Routes of model files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, cast

from typing_extensions import TypedDict

from ... import setting
from ...civitai import Licence, RemoteFile, Version
from ...core import as_id, as_whole_number, clean_line, find_device, find_free_space
from ...errors import NotFound
from ...i18n import messages
from ...library import bookmarks, image_records, models, pages, search
from ...model_files import choose_file, describe_licence, find_archived_file, find_kind
from ...model_files import find_needed_file, get_model_index, list_needed_files, list_newer_versions
from ...model_files import NeededFile, plan_requests, shorten_folder
from ..http import ApiError, change_route, find_lock_reason, MB, Most, remote_route, RemoteWork
from ..http import RequestContext
from .dependencies import get_client, get_job_service, parse_gallery_query, respond_once
from .image import describe_match
from .jobs import JobStarted
from .views import Availability, find_newer_version, list_licence, make_resource_view
from .views import NewerVersionView, PermissionView, ResourceLink


class RemoteFileView(TypedDict):
    """A file of a model version on Civitai.

    form: its format, precision and the like, as a short text. size: bytes, 0 if unknown.
    may_run_code: the file may run code when it is loaded, and is downloaded only if the request
    allows it. refusal: why the file cannot be downloaded, or "".
    """

    id: int
    name: str
    form: str
    size: int
    may_run_code: bool
    refusal: str


class NeededFileView(ResourceLink):
    """A model that images were made with, and its files on Civitai.

    key: unique in the list. licence: what the model's creator does not permit. image_count: how
    many of the images need the model. file: id of the file to download unless the user chooses
    another, None if there is none. choices: all files that the user can choose. companions: files
    to download with it, such as a VAE. refusal: why nothing can be downloaded and what to do, or
    "". refusal_short: the reason in a few words, "" if there is no refusal or Civitai could not be
    asked. remarks: what the user should know about the file, in sentences. folder: where the file
    goes, shortened for users who may not download files. disk: index in `disks`, None if the folder
    is unknown. newer: a newer version of a model that is here. sha256: by which the archive in the
    settings can be asked for a missing file that Civitai does not have, or "".
    """

    key: str
    licence: str
    availability: Availability
    availability_label: str
    image_count: int
    file: int | None
    choices: list[RemoteFileView]
    companions: list[RemoteFileView]
    refusal: str
    refusal_short: str
    remarks: list[str]
    folder: str
    disk: int | None
    newer: NewerVersionView | None
    sha256: str


class Disk(TypedDict):
    """A disk on which models are stored.

    folder: one of its folders. free: bytes. usable: free bytes without the reserve in the settings.
    """

    folder: str
    free: int
    usable: int


class NeededFilesView(TypedDict):
    """The models that some images need.

    locked: why this browser may not start a download, or "". licence: of a single image, what the
    creators of its models permit; else [].
    """

    files: list[NeededFileView]
    licence: list[PermissionView]
    image_count: int
    disks: list[Disk]
    locked: str


class ModelFileChoice(TypedDict, total=False):
    """A file to download. allow_pickle: the user allows this one file that may run code."""

    version_id: int
    file_id: int
    allow_pickle: bool


_MODEL_TYPES = ("", "Model", "Pruned Model")


def _make_needed_files_view(
    context: RequestContext, found: Sequence[NeededFile], image_count: int
) -> NeededFilesView:
    folders = [os.path.dirname(needed.path) for needed in found if needed.path]
    devices = {folder: find_device(folder) for folder in folders}
    numbers = {device: at for at, device in enumerate(dict.fromkeys(devices.values()))}
    language = context.language
    licences = models.find_licences({one.model_id for one in found if one.model_id})
    files = [_file_view(needed, licences, language) for needed in found]
    newer = {one.path: one for one in list_newer_versions()}
    for needed, view in zip(found, files):
        view["newer"] = find_newer_version(needed.match, newer, language)
        view["disk"] = numbers[devices[view["folder"]]] if view["folder"] else None
    lock = find_lock_reason(context.request, "model_files")
    labels = {folder: shorten_folder(folder) if lock else folder for folder in folders}
    for view in files:
        view["folder"] = labels.get(view["folder"], "")
    disks: dict[int, Disk] = {}
    for folder, device in devices.items():
        if device not in disks:
            free = find_free_space(folder) or 0
            usable = max(0, free - setting.reserved_bytes())
            disks[device] = {"folder": labels[folder], "free": free, "usable": usable}
    return {
        "files": files,
        "licence": [],
        "image_count": image_count,
        "disks": list(disks.values()),
        "locked": messages.explain_reason(lock, language) if lock else "",
    }


def _file_view(
    needed: NeededFile, licences: Mapping[int, Licence], language: str
) -> NeededFileView:
    choice, version = needed.choice, needed.version
    refusal = short = ""
    if choice.refusal and not choice.needs_consent:
        reason = (choice.refusal, language, choice.deadline)
        refusal = messages.explain_reason(*reason, is_model=True)
        short = messages.name_reason(*reason)
    if needed.error is not None and not refusal:
        refusal = messages.translate_error(needed.error, language)
    key = f"{version.id if version else ''} {needed.key}"
    if needed.is_unknown:
        refusal = messages.translate("model_not_on_civitai", language)
        key = f"{needed.resource.type} {needed.resource.hash or needed.resource.name}"
    label = messages.translate("available_missing", language)
    if needed.availability != "missing":  # else its name is known by now
        label = describe_match(needed.match, needed.resource, language)
    is_known = version is not None and choice.file is not None
    files = (choice.file, *choice.others) if is_known and choice.file else ()
    return {
        **_link_view(needed),
        "key": key,
        "licence": describe_licence(licences.get(needed.model_id or 0, {}), language),
        "availability": cast(Availability, needed.availability),
        "availability_label": label,
        "image_count": needed.image_count,
        "file": choice.file.id if choice.file else None,
        "choices": [_choice_view(version, file, language) for file in files if version],
        "companions": [
            _choice_view(version, file, language) for file in choice.companions if version
        ],
        "refusal": refusal if needed.availability != "here" else "",
        "refusal_short": short if needed.availability != "here" else "",
        "remarks": [messages.translate(f"remark_{code}", language) for code in needed.remarks],
        "folder": os.path.dirname(needed.path),
        "disk": None,
        "newer": None,
        "sha256": _find_archive_hash(needed),
    }


def _link_view(needed: NeededFile) -> ResourceLink:
    version = needed.version
    names = {version.id: (version.model_id or 0, needed.title)} if version else {}
    resource = needed.resource
    if version is not None:
        file = needed.choice.file
        kind = resource.type or (find_kind(file, version) if file else "")
        resource = replace(resource, version_id=version.id, type=kind)
    name = resource.name if needed.is_unknown else needed.title
    return {**make_resource_view(resource, names), "name": name}


def _choice_view(version: Version, file: RemoteFile, language: str) -> RemoteFileView:
    choice = choose_file(version, file_id=file.id)
    is_unsafe = choice.refusal == "unsafe" and not choice.needs_consent
    traits = [file.type, file.precision]
    if file.type in _MODEL_TYPES:
        size = "pruned" if file.is_pruned else "full"
        traits = [file.format, file.quantization, file.precision, size]
    return {
        "id": file.id,
        "name": file.name,
        "form": " ".join(filter(None, traits)),
        "size": file.size,
        "may_run_code": file.may_run_code,
        "refusal": messages.explain_reason("unsafe", language) if is_unsafe else "",
    }


def _find_archive_hash(needed: NeededFile) -> str:
    """Return the SHA256 by which to ask an archive for a file, "" for a file not to ask for."""
    code = needed.resource.hash.lower()
    if not needed.is_unknown:
        version, file = needed.version, needed.choice.file
        is_gone = models.is_missing(version.id if version else needed.resource.version_id or 0)
        if needed.availability == "here" or not is_gone:
            return ""
        code = code if len(code) == 64 else file.sha256 if file else ""
    if not setting.model_archive:
        return ""
    return code if len(code) == 64 else get_model_index().find_lost_hash(needed.resource)


@remote_route("GET", "model_files")
def get_model_files(context: RequestContext) -> NeededFilesView:
    """Return the model files that an image, a collection, a list or a model's version needs.

    The query parameter `image`, `collection`, `images` or `model` selects which. `version` selects
    the version of `model`, by default the newest. Versions that the library does not have are
    fetched.
    """
    model_id, version_id = context.query_id("model"), context.query_id("version")
    image_id = as_whole_number(context.query_param("image"), 1)
    if image_id is not None:
        return _list_for_ids(context, [image_id], model_id)
    if name := context.query_param("collection"):
        return _list_for_ids(context, bookmarks.list_image_ids(name), None)
    if context.query_param("images"):
        listed = pages.find_listed_ids(parse_gallery_query(context.request.query_params))
        return _list_for_ids(context, listed, None)
    if model_id is None:
        raise ApiError(400, "bad_input")
    try:
        model = models.find_stored_model(model_id) or models.load_model(get_client(), model_id)
    except NotFound as error:
        raise ApiError(404, "gone", "no_model") from error
    versions = [one for one in model.versions if version_id in (None, one.id)]
    if not versions:
        raise ApiError(404, "gone", "no_model")
    needed = find_needed_file(get_client(), versions[0])
    return _make_needed_files_view(context, [needed], 1)


@remote_route("POST", "needed_files", 2 * MB)
def list_for_images(
    context: RequestContext, ids: Annotated[list[int], Most(10_000)], model: int | None = None
) -> NeededFilesView:
    """Return the model files that images need. model: the id of the model whose gallery is open."""
    return _list_for_ids(context, ids, as_id(model))


@change_route("POST", "model_files", MB)
def begin_download(
    context: RequestContext,
    files: Annotated[list[ModelFileChoice], Most(500)],
    collection: str = "",
    request: str = "",
) -> RemoteWork[JobStarted]:
    """Start a job that downloads files; return the job's id and a message.

    A file is named by its id and its version's id, never by a URL. collection: the collection whose
    images need the files, or "". request: a unique id; a second request with the same id starts no
    job. Raises ApiError for a request from another machine if there is no login.
    """
    context.check_lock("model_files")
    # Not as local work: an existing file of the same name and size is read to compare it.
    return RemoteWork(
        lambda: respond_once(request, lambda: _start_download(context, files, collection))
    )


@change_route("POST", "archived_file")
def get_archived_file(
    context: RequestContext, sha256: Annotated[str, Most(64)], kind: str, version: int = 0
) -> RemoteWork[JobStarted]:
    """Ask the archive in the settings for a model file, and start a job that downloads it.

    kind: the type of the model, such as "lora". version: the version's id on Civitai, 0 if unknown.
    Raises ApiError if the archive does not have the file, or for a request from another machine if
    there is no login.
    """
    context.check_lock("model_files")

    def start() -> JobStarted:
        try:
            found = find_archived_file(sha256, kind, as_id(version) or 0)
        except NotFound as error:
            raise ApiError(404, "gone", "archive_not_there") from error
        job_id, _ = get_job_service().download_model_files([found], found.title, "")
        key = "model_job_started" if job_id is not None else "model_job_known"
        return {"job_id": job_id, "message": context.translate(key, n=1, title=found.title)}

    return RemoteWork(start)


def _list_for_ids(
    context: RequestContext, ids: Sequence[int], model_id: int | None
) -> NeededFilesView:
    images = list(image_records.find_images(ids).values())
    if not images and ids:
        raise ApiError(404, "not_known")
    found = list_needed_files(get_client(), images, model_id)
    view = _make_needed_files_view(context, found, len(images))
    if len(images) == 1:
        view["licence"] = list_licence(images[0], model_id, context.language)
    return view


def _start_download(
    context: RequestContext, files: Sequence[ModelFileChoice], collection: str
) -> JobStarted:
    if not files:
        raise ApiError(400, "bad_input", field="files")
    ids = [as_id(entry.get("version_id")) or 0 for entry in files]
    versions = models.find_versions(ids)
    wanted = [
        (_require_file(context, versions.get(version_id), entry), versions[version_id])
        for version_id, entry in zip(ids, files)
    ]
    requests = plan_requests(get_client(), wanted)
    title = requests[0].title
    if len({request.version_id for request in requests}) > 1:
        title = context.translate("model_job_title", n=len(requests))
    place = f"collection={search.quote_value(clean_line(collection))}" if collection else ""
    job_id, elsewhere = get_job_service().download_model_files(requests, title, place)
    count = len({request.file_id for request in requests} - elsewhere.keys())
    key = "model_job_started" if job_id is not None else "model_job_known"
    return {"job_id": job_id, "message": context.translate(key, n=count, title=title)}


def _require_file(
    context: RequestContext, version: Version | None, entry: ModelFileChoice
) -> RemoteFile:
    file_id = as_id(entry.get("file_id")) or 0
    if version is None or not file_id:
        raise ApiError(404, "not_known", "model_not_read")
    choice = choose_file(version, file_id=file_id, allows_pickle=entry.get("allow_pickle", False))
    if choice.file is None:
        raise ApiError(404, "not_known", "model_not_read")
    if choice.refusal:
        refusal, language, name = choice.refusal, context.language, choice.file.name
        reason = messages.explain_reason(refusal, language, choice.deadline, is_model=True)
        raise ApiError(409, choice.refusal, "model_refused_one", name=name, reason=reason)
    return choice.file
