"""The pieces of a model file: received, hashed and flushed side by side."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf

from ..core import ByteRanges, Cancellation, model_formats, ResumableFile
from ..errors import CivitaiShortcutError, DiskError, HttpStatusError, IncompleteDownload
from ..errors import InvalidResponse, ServerError
from . import responses
from .body import Decompressor, ResponseBody
from .download import FileVersion, parse_content_range
from .model_route import DownloadRoute, ExpectedFile, make_route_error
from .retries import RetryLoop
from .session import HttpSession, is_api_url, OutgoingRequest

FIRST_PIECE = 8 * 1024 * 1024  # bytes; a file of at most so many needs one request
_MIN_PIECE, _MAX_PIECE = 4 * 1024 * 1024, 128 * 1024 * 1024  # bytes
_MIN_SPLIT = 128 * 1024  # bytes; a smaller rest is left to its connection
_SLOW = 2.0  # seconds; a rest that takes longer is shared with an idle connection


@dataclass(eq=False)
class Piece:
    """A range of the file that one connection receives.

    start: position of the first byte. position: that of the next byte to receive. end: the position
    after the last byte, inf if the file's length is unknown. PiecePlan may change `end` while the
    piece is received.
    """

    start: int
    end: float
    position: int = 0
    began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.position = self.start

    @property
    def missing(self) -> float:
        return max(0.0, self.end - self.position)

    @property
    def seconds_left(self) -> float:
        """Return the seconds to receive the rest at the mean speed since the piece was begun."""
        seconds = max(1e-3, time.monotonic() - self.began)
        received = self.position - self.start
        return self.missing * seconds / received if received else inf


class PiecePlan:
    """Divides the missing bytes of one file among connections; any thread may use it.

    connections: maximum number. total: bytes of the file, None until the first response. is_shared:
    whether the storage sends parts of the file, so that several connections help. changed: set when
    the first part arrives, and when a connection ends.
    """

    def __init__(self, file: ResumableFile, connections: int) -> None:
        self._file, self.connections = file, connections
        self.total: int | None = None
        self.is_shared, self.changed = False, threading.Event()
        self._active: list[Piece] = []
        self._whole: Piece | None = None  # the one whose response is the whole file
        self._lock = threading.Lock()

    @property
    def is_complete(self) -> bool:
        return self.total is not None and self._file.size >= self.total

    def take(self) -> Piece | None:
        """Return the next piece for a connection to receive, or None if there is none at present.

        There may be a piece later, when another connection fails.
        """
        with self._lock:
            piece = self._next_piece() if self._whole is None else None
            if piece is not None:
                self._active.append(piece)
            return piece

    def give_back(self, piece: Piece) -> None:
        """Let other connections receive the missing bytes of a piece that a connection has left."""
        with self._lock:
            self._active.remove(piece)
            self._whole = None if self._whole is piece else self._whole

    def set_total(self, total: int | None) -> None:
        """Set the file's length in bytes, None if unknown, and `is_shared` to False."""
        with self._lock:
            self.total, self.is_shared = total, False

    def extend_to_end(self, piece: Piece) -> bool:
        """Extend a piece to the end of the file, because its response contains the whole file.

        Return True; or do nothing and return False if another piece that was extended is still
        being received.
        """
        with self._lock:
            if self._whole is None:
                self._whole, self.is_shared = piece, False
                piece.end = inf if self.total is None else self.total
            return self._whole is piece

    def _next_piece(self) -> Piece | None:
        if self.total is None:
            if self._active:
                return None
            start = self._file.bytes_before_gap
            return Piece(start, start + FIRST_PIECE if self.connections > 1 else inf)
        taken = ByteRanges(self._file.ranges)
        for piece in self._active:
            taken.add(piece.start, int(min(piece.end, self.total)))
        free = next(taken.gaps(self.total), None)
        if free is None:
            return self._split_slowest()
        start, end = free
        fair = (self.total - self._file.size) // (2 * self.connections)
        size = max(_MIN_PIECE, min(fair, _MAX_PIECE)) if self.connections > 1 else self.total
        return Piece(start, min(end, start + size))

    def _split_slowest(self) -> Piece | None:
        """Halve the piece that will take longest, and return its second half as a new piece.

        Return None if no piece is being received, or if that piece was begun less than two seconds
        ago, will end in less than two seconds, has less than 256 KiB left, or has no known end.
        """
        slowest = max(self._active, key=lambda piece: piece.seconds_left, default=None)
        if slowest is None or slowest.seconds_left < _SLOW or slowest.missing < 2 * _MIN_SPLIT:
            return None
        age = time.monotonic() - slowest.began
        if age < _SLOW or slowest.end == inf:
            return None
        middle = int(slowest.position + slowest.missing // 2)
        piece, slowest.end = Piece(middle, slowest.end), middle
        return piece


_MIN_SYNC = 240 * 1024  # bytes; fewer are not worth a sync
_MAX_LOSS = 900_000  # bytes
# Bytes a second allowed on a disk with slow syncs, such as a hard disk, although a loss of power
# then destroys more. The fastest of the last syncs counts, since one may have had to wait.
_LEAST_SPEED, _COUNTED = 100_000_000, 8
_POLL = 0.1  # seconds until a thread without work looks for some again


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
            while self._reserved + size + self._unsynced > max(
                _MAX_LOSS, 2 * min(self._durations) * _LEAST_SPEED
            ):
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
        return self._file.size - self._synced

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
        """Wait until 240 KiB are unsynced or the file was emptied; return False after `close`."""
        with self._changed:
            while not (self._is_over or self._is_sync_worth_it()):
                self._changed.wait(_POLL)
            return not self._is_over

    def _is_sync_worth_it(self) -> bool:
        return not 0 <= self._unsynced < _MIN_SYNC


_PIECE = 1024 * 1024  # bytes; read from the system's memory, as they were written just now
_HASH_POLL = 0.02  # seconds


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
        """Return the SHA256 of the whole written file. Raises DiskError and Cancelled."""
        while self._error is None and self._position < self._file.size:
            cancelled.sleep(_HASH_POLL)
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
                    self._stopped.wait(_HASH_POLL)
        except DiskError as error:
            self._error = error

    def _hash_next(self) -> bool:
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


_EXPIRED = {400, 401, 403, 404, 410}  # statuses that storages send for an expired URL
_BUSY = {429, 503}
_UNSAVED = 500_000  # bytes that all connections together may lose with a killed program
_MAX_CHUNK = 128 * 1024 - 4096  # bytes; larger ones cost the system a new mapping each
_BLOCK = 4096  # bytes; writes are whole blocks of the disk
_ERROR_PAGE = 64 * 1024  # bytes


class FileChanged(CivitaiShortcutError):
    """Raised if the file in the storage has changed after some of its bytes were received."""


@dataclass
class Transfer:
    """The state that all connections of one model file's download share.

    retries: of each connection. expected: what is known about the file. name: the file's final
    name. version: that of the file in the storage, None until the first response.
    """

    session: HttpSession
    route: DownloadRoute
    retries: RetryLoop
    file: ResumableFile
    plan: PiecePlan
    expected: ExpectedFile
    name: str
    version: FileVersion | None = None

    @property
    def is_resumable(self) -> bool:
        return self.version is None or self.version.validator != ""

    def restart(self) -> None:
        """Delete all received bytes, and forget which version of the file they belong to."""
        self.file.restart()
        self.version = None
        self.plan.set_total(None)


class PieceConnection:
    """Receives one piece of a file after another, until no piece is missing.

    received: bytes received by this connection.
    """

    def __init__(self, transfer: Transfer, syncer: BackgroundSync) -> None:
        self.received = 0
        self._transfer, self._syncer = transfer, syncer
        self._chunk = min(_UNSAVED // transfer.plan.connections, _MAX_CHUNK) // _BLOCK * _BLOCK

    def run(self) -> None:
        """Receive pieces of the file until the file is complete.

        Raises NetworkError or ServerError if a retry may help, and FileChanged if the file in the
        storage has changed. Also raises the errors of `DownloadRoute.get_signed_request`,
        WrongHash, InvalidResponse, DiskError and Cancelled.
        """
        transfer, plan = self._transfer, self._transfer.plan
        if not transfer.is_resumable:  # after a failure
            transfer.restart()
            self.received = 0
        while not plan.is_complete:
            with transfer.retries.limiter.slot(transfer.retries.cancelled, throttled=True):
                piece = plan.take()
                if piece is not None:
                    try:
                        self._receive(piece)
                    finally:
                        plan.give_back(piece)
            if piece is None:
                transfer.retries.cancelled.sleep(_POLL)
            else:
                transfer.retries.limiter.record_success()

    def _receive(self, piece: Piece) -> None:
        transfer, expired = self._transfer, None
        for is_last in (False, True):
            signed = transfer.route.get_signed_request(expired)
            request = signed.with_headers(self._range_headers(piece))
            with transfer.session.open_in_slot(
                request, transfer.retries.limiter, allowed=range(300, 600)
            ) as body:
                if body.status < 300:
                    return self._read(body, piece)
                if is_last or body.status not in _EXPIRED or is_api_url(signed.url):
                    raise self._make_error(body, signed)
            expired = signed
            if body.status == 404:
                transfer.retries.cancelled.sleep(transfer.retries.delay)

    def _range_headers(self, piece: Piece) -> dict[str, str]:
        end = "" if piece.end == inf else str(int(piece.end) - 1)
        headers = {"Range": f"bytes={piece.start}-{end}"}
        if self._transfer.version is not None and self._transfer.version.validator:
            headers["If-Range"] = self._transfer.version.validator
        return headers

    def _make_error(self, body: ResponseBody, signed: OutgoingRequest) -> CivitaiShortcutError:
        """Return the error for a refusal, without its message, which may have the signed URL."""
        status = body.status
        if is_api_url(signed.url):
            text = body.read_all(_ERROR_PAGE)
            return make_route_error(status, body.headers, text, signed.api_key)
        if status == 416:
            return FileChanged("The file in Civitai's storage has a different length now.")
        if status == 404:  # the route still knows the file, so it is not deleted
            return HttpStatusError(
                "Civitai's storage does not have the file at the moment (404).", status
            )
        if status in _EXPIRED:
            return ServerError(f"Civitai's storage refused the download link ({status}).", status)
        if status in _BUSY:  # maybe for the number of connections: all wait, and fewer go on
            seconds = responses.parse_retry_after(body.headers)
            wait = self._transfer.retries.delay if seconds is None else seconds
            return ServerError(f"Civitai's storage is busy ({status}).", status, wait)
        return responses.error_from_response(status, body.headers, b"")

    def _read(self, body: ResponseBody, piece: Piece) -> None:
        if Decompressor(body.headers).is_compressed:
            raise InvalidResponse(
                "Civitai's storage sent the file compressed, which is not supported."
            )
        is_part = body.status == 206
        start, total = parse_content_range(body.headers) if is_part else (0, None)
        total = total if is_part else responses.parse_content_length(body.headers)
        head = b""
        if not is_part or start == 0:
            while len(head) < model_formats.START_SIZE and (
                data := body.read(model_formats.START_SIZE)
            ):
                head += data
            kind = body.headers.get("Content-Type", "")
            model_formats.check_model_start(head, kind, self._transfer.name)
        if is_part and (start is None or not total):
            raise InvalidResponse("Civitai's storage does not say which part of the file it sent.")
        if is_part and start != piece.start:
            raise FileChanged("Civitai's storage sent a different part of the file than requested.")
        if total is not None and piece.end > total:
            piece.end = total
        version, known = self._transfer.version, (None, self._transfer.plan.total)
        if version is not None and (version.is_changed(body.headers) or total not in known):
            raise FileChanged("The file in Civitai's storage changed during the download.")
        if version is None and not self._start_file(body, piece, total, is_part):
            return
        if is_part:
            plan = self._transfer.plan
            if plan.is_shared is not self._transfer.is_resumable:
                plan.is_shared = self._transfer.is_resumable
                plan.changed.set()
            self._write_body(body, piece, head, skipped=0)
        elif self._transfer.plan.extend_to_end(piece):
            self._write_body(body, piece, head, skipped=piece.start)

    def _start_file(
        self, body: ResponseBody, piece: Piece, total: int | None, is_part: bool
    ) -> bool:
        """Store the file's version and length from the first response, and reserve disk space.

        Return False, and do nothing but end the use of several connections, if the response is not
        the whole file and has no ETag or date by which to join parts. is_part: whether the response
        is a partial one. total: the file's length in bytes, None if unknown.
        """
        transfer, plan = self._transfer, self._transfer.plan
        version = FileVersion.from_headers(body.headers, is_compressed=False)
        if is_part and not version.validator and piece.end != total:
            plan.connections = 1  # without a version, parts are never joined
            return False
        if total:
            transfer.expected.check_size(total)
        transfer.file.reserve_space(total or 0, transfer.expected.reserve)
        if version.validator and total:
            transfer.file.write_note(total, version.validator)
        transfer.version = version
        plan.set_total(total)
        return True

    def _write_body(self, body: ResponseBody, piece: Piece, head: bytes, skipped: int) -> None:
        """Write a body up to the end of the piece. head: already read. skipped: not written."""
        requested_end = piece.end
        data = head[skipped:]
        skipped -= min(skipped, len(head))
        while skipped and (passed := body.read(self._chunk)):
            data = passed[skipped:]
            skipped -= min(skipped, len(passed))
        while piece.missing:
            with self._syncer.wait_to_write(self._chunk, self._transfer.retries.cancelled):
                is_written = self._write_chunk(body, piece, data)
                if not is_written and piece.end != inf:
                    raise IncompleteDownload("The download broke off.")
                if not is_written:
                    piece.end = piece.position
                    return self._transfer.plan.set_total(piece.position)
            data = b""
        if piece.end == requested_end:
            body.read(1)  # its end, so that the connection can be used again

    def _write_chunk(self, body: ResponseBody, piece: Piece, data: bytes) -> bool:
        """Write the next bytes, `data` first; return False if the body ended too early."""
        pending = bytearray()
        try:
            while True:
                if len(data) > piece.missing:
                    data = data[: int(piece.missing)]
                pending += data
                piece.position += len(data)
                self.received += len(data)
                if len(pending) >= self._chunk or not piece.missing:
                    return True
                data = body.read(self._chunk - len(pending))
                if not data:
                    return False
        finally:
            if pending:
                self._transfer.file.write_at(pending, piece.position - len(pending))
