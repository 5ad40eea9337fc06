"""The download of one model file over several connections, verified by its hash."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from .. import setting
from ..core import Cancellation, check_free_space, model_formats, remove_leftovers, ResumableFile
from ..errors import Cancelled, CivitaiShortcutError, FileInUse, InvalidResponse, NeedsKey
from ..errors import NetworkError, NotFound, NotOffered, PathTaken, ServerError, WrongHash
from .download import FetchedFile, FileVersion, Progress
from .limiter import HostLimiters
from .model_route import DownloadRoute, ExpectedFile
from .pieces import BackgroundHash, BackgroundSync, FileChanged, PieceConnection, PiecePlan
from .pieces import Transfer
from .retries import RetryLoop
from .session import HttpSession, OutgoingRequest

_SHARED_FROM = 32 * 1024 * 1024  # bytes that are missing; fewer come over one connection
_TICK = 0.1  # seconds


class _Connections:
    """The connections of one download. If a connection fails, the others receive the rest."""

    def __init__(self, transfer: Transfer) -> None:
        self._transfer = transfer
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._running = 0
        self._error: BaseException | None = None
        self._syncer = BackgroundSync(transfer.file, self._fail)

    def run(self, on_tick: Callable[[], None]) -> None:
        """Receive all bytes of the file, over several connections if the storage allows it.

        on_tick: called in this thread ten times a second. All connections have ended when this
        returns or raises. Raises the error that ended the download, such as FileChanged,
        NetworkError, DiskError or Cancelled.
        """
        try:
            self._receive(on_tick)
        finally:  # when all bytes have arrived, some connections may wait for a slot
            self._transfer.retries.cancelled.set()
            for thread in self._threads:
                thread.join()
            self._syncer.close()
        is_stopped = isinstance(self._error, Cancelled) and self._transfer.plan.is_complete
        if self._error is not None and not is_stopped:
            raise self._error

    def _receive(self, on_tick: Callable[[], None]) -> None:
        """Receive with one connection, then with several if the storage sends parts of the file."""
        plan, file = self._transfer.plan, self._transfer.file
        self._start_connection()
        while self._running and not plan.is_complete:
            is_tick = not plan.changed.wait(_TICK)
            plan.changed.clear()
            is_large = plan.total is not None and plan.total - file.size >= _SHARED_FROM
            wanted = plan.connections if plan.is_shared and is_large else 1
            while len(self._threads) < wanted:
                self._start_connection()
            if is_tick:
                on_tick()

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
            self._transfer.retries.run(connection.run, lambda: connection.received)
        except BaseException as caught:  # is raised in the thread that waits
            error = caught
        with self._lock:
            self._running -= 1
            is_last = not self._running
        self._transfer.plan.changed.set()
        if error is not None and (is_last or not isinstance(error, (NetworkError, ServerError))):
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        """Cancel all connections, and let `run` raise the first error that is not Cancelled."""
        with self._lock:
            if self._error is None or isinstance(self._error, Cancelled):
                self._error = error
        self._transfer.retries.cancelled.set()


_MAX_RESTARTS = 3  # of a file that changes while it is received
_GONE = (NotFound, NotOffered)  # errors of the route that make the received bytes useless


class ModelDownload:
    """The download of one model file, over several connections.

    key: names an unfinished file, which is found again by it. path: the file's final path.
    requests, api_limiters: as in `DownloadRoute`. retries: of each connection to the storage.
    """

    def __init__(
        self,
        key: str,
        path: str,
        requests: Sequence[OutgoingRequest],
        session: HttpSession,
        api_limiters: HostLimiters,
        retries: RetryLoop,
        expected: ExpectedFile = ExpectedFile(),
        progress: Progress | None = None,
    ) -> None:
        self._key, self._path, self._requests = key, path, requests
        self._session, self._api_limiters, self._retries = session, api_limiters, retries
        self._expected, self._progress, self._cancelled = expected, progress, retries.cancelled
        self._reported = (-1, -1)

    def run(self) -> FetchedFile:
        """Download the file, verify it, and move it to `path`.

        Return the path and the size; the field `extension` is "". Raises PathTaken if `path` exists
        already, also if it exists only at the end: the received bytes are kept then. Raises
        FileInUse if another program downloads the file, and DiskError. Also raises the errors of
        `make_route_error`, WrongHash, InvalidResponse, NetworkError, Refused, Cancelled, and
        InputError for an invalid key or proxy.
        """
        if os.path.lexists(self._path):
            raise PathTaken(f"{self._path} exists already.", self._path)
        folder = os.path.dirname(self._path)
        remove_leftovers(folder)
        file = ResumableFile(folder, self._key)
        with file:
            if file.is_taken:
                raise FileInUse("Another program is downloading this file.")
            check_free_space(folder, self._expected.size - file.size + self._expected.reserve)
            try:
                self._receive_and_verify(file)
                file.commit_new(self._path)
            except CivitaiShortcutError as error:
                if not isinstance(error, _GONE) and not self._cancelled.is_for_good:
                    file.keep()
                raise
            if self._progress is not None:
                self._progress(file.size, file.size)
            return FetchedFile(self._path, file.size, "")

    def _receive_and_verify(self, file: ResumableFile) -> None:
        hasher = BackgroundHash(file) if self._expected.sha256 else None
        try:
            self._receive(file)
            file.sync()  # while the rest is hashed
            self._verify(file, hasher)
        finally:
            if hasher is not None:
                hasher.close()

    def _verify(self, file: ResumableFile, hasher: BackgroundHash | None) -> None:
        """Check the SHA256, else the size, and the format; delete the bytes of a wrong file."""
        try:
            self._expected.check_size(file.size)
            digest = hasher.result(self._cancelled) if hasher is not None else ""
            if not digest.startswith(self._expected.sha256.lower()):
                raise WrongHash("The file is not the one that Civitai describes: wrong SHA256.")
            with file.reading() as opened:
                model_formats.check_model_file(opened, os.path.basename(self._path))
        except (WrongHash, InvalidResponse, NeedsKey):
            file.restart()
            raise

    def _receive(self, file: ResumableFile) -> None:
        for _ in range(1 + _MAX_RESTARTS):
            stop = Cancellation()
            transfer = self._make_transfer(file, stop)
            if transfer.plan.is_complete:  # only the final name was missing
                return
            try:
                with self._cancelled.call_when_cancelled(stop.set):
                    connections = _Connections(transfer)
                    connections.run(lambda: self._report_progress(transfer))
                self._cancelled.check()
                return
            except FileChanged:
                file.restart()
        raise NetworkError("The file keeps changing while it is downloaded. Try again later.")

    def _make_transfer(self, file: ResumableFile, stop: Cancellation) -> Transfer:
        found, version = file.found, None
        plan = PiecePlan(file, self._expected.connections or setting.model_connections)
        if found is not None and found.total:
            version = FileVersion.from_validator(found.validator)
            plan.set_total(found.total)
            file.write_note(found.total, found.validator)
            file.reserve_space(found.total, self._expected.reserve)
        requests = [replace(request, cancelled=stop) for request in self._requests]
        return Transfer(
            self._session,
            DownloadRoute(self._session, self._api_limiters, requests),
            replace(self._retries, cancelled=stop),
            file,
            plan,
            self._expected,
            os.path.basename(self._path),
            version,
        )

    def _report_progress(self, transfer: Transfer) -> None:
        now = (transfer.file.size, transfer.plan.total or 0)
        if self._progress is not None and now != self._reported and now[0] != now[1]:
            self._reported = now
            self._progress(*now)
