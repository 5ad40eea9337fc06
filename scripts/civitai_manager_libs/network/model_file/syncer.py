"""Syncs a file to the disk while it is received, so that a loss of power costs little."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ...core import Cancellation, ResumableFile
from ...errors import DiskError

__all__ = ["BackgroundSync"]

_MIN_SYNC = 240 * 1024  # bytes; fewer are not worth a sync
_MAX_LOSS = 900_000  # bytes
# Bytes a second allowed on a disk with slow syncs, such as a hard disk, although a loss of power
# then destroys more. The fastest of the last syncs counts, since one may have had to wait.
_LEAST_SPEED, _COUNTED = 100_000_000, 8
_POLL = 0.1  # seconds


class BackgroundSync:
    """A thread that syncs a file to the disk while the file is being received.

    on_error: called in the syncing thread with the DiskError of a sync that fails. The thread ends
    afterwards.
    """

    def __init__(self, file: ResumableFile, on_error: Callable[[DiskError], None]) -> None:
        self._file, self._on_error = file, on_error
        self._synced, self._reserved = file.size, 0  # bytes
        self._durations = deque([0.0], maxlen=_COUNTED)
        self._changed = threading.Condition()
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="model-sync", daemon=True)
        self._thread.start()

    @contextmanager
    def wait_to_write(self, size: int, cancelled: Cancellation) -> Iterator[None]:
        """Wait until the block may write `size` more bytes to the file. Raises Cancelled.

        Only a limited number of bytes may be unsynced at once, so that a loss of power destroys
        few bytes.
        """
        with self._changed:
            while self._reserved + size + self._unsynced > self._find_limit():
                cancelled.check()
                self._changed.wait(_POLL)
            self._reserved += size
        try:
            yield
        finally:
            with self._changed:
                self._reserved -= size
                if self._is_sync_worth_it():
                    self._changed.notify_all()

    def close(self) -> None:
        """Stop the thread. Call this only when no block of `wait_to_write` is running."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
        self._thread.join()

    @property
    def _unsynced(self) -> int:
        """Return how many bytes of the file are not yet synced to the disk.

        The number is negative if the file was emptied since the last sync.
        """
        return self._file.size - self._synced

    def _find_limit(self) -> float:
        """Return how many bytes may be unsynced at once: 900 KB, more if the disk syncs slowly."""
        return max(_MAX_LOSS, 2 * min(self._durations) * _LEAST_SPEED)

    def _run(self) -> None:
        try:
            while self._wait_for_bytes():
                started, size = time.monotonic(), self._file.size
                self._file.sync()
                with self._changed:
                    self._synced = size
                    self._durations.append(time.monotonic() - started)
                    self._changed.notify_all()
        except DiskError as error:
            self._on_error(error)

    def _wait_for_bytes(self) -> bool:
        """Wait until the file has 240 KiB of unsynced bytes or was emptied, and return True.

        Return False after `close`.
        """
        with self._changed:
            while not (self._is_over or self._is_sync_worth_it()):
                self._changed.wait(_POLL)
            return not self._is_over

    def _is_sync_worth_it(self) -> bool:
        return not 0 <= self._unsynced < _MIN_SYNC
