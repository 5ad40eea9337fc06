"""A download route and the storage that it leads to, for one large file, in a process of its own.

The storage sends with `sendfile`, so that it is not what limits a program, and knows ranges.

    python model_server.py FILE --rate 25000000

prints the route's URL on a line and serves until its input is closed.
"""

from __future__ import annotations

import argparse
import os
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator

_SLICE = 0.01  # seconds between two sends where a connection has a rate
_ROUTE = "/api/download/models/700200"


class _Storage:
    def __init__(self, path: str, rate: float) -> None:
        self._file, self._rate = open(path, "rb"), rate
        self._size = os.path.getsize(path)
        self._listeners = [socket.create_server(("127.0.0.1", 0), backlog=128) for _ in "ab"]
        self.route, self._address = (
            f"http://127.0.0.1:{listener.getsockname()[1]}" for listener in self._listeners
        )

    def start(self) -> None:
        for listener in self._listeners:
            threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                for head in _read_heads(connection):
                    self._answer(connection, head)
            except OSError:  # the client left
                return

    def _answer(self, connection: socket.socket, head: str) -> None:
        if head.split(" ", 2)[1].startswith(_ROUTE):
            where = f"Location: {self._address}/file?signature=1\r\nContent-Length: 0"
            connection.sendall(f"HTTP/1.1 307 Found\r\n{where}\r\n\r\n".encode())
            return
        asked = re.search(r"^range: bytes=(\d+)-(\d*)", head, re.I | re.M)
        start = int(asked[1]) if asked else 0
        end = min(self._size, int(asked[2]) + 1 if asked and asked[2] else self._size)
        status = "206 Part" if asked else "200 OK"
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {end - start}", 'ETag: "one"']
        lines += ["Accept-Ranges: bytes", f"Content-Range: bytes {start}-{end - 1}/{self._size}"]
        connection.sendall("\r\n".join([*lines[: 5 if asked else 4], "", ""]).encode())
        self._send(connection, start, end)

    def _send(self, connection: socket.socket, start: int, end: int) -> None:
        if not self._rate:
            while start < end:
                start += os.sendfile(connection.fileno(), self._file.fileno(), start, end - start)
            return
        began, sent, step = time.monotonic(), 0, int(self._rate * _SLICE)
        while start < end:
            count = min(step, end - start)
            count = os.sendfile(connection.fileno(), self._file.fileno(), start, count)
            start, sent = start + count, sent + count
            time.sleep(max(0.0, began + sent / self._rate - time.monotonic()))


def _read_heads(connection: socket.socket) -> Iterator[str]:
    """Yield the head of each request of a connection until the client closes it."""
    text = b""
    while True:
        while b"\r\n\r\n" not in text:
            data = connection.recv(65536)
            if not data:
                return
            text += data
        head, _, text = text.partition(b"\r\n\r\n")
        yield head.decode("latin-1")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--rate", type=float, default=0, help="bytes a second of a connection")
    options = parser.parse_args()
    sys.setswitchinterval(0.0005)  # a thread that wakes must not wait long for the others
    storage = _Storage(options.file, options.rate)
    storage.start()
    print(f"{storage.route}{_ROUTE}", flush=True)
    sys.stdin.read()
    os._exit(0)  # without waiting for open connections


if __name__ == "__main__":
    main()
