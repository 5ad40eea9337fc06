"""The SHA256 of a file, computed while the file arrives."""

from __future__ import annotations

import hashlib
import threading

from ...core import Cancellation, ResumableFile
from ...errors import DiskError

__all__ = ["BackgroundHash"]

_PIECE = 1024 * 1024  # bytes; read from the system's memory, as they were written just now
_POLL = 0.02  # seconds


class BackgroundHash:
    """A thread that computes a file's SHA256 while the file is being received."""

    def __init__(self, file: ResumableFile) -> None:
        self._file, self._restarts = file, file.restarts
        self._digest, self._position = hashlib.sha256(), 0
        self._stopped = threading.Event()
        self._error: DiskError | None = None
        self._thread = threading.Thread(target=self._run, name="model-hash", daemon=True)
        self._thread.start()

    def result(self, cancelled: Cancellation) -> str:
        """Wait until the whole file is hashed, and return its SHA256 in hexadecimal.

        Call this after all bytes are written to the file. Raises DiskError if the file cannot be
        read, and Cancelled.
        """
        while self._error is None and self._position < self._file.size:
            cancelled.sleep(_POLL)
        self.close()
        if self._error is not None:
            raise self._error
        return self._digest.hexdigest()

    def close(self) -> None:
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stopped.is_set():
                if not self._hash_next():
                    self._stopped.wait(_POLL)
        except DiskError as error:
            self._error = error

    def _hash_next(self) -> bool:
        """Add up to 1 MiB of the file to the hash; return False if no new bytes have arrived."""
        if self._restarts != self._file.restarts:
            self._digest, self._position = hashlib.sha256(), 0
            self._restarts = self._file.restarts
        size = min(_PIECE, self._file.bytes_before_gap - self._position)
        data = self._file.read_at(self._position, size) if size > 0 else b""
        if not data or self._restarts != self._file.restarts:
            return False
        self._digest.update(data)
        self._position += len(data)
        return True
