"""One file on its way in: gone on with, checked, and never two versions joined."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, ExitStack, suppress

from .. import setting, util
from ..core import AtomicFile, is_complete, ResumableFile, to_disk_error
from ..errors import (
    DiskError,
    HttpStatusError,
    IncompleteDownload,
    InvalidResponse,
    NotAnImage,
    TooLarge,
)
from . import responses
from .body import Decompressor, ResponseBody
from .validators import FileVersion, is_start, parse_content_range

__all__ = ["SendRequest", "CHUNK_SIZE", "Progress", "FileDownload", "Target"]

CHUNK_SIZE = 512 * 1024  # bytes; most pictures in one, at a third of the CPU time of 8 KiB
_START = 512  # bytes; enough to tell what a file is
_PROGRESS_EVERY = 0.1  # seconds
_NOTE_EVERY = 0.5  # seconds; what a killed program must fetch again of a file
_NOTE_SHARE = 20  # times as long as it takes to note it; a slow disk is asked seldom
_VIDEO = {"mp4", "webm"}

Progress = Callable[[int, int], None]  # bytes received, bytes in all (0: unknown)
SendRequest = Callable[[dict[str, str]], AbstractContextManager[ResponseBody]]
Target = Callable[[str], str]  # the true extension ("" for a plain file) -> the final path


class FileDownload:
    """Takes a file in, over as many answers as it needs; to be closed.

    of: the URL whose half file a later run goes on with, after a `keep` or a kill; "" keeps none.
    `size` is how many bytes of the file are there.
    """

    def __init__(
        self,
        target: Target,
        picture: bool = True,
        chunk_size: int = CHUNK_SIZE,
        progress: Progress | None = None,
        reserve: int = 0,
        of: str = "",
    ) -> None:
        self.path, self.extension, self.total = "", "", 0
        self._target, self._picture, self._chunk_size = target, picture, chunk_size
        self._reserve, self._of = reserve, of
        self._note_at = time.monotonic() + _NOTE_EVERY
        self._progress, self._told_at = progress, 0.0
        self._partial: AtomicFile | None = None
        self._files = ExitStack()  # that one
        self._version = FileVersion()  # of what is here
        self._raw, self._raw_total = 0, 0  # bytes on the wire, which differ where it is packed
        self._unpacker = Decompressor({})
        self._end_is_told = True  # by a length, by chunks, by what packed it

    def close(self) -> None:
        """What was not given its name is gone, but for what is to be kept."""
        self._files.close()

    def keep(self) -> None:
        """Let a later run go on from here, if the server told the version and the disk has room."""
        if isinstance(self._partial, ResumableFile) and self._version.validator and self.size:
            with suppress(DiskError):
                self._partial.keep(self.total, self._version.validator)

    def commit(self) -> None:
        """Give what was received its name. Raises DiskError."""
        assert self._partial is not None
        self._partial.commit(self.path)
        if self._progress is not None:
            self._progress(self.size, self.total)

    @property
    def size(self) -> int:
        return self._partial.size if self._partial is not None else 0

    def receive(self, ask: SendRequest) -> None:
        """One try; `ask` sends the request with these headers. Returns when all of it is here.

        Raises NetworkError, ServerTrouble when another try may go on from here; else any other.
        """
        if self._of and self._partial is None:
            self._resume()
        if not self._version.validator:
            self._restart()
        try:
            self._receive(ask)
        except InvalidResponse as error:
            raise NotAnImage(str(error)) from error

    def _resume(self) -> None:
        """What an earlier run left of it, if anything."""
        folder = os.path.dirname(self._target(""))
        if not ResumableFile.exists(folder, self._of):
            return
        self._partial = half = self._files.enter_context(ResumableFile(folder, self._of))
        if half.found is None:
            return
        self.extension = util.extension_of(half.read_start(_START)) or ""
        if self._picture and not self.extension:  # it was damaged
            return half.restart()
        self.path = self._target(self.extension)
        self._raw = half.size
        self.total = self._raw_total = half.found.total
        self._version = FileVersion.from_note(half.found.validator)

    def _receive(self, ask: SendRequest) -> None:
        with ask(self._headers()) as answer:
            if self._is_whole(answer):
                return self._check_whole()
            if self._continues(answer) or is_start(answer):
                return self._read_body(answer)
        self._restart()
        with ask({}) as answer:
            if not is_start(answer):
                said = "The server does not send the file from its beginning."
                raise HttpStatusError(said, answer.status)
            self._read_body(answer)

    def _headers(self) -> dict[str, str]:
        if not self.size:
            return {}
        return {"Range": f"bytes={self.size}-", "If-Range": self._version.validator}

    def _is_whole(self, answer: ResponseBody) -> bool:
        """A 416 says that the file ends where we are."""
        if answer.status != 416 or not self.size or self._version.is_other_than(answer.headers):
            return False
        return (parse_content_range(answer.headers)[1] or self.total) == self.size

    def _continues(self, answer: ResponseBody) -> bool:
        """Whether this is the rest of the same version, to an end that is known."""
        if answer.status != 206 or not self.size:
            return False
        start, total = parse_content_range(answer.headers)
        total = total or self.total
        if self._version.is_other_than(answer.headers) or Decompressor(answer.headers).is_packed:
            return False
        return start == self.size and total > 0 and self.total in (0, total)

    def _restart(self) -> None:
        self._version, self.total, self._raw, self._raw_total = FileVersion(), 0, 0, 0
        if self._partial is not None:
            self._partial.restart()

    def _read_body(self, answer: ResponseBody) -> None:
        if self._continues(answer):
            self.total = self._raw_total = parse_content_range(answer.headers)[1] or self.total
            self._end_is_told = True
            self._check_cap()
            self._open_file()
        else:
            self._begin_file(answer)
        while data := answer.read(self._chunk_size):
            for piece in self._count_bytes(data):
                self._write_bytes(piece)
            self._report_progress()
            self._write_note()
        self._check_whole()

    def _begin_file(self, answer: ResponseBody) -> None:
        """A body from its first byte: what it is, how long it is, where it goes."""
        self._restart()
        self._unpacker = Decompressor(answer.headers)
        part_of = parse_content_range(answer.headers)[1] if answer.status == 206 else None
        self._raw_total = part_of or responses.content_length(answer.headers) or 0
        self.total = 0 if self._unpacker.is_packed else self._raw_total
        is_chunked = responses.is_chunked(answer.headers)
        self._end_is_told = bool(self._raw_total or self._unpacker.is_packed or is_chunked)
        start = self._read_start(answer)
        if len(start) < _START:
            self._check_end()
        kind = answer.headers.get("Content-Type", "").strip().lower()
        self.extension = responses.check_file_start(answer.status, kind, start, self._picture) or ""
        self._check_cap()
        self.path = self._target(self.extension)
        self._open_file()
        self._version = FileVersion.from_headers(answer.headers, self._unpacker.is_packed)
        self._write_bytes(start)

    def _read_start(self, answer: ResponseBody) -> bytes:
        start = b""
        # little at a time where it is packed, for what a bomb of this size can unpack to
        size = _START if self._unpacker.is_packed else self._chunk_size
        while len(start) < _START and (data := answer.read(size)):
            start += b"".join(self._count_bytes(data))
        return start

    def _count_bytes(self, data: bytes) -> Iterable[bytes]:
        self._raw += len(data)
        if 0 < self._raw_total < self._raw:
            self._restart()
            raise IncompleteDownload("The server sent more than it had promised.")
        return self._unpacker.decompress(data, self._chunk_size)

    def _open_file(self) -> None:
        if self._partial is None:
            folder = os.path.dirname(self.path)
            made = ResumableFile(folder, self._of) if self._of else AtomicFile(folder)
            self._partial = self._files.enter_context(made)
        self._partial.reserve_space(self.total, self._reserve)

    def _write_bytes(self, data: bytes) -> None:
        assert self._partial is not None
        self._partial.write(data)
        self._check_cap()

    def _report_progress(self) -> None:
        now = time.monotonic()
        is_end = self.size == self.total  # which `_finish` tells
        if self._progress is not None and not is_end and now - self._told_at >= _PROGRESS_EVERY:
            self._told_at = now
            self._progress(self.size, self.total)

    def _write_note(self) -> None:
        """Now and then: a killed program says nothing at its end."""
        now = time.monotonic()
        if (
            now >= self._note_at
            and isinstance(self._partial, ResumableFile)
            and self._version.validator
        ):
            with suppress(DiskError):  # it would be found by the file itself
                self._partial.write_note(self.total, self._version.validator)
            took = time.monotonic() - now
            self._note_at = now + took + max(_NOTE_EVERY, _NOTE_SHARE * took)

    def _check_cap(self) -> None:
        """Pictures and videos have a cap; a plain file has none."""
        if not self.extension:
            return
        is_video = self.extension in _VIDEO
        cap = setting.gallery_max_video_mb if is_video else setting.gallery_max_image_mb
        size = max(self.total, self.size)
        if size > cap * 1024 * 1024:
            said = util.short_bytes(size)
            raise TooLarge(f"The file is larger ({said}) than the {cap} MB of the settings.")

    def _check_end(self) -> None:
        if self._raw < self._raw_total or not self._unpacker.is_whole:
            raise IncompleteDownload(f"The file broke off after {util.short_bytes(self._raw)}.")

    def _check_whole(self) -> None:
        """Its own end is looked at where nothing else tells of one."""
        self._check_end()
        assert self._partial is not None
        if self._end_is_told or not self._picture:
            return
        try:
            is_whole = is_complete(self._partial.path, self.extension)
        except OSError as error:
            raise to_disk_error(error, self._partial.path) from error
        if not is_whole:
            raise IncompleteDownload(f"The file broke off after {util.short_bytes(self._raw)}.")
