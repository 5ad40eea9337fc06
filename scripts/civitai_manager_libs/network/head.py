"""An answer's status, header fields and framing, read by their own grammar (RFC 9112)."""

from __future__ import annotations

import http.client
import math
import re
import time
from http.client import HTTPException

__all__ = ["HeadedAnswer"]

_LONGEST_LINE, _MOST_LINES = 65536, 100  # as http.client has them
_NAME = re.compile(r"\S+")
_CHUNK_SIZE = re.compile(r"[0-9a-f]{1,15}", re.I)
_MOST_INTERIM = 10  # answers before the answer
_SLOWEST_HEAD = 30.0  # seconds; silence has its timeout, a drip of bytes this one


class HeadedAnswer(http.client.HTTPResponse):
    """http.client's answer; it would have the fields parsed as those of an e-mail, which costs
    more than to read the whole picture.

    Stricter than http.client where a broken connection or a broken server would else pass for a
    whole answer: what it raises for these is an HTTPException.
    """

    _until = math.inf  # a proxy's answer to CONNECT is read without `begin`
    _ready: list[str] = []  # lines of the head that were taken already, the next one last

    def begin(self) -> None:
        self._until = time.monotonic() + _SLOWEST_HEAD
        for _ in range(_MOST_INTERIM):
            self._take_head()
            version, status, reason = self._read_status()
            fields = self._read_fields()
            if status == 101 or status >= 200:
                break
        if status < 200:  # what follows on this connection would be taken for the next answer
            raise HTTPException("The server does not come to its answer.")
        if not version.startswith("HTTP/1."):
            raise http.client.UnknownProtocol(version)
        self.version = 10 if version == "HTTP/1.0" else 11
        self.code, self.status, self.reason = status, status, reason.strip()
        self.headers = self.msg = fields
        self.chunked, self.chunk_left = _is_chunked(fields), None
        self.length = self._body_length(fields)
        is_endless = self.length is None and not self.chunked
        self.will_close = is_endless or self._check_close()

    def _body_length(self, fields: http.client.HTTPMessage) -> int | None:
        """None: told by chunks, or by the end of the connection."""
        length = None if self.chunked else _length_of(fields)
        if self.status in (204, 304) or self._method == "HEAD":
            return 0
        return length

    def _take_head(self) -> None:
        """All its lines at once, where they have arrived and end as they should."""
        arrived = self.fp.peek(1)
        end = arrived.find(b"\r\n\r\n") + 4
        breaks = arrived.count(b"\n", 0, end)
        if 4 <= end <= _LONGEST_LINE and breaks == arrived.count(b"\r\n", 0, end):
            self._ready = self.fp.read(end).decode("latin-1").split("\r\n")[-2::-1]

    def _read_status(self) -> tuple[str, int, str]:
        line = self._line()
        version, _, rest = line.strip().partition(" ")
        code, _, reason = rest.partition(" ")
        if not version.startswith("HTTP/") or len(code) != 3 or not code.isdigit():
            raise http.client.BadStatusLine(line)
        return version, int(code), reason

    def _read_fields(self) -> http.client.HTTPMessage:
        """The lines until an empty one; what is no field among them is passed over."""
        lines: list[str] = []
        while (line := self._line().rstrip("\r\n")) != "":
            if len(lines) == _MOST_LINES:
                raise HTTPException("The answer has too many header fields.")
            if line[0] in " \t" and lines:
                lines[-1] += " " + line.strip(" \t")
            else:
                lines.append(line)
        message = http.client.HTTPMessage()
        for line in lines:
            name, colon, value = line.partition(":")
            if colon and _NAME.fullmatch(name):
                message.set_raw(name, value.strip(" \t"))
        return message

    def _line(self) -> str:
        """One line with its end. Raises when the connection ends before it, or it never comes."""
        if self._ready:
            return self._ready.pop()
        line = b""
        while not line.endswith(b"\n"):
            arrived = self.fp.peek(1)  # one receive at most: `readline` would wait for ever
            if not arrived:
                raise http.client.RemoteDisconnected("The answer broke off in its head.")
            line += self.fp.read(arrived.find(b"\n") + 1 or len(arrived))
            if len(line) > _LONGEST_LINE:
                raise http.client.LineTooLong("header line")
            if time.monotonic() > self._until:
                raise TimeoutError("The server sends its head too slowly.")
        return line.decode("latin-1")

    def _read_next_chunk_size(self) -> int:
        self._until = time.monotonic() + _SLOWEST_HEAD
        size = self._line().partition(";")[0].strip()
        if not _CHUNK_SIZE.fullmatch(size):
            raise HTTPException("The length of a part of the answer makes no sense.")
        return int(size, 16)

    def _read_and_discard_trailer(self) -> None:
        self._until = time.monotonic() + _SLOWEST_HEAD
        self._read_fields()


def _is_chunked(fields: http.client.HTTPMessage) -> bool:
    """Raises for codings that nobody asked for: their bytes would be taken for the file's."""
    found = fields.get_all("Transfer-Encoding")
    if found is None:
        return False
    told = ",".join(found).lower().split(",")
    codings = [coding.strip() for coding in told if coding.strip() not in ("", "identity")]
    if codings not in ([], ["chunked"]):
        raise HTTPException("The answer is packed in a way that nobody asked for.")
    if not codings:
        del fields["Transfer-Encoding"]
    return bool(codings)


def _length_of(fields: http.client.HTTPMessage) -> int | None:
    """Several equal ones are one; else a cut body would pass for a whole one (RFC 9112, 6.3)."""
    told = fields.get_all("Content-Length")
    if told is None:
        return None
    if len(told) == 1 and told[0].isascii() and told[0].isdigit():
        return int(told[0][:18])
    values = {value.strip() for value in ",".join(told).split(",")}
    value = values.pop()
    if values or not (value.isascii() and value.isdigit()):
        raise HTTPException("The answer's length makes no sense.")
    del fields["Content-Length"]
    fields.set_raw("Content-Length", value)
    return int(value[:18])
