"""An HTTP server on loopback in a thread of its own, the base of other test servers."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["Closing", "LoopbackServer", "QuietHandler"]


class Closing:
    """What a `with` block closes at its end."""

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class QuietHandler(BaseHTTPRequestHandler):
    """A handler of HTTP/1.1 requests that logs nothing. `server.owner` is the test's object."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: LoopbackServer

    def log_message(self, *_: Any) -> None:
        """Log nothing."""

    def reply(self, status: int, body: bytes = b"", headers: Mapping[str, str] = {}) -> None:
        self.send(status, {"Content-Length": str(len(body)), **headers}, body)

    def send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Send a response with these headers alone."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class LoopbackServer(ThreadingHTTPServer):
    """A server that runs until `close`. owner: an object for the use of its handlers."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, handler: type[QuietHandler], owner: Any = None) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.owner = owner
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore the error: many tests end a client in the middle of a request."""
