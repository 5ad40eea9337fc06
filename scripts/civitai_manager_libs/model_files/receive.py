"""Downloads one model file, verifies it, and lets the WebUI know."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from .. import host, setting
from ..core import Cancellation, check_no_links, delete_resumable, translate_disk_errors
from ..errors import DiskError, PathTaken, WrongHash
from ..http_client import CivitaiHttpClient, ExpectedFile, SendOptions
from ..local_models import find_folder, get_model_index
from ..network import Progress
from .companions import write_companions
from .destination import find_free_path
from .requests import ModelFileRequest

__all__ = ["ReceivedModel", "receive_model_file"]


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
    client: CivitaiHttpClient,
    request: ModelFileRequest,
    progress: Progress,
    cancelled: Cancellation,
) -> ReceivedModel:
    """Download a model file to its folder, unless the same file is there already.

    Missing companion files are written, and the WebUI reloads its list of models. progress: called
    with (bytes received, bytes of the whole file or 0 if unknown). Raises the errors of
    `CivitaiHttpClient.fetch_model`.
    """
    request, size, was_here = _receive_file(client, request, progress, cancelled)
    errors = write_companions(client, request, cancelled)
    get_model_index().forget()
    notes = ["no_companions"] if errors else []
    if not request.sha256:
        notes.append("not_verified")
    if not host.refresh_models(request.kind):
        notes.append("refresh_host")
    message = " ".join(map(str, errors))
    return ReceivedModel(request.path, size, was_here, tuple(notes), message)


def _receive_file(
    client: CivitaiHttpClient,
    request: ModelFileRequest,
    progress: Progress,
    cancelled: Cancellation,
) -> tuple[ModelFileRequest, int, bool]:
    """Return (the request with the file's final path, its size, whether it was there before)."""
    url, other_url = request.download_urls
    reserve = setting.gallery_disk_reserve_mb << 20
    expected = ExpectedFile(
        request.sha256, request.size, reserve, other_url=other_url, key=request.url
    )
    is_second_try = False
    while True:
        path = _find_path(request)
        if os.path.lexists(path):
            with translate_disk_errors(path):
                size = os.path.getsize(path)
            delete_resumable(os.path.dirname(path), [request.url])
            return replace(request, path=path), size, True
        try:
            fetched = client.fetch_model(url, path, expected, SendOptions(), progress, cancelled)
            return replace(request, path=path), fetched.size, False
        except PathTaken:  # by another download that has ended first
            continue
        except WrongHash:  # once more, from the start
            if is_second_try:
                raise
            is_second_try = True


def _find_path(request: ModelFileRequest) -> str:
    path = find_free_path(request.path, request.version_id, request.file)
    if not path:
        message = f"{request.path} cannot be written: other files already have this name."
        raise DiskError(message, request.path)
    check_no_links(find_folder(request.kind), os.path.dirname(path))
    return path
