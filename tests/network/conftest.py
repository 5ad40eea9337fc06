"""Servers on loopback that each test tells how to answer."""

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, BinaryIO

import pytest
from fault_server import FaultServer

_Answer = tuple[Any, bool]  # bytes or pieces of them; is the connection kept?


class RawServer:
    """Send bytes as they are, by path or for each path; the last one of the answers repeats.

    Bytes in pieces are sent with a pause before each. has_sent_all: an answer was sent whole.
    """

    def __init__(self, answers: Mapping[str, list[_Answer]] | list[_Answer], pause: float) -> None:
        self.answers, self.asked, self.has_sent_all = answers, [], False
        self._pause, self._over = pause, threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection, connection.makefile("rb") as reader:  # the client left
            while (path := self._read_path(connection, reader)) is not None:
                played = self.answers[path] if isinstance(self.answers, dict) else self.answers
                turn = sum(asked == path for asked in self.asked)
                self.asked.append(path)
                answer, is_kept = played[min(turn, len(played) - 1)]
                for piece in [answer] if isinstance(answer, bytes) else answer:
                    self._over.wait(0 if isinstance(answer, bytes) else self._pause)
                    connection.sendall(piece)
                self.has_sent_all = True
                if not is_kept:
                    return

    def _read_path(self, connection: socket.socket, reader: BinaryIO) -> str | None:
        """Return the path that is asked for, "" for a TLS handshake, None at the end."""
        if connection.recv(1, socket.MSG_PEEK) == b"\x16":
            connection.recv(10_000)
            return ""
        if not (line := reader.readline()):
            return None
        while reader.readline().strip():
            continue
        return line.split()[1].decode()

    def close(self) -> None:
        self._over.set()
        self._listener.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., RawServer]]:
    """Return a function that starts a RawServer with answers; the pause is in seconds."""
    servers = []

    def serve(answers: object, pause: float = 0.02) -> RawServer:
        servers.append(RawServer(answers, pause))
        return servers[-1]

    yield serve
    for server in servers:
        server.close()


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server
