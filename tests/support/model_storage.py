"""Civitai's download route and the storage that it redirects to, each at a port of its own.

    with ModelStorage(safetensors(300_000)) as site:
        site.rules.lifetime = 2.0
        ... fetch site.url ...
        assert site.keys_at_storage == []

The route is `/api/download/models/<version>`; signed URLs are `/<version>?signature=<n>`. `rules`
sets the faults of both, and may change at any time.
"""

from __future__ import annotations

import hashlib
import json
import random
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from civitai_manager_libs.model_files import ModelFileRequest
from loopback_server import Closing, LoopbackServer, QuietHandler

__all__ = ["LOGIN", "ModelStorage", "Rules", "safetensors"]

_PIECE = 64 * 1024  # bytes
_RANDOM = 16 * 1024 * 1024  # bytes that are made at once
_PATIENCE = 20.0  # seconds; no test waits so long
LOGIN = "/login?returnUrl=%2Fmodels&reason=download-auth"


def safetensors(size: int, seed: int = 0) -> bytes:
    """Return a valid safetensors file of `size` bytes with random content."""
    header = b""
    for _ in range(2):  # the number of tensor bytes has no more digits the second time
        tensor = {"dtype": "U8", "shape": [0], "data_offsets": [0, size - 8 - len(header)]}
        header = json.dumps({"weight": tensor}).encode().ljust(120)
    numbers, rest = random.Random(seed), size - 8 - len(header)
    parts = (numbers.randbytes(min(_RANDOM, rest - at)) for at in range(0, rest, _RANDOM))
    return b"".join([struct.pack("<Q", len(header)), header, *parts])


@dataclass
class Rules:
    """How the download route and the storage behave.

    route: (status, headers, body) that the route sends instead of a redirect. routes: the same for
    the next requests, one each. lifetime, uses: for how many seconds and requests a signed URL is
    valid. expired: the status for an invalid one. statuses: for the next requests to the storage,
    one each. most: requests to the storage at once; others get status 503. rate: bytes a second of
    a connection. stops_after: bytes after which each response breaks off. hangs: number of
    responses that hang then. drips: number of responses that send only `drip` bytes a second.
    send_buffer: bytes that the system buffers for a connection. claims: a wrong total length in
    Content-Range, 0 for the true one.
    """

    route: tuple[int, Mapping[str, str], bytes] | None = None
    routes: list[tuple[int, Mapping[str, str], bytes]] = field(default_factory=list)
    lifetime: float = inf
    uses: float = inf
    expired: int = 403
    statuses: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    etag: str = '"v1"'
    ignores_range: bool = False
    is_chunked: bool = False
    most: float = inf
    rate: float = inf
    stops_after: float = inf
    hangs: float = 0
    drips: int = 0
    drip: float = 500
    send_buffer: int = 0
    claims: int = 0


@dataclass(frozen=True)
class Asked:
    """A request that was received. start, end: from its Range header. signature: from its URL."""

    path: str
    headers: Mapping[str, str]
    start: int | None
    end: int | None
    signature: int


class ModelStorage(Closing):
    """Two servers: Civitai's download route and its storage. Use it in a `with` block.

    route, storage: the requests to each. bytes_sent: all bytes of the file that the storage sent.
    """

    def __init__(self, body: bytes, name: str = "a.safetensors") -> None:
        self.body, self.name, self.rules = body, name, Rules()
        self.route: list[Asked] = []
        self.storage: list[Asked] = []
        self.bytes_sent = 0
        self.at_once, self.most_at_once, self.at_route, self.most_at_route = 0, 0, 0, 0
        self.over = threading.Event()
        self._signed: list[float] = []  # when each address was signed
        self._used: Counter[int] = Counter()
        self._lock = threading.Lock()
        self._servers = [LoopbackServer(handler, self) for handler in (_Route, _Storage)]
        self.base, self.storage_base = (server.url for server in self._servers)
        self.url = f"{self.base}/api/download/models/700200"

    def request(self, path: Path, file_id: int = 9) -> ModelFileRequest:
        """Return a request to download this storage's file, a LoRA, to a path."""
        model = {"name": "Mix", "type": "LORA"}
        return ModelFileRequest(
            file_id=file_id,
            version_id=700200,
            model_id=5,
            url=f"{self.url}?fileId={file_id}",
            path=str(path),
            name=path.name,
            kind="lora",
            size=len(self.body),
            sha256=self.sha256.lower(),
            title="Mix v1",
            record={"id": 700200, "modelId": 5, "name": "v1", "model": model},
        )

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest().upper()

    @property
    def keys_at_storage(self) -> list[str]:
        """Return the headers and paths by which a key, cookie or referrer reached the storage."""
        names = {"authorization", "cookie", "referer"}
        return [
            f"{name}: {value}"
            for asked in self.storage
            for name, value in asked.headers.items()
            if name.lower() in names
        ] + [asked.path for asked in self.storage if "token" in asked.path]

    def close(self) -> None:
        self.over.set()
        for server in self._servers:
            server.close()

    def wait_until_idle(self) -> None:
        """Wait until the storage is answering no request."""
        until = time.monotonic() + _PATIENCE
        while self.at_once:
            assert time.monotonic() < until, "a connection stays"
            time.sleep(0.002)

    # Of the handlers

    def sign(self) -> str:
        with self._lock:
            self._signed.append(time.monotonic())
            return f"{self.storage_base}/700200?signature={len(self._signed) - 1}"

    def is_good(self, signature: int) -> bool:
        """Count a request for a signed URL, and return whether the URL is still valid."""
        with self._lock:
            self._used[signature] += 1
            age = time.monotonic() - self._signed[signature]
            return age < self.rules.lifetime and self._used[signature] <= self.rules.uses

    @contextmanager
    def counted(self, name: str) -> Iterator[int]:
        """Count a request "at_once" or "at_route" in the block; yield how many are open now."""

        def add(change: int) -> int:
            with self._lock:
                now = getattr(self, name) + change
                setattr(self, name, now)
                setattr(self, f"most_{name}", max(now, getattr(self, f"most_{name}")))
                return now

        now = add(1)
        try:
            yield now
        finally:
            add(-1)

    def count_sent(self, count: int) -> None:
        with self._lock:
            self.bytes_sent += count


