"""Receives one model file, and writes beside it what other programs look for there."""

from __future__ import annotations

import os
from dataclasses import dataclass

from .. import setting
from ..core import Cancellation
from ..http_client import CivitaiHttpClient, FileOptions, SendOptions
from ..network import Progress
from .requests import ModelFileRequest

__all__ = ["ReceivedModel", "receive_model_file"]


@dataclass(frozen=True)
class ReceivedModel:
    """A model file that is in its folder now.

    size: in bytes. was_here: nothing was fetched, because the same file was there before. notes:
    codes of what the user must be told. message: the same in English, "" without notes.
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

    progress: called with (bytes received, bytes of the whole file or 0 if unknown).
    """
    reserve = setting.gallery_disk_reserve_mb * 1024 * 1024
    if os.path.isfile(request.path):
        return ReceivedModel(request.path, os.path.getsize(request.path), was_here=True)
    options = FileOptions(images_only=False, overwrite=False, resumable=True, reserve=reserve)
    sending = SendOptions(throttled=True)
    file = client.fetch(request.url, request.path, options, sending, progress, cancelled)
    return ReceivedModel(file.path, file.size)
