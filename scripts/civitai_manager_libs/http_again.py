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
        is_plain = method == "GET" and not body and _PLAIN.fullmatch(url)
        connection = self._open_connection() if is_plain else None
        if connection is None:
            return super().urlopen(  # type: ignore[misc]
                method, url, body=body, headers=headers, **options
            )
        answer = None
        try:
            answer = _asked(connection, url, headers or {}, options["timeout"].read_timeout)
        except TimeoutError as error:
            raise urllib3_errors.ReadTimeoutError(self, url, "Read timed out.") from error
        except (OSError, http.client.HTTPException) as error:
            raise urllib3_errors.ProtocolError("Connection aborted.", error) from error
        finally:
            if answer is None:
                connection.close()
                self._put_conn(None)  # type: ignore[attr-defined]
        return self._response(answer, connection)

    def _open_connection(self) -> Any:
        """One that is kept and still open, straight to its host; None where there is none."""
        if self.proxy is not None:  # type: ignore[attr-defined]
            return None
        connection = self._get_conn()  # type: ignore[attr-defined]
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


def _asked(
    connection: Any, url: str, headers: Mapping[str, str], patience: float | None
) -> http.client.HTTPResponse:
    connection.sock.settimeout(patience)
    connection.putrequest("GET", url, skip_accept_encoding=True)
    for field in headers.items():
        http.client.HTTPConnection.putheader(connection, *field)  # not urllib3's, which passes on
    connection.endheaders()
    return http.client.HTTPConnection.getresponse(connection)
