"""The models that images used, their versions on Civitai, and requests for their files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from .. import setting
from ..civitai import Client, make_download_urls, Model, parse_files, RemoteFile, Version
from ..core import as_list, as_mapping, as_whole_number, Cancellation, Image, never_cancelled
from ..errors import (
    Cancelled,
    CivitaiShortcutError,
    HttpStatusError,
    InvalidResponse,
    NetworkError,
    ServerError,
)
from ..infotext import list_resources, Resource
from ..library import models
from .destination import choose_path, find_kind, find_model_kind
from .index import get_model_index
from .matching import has_model_file, ModelFile, ModelMatch

__all__ = [
    "find_used_models",
    "find_version_of_file",
    "is_file_hash",
    "make_request",
    "match_resource",
    "ModelFileRequest",
    "plan_requests",
    "refresh_version",
    "UsedModel",
    "VersionLoader",
]
_MAX_AGE = 86_400.0  # seconds for which a version's record counts as up to date
_HASH_DIGITS = (8, 10, 12, 64)  # of AutoV1 and CRC32, AutoV2, AutoV3, SHA256 and BLAKE3


@dataclass(frozen=True)
class UsedModel:
    """A model that an image was made with.

    resource: the model as the image names it. version: None if not stored. match: the file on this
    machine.
    """

    resource: Resource
    version: Version | None
    match: ModelMatch


@dataclass(frozen=True)
class ModelFileRequest:
    """A request to download one model file.

    url: a download URL on Civitai, by which an unfinished file is found again. path: where to store
    the file. name: the file's name on Civitai. kind: the kind of folder, such as "lora". size:
    estimate in bytes, 0 if unknown. sha256: as in `RemoteFile`. title: names of the model and the
    version. archive_urls: up to two URLs at an archive, to request in place of Civitai. record: the
    version's JSON object, as Civitai sent it.
    """

    file_id: int
    version_id: int
    model_id: int
    url: str
    path: str
    name: str = ""
    kind: str = ""
    size: int = 0
    sha256: str = ""
    title: str = ""
    archive_urls: tuple[str, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def file(self) -> RemoteFile:
        """Return the file on Civitai that the request names."""
        return RemoteFile(self.file_id, self.name, self.size, sha256=self.sha256)

    @property
    def download_urls(self) -> tuple[str, str]:
        """Return the URLs to request, as from `make_download_urls`.

        The second one, which names a kind of file, is "" if another file of that kind could not be
        told from this one. `url` may differ from both: older versions stored the URL in Civitai's
        record.
        """
        if self.archive_urls:
            return self.archive_urls[0], "".join(self.archive_urls[1:2])
        files = parse_files(self.record)
        file = next((file for file in files if file.id == self.file_id), self.file)
        by_id, by_kind = make_download_urls(self.version_id, file)
        is_certain = self.sha256 or sum(other.type == file.type for other in files) == 1
        return by_id, by_kind if is_certain else ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ModelFileRequest:
        """Make a request from the JSON object of `to_json`; ignore unknown keys."""
        numbers = ("file_id", "version_id", "model_id", "size")
        texts = ("url", "path", "name", "kind", "sha256", "title")
        values: dict[str, Any] = {key: as_whole_number(stored.get(key)) or 0 for key in numbers}
        values |= {key: str(stored.get(key) or "") for key in texts}
        urls = tuple(url for url in as_list(stored.get("archive_urls")) if isinstance(url, str))
        return cls(**values, archive_urls=urls, record=as_mapping(stored.get("record")))


def find_used_models(
    images: Sequence[Image], open_model: int | None = None
) -> tuple[dict[int, list[UsedModel]], dict[int, tuple[int, str]]]:
    """Return ({image id: models that the image was made with}, {version id: its model}).

    A model is (its id, "<model name> <version name>"). No request is sent. An image may name a
    model only by a file's name or hash: its version is then found among the versions in the images'
    records and all versions of the stored model with the id `open_model`.
    """
    named = models.find_versions([i for image in images for i in image.version_ids])
    opened = models.find_stored_model(open_model) if open_model else None
    stored = {version.id: version for version in (opened.versions if opened else ())} | named
    files = {file: version.id for version in stored.values() for file in version.files}
    used = {image.id: list_resources(image.meta, image, files) for image in images}
    known = list({one.version_id for each in used.values() for one in each if one.version_id})
    names, versions = models.find_version_names(known), models.find_versions(known)

    def match(one: Resource) -> UsedModel:
        version = versions.get(one.version_id or 0)
        model_id, _ = names.get(one.version_id or 0, (None, ""))
        return UsedModel(one, version, match_resource(one, version, model_id))

    by_image = {image_id: [match(one) for one in each] for image_id, each in used.items()}
    return by_image, names


def match_resource(
    resource: Resource, version: Version | None, model_id: int | None = None
) -> ModelMatch:
    """Search this machine for a model that an image names; return what was found.

    version: the model's version on Civitai, None if unknown. model_id: the model on Civitai, used
    if `version` does not tell its model.
    """
    if version is not None and version.model_type and not has_model_file(resource):
        # Such as an upscaler. Its name alone says little, and a VAE may be `Automatic`.
        resource = replace(resource, type="" if find_model_kind(version) else resource.type)
    model_id = version.model_id if version is not None and version.model_id else model_id
    files = version.files if version is not None else frozenset[str]()
    return get_model_index().find(resource, model_id, files)


def find_version_of_file(file: ModelFile) -> int | None:
    """Return the id of the version that a file here is, by its sidecar or hash; None if unknown."""
    found = (models.find_version_by_hash(code) for code in file.sure_hashes)
    return file.version_id or next((version_id for version_id in found if version_id), None)


def is_file_hash(code: str) -> bool:
    """Return whether a text is as long as one of the hashes that Civitai states of a file."""
    return len(code) in _HASH_DIGITS


class VersionLoader:
    """Loads the versions that images name, from the local library or from Civitai.

    client: None for no requests. failures: {version id or file hash: reason code} of versions that
    could not be loaded. network_failure: the reason code of a network error, after which no more
    requests are made; "" before.
    """

    def __init__(self, client: Client | None, cancelled: Cancellation | None) -> None:
        self._client, self._cancelled = client, cancelled or never_cancelled()
        self.network_failure = ""
        self._by_hash: dict[str, Version | None] = {}
        self.failures: dict[int | str, str] = {}

    def load_named(self, images: Sequence[Image]) -> None:
        """Fetch the versions that images name by id, and store them in the library.

        Stored versions, and versions with a file on this machine, are not fetched. There are two
        exceptions, in which a version is fetched again, at most once a day: its record does not
        promise a download, because the version is in early access, for example, or because the
        record is a part of its model's; or the file here was saved before Civitai knew its hash.
        """
        ids = dict.fromkeys(
            one.version_id
            for image in images
            for one in list_resources(image.meta, image)
            if one.version_id
        )
        known = models.find_versions(list(ids))
        for version_id in ids:
            version = known.get(version_id)
            match = get_model_index().find(Resource(version_id=version_id))
            file = match.file
            if file is None or match.state != "here":
                is_enough = version is not None and version.is_offered_to_all
            else:
                is_enough = bool(file.hashes) or version is None or version.has_hashes
            if not is_enough:
                self._load(version_id)

    def identify(self, used: UsedModel) -> UsedModel:
        """Return a used model with its version, found by the file hash that the image states.

        Return the model unchanged if it is on this machine, its version is known or no version is
        found.
        """
        resource, code = used.resource, used.resource.hash.lower()
        is_known = used.version is not None or resource.version_id or used.match.state == "here"
        if is_known or not is_file_hash(code) or not has_model_file(resource):
            return used
        if code not in self._by_hash:
            self._by_hash[code] = self._load(code)
        version = self._by_hash[code]
        if version is None:
            return used
        resource = replace(resource, version_id=version.id)
        return UsedModel(resource, version, match_resource(resource, version))

    def _load(self, key: int | str) -> Version | None:
        """Return the version with this id or this hash of a file, None if it cannot be loaded.

        Without a client, or after a network error, only the library is searched. Raises Cancelled
        if the caller has cancelled.
        """
        self._cancelled.check()
        if self._client is None or self.network_failure:
            self.failures[key] = self.network_failure
            version_id = models.find_version_by_hash(key) if isinstance(key, str) else key
            return models.find_versions([version_id]).get(version_id) if version_id else None
        try:
            if isinstance(key, int):
                return models.load_version(self._client, key, self._cancelled, _MAX_AGE)
            return models.load_version_by_hash(self._client, key, self._cancelled)
        except Cancelled:
            raise
        except CivitaiShortcutError as error:
            self.failures[key] = error.reason
            if isinstance(error, (NetworkError, ServerError)):
                self.network_failure = error.reason
            return None


def refresh_version(
    client: Client, version: Version, cancelled: Cancellation | None = None
) -> Version:
    """Return a model version by a record that Civitai has sent for the version itself.

    The record is at most a day old. If none can be fetched, return `version`. Raises Cancelled.
    """
    with suppress(NetworkError, HttpStatusError, InvalidResponse):
        return models.load_version(client, version.id, cancelled, _MAX_AGE)
    return version


def make_request(file: RemoteFile, version: Version, kind: str, path: str) -> ModelFileRequest:
    """Return a request to download a version's file to `path`.

    kind: the kind of folder in which the file is stored, such as "lora".
    """
    return ModelFileRequest(
        file_id=file.id,
        version_id=version.id,
        model_id=version.model_id or 0,
        url=make_download_urls(version.id, file)[0],
        path=path,
        name=file.name,
        kind=kind,
        size=file.size,
        sha256=file.sha256,
        title=" ".join(filter(None, (version.model_name, version.name))),
        record=version.record,
    )


def plan_requests(
    client: Client,
    files: Iterable[tuple[RemoteFile, Version]],
    folder: str = "",
    cancelled: Cancellation | None = None,
) -> list[ModelFileRequest]:
    """Return requests to download these files, each to a different path.

    folder: the folder for all files, "" for the folder of each kind. Version records older than a
    day are fetched again, and missing models if folders are named after authors. Raises InputError
    if a kind has no folder or the folder template is invalid, and Cancelled when `cancelled` is
    set.
    """
    requests, taken = list[ModelFileRequest](), set[str]()
    for file, version in files:
        today = refresh_version(client, version, cancelled)
        for other in today.remote_files:
            if other.id == file.id:
                file, version = other, today
                break
        kind, model = find_kind(file, version), _find_model(client, version, cancelled)
        path = choose_path(kind, file, version, model, taken, folder)
        taken.add(os.path.normcase(path))
        requests.append(make_request(file, version, kind, path))
    return requests


def _find_model(client: Client, version: Version, cancelled: Cancellation | None) -> Model | None:
    """Return a version's model, for the names of folders.

    Return None if the folder template has no fields, or if the model is not stored. For an author's
    name, a missing model is fetched; None if that fails.
    """
    model_id = version.model_id
    if not model_id or "{" not in setting.model_folder_template:
        return None
    model = models.find_stored_model(model_id)
    if model is None and "{author" in setting.model_folder_template:
        with suppress(NetworkError, HttpStatusError, InvalidResponse):  # then without the author
            return models.load_model(client, model_id, cancelled)
    return model
