"""One file on its way in: resumed, checked, and never two versions joined."""

from __future__ import annotations

import os
import re
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol

from . import answers, setting, util
from .errors import HttpStatusError, IncompleteDownload, NetworkError, NotAnImage, TooLarge
from .partial_file import PartialFile, check_room

__all__ = ["CHUNK_SIZE", "Answer", "Progress", "Receiver", "Target"]

CHUNK_SIZE = 256 * 1024  # bytes; a third of the CPU time that 8 KiB cost
_START = 512  # bytes; enough to tell what a file is
_SLOW_SECONDS, _SLOW_RATE = 30.0, 1024  # a slower stream is broken off and asked for again
_PROGRESS_EVERY = 0.1  # seconds
_VIDEO = {"mp4", "webm"}

Progress = Callable[[int, int], None]  # bytes received, bytes in all (0: unknown)
Target = Callable[[str], str]  # the true extension ("" for a plain file) -> the final path


class Answer(Protocol):
    status: int
    headers: Mapping[str, str]

    def read(self, size: int) -> bytes:
        """What has arrived, 1 to `size` bytes; b"" at the end. Raises NetworkError, Cancelled."""


class Receiver:
    """Takes a file in, over as many answers as it needs. A context manager: gone if not whole.

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
        self._validator = ""  # a strong ETag or a date; "": what is here cannot be gone on with
        self._raw, self._raw_total = 0, 0  # bytes on the wire, which differ where it is gzip
        self._unzip: zlib._Decompress | None = None

    def __enter__(self) -> Receiver:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._partial is not None:
            self._partial.__exit__(kind, error, trace)

    @property
    def size(self) -> int:
        return self._partial.size if self._partial is not None else 0

    def receive(self, ask: Callable[[dict[str, str]], AbstractContextManager[Answer]]) -> None:
        """One try; `ask` sends the request with the given headers. Returns when the file is there.

        Raises NetworkError, ServerTrouble when another try may go on from here; else any other.
        """
        if not self._validator:
            self._forget()
        with ask(self._headers()) as answer:
            if self._is_whole(answer):
                return self._finish()
            if self._fits(answer):
                return self._take(answer)
        self._forget()
        with ask({}) as answer:
            if answer.status == 206 and _range_of(answer.headers)[0] not in (None, 0):
                raise HttpStatusError("The server sent another part than was asked for.", 206)
            if answer.status == 416:
                raise HttpStatusError("The server has no such part of the file.", 416)
            self._take(answer)

    def _headers(self) -> dict[str, str]:
        if not self.size:
            return {}
        return {"Range": f"bytes={self.size}-", "If-Range": self._validator}

    def _is_whole(self, answer: Answer) -> bool:
        """A 416 says that the file ends where we are."""
        end = _range_of(answer.headers)[1]
        return answer.status == 416 and self.size > 0 and end == self.size

    def _fits(self, answer: Answer) -> bool:
        if answer.status != 206:
            return answer.status != 416
        start, total = _range_of(answer.headers)
        same = _validator_of(answer.headers) in ("", self._validator)
        return start == self.size and same and total in (None, self.total or total)

    def _forget(self) -> None:
        self._validator, self.total, self._raw, self._unzip = "", 0, 0, None
        if self._partial is not None:
            self._partial.restart()

    def _take(self, answer: Answer) -> None:
        if answer.status != 206 or not self.size:
            self._begin(answer)
        self._check_cap()
        slow_since, slow_size = time.monotonic(), self._raw
        while data := answer.read(self._chunk_size):
            self._raw += len(data)
            for piece in self._unpacked(data):
                self._put(piece)
            now = time.monotonic()
            if now - slow_since >= _SLOW_SECONDS:
                if self._raw - slow_size < _SLOW_RATE * _SLOW_SECONDS:
                    raise NetworkError("The server sends too slowly.")
                slow_since, slow_size = now, self._raw
            if self._progress is not None and now - self._told_at >= _PROGRESS_EVERY:
                self._told_at = now
                self._progress(self.size, self.total)
        self._finish()

    def _begin(self, answer: Answer) -> None:
        """A body from its first byte: what it is, how long it is, where it goes."""
        self._forget()
        encoding = answer.headers.get("Content-Encoding", "").strip().lower()
        if encoding in ("gzip", "x-gzip", "deflate"):
            # 47: zlib or gzip, told by the header
            self._unzip = zlib.decompressobj(47)
        self._raw_total = _length_of(answer.headers)
        if answer.status == 206:  # a part that nobody asked for: the rest is asked for
            self._raw_total = _range_of(answer.headers)[1] or 0
        self.total = 0 if self._unzip else self._raw_total
        start = self._read_start(answer)
        kind = answer.headers.get("Content-Type", "").strip().lower()
        if len(start) < _START and self._raw < self._raw_total:
            raise IncompleteDownload("The file broke off at its beginning.")
        self.extension = answers.check_start(answer.status, kind, start, self._picture) or ""
        self.path = self._target(self.extension)
        self._open()
        self._validator = "" if self._unzip else _validator_of(answer.headers)
        self._put(start)

    def _read_start(self, answer: Answer) -> bytes:
        start = b""
        # little at a time where it is packed, for what a bomb of this size can unpack to
        size = _START if self._unzip else self._chunk_size
        while len(start) < _START and (data := answer.read(size)):
            self._raw += len(data)
            start += b"".join(self._unpacked(data))
        return start

    def _open(self) -> None:
        if self._partial is None:
            folder = os.path.dirname(self.path)
            check_room(folder, self.total + self._reserve)
            self._partial = PartialFile(folder)

    def _unpacked(self, data: bytes) -> Iterator[bytes]:
        if self._unzip is None:
            yield data
            return
        try:
            while data:
                yield self._unzip.decompress(data, self._chunk_size)
                data = self._unzip.unconsumed_tail
        except zlib.error as error:
            raise NotAnImage("The file's compression is damaged.") from error

    def _put(self, data: bytes) -> None:
        assert self._partial is not None
        self._partial.write(data)
        if self._partial.size > self.best:
            self.best = self._partial.size
            if not self.total:
                self._check_cap()

    def _check_cap(self) -> None:
        """Pictures and videos have a cap; a plain file has none."""
        if not self.extension:
            return
        is_video = self.extension in _VIDEO
        cap = setting.gallery_max_video_mb if is_video else setting.gallery_max_image_mb
        if max(self.total, self.size) > cap * 1024 * 1024:
            size = util.short_bytes(max(self.total, self.size))
            raise TooLarge(f"The file is larger ({size}) than the {cap} MB of the settings.")

    def _finish(self) -> None:
        if self._unzip is not None and not self._unzip.eof or self._raw < self._raw_total:
            raise IncompleteDownload(f"The file broke off after {util.short_bytes(self._raw)}.")
        assert self._partial is not None
        self._partial.commit(self.path)
        if self._progress is not None:
            self._progress(self.size, self.total)


def _validator_of(headers: Mapping[str, str]) -> str:
    """What tells two versions of a file apart byte for byte: a weak ETag does not."""
    etag = headers.get("ETag", "").strip()
    return etag if etag.startswith('"') else headers.get("Last-Modified", "").strip()


def _length_of(headers: Mapping[str, str]) -> int:
    value = headers.get("Content-Length", "").strip()
    return int(value) if re.fullmatch(r"[0-9]{1,18}", value) else 0


def _range_of(headers: Mapping[str, str]) -> tuple[int | None, int | None]:
    """Start and total of a Content-Range: `bytes 5-9/10` is (5, 10), `bytes */10` (None, 10)."""
    found = re.match(r"bytes (?:(\d+)-\d+|\*)/(?:(\d+)|\*)", headers.get("Content-Range", ""))
    if found is None:
        return None, None
    start, total = found.groups()
    return (int(start) if start else None), (int(total) if total else None)
