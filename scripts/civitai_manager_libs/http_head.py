"""An answer's status and header fields, read by their own grammar (RFC 9112)."""

from __future__ import annotations

import http.client
import re
from typing import BinaryIO

__all__ = ["HeadedAnswer"]

_LONGEST_LINE, _MOST_LINES = 65536, 100  # as http.client has them
_FOLD = re.compile(r"\r?\n[ \t]+")
_FIELD = re.compile(r"^([^:\s]+):[ \t]*(.*?)[ \t]*\r?$", re.M)


class HeadedAnswer(http.client.HTTPResponse):
    """http.client's answer; it would have the fields parsed as those of an e-mail, which costs
    more than to read the whole picture."""

    def begin(self) -> None:
        status = http.client.CONTINUE
        while status == http.client.CONTINUE:
            version, status, reason = self._read_status()
            fields = _fields_of(self.fp)
        if not version.startswith(("HTTP/1.", "HTTP/0.9")):
            raise http.client.UnknownProtocol(version)
        self.version = 10 if version in ("HTTP/1.0", "HTTP/0.9") else 11
        self.code, self.status, self.reason = status, status, reason.strip()
        self.headers = self.msg = fields
        self.chunked = fields.get("Transfer-Encoding", "").lower() == "chunked"
        self.chunk_left = None
        self.length = self._body_length()
        is_endless = self.length is None and not self.chunked
        self.will_close = is_endless or self._check_close()

    def _body_length(self) -> int | None:
        """None: told by chunks, or by the end of the connection."""
        if self.status in (204, 304) or self.status < 200 or self._method == "HEAD":
            return 0
        value = self.headers.get("Content-Length", "")
        known = value.isascii() and value.isdigit() and not self.chunked
        return int(value[:18]) if known else None


def _fields_of(file: BinaryIO) -> http.client.HTTPMessage:
    """The lines until an empty one; what is no field among them is passed over."""
    lines = []
    while (line := file.readline(_LONGEST_LINE + 1)) not in (b"\r\n", b"\n", b""):
        if len(line) > _LONGEST_LINE:
            raise http.client.LineTooLong("header line")
        if len(lines) == _MOST_LINES:
            raise http.client.HTTPException("The answer has too many header fields.")
        lines.append(line)
    text = _FOLD.sub(" ", b"".join(lines).decode("latin-1"))
    message = http.client.HTTPMessage()
    for name, value in _FIELD.findall(text):
        message.set_raw(name, value)
    return message
