"""The hash of a file."""

from __future__ import annotations

import hashlib

from ..cancellation import Cancellation, never_cancelled
from .safe_open import open_to_read

__all__ = ["compute_sha256"]

_PIECE = 1024 * 1024  # bytes


def compute_sha256(path: str, cancelled: Cancellation | None = None) -> str:
    """Return the SHA256 of a file in hexadecimal.

    Raises OSError if the file cannot be read, and Cancelled if `cancelled` is set meanwhile.
    """
    cancelled = never_cancelled() if cancelled is None else cancelled
    digest = hashlib.sha256()
    with open_to_read(path) as file:
        while piece := file.read(_PIECE):
            cancelled.check()
            digest.update(piece)
    return digest.hexdigest()
