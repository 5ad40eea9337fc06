"""Correct and faulty responses for `fault_server`, and valid images for them."""

from __future__ import annotations

import gzip
import json
import random
import socket
import struct
import threading
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from email.utils import formatdate
from typing import Any

__all__ = ["Answer", "chunked", "cut", "dripping", "http_date", "json_answer", "NOW"]
__all__ += ["packed", "page", "png", "ranged", "redirect", "reset", "stalled", "status"]
__all__ += ["unused_port", "whole"]

NOW = datetime(2026, 11, 24, 10, tzinfo=timezone.utc)  # on the server's clock
_CHUNK = 16 * 1024  # bytes


@dataclass(frozen=True)
class Answer:
    """A response for the server to send, correct or faulty.

    headers: a value may be a function, which is called when the response is sent. framing:
    "length", "chunked", or "close" (the body ends with the connection). announced: a wrong
    Content-Length, None for the true one. is_ranged: obey Range and If-Range. shift: added to the
    start that a Range asks for. stops_at: after how many bytes of the body `end` happens, -1:
    before the response; None: not at all. end: "close", "reset", "stall" (wait until the client
    leaves) or "gate" (wait for the event `gate`, then continue). piece: bytes sent at once. drip:
    seconds between two pieces.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, Any] = field(default_factory=dict)
    framing: str = "length"
    announced: int | None = None
    is_ranged: bool = False
    shift: int = 0
    stops_at: int | None = None
    end: str = "close"
    gate: threading.Event | None = None
    piece: int = _CHUNK
    drip: float = 0.0

    def but(self, **changes: Any) -> Answer:
        """Return a copy with some fields changed. Headers are added to those of this answer."""
        headers = {**self.headers, **changes.pop("headers", {})}
        return replace(self, headers=headers, **changes)


# Bytes


def png(seed: object = 0, size: int = 20_000, text: str = "") -> bytes:
    """Return a PNG file of about `size` bytes, different for each seed. text: its infotext."""
    noise = random.Random(str(seed)).randbytes(max(0, size - 81))
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)),
        (b"noIs", noise),
        *([(b"tEXt", b"parameters\0" + text.encode())] if text else []),
        (b"IDAT", zlib.compress(b"\0\0")),
        (b"IEND", b""),
    ]
    parts = [b"\x89PNG\r\n\x1a\n"]
    for kind, data in chunks:
        parts += [struct.pack(">I", len(data)), kind, data]
        parts += [struct.pack(">I", zlib.crc32(kind + data))]
    return b"".join(parts)


def http_date(seconds: float) -> str:
    """Return the time `seconds` after the server's current time, in the format of HTTP headers."""
    return formatdate(NOW.timestamp() + seconds, usegmt=True)


# Answers


def whole(body: bytes, content_type: str = "image/png", **headers: Any) -> Answer:
    """Return an Answer with the whole body. headers: as keywords, such as ETag='"1"'."""
    return Answer(200, body, {"Content-Type": content_type, **_named(headers)})


def ranged(body: bytes, etag: str = '"v1"', **headers: Any) -> Answer:
    """Return an Answer that obeys Range requests. etag: "" sends no ETag header."""
    answer = whole(body, **headers).but(is_ranged=True)
    return answer.but(headers={"ETag": etag}) if etag else answer


def cut(body: bytes, at: int, etag: str = '"v1"') -> Answer:
    return ranged(body, etag).but(stops_at=at)


def reset(body: bytes = b"", at: int = -1, etag: str = '"v1"') -> Answer:
    return ranged(body, etag).but(stops_at=at, end="reset")


def stalled(body: bytes = b"", at: int = -1, etag: str = '"v1"') -> Answer:
    return ranged(body, etag).but(stops_at=at, end="stall")


def dripping(body: bytes, piece: int, seconds: float) -> Answer:
    return ranged(body).but(piece=piece, drip=seconds)


def chunked(body: bytes, **headers: Any) -> Answer:
    return whole(body, **headers).but(framing="chunked")


def packed(body: bytes, **headers: Any) -> Answer:
    return whole(gzip.compress(body, mtime=0), Content_Encoding="gzip", **headers)


def status(code: int, body: bytes = b"", **headers: Any) -> Answer:
    return Answer(code, body, _named(headers))


def page(code: int = 200, content_type: str = "text/html") -> Answer:
    return whole(b"<!DOCTYPE html><html><body>Sign in</body></html>", content_type).but(status=code)


def json_answer(value: Any, code: int = 200) -> Answer:
    return whole(json.dumps(value).encode(), "application/json").but(status=code)


def redirect(location: str, code: int = 302) -> Answer:
    return Answer(code, b"Moved.", {"Location": location, "Set-Cookie": "session=1; Path=/"})


def unused_port() -> int:
    """Return the number of a free port on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def _named(headers: Mapping[str, Any]) -> dict[str, Any]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
