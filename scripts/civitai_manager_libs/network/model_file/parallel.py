"""The connections of one model file's download, each in a thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from ...errors import Cancelled, NetworkError, ServerError
from ..retry_loop import RetryLoop
from .piece_connection import PieceConnection, Transfer
from .syncer import BackgroundSync

__all__ = ["receive_file"]

_SHARED_FROM = 32 * 1024 * 1024  # bytes that are missing; fewer come over one connection
_TICK = 0.1  # seconds


def receive_file(transfer: Transfer, retries: RetryLoop, on_tick: Callable[[], None]) -> None:
    """Receive all bytes of a file, over several connections if the storage allows it.

    retries: how often and when a failed connection is tried again. on_tick: called in this thread
    ten times a second. All connections have ended when this returns or raises. Raises the error
    that ended the download, such as FileChanged, NetworkError, DiskError or Cancelled.
    """
    _Connections(transfer, retries).run(on_tick)


class _Connections:
    """The connections of one download. If a connection fails, the others receive the rest."""

    def __init__(self, transfer: Transfer, retries: RetryLoop) -> None:
        self._transfer, self._retries = transfer, retries
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._running = 0
        self._error: BaseException | None = None
        self._syncer = BackgroundSync(transfer.file, self._fail)

    def run(self, on_tick: Callable[[], None]) -> None:
        """Receive the file, and raise the error that ended the download, if there was one."""
        try:
            self._receive(on_tick)
        finally:  # when all bytes have arrived, some connections may wait for a slot
            self._transfer.cancelled.set()
            for thread in self._threads:
                thread.join()
            self._syncer.close()
        is_stopped = isinstance(self._error, Cancelled) and self._transfer.plan.is_complete
        if self._error is not None and not is_stopped:
            raise self._error

    def _receive(self, on_tick: Callable[[], None]) -> None:
        """Start the connections, and wait until the file is complete or all of them have ended.

        The first connection finds out whether the storage sends parts of the file. If so, more are
        started.
        """
        self._start_connection()
        while self._running and not self._transfer.plan.is_complete:
            time.sleep(_TICK)
            while len(self._threads) < self._count_wanted():
                self._start_connection()
            on_tick()

    def _count_wanted(self) -> int:
        plan, file = self._transfer.plan, self._transfer.file
        is_large = plan.total is not None and plan.total - file.size >= _SHARED_FROM
        return plan.connections if plan.is_shared and is_large else 1

    def _start_connection(self) -> None:
        with self._lock:
            self._running += 1
        thread = threading.Thread(target=self._run_connection, name="model-download", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _run_connection(self) -> None:
        connection = PieceConnection(self._transfer, self._syncer)
        error: BaseException | None = None
        try:
            self._retries.run(connection.run, lambda: connection.received)
        except BaseException as caught:  # is raised in the thread that waits
            error = caught
        with self._lock:
            self._running -= 1
            is_last = not self._running
        if error is not None and (is_last or not isinstance(error, (NetworkError, ServerError))):
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        """Cancel all connections, and let `run` raise this error.

        If several errors are passed here, `run` raises the first that is not Cancelled.
        """
        with self._lock:
            if self._error is None or isinstance(self._error, Cancelled):
                self._error = error
        self._transfer.cancelled.set()
