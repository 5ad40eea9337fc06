"""An offline Civitai on loopback, in this process: its API, its image host, its web pages."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import socketserver
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any, NamedTuple
from urllib.parse import unquote

from ..errors import InputError
from . import downloads, files, models, pages, query, ranges
from .gallery import find_demo_image
from .params import ErrorResponse, Params

__all__ = ["Demo", "start_demo"]

_DOWNLOADS = "/api/download/models/"
_KEY = "demo-key"  # the only valid API key
_ME = {"id": 1, "username": "demo_user", "tier": "free", "status": "active", "isMember": False}
_MONTH = 30 * 86_400  # seconds that a browser may cache an image
_CHUNK = 256 * 1024  # bytes


class Demo:
    """A running demo server. url: its URL, without a slash at the end.

    requests: (method, path with query) of the last 20,000 requests. storage_rate: at how many bytes
    a second each connection sends a model file, 0 for no limit.
    """

    def __init__(self, port: int, storage_rate: float = 0.0) -> None:
        self.storage_rate = storage_rate
        self.requests: deque[tuple[str, str]] = deque(maxlen=20_000)
        self._server = _Server(("127.0.0.1", port), self)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        serve = self._server.serve_forever
        threading.Thread(target=serve, args=(0.1,), name="demo", daemon=True).start()

    def original_bytes(self, image_id: int) -> bytes:
        """Return the original file of an image or video. Raises KeyError if none has this id."""
        image = find_demo_image(image_id)
        if image is None:
            raise KeyError(image_id)
        return files.draw_original(image).body

    def close(self) -> None:
        """Stop the server and close its connections."""
        self._server.shutdown()
        self._server.server_close()
        self._server.close_connections()


def start_demo(port: int = 0, storage_rate: float = 0.0) -> Demo:
    """Start a demo server on this machine and return it while it runs in the background.

    port: 0 chooses a free one. storage_rate: at how many bytes a second each connection sends a
    model file, 0 for no limit; a low rate makes the progress visible. Raises InputError if the port
    is in use.
    """
    try:
        return Demo(port, storage_rate)
    except OSError as error:
        raise InputError(f"The demo cannot listen on port {port}: {error.strerror}.") from error


class _Server(socketserver.ThreadingTCPServer):
    # Not http.server's server, which looks this machine's name up at its start.
    allow_reuse_address = os.name == "posix"  # on Windows two servers could share a port
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], demo: Demo) -> None:
        self.demo = demo
        self._open: set[socket.socket] = set()
        super().__init__(address, _Handler)

    @contextlib.contextmanager
    def track_connection(self, connection: socket.socket) -> Iterator[None]:
        """Remember a connection while the block runs, so that `close_connections` can close it."""
        self._open.add(connection)
        try:
            yield
        finally:
            self._open.discard(connection)

    def close_connections(self) -> None:
        """Close all connections that are still open."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print an error of our own code; ignore that a client has disconnected."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Response(NamedTuple):
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
        with self.server.track_connection(self.connection):
            super().handle()

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing, unlike the base class: the terminal shows only a job's progress."""

    def do_GET(self) -> None:
        self.server.demo.requests.append((self.command, self.path))
        try:
            response = self._route()
        except ErrorResponse as error:
            response = _make_json(error.status, error.body)
        self._send_response(response)

    do_HEAD = do_GET

    def _route(self) -> _Response:
        path, _, query_string = self.path.partition("?")
        path, host = unquote(path), self.headers.get("Host")
        server_url = f"http://{host}" if host else self.server.demo.url
        params = Params(query_string)
        if path.startswith(_DOWNLOADS):
            return self._redirect_to_storage(path, params, server_url)
        if path.startswith(downloads.STORAGE):
            has_key = "Authorization" in self.headers
            return self._make_part(downloads.find_stored_file(path, params, has_key), {})
        if path.startswith("/api/v1/"):
            return self._route_api(path.removeprefix("/api/v1/").split("/"), params, server_url)
        if path.startswith(f"/{files.ACCOUNT}/"):
            return self._make_file_response(path)
        page = pages.make_page(path, server_url)
        if page is None:
            return _Response(404, pages.MIME, pages.make_not_found_page())
        return _Response(200, pages.MIME, page)

    def _route_api(self, route: list[str], params: Params, server_url: str) -> _Response:
        body: object
        match route:
            case ["images"]:
                body = query.list_images(params, server_url)
            case ["models"]:
                body = models.list_models(params, server_url)
            case ["models", model_id]:
                body = models.describe_model(model_id, server_url)
            case ["model-versions", "by-hash", file_hash]:
                body = models.describe_version_by_hash(file_hash, server_url)
            case ["model-versions", version_id]:
                body = models.describe_version(version_id, server_url)
            case ["me"] if self._has_key():
                body = {**_ME, "subscriptions": []}
            case ["me"]:
                raise ErrorResponse(401, "Unauthorized")
            case _:
                raise ErrorResponse(404, "Not found")
        return _make_json(200, body)

    def _has_key(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {_KEY}"

    def _redirect_to_storage(self, path: str, params: Params, server_url: str) -> _Response:
        version = path.removeprefix(_DOWNLOADS)
        signed = downloads.make_signed_path(version, params, self._has_key())
        headers = {"Location": f"{server_url}{signed}", "Cache-Control": "no-store"}
        return _Response(307, "text/plain", b"", headers)

    def _make_file_response(self, path: str) -> _Response:
        file = files.find_file(path)
        if file is None:
            return _Response(404, "text/plain", b"Not found")
        is_public = {"Cache-Control": f"public, max-age={_MONTH}"}
        return self._make_part(file, {**is_public, "Access-Control-Allow-Origin": "*"})

    def _make_part(self, file: files.File, headers: dict[str, str]) -> _Response:
        """Return a response with the part of a file for which the request's headers ask."""
        status, about, body = ranges.select_part(file, self.headers)
        return _Response(status, file.mime, body, {**about, **headers})

    def _send_response(self, response: _Response) -> None:
        self.send_response(response.status)
        self.send_header("Content-Type", response.mime)
        self.send_header("Content-Length", str(len(response.body)))
        for name, value in response.headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self._write_body(response.body)

    def _write_body(self, body: bytes) -> None:
        rate = self.server.demo.storage_rate if self.path.startswith(downloads.STORAGE) else 0.0
        if not rate:
            self.wfile.write(body)
            return
        for start in range(0, len(body), _CHUNK):
            self.wfile.write(body[start : start + _CHUNK])
            time.sleep(_CHUNK / rate)


def _make_json(status: int, body: object) -> _Response:
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return _Response(status, "application/json; charset=utf-8", data)
