"""A further GET over a connection that is open, by the few steps that it needs."""

from __future__ import annotations

import http.client
import queue
import re
from collections import deque
from collections.abc import Mapping
from typing import Any

from urllib3 import exceptions as urllib3_errors
from urllib3.response import HTTPResponse

__all__ = ["AgainPool"]

_PLAIN = re.compile(r"/[\w/=,.~-]*", re.A)  # a target that urllib3 would leave as it is
_HOST = re.compile(r"[a-z0-9.-]*[a-z0-9]", re.A)  # and a host
_FIELDS = re.compile(r"(?:[\w-]+: [\t -~]*\r\n)*", re.A)


class _Kept:
    """The connections that are kept, the last one first, in the place of urllib3's queue: nobody
    waits for one, and so it needs no locks."""

    def __init__(self, most: int) -> None:
        self._most, self._connections = most, deque()

    def put(self, connection: Any, block: bool = True) -> None:
        if len(self._connections) >= self._most:
            raise queue.Full
        self._connections.append(connection)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        try:
            return self._connections.pop()
        except IndexError as error:
            raise queue.Empty from error

    def qsize(self) -> int:
        return len(self._connections)


class AgainPool:
    """What we add to urllib3's pools. Most of what they do for a request is for one that has a
    body, a proxy, a connection to be made or tries of its own: half of what a picture costs."""

    QueueCls = _Kept

    def urlopen(
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> HTTPResponse:
        """Raises what urllib3 does for the same trouble."""
        head = self._head(url, headers or {}) if method == "GET" and not body else None
        connection = self._open_connection() if head is not None else None
        if connection is None:
            return super().urlopen(  # type: ignore[misc]
                method, url, body=body, headers=headers, **options
            )
        answer = None
        try:
            answer = _asked(connection, head, options["timeout"].read_timeout)
        except TimeoutError as error:
            raise urllib3_errors.ReadTimeoutError(self, url, "Read timed out.") from error
        except (OSError, http.client.HTTPException) as error:
            raise urllib3_errors.ProtocolError("Connection aborted.", error) from error
        finally:
            if answer is None:
                if connection.answer is not None:  # it would hold the socket open
                    connection.answer.close()
                connection.close()
                self._put_conn(None)  # type: ignore[attr-defined]
        return self._response(answer, connection)

    def _head(self, url: str, headers: Mapping[str, str]) -> bytes | None:
        """What is sent; None where there is something in it that needs care."""
        host, port = self.host, self.port  # type: ignore[attr-defined]
        fields = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        if not (_PLAIN.fullmatch(url) and _HOST.fullmatch(host) and _FIELDS.fullmatch(fields)):
            return None
        if port != self.ConnectionCls.default_port:  # type: ignore[attr-defined]
            host = f"{host}:{port}"
        return f"GET {url} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n".encode("ascii")

    def _open_connection(self) -> Any:
        """One that is kept and still open, straight to its host; None where there is none."""
        if self.proxy is not None:  # type: ignore[attr-defined]
            return None
        connection = self._get_conn()  # type: ignore[attr-defined]
        answer = connection.answer
        if answer is not None and not answer.isclosed():
            connection.close()  # its rest would be taken for the next one
        if connection.sock is not None:
            return connection
        self._put_conn(connection)  # type: ignore[attr-defined]
        return None

    def _response(self, answer: http.client.HTTPResponse, connection: Any) -> HTTPResponse:
        return HTTPResponse(
            answer,
            answer.headers.raw_items(),
            answer.status,
            answer.version,
            reason=answer.reason,
            preload_content=False,
            decode_content=False,
            original_response=answer,
            pool=self,
            connection=connection,
            request_method="GET",
        )


def _asked(connection: Any, head: bytes, patience: float | None) -> http.client.HTTPResponse:
    connection.take_line()
    if connection.sock.gettimeout() != patience:  # to set it is a call of the system
        connection.sock.settimeout(patience)
    connection.sock.sendall(head)
    answer = connection.response_class(connection.sock, method="GET")
    answer.begin()
    if answer.will_close:
        connection.close()  # what is still to be read of it stays
    return answer
