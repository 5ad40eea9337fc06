"""An HTTP server on loopback in a thread of its own, of which the servers of tests are made."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["LoopbackServer", "QuietHandler"]


class QuietHandler(BaseHTTPRequestHandler):
    """Answers over HTTP/1.1 and prints nothing. `server.owner` is what a test has."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: LoopbackServer

    def log_message(self, *_: Any) -> None:
        """Quiet."""


class LoopbackServer(ThreadingHTTPServer):
    """Serves from the start until it is closed. owner: the object that its handlers ask."""

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
        """Ignore clients that disconnect: many tests kill or cancel them."""
