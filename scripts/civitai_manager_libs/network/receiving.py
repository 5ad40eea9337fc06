"""One file on its way in: resumed, checked, and never two versions joined."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack
from email.utils import parsedate_to_datetime

from .. import setting, util
from ..errors import HttpStatusError, IncompleteDownload, NotAnImage, TooLarge, UnreadableAnswer
from ..ground import disk_error, PartialFile
from . import answers
from .body import Unpacker, WireAnswer
from .file_end import has_its_end

__all__ = ["CHUNK_SIZE", "Progress", "Receiver", "Target"]

CHUNK_SIZE = 512 * 1024  # bytes; most pictures in one, at a third of the CPU time of 8 KiB
_START = 512  # bytes; enough to tell what a file is
_PROGRESS_EVERY = 0.1  # seconds
_VIDEO = {"mp4", "webm"}
_VERSION = ("ETag", "Last-Modified")  # what an answer says of its version, strong or not

Progress = Callable[[int, int], None]  # bytes received, bytes in all (0: unknown)
Asking = Callable[[dict[str, str]], AbstractContextManager[WireAnswer]]
Target = Callable[[str], str]  # the true extension ("" for a plain file) -> the final path


class Receiver:
    """Takes a file in, over as many answers as it needs; to be closed.

    `size` is how many bytes of the file are there; `best`, the most that ever were.
    """

    def __init__(
        self,
        target: Target,
        picture: bool = True,
        chunk_size: int = CHUNK_SIZE,
        progress: Progress | None = None,
        reserve: int = 0,
    ) -> None:
        self.path, self.extension, self.total, self.best = "", "", 0, 0
        self._target, self._picture, self._chunk_size = target, picture, chunk_size
        self._reserve = reserve
        self._progress, self._told_at = progress, 0.0
        self._partial: PartialFile | None = None
        self._files = ExitStack()  # that one
        self._validator = ""  # a strong ETag or a date; "": what is here cannot be gone on with
        self._version: dict[str, str] = {}  # what the first answer said of the version
        self._raw, self._raw_total = 0, 0  # bytes on the wire, which differ where it is packed
        self._unpacker = Unpacker({})
        self._end_is_told = True  # by a length, by chunks, by what packed it

    def close(self) -> None:
        """What was not given its name is gone."""
        self._files.close()

    @property
    def size(self) -> int:
        return self._partial.size if self._partial is not None else 0

    def receive(self, ask: Asking) -> None:
        """One try; `ask` sends the request with these headers. Returns when the file is there.

        Raises NetworkError, ServerTrouble when another try may go on from here; else any other.
        """
        if not self._validator:
            self._forget()
        try:
            self._receive(ask)
        except UnreadableAnswer as error:
            raise NotAnImage(str(error)) from error

    def _receive(self, ask: Asking) -> None:
        with ask(self._headers()) as answer:
            if self._is_whole(answer):
                return self._finish()
            if self._goes_on(answer) or _is_start(answer):
                return self._take(answer)
        self._forget()
        with ask({}) as answer:
            if not _is_start(answer):
                said = "The server does not send the file from its beginning."
                raise HttpStatusError(said, answer.status)
            self._take(answer)

    def _headers(self) -> dict[str, str]:
        if not self.size:
            return {}
        return {"Range": f"bytes={self.size}-", "If-Range": self._validator}

    def _is_whole(self, answer: WireAnswer) -> bool:
        """A 416 says that the file ends where we are."""
        if answer.status != 416 or not self.size:
            return False
        return (_range_of(answer.headers)[1] or self.total) == self.size

    def _goes_on(self, answer: WireAnswer) -> bool:
        """Whether this is the rest of the same version, to an end that is known."""
        if answer.status != 206 or not self.size:
            return False
        start, total = _range_of(answer.headers)
        total = total or self.total
        is_other = any(answer.headers.get(k, v) != v for k, v in self._version.items())
        if is_other or Unpacker(answer.headers).is_packed:
            return False
        return start == self.size and total > 0 and self.total in (0, total)

    def _forget(self) -> None:
        self._validator, self.total, self._raw, self._raw_total = "", 0, 0, 0
        if self._partial is not None:
            self._partial.restart()

    def _take(self, answer: WireAnswer) -> None:
        if self._goes_on(answer):
            self.total = self._raw_total = _range_of(answer.headers)[1] or self.total
            self._check_cap()
        else:
            self._begin(answer)
        while data := answer.read(self._chunk_size):
            for piece in self._counted(data):
                self._put(piece)
            self._tell()
        self._finish()

    def _begin(self, answer: WireAnswer) -> None:
        """A body from its first byte: what it is, how long it is, where it goes."""
        self._forget()
        self._unpacker = Unpacker(answer.headers)
        part_of = _range_of(answer.headers)[1] if answer.status == 206 else None
        self._raw_total = part_of or answers.length_of(answer.headers) or 0
        self.total = 0 if self._unpacker.is_packed else self._raw_total
        is_chunked = answers.is_chunked(answer.headers)
        self._end_is_told = bool(self._raw_total or self._unpacker.is_packed or is_chunked)
        start = self._read_start(answer)
        if len(start) < _START:
            self._check_end()
        kind = answer.headers.get("Content-Type", "").strip().lower()
        self.extension = answers.check_start(answer.status, kind, start, self._picture) or ""
        self._check_cap()
        self.path = self._target(self.extension)
        self._open()
        self._validator = "" if self._unpacker.is_packed else _validator_of(answer.headers)
        told = (answer.headers.get(name) for name in _VERSION)
        self._version = {name: value for name, value in zip(_VERSION, told) if value is not None}
        self._put(start)

    def _read_start(self, answer: WireAnswer) -> bytes:
        start = b""
        # little at a time where it is packed, for what a bomb of this size can unpack to
        size = _START if self._unpacker.is_packed else self._chunk_size
        while len(start) < _START and (data := answer.read(size)):
            start += b"".join(self._counted(data))
        return start

    def _counted(self, data: bytes) -> Iterable[bytes]:
        self._raw += len(data)
        if 0 < self._raw_total < self._raw:
            self._forget()
            raise IncompleteDownload("The server sent more than it had promised.")
        return self._unpacker.unpack(data, self._chunk_size)

    def _open(self) -> None:
        if self._partial is None:
            self._partial = self._files.enter_context(PartialFile(os.path.dirname(self.path)))
            self._partial.expect(self.total, self._reserve)

    def _put(self, data: bytes) -> None:
        assert self._partial is not None
        self._partial.write(data)
        self.best = max(self.best, self.size)
        self._check_cap()

    def _tell(self) -> None:
        now = time.monotonic()
        is_end = self.size == self.total  # which `_finish` tells
        if self._progress is not None and not is_end and now - self._told_at >= _PROGRESS_EVERY:
            self._told_at = now
            self._progress(self.size, self.total)

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

    def _check_picture(self, path: str) -> None:
        try:
            is_whole = has_its_end(path, self.extension)
        except OSError as error:
            raise disk_error(error, path) from error
        if not is_whole:
            raise IncompleteDownload(f"The file broke off after {util.short_bytes(self._raw)}.")

    def _finish(self) -> None:
        self._check_end()
        assert self._partial is not None
        if self._picture and not self._end_is_told:
            self._check_picture(self._partial.path)
        self._partial.commit(self.path)
        if self._progress is not None:
            self._progress(self.size, self.total)


def _is_start(answer: WireAnswer) -> bool:
    """Whether this is the file from its first byte, be it only a part of it."""
    if answer.status == 206:
        start, total = _range_of(answer.headers)
        return start == 0 and bool(total)
    return answer.status != 416


def _validator_of(headers: Mapping[str, str]) -> str:
    """What tells two versions of a file apart byte for byte: neither does a weak ETag, nor the date
    of a file that may have changed twice in that second (RFC 9110, 8.8.2.2)."""
    etag = headers.get("ETag", "").strip()
    if etag.startswith('"'):
        return etag
    changed = headers.get("Last-Modified", "").strip()
    try:
        age = parsedate_to_datetime(headers.get("Date", "")) - parsedate_to_datetime(changed)
    except (TypeError, ValueError, OverflowError):
        return ""
    return changed if age.total_seconds() >= 1 else ""


def _range_of(headers: Mapping[str, str]) -> tuple[int | None, int | None]:
    """Start and total of a Content-Range: `bytes 5-9/10` is (5, 10), `bytes */10` (None, 10)."""
    found = re.match(r"bytes (?:(\d+)-\d+|\*)/(?:(\d+)|\*)", headers.get("Content-Range", ""))
    if found is None:
        return None, None
    start, total = found.groups()
    return (int(start) if start else None), (int(total) if total else None)
