"""The SHA256 of model files, computed when a user asks and stored in `model_hashes.json`."""

from __future__ import annotations

import json
import os

from .. import setting
from ..core import (
    as_checksum,
    as_list,
    as_mapping,
    as_number,
    Cancellation,
    compute_sha256,
    lock_file,
    open_to_read,
    translate_disk_errors,
    write_text_file,
)

__all__ = ["compute_hash", "load_hashes"]

_MOST_FILES = 5_000
_MAX_BYTES = 4_000_000  # of `model_hashes.json`


def load_hashes() -> dict[str, tuple[float, int, str]]:
    """Return the stored hashes as {path: (mtime and size of the hashed file, its SHA256)}.

    Return {} if the file that stores them is missing or damaged.
    """
    try:
        with open_to_read(_path()) as file:
            rows = as_mapping(json.loads(file.read(_MAX_BYTES)))
    except (OSError, ValueError, RecursionError):
        return {}
    return {path: row for path, values in rows.items() if (row := _parse_row(values))}


def compute_hash(path: str, cancelled: Cancellation) -> str:
    """Compute, store and return the SHA256 of a model file.

    Raises DiskError if the file cannot be read or the hash cannot be stored, and Cancelled when
    `cancelled` is set.
    """
    with translate_disk_errors(path):
        status = os.stat(path)
        digest = compute_sha256(path, cancelled)
    with lock_file(_path()):
        hashes = load_hashes()
        hashes.pop(path, None)
        hashes[path] = (status.st_mtime, status.st_size, digest)
        latest = dict(list(hashes.items())[-_MOST_FILES:])
        write_text_file(_path(), json.dumps(latest))  # a path may not be UTF-8
    return digest


def _parse_row(values: object) -> tuple[float, int, str] | None:
    mtime, size, digest = (*as_list(values), None, None, None)[:3]
    checked = (as_number(mtime), as_number(size), as_checksum(digest).lower())
    if checked[0] is None or checked[1] is None or len(checked[2]) != 64:
        return None
    return checked[0], int(checked[1]), checked[2]


def _path() -> str:
    return os.path.join(setting.data_folder(), "model_hashes.json")
