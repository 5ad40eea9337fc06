"""An answer's body as it arrives, and what becomes of it when the wire breaks."""

from __future__ import annotations

import time
from typing import Any

import requests
from requests import exceptions as requests_errors
from urllib3 import exceptions as urllib3_errors

from ..errors import CivitaiShortcutError, NetworkError, Refused, UnreadableAnswer
from ..ground import Cancellation
from . import answers
from .unpacking import Unpacker
from .wire import WIRE_ERRORS

__all__ = ["WireAnswer", "network_error"]

_PIECE = 64 * 1024  # bytes
_SLOW_SECONDS, _SLOW_RATE = 30.0, 1024  # bytes a second; a slower body is broken off


class WireAnswer:
    """A response whose body is read as it arrives, still packed where the server packed it."""

    def __init__(self, response: requests.Response, cancelled: Cancellation) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self._response, self._cancelled = response, cancelled
        self._seconds, self._bytes = 0.0, 0  # of waiting for the server, since the last look

    def read(self, size: int) -> bytes:
        """1 to `size` bytes, b"" at the end. Raises NetworkError, also for a server that drips."""
        started = time.monotonic()
        try:
            data = _read_once(self._response.raw, size)
        except WIRE_ERRORS as error:
            self._cancelled.check()
            raise network_error(error) from error
        if not data:
            self._cancelled.check()  # a cut socket reads as an early end
        self._check_speed(time.monotonic() - started, len(data))
        return data

    def read_all(self, limit: int) -> bytes:
        """The whole body, unpacked. Raises NetworkError when it is cut, UnreadableAnswer when
        it is over `limit` bytes or damaged."""
        unpacker, body, received = Unpacker(self.headers), bytearray(), 0
        while data := self.read(_PIECE):
            received += len(data)
            for piece in unpacker.unpack(data, _PIECE):
                body += piece
                if len(body) > limit:
                    raise UnreadableAnswer("The answer is too large to be read.")
        if received < answers.length_of(self.headers) or (received and not unpacker.is_whole):
            raise NetworkError("The answer broke off.")
        return bytes(body)

    def close(self) -> None:
        """Give the connection back; one whose body was not read to its end is closed."""
        original = getattr(self._response.raw, "_original_response", None)
        if original is not None and not original.isclosed():
            self._response.close()
        self._response.raw.release_conn()

    def _check_speed(self, seconds: float, count: int) -> None:
        self._seconds, self._bytes = self._seconds + seconds, self._bytes + count
        if self._seconds < _SLOW_SECONDS:
            return
        if self._bytes < _SLOW_RATE * self._seconds:
            raise NetworkError("The server sends too slowly.")
        self._seconds, self._bytes = 0.0, 0


def _read_once(raw: Any, size: int) -> bytes:
    """What one receive brings. Whole chunks would hide a slow server for minutes."""
    # urllib3 has a read1 of its own since 2.1 only, and at three times the price.
    data = raw._fp.read1(size)
    if not data:
        raw._fp.close()  # http.client leaves it open, and an open one keeps its connection
    return data


def network_error(error: Exception) -> CivitaiShortcutError:
    """The library's error in our words; its own text may hold a URL with a token."""
    if isinstance(error, (requests.Timeout, urllib3_errors.TimeoutError, TimeoutError)):
        return NetworkError("The server did not answer in time.")
    if isinstance(error, requests_errors.InvalidJSONError):
        return Refused("What was to be sent cannot be written as JSON.")
    no_bundle = type(error) is OSError and error.errno is None  # REQUESTS_CA_BUNDLE names none
    if no_bundle or isinstance(error, requests_errors.SSLError):
        return NetworkError("No secure connection could be made with the server.")
    if isinstance(error, requests_errors.ProxyError):
        return NetworkError("The proxy could not be reached.")
    if isinstance(error, (requests_errors.InvalidSchema, requests_errors.InvalidProxyURL)):
        return Refused("The proxy of the environment is none that can be used.")
    if isinstance(error, (requests_errors.InvalidURL, urllib3_errors.LocationValueError)):
        return Refused("This is not an address that can be asked.")
    if "NameResolution" in repr(error) or "getaddrinfo" in repr(error):
        return NetworkError("The server's name could not be found.")
    if isinstance(error, requests.ConnectionError) and "NewConnection" in repr(error):
        return NetworkError("The server could not be reached.")
    return NetworkError("The connection broke off.")
