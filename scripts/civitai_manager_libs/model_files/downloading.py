"""Model files downloaded into their folders: planned, received, announced to the WebUI."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from .. import host, setting
from ..civitai import Client, Model, RemoteFile, Version
from ..core import check_no_links, delete_resumable, log_disk_errors, translate_disk_errors
from ..errors import DiskError, HttpStatusError, InvalidResponse, NetworkError, PathTaken, WrongHash
from ..http_client import CivitaiHttpClient, ExpectedFile, SendOptions
from ..library import models
from ..network import Progress
from .choice import make_request, ModelFileRequest
from .folders import choose_path, find_folder, find_free_path
from .index import get_model_index, store_hash
from .kinds import find_kind
from .newer_versions import find_former_folder
from .sidecars import write_companions
from .used_models import refresh_version


@dataclass(frozen=True)
class ReceivedModel:
    """A model file that was stored in its folder.

    size: in bytes. was_here: whether the same file was there before. notes: message codes for the
    user, `refresh_host`, `no_companions` or `not_verified` (Civitai does not know the SHA256).
    message: errors about companion files, in English.
    """

    path: str
    size: int
    was_here: bool = False
    notes: tuple[str, ...] = ()
    message: str = ""


def receive_model_file(
    client: CivitaiHttpClient, request: ModelFileRequest, progress: Progress
) -> ReceivedModel:
    """Download a model file to its folder, unless the same file is there already.

    Missing companion files are written, and the WebUI reloads its list of models. Raises the errors
    of `CivitaiHttpClient.fetch_model`.
    """
    request, size, was_here = _receive_file(client, request, progress)
    errors = write_companions(client, request)
    if len(request.sha256) == 64:  # verified; a sidecar may tell nothing, or of another file
        with log_disk_errors("models"), translate_disk_errors(request.path):
            store_hash(request.path, os.stat(request.path), request.sha256)
    get_model_index().forget()
    notes = ["no_companions"] if errors else []
    if not request.sha256:
        notes.append("not_verified")
    if not host.refresh_models(request.kind):
        notes.append("refresh_host")
    message = " ".join(map(str, errors))
    return ReceivedModel(request.path, size, was_here, tuple(notes), message)


def _receive_file(
    client: CivitaiHttpClient, request: ModelFileRequest, progress: Progress
) -> tuple[ModelFileRequest, int, bool]:
    """Return (the request with the file's final path, its size, whether it was there before)."""
    url, other_url = request.download_urls
    expected = ExpectedFile(
        request.sha256,
        request.size,
        setting.reserved_bytes(),
        other_url=other_url,
        key=request.url,
        sends_key=not request.archive_urls,
    )
    is_second_try = False
    while True:
        path = find_free_path(request.path, request.version_id, request.file)
        if not path:
            message = f"{request.path} cannot be written: other files already have this name."
            raise DiskError(message, request.path)
        check_no_links(find_folder(request.kind), os.path.dirname(path))
        if os.path.lexists(path):
            with translate_disk_errors(path):
                size = os.path.getsize(path)
            delete_resumable(os.path.dirname(path), [request.url])
            return replace(request, path=path), size, True
        try:
            fetched = client.fetch_model(url, path, expected, SendOptions(), progress)
            return replace(request, path=path), fetched.size, False
        except PathTaken:  # by another download that has ended first
            continue
        except WrongHash:  # once more, from the start
            if is_second_try:
                raise
            is_second_try = True


def plan_requests(
    client: Client, files: Iterable[tuple[RemoteFile, Version]], folder: str = ""
) -> list[ModelFileRequest]:
    """Return requests to download these files, each to a different path.

    folder: the folder for all files, "" for the folder of each kind, or for a newer version that of
    the file that is here. Version records older than a
    day are fetched again, and missing models if folders are named after authors. Raises InputError
    if a kind has no folder or the folder template is invalid, and Cancelled.
    """
    requests, taken = list[ModelFileRequest](), set[str]()
    for file, version in files:
        today = refresh_version(client, version)
        for other in today.remote_files:
            if other.id == file.id:
                file, version = other, today
                break
        kind, model = find_kind(file, version), _find_model(client, version)
        beside = folder or find_former_folder(version.id, kind)
        path = choose_path(kind, file, version, model, taken, beside)
        taken.add(os.path.normcase(path))
        requests.append(make_request(file, version, kind, path))
    return requests


def _find_model(client: Client, version: Version) -> Model | None:
    """Return the model for the names of folders, None if unknown; fetch only for an author's."""
    model_id = version.model_id
    if not model_id or "{" not in setting.model_folder_template:
        return None
    model = models.find_stored_model(model_id)
    if model is None and "{author" in setting.model_folder_template:
        with suppress(NetworkError, HttpStatusError, InvalidResponse):  # then without the author
            return models.load_model(client, model_id)
    return model
