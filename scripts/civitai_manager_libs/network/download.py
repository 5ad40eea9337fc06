"""The download of one file: resumed after an interruption, checked, never of two versions."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, ExitStack, suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import BinaryIO

from .. import setting, util
from ..core import AtomicFile, detect_media_extension, is_complete, ResumableFile
from ..errors import Cancelled, DiskError, HttpStatusError, IncompleteDownload, InvalidResponse
from ..errors import NetworkError, NotAnImage, ServerError, TooLarge
from . import responses
from .body import Decompressor, ResponseBody
from .retries import RetryLoop
from .session import HttpSession, OutgoingRequest

_VALIDATORS = ("ETag", "Last-Modified")
# Up to 18 digits: Python raises ValueError for a number of some thousands.
_CONTENT_RANGE = re.compile(r"bytes (?:(\d{1,18})-\d+|\*)/(?:(\d{1,18})(?!\d)|\*)")


@dataclass(frozen=True)
class FileVersion:
    """One version of a file on the server.

    validator: a value for the If-Range header to resume a download; "" if the server sent no
    reliable ETag or date. headers: ETag and Last-Modified of the first response.
    """

    validator: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_headers(cls, headers: Mapping[str, str], is_compressed: bool) -> FileVersion:
        """Return the version that a response names; a compressed body is never resumed."""
        known = {name: headers[name] for name in _VALIDATORS if name in headers}
        return cls("" if is_compressed else _strong_validator(headers), known)

    @classmethod
    def from_validator(cls, validator: str) -> FileVersion:
        """Return the version of an unfinished file from the ETag or date stored with the file."""
        name = "ETag" if validator.startswith('"') else "Last-Modified"
        return cls(validator, {name: validator})

    def is_changed(self, headers: Mapping[str, str]) -> bool:
        """Return whether a response's ETag or Last-Modified differs from this version's."""
        return any(headers.get(name, value) != value for name, value in self.headers.items())


def _is_from_start(status: int, headers: Mapping[str, str]) -> bool:
    """Return whether a response's body begins with the first byte of the file."""
    if status == 206:  # which must state the file's total length
        start, total = parse_content_range(headers)
        return start == 0 and bool(total)
    return status != 416


def parse_content_range(headers: Mapping[str, str]) -> tuple[int | None, int | None]:
    """Return (first byte, total) of a Content-Range header; each is None if unknown."""
    found = _CONTENT_RANGE.match(headers.get("Content-Range", ""))
    if found is None:
        return None, None
    start, total = found.groups()
    return (int(start) if start else None), (int(total) if total else None)


def _strong_validator(headers: Mapping[str, str]) -> str:
    """Return the ETag or a date that identifies the bytes (RFC 9110, 8.8.2.2), else ""."""
    etag = headers.get("ETag", "").strip()
    if etag.startswith('"'):
        return etag
    changed = headers.get("Last-Modified", "").strip()
    try:
        age = parsedate_to_datetime(headers.get("Date", "")) - parsedate_to_datetime(changed)
    except (TypeError, ValueError, OverflowError):
        return ""
    return changed if age.total_seconds() >= 1 else ""


# Bytes; a larger chunk is a mapping of its own for each read: ten images at once then took 8 MiB
# more memory, and no less CPU time. 8 KiB takes three times the CPU time.
CHUNK_SIZE = 128 * 1024 - 4096
_START = 512  # bytes; enough to recognize a file
_PROGRESS_INTERVAL = 0.1  # seconds
_NOTE_INTERVAL = 1.0  # seconds; a killed program must fetch the bytes of this time again
_VIDEO = {"mp4", "webm"}

Progress = Callable[[int, int], None]  # bytes received, bytes of the whole file (0: unknown)
Target = Callable[[str], str]  # the true extension ("" for a plain file) -> the final path


@dataclass(frozen=True)
class FetchedFile:
    """A file that was downloaded, or that existed already.

    size: in bytes. extension: such as "png", from the first bytes of a downloaded image, video or
    sound; "" for all other files.
    """

    path: str
    size: int
    extension: str


@dataclass(frozen=True)
class FileOptions:
    """Which files a download accepts, and how it writes them to the disk.

    images_only: accept only images, videos and sound. overwrite: if False, an existing file is kept
    and nothing is fetched. resumable: keep an unfinished file when a download stops, so that the
    next download of the same URL continues it. reserve: bytes of the disk that must stay free.
    chunk_size: bytes to read and write at once. place: called with the complete, still unnamed file
    and its final path; returns whether it has written a changed file there, which is kept instead.
    """

    images_only: bool = True
    overwrite: bool = True
    resumable: bool = False
    reserve: int = 0
    chunk_size: int = CHUNK_SIZE
    place: Callable[[BinaryIO, str], bool] | None = None


