"""An offline Civitai on loopback, in this process: its API, its image host, its web pages."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import socketserver
import sys
import threading
from collections import deque
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote

from ..errors import InputError
from . import files, models, pages, query, ranges
from .checks import Params, Refusal
from .gallery import row_of

__all__ = ["Demo", "start_demo"]

_KEY = "demo-key"  # what /api/v1/me takes for a key
_ME = {"id": 1, "username": "demo_user", "tier": "free", "status": "active", "isMember": False}
_MONTH = 30 * 86_400  # seconds that a browser may keep a picture


class Demo:
    """A running demo. url: its address, without a slash at the end.

    requests: the (method, path with query) of the last 20,000, for whoever counts them.
    """

    def __init__(self, port: int) -> None:
        self.requests: deque[tuple[str, str]] = deque(maxlen=20_000)
        self._server = _Server(("127.0.0.1", port), self)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        serve = self._server.serve_forever
        threading.Thread(target=serve, args=(0.1,), name="demo", daemon=True).start()

    def original_bytes(self, image_id: int) -> bytes:
        """What a whole download of that picture or video must be. KeyError: there is none."""
        row = row_of(image_id)
        if row is None:
            raise KeyError(image_id)
        return files.original(row).body

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._server.hang_up()


def start_demo(port: int = 0) -> Demo:
    """Listens at once; whatever is asked for is made when it is asked for.

    `port` 0: a free one. InputError: the port is in use.
    """
    try:
        return Demo(port)
    except OSError as error:
        raise InputError(f"The demo cannot listen on port {port}: {error.strerror}.") from error


class _Server(socketserver.ThreadingTCPServer):
    # Not http.server's: that one asks the name service for this machine's name at its start.
    allow_reuse_address = os.name == "posix"  # elsewhere it lets two listen on one port
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], demo: Demo) -> None:
        self.demo = demo
        self._open: set[socket.socket] = set()
        super().__init__(address, _Handler)

    @contextlib.contextmanager
    def connection(self, wire: socket.socket) -> Iterator[None]:
        self._open.add(wire)
        try:
            yield
        finally:
            self._open.discard(wire)

    def hang_up(self) -> None:
        """Ends the connections that are kept alive."""
        for wire in list(self._open):
            with contextlib.suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is nothing to speak of; our own bugs are printed."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Answer(NamedTuple):
    status: int
    mime: str
    body: bytes
    headers: dict[str, str] = {}


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120  # seconds a connection may be idle

    def handle(self) -> None:
        with self.server.connection(self.connection):
            super().handle()

    def version_string(self) -> str:
        return "civitai-demo"

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a terminal shows the job's progress."""

    def do_GET(self) -> None:
        self.server.demo.requests.append((self.command, self.path))
        try:
            answer = self._answer()
        except Refusal as refusal:
            answer = _json(refusal.status, refusal.body)
        self._send(answer)

    do_HEAD = do_GET

    def _other(self) -> None:
        # The body was not read, so the connection cannot go on.
        self.close_connection = True
        self.server.demo.requests.append((self.command, self.path))
        self._send(_json(405, {"error": "Method not allowed"}))

    do_POST = do_PUT = do_DELETE = do_PATCH = _other

    def _answer(self) -> _Answer:
        path, _, asked = self.path.partition("?")
        path, host = unquote(path), self.headers.get("Host")
        base = f"http://{host}" if host else self.server.demo.url
        if path.startswith("/api/v1/"):
            params = Params(parse_qs(asked, keep_blank_values=True))
            return self._api(path.removeprefix("/api/v1/").split("/"), params, base)
        if path.startswith(f"/{files.ACCOUNT}/"):
            return self._file(path)
        page = pages.page(path, base)
        if page is None:
            return _Answer(404, pages.MIME, pages.not_found())
        return _Answer(200, pages.MIME, page)

    def _api(self, route: list[str], params: Params, base: str) -> _Answer:
        if route == ["images"]:
            return _json(200, query.images(params, base))
        if route == ["models"]:
            return _json(200, models.models(params, base))
        if route == ["me"]:
            return self._me(params)
        if len(route) == 2 and route[0] == "models":
            return _json(200, models.model(route[1], base))
        if len(route) == 2 and route[0] == "model-versions":
            return _json(200, models.version(route[1], base))
        return _Answer(404, pages.MIME, pages.not_found())

    def _me(self, params: Params) -> _Answer:
        header = self.headers.get("Authorization")
        words = header.split() if header is not None else ["", params.text("token") or ""]
        if len(words) < 2 or words[1] != _KEY:
            raise Refusal(401, {"error": "Unauthorized"})
        return _json(200, {**_ME, "subscriptions": []})

    def _file(self, path: str) -> _Answer:
        file = files.file_at(path)
        if file is None:
            return _Answer(404, "text/plain", b"Not found")
        status, headers, body = ranges.part_of(file, self.headers)
        headers |= {
            "Cache-Control": f"public, max-age={_MONTH}",
            "Access-Control-Allow-Origin": "*",
        }
        return _Answer(status, file.mime, body, headers)

    def _send(self, answer: _Answer) -> None:
        self.send_response(answer.status)
        if answer.status != 304:
            self.send_header("Content-Type", answer.mime)
            self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)


def _json(status: int, body: object) -> _Answer:
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return _Answer(status, "application/json; charset=utf-8", data)
