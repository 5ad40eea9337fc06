"""One connection of a model file's download: it receives one piece of the file after another."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from ...core import Cancellation, model_content, ResumableFile
from ...errors import (
    CivitaiShortcutError,
    HttpStatusError,
    IncompleteDownload,
    InvalidResponse,
    ServerError,
)
from .. import response_headers, responses
from ..api_key import is_api_url
from ..body import Decompressor, ResponseBody
from ..limiter import HostLimiter
from ..request import OutgoingRequest
from ..session import HttpSession
from ..validators import FileVersion, parse_content_range
from .expected_file import ExpectedFile
from .pieces import Piece, PiecePlan
from .route import DownloadRoute, make_route_error
from .syncer import BackgroundSync

__all__ = ["FileChanged", "PieceConnection", "Transfer"]

_EXPIRED = {400, 401, 403, 404, 410}  # statuses that storages send for an expired URL
_BUSY = {429, 503}
_UNSAVED = 500_000  # bytes that all connections together may lose with a killed program
_MAX_CHUNK = 128 * 1024 - 4096  # bytes; larger ones cost the system a new mapping each
_BLOCK = 4096  # bytes; writes are whole blocks of the disk
_POLL = 0.1  # seconds until a connection without work looks for some again
_ERROR_PAGE = 64 * 1024  # bytes


class FileChanged(CivitaiShortcutError):
    """Raised if the file in the storage has changed after some of its bytes were received."""


@dataclass
class Transfer:
    """The state that all connections of one model file's download share.

    expected: what is known about the file. name: the file's final name. version: the version of the
    file in the storage, None until the first response.
    """

    session: HttpSession
    route: DownloadRoute
    limiter: HostLimiter
    file: ResumableFile
    plan: PiecePlan
    expected: ExpectedFile
    name: str
    retry_delay: float
    cancelled: Cancellation
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
            with transfer.limiter.slot(transfer.cancelled, throttled=True):
                piece = plan.take()
                if piece is not None:
                    try:
                        self._receive(piece)
                    finally:
                        plan.give_back(piece)
            if piece is None:
                transfer.cancelled.sleep(_POLL)
            else:
                transfer.limiter.record_success()

    def _receive(self, piece: Piece) -> None:
        transfer, expired = self._transfer, None
        for is_last in (False, True):
            signed = transfer.route.get_signed_request(expired)
            request = signed.with_headers(self._range_headers(piece))
            with transfer.session.open_in_slot(
                request, transfer.limiter, allowed=range(300, 600)
            ) as body:
                if body.status < 300:
                    return self._read(body, piece)
                if is_last or body.status not in _EXPIRED or is_api_url(signed.url):
                    raise self._make_error(body, signed)
            expired = signed
            if body.status == 404:
                transfer.cancelled.sleep(transfer.retry_delay)

    def _range_headers(self, piece: Piece) -> dict[str, str]:
        end = "" if piece.end == inf else str(int(piece.end) - 1)
        headers = {"Range": f"bytes={piece.start}-{end}"}
        if self._transfer.version is not None and self._transfer.version.validator:
            headers["If-Range"] = self._transfer.version.validator
        return headers

    def _make_error(self, body: ResponseBody, signed: OutgoingRequest) -> CivitaiShortcutError:
        """Return the error for a response that refuses the file or a piece of it.

        signed: the request that was refused. The storage's own message is left out, since it may
        contain the signed URL.
        """
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
            seconds = response_headers.parse_retry_after(body.headers)
            wait = self._transfer.retry_delay if seconds is None else seconds
            return ServerError(f"Civitai's storage is busy ({status}).", status, wait)
        return responses.error_from_response(status, body.headers, b"")

    def _read(self, body: ResponseBody, piece: Piece) -> None:
        if Decompressor(body.headers).is_compressed:
            raise InvalidResponse(
                "Civitai's storage sent the file compressed, which is not supported."
            )
        is_part = body.status == 206
        start, total = parse_content_range(body.headers) if is_part else (0, None)
        total = total if is_part else response_headers.parse_content_length(body.headers)
        head = b""
        if not is_part or start == 0:
            head = _read_head(body)
            kind = body.headers.get("Content-Type", "")
            model_content.check_model_start(head, kind, self._transfer.name)
        if is_part and (start is None or not total):
            raise InvalidResponse("Civitai's storage does not say which part of the file it sent.")
        if is_part and start != piece.start:
            raise FileChanged("Civitai's storage sent a different part of the file than requested.")
        if total is not None and piece.end > total:
            piece.end = total
        self._check_version(body, total)
        if self._transfer.version is None:
            if not self._start_file(body, piece, total, is_part):
                return
        if is_part:
            self._transfer.plan.is_shared = self._transfer.is_resumable
            self._write_body(body, piece, head, skipped=0)
        elif self._transfer.plan.extend_to_end(piece):
            self._write_body(body, piece, head, skipped=piece.start)

    def _check_version(self, body: ResponseBody, total: int | None) -> None:
        """Raise FileChanged if a response is of another version of the file than earlier ones.

        total: the file's length in bytes by this response, None if not stated.
        """
        version, known = self._transfer.version, (None, self._transfer.plan.total)
        if version is not None and (version.is_changed(body.headers) or total not in known):
            raise FileChanged("The file in Civitai's storage changed during the download.")

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
        """Read a response's body up to the end of the piece, and write its bytes to the file.

        head: first bytes of the body, which were already read. skipped: number of bytes at the
        start of the body, `head` included, that are not written.
        """
        requested_end = piece.end
        data = head[skipped:]
        skipped -= min(skipped, len(head))
        while skipped and (passed := body.read(self._chunk)):
            data = passed[skipped:]
            skipped -= min(skipped, len(passed))
        while piece.missing:
            with self._syncer.wait_to_write(self._chunk, self._transfer.cancelled):
                if not self._write_chunk(body, piece, data):
                    return self._handle_end(piece)
            data = b""
        if piece.end == requested_end:
            body.read(1)  # its end, so that the connection can be used again

    def _write_chunk(self, body: ResponseBody, piece: Piece, data: bytes) -> bool:
        """Write the next `self._chunk` bytes of a piece to the file, or what is left of the piece.

        data: the first of these bytes; the others are read from the body. Return False if the body
        ended too early.
        """
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
            self._flush(pending, piece)

    def _flush(self, pending: bytearray, piece: Piece) -> None:
        if pending:
            self._transfer.file.write_at(pending, piece.position - len(pending))
            pending.clear()

    def _handle_end(self, piece: Piece) -> None:
        if piece.end != inf:
            raise IncompleteDownload("The download broke off.")
        piece.end = piece.position
        self._transfer.plan.set_total(piece.position)


def _read_head(body: ResponseBody) -> bytes:
    head = b""
    while len(head) < model_content.START_SIZE and (data := body.read(model_content.START_SIZE)):
        head += data
    return head