class FileDownload:
    """The download of one file, in as many requests as necessary.

    url: the original URL, by which an unfinished file is found again. request: asks for the whole
    file. target: returns the final path for an extension. size: bytes received so far. path,
    extension: "" until the first bytes arrive.
    """

    def __init__(
        self,
        url: str,
        request: OutgoingRequest,
        target: Target,
        options: FileOptions = FileOptions(),
        progress: Progress | None = None,
    ) -> None:
        self.path, self.extension, self.total = "", "", 0
        self._url, self._request, self._target, self._options = url, request, target, options
        self._progress, self._reported_at = progress, 0.0
        self._note_at = time.monotonic() + _NOTE_INTERVAL
        self._partial: AtomicFile | None = None
        self._files = ExitStack()  # closes the partial file
        self._version = FileVersion()  # of the bytes received so far
        self._sent, self._sent_total = 0, 0  # bytes as the server sends them, maybe compressed
        self._decompressor = Decompressor({})
        self._is_end_known = True  # by a length, by chunks, or by the compression

    @property
    def size(self) -> int:
        return self._partial.size if self._partial is not None else 0

    def run(self, session: HttpSession, retries: RetryLoop) -> FetchedFile:
        """Download the file with retries, and move it to its final path when it is complete.

        Return the file's path, size and extension. Raises NetworkError, HttpStatusError,
        NotAnImage, TooLarge, Refused, DiskError, InputError for an invalid API key, and Cancelled.
        """
        with closing(self):
            try:
                retries.run(lambda: self.receive(session), lambda: self.size)
            except (Cancelled, NetworkError, ServerError):
                if not retries.cancelled.is_for_good:
                    self._keep_partial()
                raise
            assert self._partial is not None
            self._place(self._partial)
            if self._progress is not None:
                self._progress(self.size, self.total)
        return FetchedFile(self.path, self.size, self.extension)

    def _place(self, partial: AtomicFile) -> None:
        if self._options.place is not None:
            with partial.reading() as file:
                if self._options.place(file, self.path):
                    return
        partial.commit(self.path)

    def close(self) -> None:
        """Delete the unfinished file, unless `run` kept it for a later download."""
        self._files.close()

    def receive(self, session: HttpSession) -> None:
        """Request the missing bytes, and append them to the file.

        If the server's file has changed or has no ETag or date, request the whole file. Raises
        NetworkError or ServerError if a retry may help. Also raises HttpStatusError, NotAnImage,
        TooLarge, Refused, DiskError, InputError and Cancelled.
        """
        if self._options.resumable and self._partial is None:
            self._resume()
        if not self._version.validator:
            self._restart()
        try:
            self._receive(session)
        except InvalidResponse as error:
            raise NotAnImage(str(error)) from error

    def _keep_partial(self) -> None:
        if isinstance(self._partial, ResumableFile) and self._version.validator and self.size:
            with suppress(DiskError):
                self._partial.write_note(self.total, self._version.validator)
                self._partial.keep()

    def _resume(self) -> None:
        folder = os.path.dirname(self._target(""))
        if not ResumableFile.exists(folder, self._url):
            return
        partial = ResumableFile(folder, self._url)
        self._partial = self._files.enter_context(partial)
        if partial.found is None:
            return
        self.extension = detect_media_extension(partial.read_at(0, _START)) or ""
        if self._options.images_only and not self.extension:  # it was damaged
            return partial.restart()
        self.path = self._target(self.extension)
        self._sent = partial.size
        self.total = self._sent_total = partial.found.total
        self._version = FileVersion.from_validator(partial.found.validator)

    def _receive(self, session: HttpSession) -> None:
        request = self._request
        if self.size:
            validator = self._version.validator
            request = request.with_headers({"Range": f"bytes={self.size}-", "If-Range": validator})
        with session.open(request, allowed=(416,)) as body:
            if self._is_end_confirmed(body):
                return self._check_complete()
            if self._is_continuation(body) or _is_from_start(body.status, body.headers):
                return self._read_body(body)
        self._restart()
        with session.open(self._request, allowed=(416,)) as body:
            if not _is_from_start(body.status, body.headers):
                message = "The server did not send the file from its beginning."
                raise HttpStatusError(message, body.status)
            self._read_body(body)

    def _is_end_confirmed(self, body: ResponseBody) -> bool:
        if body.status != 416 or not self.size or self._version.is_changed(body.headers):
            return False
        return (parse_content_range(body.headers)[1] or self.total) == self.size

    def _is_continuation(self, body: ResponseBody) -> bool:
        """Return whether a response's body begins where the unfinished file ends.

        Return False too if the body is compressed, or if the file's total length is unknown or the
        file has changed on the server.
        """
        if body.status != 206 or not self.size:
            return False
        start, total = parse_content_range(body.headers)
        total = total or self.total
        if self._version.is_changed(body.headers) or Decompressor(body.headers).is_compressed:
            return False
        return start == self.size and total > 0 and self.total in (0, total)

    def _restart(self) -> None:
        self._version, self.total, self._sent, self._sent_total = FileVersion(), 0, 0, 0
        if self._partial is not None:
            self._partial.restart()

    def _read_body(self, body: ResponseBody) -> None:
        if self._is_continuation(body):
            self.total = self._sent_total = parse_content_range(body.headers)[1] or self.total
            self._is_end_known = True
            self._check_size_limit()
            self._open_partial()
        else:
            self._begin_file(body)
        while data := body.read(self._options.chunk_size):
            for piece in self._decompress(data):
                self._write(piece)
            self._report_progress()
            self._write_note()
        self._check_complete()

    def _begin_file(self, body: ResponseBody) -> None:
        """Read the first bytes of a body and create the unfinished file from them.

        Sets the file's extension, total length, final path and version. Raises NotAnImage,
        NeedsKey, TooLarge, DiskError, and NetworkError if the body ends too early.
        """
        self._restart()
        headers = body.headers
        self._decompressor = Decompressor(headers)
        is_compressed = self._decompressor.is_compressed
        ranged_total = parse_content_range(headers)[1] if body.status == 206 else None
        self._sent_total = ranged_total or responses.parse_content_length(headers) or 0
        self.total = 0 if is_compressed else self._sent_total
        is_chunked = responses.is_chunked(headers)
        self._is_end_known = bool(self._sent_total or is_compressed or is_chunked)
        start = b""
        # Little of a compressed body at once: 512 bytes may decompress to 500 KB.
        size = _START if is_compressed else self._options.chunk_size
        while len(start) < _START and (data := body.read(size)):
            start += b"".join(self._decompress(data))
        if len(start) < _START:
            self._check_length()
        kind, images_only = headers.get("Content-Type", ""), self._options.images_only
        self.extension = responses.detect_extension(kind, start, images_only) or ""
        self._check_size_limit()
        self.path = self._target(self.extension)
        self._open_partial()
        self._version = FileVersion.from_headers(headers, is_compressed)
        self._write(start)

    def _decompress(self, data: bytes) -> Iterable[bytes]:
        self._sent += len(data)
        if 0 < self._sent_total < self._sent:
            self._restart()
            raise IncompleteDownload("The server sent more data than it had announced.")
        return self._decompressor.decompress(data, self._options.chunk_size)

    def _open_partial(self) -> None:
        if self._partial is None:
            folder = os.path.dirname(self.path)
            is_resumable = self._options.resumable
            partial = ResumableFile(folder, self._url) if is_resumable else AtomicFile(folder)
            self._partial = self._files.enter_context(partial)
        self._partial.reserve_space(self.total, self._options.reserve)

    def _write(self, data: bytes) -> None:
        assert self._partial is not None
        self._partial.write(data)
        self._check_size_limit()

    def _report_progress(self) -> None:
        now = time.monotonic()
        is_end = self.size == self.total  # which `run` reports
        is_due = now - self._reported_at >= _PROGRESS_INTERVAL
        if self._progress is not None and not is_end and is_due:
            self._reported_at = now
            self._progress(self.size, self.total)

    def _write_note(self) -> None:
        """Note at most once a second how many bytes have arrived, for a resumable file."""
        partial, validator = self._partial, self._version.validator
        is_due = time.monotonic() >= self._note_at
        if is_due and isinstance(partial, ResumableFile) and validator:
            with suppress(DiskError):  # the next write to the file raises it again
                partial.write_note(self.total, validator)
            self._note_at = time.monotonic() + _NOTE_INTERVAL

    def _check_size_limit(self) -> None:
        if not self.extension:
            return
        is_video = self.extension in _VIDEO
        limit = setting.gallery_max_video_mb if is_video else setting.gallery_max_image_mb
        size = max(self.total, self.size)
        if size > limit * 1024 * 1024:
            size_text = util.short_bytes(size)
            raise TooLarge(
                f"The file ({size_text}) is larger than the {limit} MB that the settings allow."
            )

    def _check_length(self) -> None:
        if self._sent < self._sent_total or not self._decompressor.is_complete:
            raise self._broken_off()

    def _check_complete(self) -> None:
        """Raise IncompleteDownload if the download ended too early.

        If nothing in the response tells where the file ends, an image or video must end as its
        format requires; other files are then taken as complete.
        """
        self._check_length()
        assert self._partial is not None
        if self._is_end_known or not self._options.images_only:
            return
        with self._partial.reading() as file:
            is_whole = is_complete(file, self.extension)
        if not is_whole:
            raise self._broken_off()

    def _broken_off(self) -> IncompleteDownload:
        return IncompleteDownload(f"The download broke off after {util.short_bytes(self._sent)}.")
