"""A proxy that serves a page below a path of its own, as nginx does with the `Host` kept."""

from __future__ import annotations

import http.client

from loopback_server import Closing, LoopbackServer, QuietHandler

__all__ = ["ReverseProxy"]

_NOT_PASSED_ON = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class ReverseProxy(Closing):
    """A proxy that passes requests below `prefix` on to a port; other paths get status 404."""

    def __init__(self, prefix: str, port: int) -> None:
        self.prefix, self.port = prefix, port
        self._http = LoopbackServer(_Passing, self)
        self.url = f"{self._http.url}{prefix}"

    def close(self) -> None:
        self._http.close()


class _Passing(QuietHandler):
    def _pass_on(self) -> None:
        proxy, body = self.server.owner, self.rfile.read(int(self.headers["Content-Length"] or 0))
        if not self.path.startswith(f"{proxy.prefix}/"):
            return self.send_error(404)
        upstream = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=120)
        named = ((n, v) for n, v in self.headers.items() if n.lower() not in _NOT_PASSED_ON)
        path = self.path.removeprefix(proxy.prefix)
        upstream.request(self.command, path, body or None, dict(named))
        answer = upstream.getresponse()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _NOT_PASSED_ON:
                self.send_header(name, value)
        # Its end is that of the connection: a stream of events has no length.
        self.send_header("Connection", "close")
        self.close_connection = True
        self.end_headers()
        while piece := answer.read1(65536):
            self.wfile.write(piece)
            self.wfile.flush()
        upstream.close()

    do_GET = do_POST = do_PUT = do_HEAD = _pass_on
