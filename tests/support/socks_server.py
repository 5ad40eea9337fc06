"""A SOCKS5 proxy on loopback (RFC 1928) that records the hosts of its requests."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from contextlib import suppress

__all__ = ["SocksServer"]


class SocksServer:
    """A SOCKS5 proxy that connects all requests to one address. Use it in a `with` block.

    leads_to: that address, (host, port). asked: (kind, host) of each request; kind is "name" for a
    host name and "number" for an IP address.
    """

    def __init__(self, leads_to: tuple[str, int]) -> None:
        self.asked: list[tuple[str, str]] = []
        self.leads_to = leads_to
        self._server = _Server(("127.0.0.1", 0), _Request)
        self._server.socks = self
        self.port = self._server.server_address[1]

    def __enter__(self) -> SocksServer:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    socks: SocksServer


class _Request(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        _, methods = self.rfile.read(2)
        self.rfile.read(methods)
        self.wfile.write(b"\x05\x00")  # no password
        kind = self.rfile.read(4)[3]
        if kind == 3:
            host = self.rfile.read(self.rfile.read(1)[0]).decode()
        else:
            host = socket.inet_ntoa(self.rfile.read(4))
        self.rfile.read(2)
        self.server.socks.asked.append(("name" if kind == 3 else "number", host))
        with socket.create_connection(self.server.socks.leads_to) as there:
            self.wfile.write(b"\x05\x00\x00\x01" + b"\x00" * 4 + struct.pack("!H", 0))
            back = threading.Thread(target=_pump, args=(there, self.connection), daemon=True)
            back.start()
            _pump(self.connection, there)
            back.join(5)


def _pump(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)
