"""An offline Civitai on loopback, in this process: its API, its image host and its models."""

from __future__ import annotations

import json
import os
import socketserver
import sys
import threading
import time
from collections import deque
from http.server import BaseHTTPRequestHandler
from typing import Any, NamedTuple
from urllib.parse import unquote

from . import files, models, query
from .params import ErrorResponse, Params

__all__ = ["Demo", "start_demo"]

_DOWNLOADS = "/api/download/models/"
_KEY = "demo-key"  # the only valid API key
_CHUNK = 256 * 1024  # bytes


class Demo(socketserver.ThreadingTCPServer):
    """A demo server, which runs in the background. url: its URL, without a slash at the end.

    requests: (method, path with query) of the last 20,000 requests. storage_rate: at how many bytes
    a second each connection sends a model file, 0 for no limit.
    """

    # Not http.server's server, which looks this machine's name up at its start.
    allow_reuse_address = os.name == "posix"  # on Windows two servers could share a port
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, port: int, storage_rate: float) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.storage_rate = storage_rate
        self.requests: deque[tuple[str, str]] = deque(maxlen=20_000)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=(0.1,), name="demo", daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print the error that ended a request, unless the client has only disconnected."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def start_demo(port: int = 0, storage_rate: float = 0.0) -> Demo:
    """Start a demo server on this machine and return it while it runs in the background.

    port: 0 chooses a free one. storage_rate: at how many bytes a second each connection sends a
    model file, 0 for no limit; a low rate makes the progress visible. Raises OSError if the port is
    in use.
    """
    return Demo(port, storage_rate)


class _Response(NamedTuple):
    status: int
    mime: str
    body: bytes
    headers: dict[str, str] = {}


class _Handler(BaseHTTPRequestHandler):
    server: Demo
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120  # seconds a connection may be idle

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing, unlike the base class: the terminal shows only a job's progress."""

    def do_GET(self) -> None:
        self.server.requests.append((self.command, self.path))
        try:
            response = self._route()
        except ErrorResponse as error:
            response = _make_json(error.status, error.body)
            response = response._replace(headers={"Cache-Control": "no-store, max-age=0"})
        self._send_response(response)

    def _route(self) -> _Response:
        path, _, query_string = self.path.partition("?")
        path, host = unquote(path), self.headers.get("Host")
        server_url = f"http://{host}" if host else self.server.url
        params = Params(query_string)
        if path.startswith(_DOWNLOADS):
            version_id = path.removeprefix(_DOWNLOADS)
            location = server_url + models.find_storage_path(version_id, params, self._has_key())
            return _Response(307, "text/plain", b"", {"Location": location})
        if path.startswith(models.STORAGE):
            return self._make_file_response(models.find_stored_file(path))
        if path.startswith("/api/v1/"):
            return self._route_api(path.removeprefix("/api/v1/").split("/"), params, server_url)
        if path.startswith(f"/{files.ACCOUNT}/"):
            return self._make_file_response(files.find_file(path))
        return _Response(
            200, "text/plain", b"In the offline demo, Civitai's web pages are missing."
        )

    def _route_api(self, route: list[str], params: Params, server_url: str) -> _Response:
        body: object
        match route:
            case ["images"]:
                body = query.list_images(params, server_url)
            case ["posts", post_id]:
                body = query.describe_post(post_id, server_url)
            case ["models"]:
                body = models.list_models(params, server_url)
            case ["models", model_id]:
                body = models.describe_model(model_id, server_url)
            case ["model-versions", "by-hash", file_hash]:
                body = models.describe_version_by_hash(file_hash, server_url)
            case ["model-versions", version_id]:
                body = models.describe_version(version_id, server_url)
            case ["me"] if self._has_key():
                body = {"id": 1, "username": "demo_user"}
            case ["me"]:
                raise ErrorResponse(401, "Unauthorized")
            case _:
                raise ErrorResponse(404, "Not found")
        return _make_json(200, body)

    def _has_key(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {_KEY}"

    def _make_file_response(self, file: files.File) -> _Response:
        """Return a response with a file, or with the part that the request's Range header names."""
        status, headers, body = files.select_part(file, self.headers)
        return _Response(status, file.mime, body, headers)

    def _send_response(self, response: _Response) -> None:
        self.send_response(response.status)
        self.send_header("Content-Type", response.mime)
        self.send_header("Content-Length", str(len(response.body)))
        for name, value in response.headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self._write_body(response.body)

    def _write_body(self, body: bytes) -> None:
        rate = self.server.storage_rate if self.path.startswith(models.STORAGE) else 0.0
        if not rate:
            self.wfile.write(body)
            return
        for start in range(0, len(body), _CHUNK):
            self.wfile.write(body[start : start + _CHUNK])
            time.sleep(_CHUNK / rate)


def _make_json(status: int, body: object) -> _Response:
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return _Response(status, "application/json; charset=utf-8", data)
