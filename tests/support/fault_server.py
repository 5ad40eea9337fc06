"""An HTTP server on loopback that does wrong whatever a network can do, and remembers who asked.

    with FaultServer() as server:
        url = server.play("/a.png", [status(503), cut(png(), 1000), ranged(png())])
        ...
        assert len(server.requests_for("/a.png")) == 3

The answers come in turn and the last one repeats. A path may be a whole URL: the server is then
asked as a proxy.
"""

from __future__ import annotations

import os
import select
import socket
import ssl
import struct
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from fault_responses import Answer, http_date, png, ranged, status
from loopback_server import Closing

__all__ = ["FaultServer", "Request"]

_PATIENCE = 20.0  # seconds; no test waits so long, and no thread outlives it
_LAST_PATIENCE = 0.2 if os.name == "nt" else _PATIENCE  # Windows does not wake who reads there


@dataclass(frozen=True, eq=False)
class Request:
    """A request that the server received.

    time: by the monotonic clock. left: set when the client closes a connection that stalls.
    """

    method: str
    path: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    connection: int  # the how many-th of the server
    time: float
    in_flight: int  # requests being answered, with this one
    left: threading.Event = field(default_factory=threading.Event)


class FaultServer(Closing):
    """A server that sends the responses of `play`. Use it in a `with` block.

    requests: all requests, in order of arrival. connections: number of accepted connections. tls:
    the context with the certificate of an HTTPS server, None for HTTP. `close_notify` is sent only
    after a complete response without a length.
    """

    def __init__(self, address: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.connections = 0
        self._plays: dict[str, list[Answer]] = {}
        self._turns: defaultdict[str, int] = defaultdict(int)
        self._body_of: Callable[[str], bytes] | None = None
        self._open: set[Request] = set()
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._live: set[socket.socket] = set()
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.create_server((address, 0), family=family, backlog=128)
        self._listener.settimeout(0.5)
        self._tls = tls
        self.port = self._listener.getsockname()[1]
        self.host = f"[{address}]:{self.port}" if ":" in address else f"{address}:{self.port}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        self._closing.set()
        with suppress(OSError):  # wakes `accept`, where a system does so
            self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join(_PATIENCE)
        self._listener.close()
        with self._changed:
            for connection in self._live:
                with suppress(OSError):  # the client left
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(_LAST_PATIENCE)

    def url(self, path: str = "/a.png") -> str:
        return f"http{'s' if self._tls else ''}://{self.host}{path}"

    def play(self, path: str, answers: Answer | Sequence[Answer]) -> str:
        """Set the responses to a path, one a request, the last one repeatedly; return its URL."""
        with self._changed:
            self._plays[path] = [answers] if isinstance(answers, Answer) else list(answers)
            self._turns[path] = 0
        return self.url(path)

    def serve_images(self, body_of: Callable[[str], bytes] = png) -> None:
        """Serve an image at every path without `play`. body_of: returns a path's image."""
        self._body_of = body_of

    def requests_for(self, path: str) -> list[Request]:
        return [request for request in list(self.requests) if request.path == path]

    def wait_for(self, count: int, path: str | None = None) -> list[Request]:
        """Wait for `count` requests, only those for `path` if it is given, and return them."""

        def came() -> list[Request]:
            return self.requests if path is None else self.requests_for(path)

        with self._changed:
            assert self._changed.wait_for(lambda: len(came()) >= count, _PATIENCE), self.requests
        return came()

    @property
    def most_in_flight(self) -> int:
        return max((request.in_flight for request in self.requests), default=0)

    # One connection, one thread

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed, or time to look whether it is
                continue
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._changed:
                self.connections += 1
            thread = threading.Thread(
                target=self._serve, args=(connection, self.connections), daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        connection.settimeout(_PATIENCE)
        try:
            connection = self._secured(connection)
        except OSError:  # it does not trust us, or left
            return connection.close()
        with self._changed:
            self._live.add(connection)  # a `close` before this is heeded below
        reader = connection.makefile("rb")
        try:
            while not self._closing.is_set() and self._serve_one(connection, reader, number):
                continue
        except (OSError, ValueError):  # the client left
            return
        finally:
            with self._changed:
                self._live.discard(connection)
            reader.close()
            connection.close()

    def _secured(self, connection: socket.socket) -> socket.socket:
        return self._tls.wrap_socket(connection, server_side=True) if self._tls else connection

    def _serve_one(self, connection: socket.socket, reader: Any, number: int) -> bool:
        line = reader.readline().decode("latin-1").split()
        if len(line) != 3:
            return False
        headers = {}
        while raw := reader.readline().strip():
            name, _, value = raw.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        body = reader.read(int(headers.get("content-length", 0)))
        request, answer = self._recorded(line[0], line[1], headers, body, number)
        try:
            return _Sending(connection, request, self._closing, self._answered).send(answer)
        finally:
            self._answered(request)

    def _recorded(
        self, method: str, path: str, headers: dict[str, str], body: bytes, number: int
    ) -> tuple[Request, Answer]:
        with self._changed:
            turn = self._turns[path]
            self._turns[path] += 1
            answer = self._answer_to(path, turn)
            now, in_flight = time.monotonic(), len(self._open) + 1
            request = Request(method, path, headers, body, number, now, in_flight)
            self._open.add(request)
            self.requests.append(request)
            self._changed.notify_all()
            return request, answer

    def _answer_to(self, path: str, turn: int) -> Answer:
        played = self._plays.get(path)
        if played is not None:
            return played[min(turn, len(played) - 1)]
        return ranged(self._body_of(path)) if self._body_of else status(404, b"Not found.")

    def _answered(self, request: Request) -> None:
        """Stop counting a request as in flight, just before its response's last byte is sent."""
        with self._changed:
            self._open.discard(request)


class _Sending:
    """Sends one response over a connection."""

    def __init__(
        self,
        connection: socket.socket,
        request: Request,
        closing: threading.Event,
        answered: Callable[[Request], None],
    ) -> None:
        self._connection, self._request = connection, request
        self._closing, self._answered = closing, answered

    def send(self, answer: Answer) -> bool:
        """Send the response, and return whether the connection can be used again."""
        if answer.stops_at == -1 and not self._goes_on(answer):
            return False
        code, body, headers = _part_of(answer, self._request)
        head = [
            f"HTTP/1.1 {code} Played",
            f"Date: {http_date(0)}",
            *(f"{k}: {v}" for k, v in headers),
        ]
        if not body:
            self._answered(self._request)
        self._connection.sendall("\r\n".join([*head, "", ""]).encode("latin-1"))
        at = answer.stops_at
        if at is not None and at >= 0:
            if answer.framing == "length" and answer.end != "gate":
                at = min(at, len(body) - 1)  # of a part too, something is missing
            self._send_body(body[:at], answer, False)
            if not self._goes_on(answer):
                return False
            body = body[at:]
        self._send_body(body, answer, True)
        if answer.framing == "close" and isinstance(self._connection, ssl.SSLSocket):
            with suppress(OSError):  # the client says no farewell
                self._connection.unwrap()
        return answer.framing != "close"

    def _send_body(self, body: bytes, answer: Answer, is_end: bool) -> None:
        pieces = [body[i : i + answer.piece] for i in range(0, len(body), answer.piece)]
        if answer.framing == "chunked":
            pieces = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces]
            pieces += [b"0\r\n\r\n"] if is_end else []
        for number, piece in enumerate(pieces, 1):
            if answer.drip and self._closing.wait(answer.drip):
                return
            if is_end and number == len(pieces):
                self._answered(self._request)
            self._connection.sendall(piece)

    def _goes_on(self, answer: Answer) -> bool:
        if answer.end == "gate":
            assert answer.gate is not None
            while not answer.gate.wait(0.05) and not self._closing.is_set():
                continue
            return True
        if answer.end == "stall":
            self._wait_until_left()
        if answer.end == "reset":
            linger = struct.pack("ii", 1, 0)
            self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        return False

    def _wait_until_left(self) -> None:
        until = time.monotonic() + _PATIENCE
        while not self._closing.is_set() and time.monotonic() < until:
            if select.select([self._connection], [], [], 0.05)[0]:
                self._request.left.set()
                return


def _part_of(answer: Answer, request: Request) -> tuple[int, bytes, list[tuple[str, str]]]:
    """Return the (status, body, headers) to send; the body is cut for a Range request."""
    code, body = answer.status, answer.body
    headers = [(k, v() if callable(v) else v) for k, v in answer.headers.items()]
    asked = request.headers.get("range", "")
    if answer.is_ranged and asked.startswith("bytes=") and _is_same(answer, request):
        start = int(asked[6:].split("-")[0]) + answer.shift
        where = f"bytes {start}-{len(body) - 1}/{len(body)}"
        code, where = (206, where) if start < len(body) else (416, f"bytes */{len(body)}")
        body = body[start:]
        headers.append(("Content-Range", where))
    if answer.framing == "chunked":
        headers.append(("Transfer-Encoding", "chunked"))
    elif answer.framing == "close":
        headers.append(("Connection", "close"))
    else:
        length = len(body) if answer.announced is None else answer.announced
        headers.append(("Content-Length", str(length)))
    return code, body, headers


def _is_same(answer: Answer, request: Request) -> bool:
    version = request.headers.get("if-range")
    ours = (answer.headers.get("ETag"), answer.headers.get("Last-Modified"))
    return version is None or version in ours