class _Handler(QuietHandler):
    @property
    def site(self) -> ModelStorage:
        return self.server.owner

    def asked(self) -> Asked:
        start, end = None, None
        if self.headers.get("Range", "").startswith("bytes="):
            first, _, last = self.headers["Range"][6:].partition("-")
            start, end = int(first), int(last) if last else None
        signature = parse_qs(urlsplit(self.path).query).get("signature", ["-1"])[0]
        return Asked(self.path, dict(self.headers), start, end, int(signature))


class _Route(_Handler):
    def do_GET(self) -> None:  # noqa: N802
        site = self.site
        with site.counted("at_route"):
            site.route.append(self.asked())
            if site.rules.routes:
                status, headers, body = site.rules.routes.pop(0)
                return self.reply(status, body, headers)
            if site.rules.route is not None:
                status, headers, body = site.rules.route
                return self.reply(status, body, headers)
            if "mozilla" in self.headers.get("User-Agent", "").lower():
                return self.reply(307, headers={"Location": LOGIN})
            self.reply(307, headers={"Location": site.sign(), "Cache-Control": "no-store"})


class _Storage(_Handler):
    def do_GET(self) -> None:  # noqa: N802
        site, asked = self.site, self.asked()
        rules, body = site.rules, site.body
        site.storage.append(asked)
        with site.counted("at_once") as at_once:
            if self.headers.get("Authorization"):
                return self.reply(400, b"<Error>Only one auth mechanism allowed</Error>")
            if not site.is_good(asked.signature):
                return self.reply(rules.expired, b"<Error>Request has expired</Error>")
            if at_once > rules.most:
                return self.reply(503, b"<Error>SlowDown</Error>")
            if rules.statuses:
                return self.reply(rules.statuses.pop(0))
            self._send(asked, rules, body)

    def _send(self, asked: Asked, rules: Rules, body: bytes) -> None:
        etag = rules.etag
        start, end, headers = 0, len(body), {"ETag": etag, **rules.headers}
        is_same = self.headers.get("If-Range", etag) == etag
        is_part = asked.start is not None and is_same and not rules.ignores_range
        if is_part:
            start = asked.start or 0
            end = min(end, end if asked.end is None else asked.end + 1)
            if start >= len(body):
                headers["Content-Range"] = f"bytes */{len(body)}"
                return self.reply(416, headers=headers)
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{rules.claims or len(body)}"
        framing = {"Content-Length": str(end - start)}
        headers |= {"Transfer-Encoding": "chunked"} if rules.is_chunked else framing
        told = {name: value for name, value in headers.items() if value}
        self.send(206 if is_part else 200, told, b"")
        self._send_body(memoryview(body)[start:end], rules)

    def _send_body(self, body: memoryview, rules: Rules) -> None:
        began, sent, rate = time.monotonic(), 0, rules.rate
        if rules.drips > 0:
            rules.drips, rate = rules.drips - 1, rules.drip
        if rules.send_buffer:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, rules.send_buffer)
        step = _PIECE if rate == inf else max(1, min(_PIECE, int(rate / 50)))
        while sent < len(body):
            if sent >= rules.stops_after:
                self.close_connection = True
                if rules.hangs > 0:
                    rules.hangs -= 1
                    self.site.over.wait(_PATIENCE)
                return
            piece = body[sent : sent + int(min(step, rules.stops_after - sent))]
            head, tail = (b"%x\r\n" % len(piece), b"\r\n") if rules.is_chunked else (b"", b"")
            try:
                self.wfile.write(head + bytes(piece) + tail)
            except OSError:  # the client left
                self.close_connection = True
                return
            sent += len(piece)
            self.site.count_sent(len(piece))
            if self.site.over.wait(max(0.0, began + sent / rate - time.monotonic())):
                return
        if rules.is_chunked:
            self.wfile.write(b"0\r\n\r\n")
