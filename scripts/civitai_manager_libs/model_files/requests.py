"""The request to download one model file; jobs store it as JSON."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from .. import setting
from ..civitai import Client, make_download_urls, Model, parse_files, RemoteFile, Version
from ..core import as_mapping, as_whole_number, Cancellation
from ..errors import HttpStatusError, InvalidResponse, NetworkError
from ..library import models
from .destination import choose_path, find_kind
from .version_loader import refresh_version

__all__ = ["make_request", "ModelFileRequest", "plan_requests"]


@dataclass(frozen=True)
class ModelFileRequest:
    """A request to download one model file.

    url: a download URL on Civitai, by which an unfinished file is found again. path: where to store
    the file. name: the file's name on Civitai. kind: the kind of folder, such as "lora". size:
    estimate in bytes, 0 if unknown. sha256: as in `RemoteFile`. title: names of the model and the
    version. record: the version's JSON object, as Civitai sent it.
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
        return cls(**values, record=as_mapping(stored.get("record")))


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
    for known in files:
        file, version = _refresh_file(client, *known, cancelled)
        kind, model = find_kind(file, version), _find_model(client, version, cancelled)
        path = choose_path(kind, file, version, model, taken, folder)
        taken.add(os.path.normcase(path))
        requests.append(make_request(file, version, kind, path))
    return requests


def _refresh_file(
    client: Client, file: RemoteFile, version: Version, cancelled: Cancellation | None
) -> tuple[RemoteFile, Version]:
    """Return a file and its model version, by data that Civitai sent within the last day.

    They are returned unchanged if such data cannot be fetched, or if the version no longer has the
    file.
    """
    today = refresh_version(client, version, cancelled)
    same = next((one for one in today.remote_files if one.id == file.id), None)
    return (file, version) if same is None else (same, today)


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
