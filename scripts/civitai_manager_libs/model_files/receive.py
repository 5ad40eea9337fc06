"""Downloads one model file, verifies it, and lets the WebUI know."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from .. import host, setting
from ..core import Cancellation, check_no_links, delete_resumable, translate_disk_errors
from ..errors import DiskError, WrongHash
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
    user, `refresh_host` or `no_companions`. message: errors about companion files, in English.
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
    with (bytes received, bytes of the whole file or 0 if unknown). Raises NetworkError,
    HttpStatusError, InvalidResponse, EarlyAccess, NoAccess, NotOffered, QuotaReached, WrongHash,
    FileInUse, Refused, DiskError and Cancelled.
    """
    path = find_free_path(request.path, request.version_id, request.file)
    if not path:
        message = f"{request.path} cannot be written: other files already have this name."
        raise DiskError(message, request.path)
    check_no_links(find_folder(request.kind), os.path.dirname(path))
    request = replace(request, path=path)
    was_here = os.path.lexists(request.path)
    if was_here:
        with translate_disk_errors(request.path):
            size = os.path.getsize(request.path)
        delete_resumable(os.path.dirname(request.path), [request.url])
    else:
        expected = ExpectedFile(request.sha256, request.size, setting.gallery_disk_reserve_mb << 20)
        arguments = (request.url, request.path, expected, SendOptions(), progress, cancelled)
        try:
            size = client.fetch_model(*arguments).size
        except WrongHash:  # once more, from the start
            size = client.fetch_model(*arguments).size
    errors = write_companions(client, request, cancelled)
    get_model_index().forget()
    notes = ["no_companions"] if errors else []
    if not host.refresh_models(request.kind):
        notes.append("refresh_host")
    message = " ".join(map(str, errors))
    return ReceivedModel(request.path, size, was_here, tuple(notes), message)
