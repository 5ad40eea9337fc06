"""A response's body as it is received: limited in speed and size, and decompressed."""

from __future__ import annotations

import time
import zlib
from collections.abc import Container, Iterator, Mapping
from typing import Any

import requests
from requests import exceptions as requests_errors
from urllib3 import exceptions as urllib3_errors

from ..core import Cancellation
from ..errors import CivitaiShortcutError, InvalidResponse, NetworkError, Refused
from . import responses
from .connections import cut_after, LIBRARY_ERRORS, make_connection_cutter
from .limiter import BandwidthLimit, HostLimiter

_PIECE = 64 * 1024  # bytes
_ERROR_PAGE = 64 * 1024  # bytes of an error response that are read for its message
_LARGE_BODY = 1024 * 1024  # bytes; from there on, larger pieces of a fast body save time
_SHORT = 0.1  # seconds
_SLOW_SECONDS, _SLOW_RATE = 30.0, 1024  # bytes a second; a slower body is broken off
_EMPTY_OVERHEAD = 1024 * 1024  # bytes; gzip adds some, but empty gzip members may have no end
_GZIP_OR_ZLIB = 47  # wbits: zlib reads from the header which of them it is


class ResponseBody:
    """Reads a response's body piece by piece, as the server sent it (maybe compressed).

    bandwidth: the limit on bytes a second, None for no limit. limiter: the host's limiter, to which
    the request's slot is lent while the body waits for `bandwidth`.
    """

    def __init__(
        self,
        response: requests.Response,
        cancelled: Cancellation,
        bandwidth: BandwidthLimit | None = None,
        limiter: HostLimiter | None = None,
    ) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.response, self._cancelled = response, cancelled
        self._bandwidth, self._limiter = bandwidth, limiter
        self._cut = make_connection_cutter(response)
        self._is_empty = True  # so far
        self._received, self._blocking_size = 0, _SLOW_RATE  # bytes
        self._seconds, self._bytes = 0.0, 0  # spent reading, since the last speed check

    def read(self, size: int) -> bytes:
        """Return the next bytes of the body, at most `size`, or b"" at its end.

        Raises Cancelled, and NetworkError if the connection breaks or the server sends less than 1
        KiB a second for 30 seconds.
        """
        self._cancelled.check()
        started = time.monotonic()
        size = size if self._bandwidth is None else self._bandwidth.allowed_bytes(size)
        # A chunk's size may drip in, too.
        with cut_after(_SLOW_SECONDS, self._cut, self._cancelled) as deadline:
            try:
                data = self._read_some(size)
            except LIBRARY_ERRORS as error:
                self._cancelled.check()
                raise _too_slow_error() if deadline.is_over else to_our_error(error) from error
        if deadline.is_over:  # a cut socket reads as an early end
            raise _too_slow_error()
        if not data:
            self._cancelled.check()  # which cuts the socket too
            if self._is_empty:
                _check_empty_body(self.response)
        self._is_empty = self._is_empty and not data
        self._received += len(data)
        seconds = time.monotonic() - started
        is_fast = self._received > _LARGE_BODY and seconds < _SHORT
        self._blocking_size = _PIECE if is_fast else _SLOW_RATE
        self._check_speed(seconds, len(data))
        self._wait_for_bandwidth(len(data))
        return data

    def read_all(self, limit: int) -> bytes:
        """Read the whole body and return it decompressed.

        limit: the most bytes accepted, before and after the decompression. Raises NetworkError if
        the connection breaks, InvalidResponse if the body exceeds the limit or cannot be
        decompressed, and Cancelled.
        """
        decompressor, body, received = Decompressor(self.headers), bytearray(), 0
        while data := self.read(_PIECE):
            received += len(data)
            for piece in decompressor.decompress(data, _PIECE):
                body += piece
                if max(received, len(body)) > limit:
                    raise InvalidResponse("The server's response is too large.")
        if not (self._is_empty or decompressor.is_complete):
            raise NetworkError("The connection broke off during the response.")
        return bytes(body)

    def raise_for_status(self, api_key: str, allowed: Container[int] = ()) -> None:
        """Raise HttpStatusError if the status is 300 or above and not in `allowed`.

        api_key: replaced by `***` in the error's message, since the server may quote the request.
        """
        if self.status < 300 or self.status in allowed:
            return
        try:
            body = self.read_all(_ERROR_PAGE)
        except (NetworkError, InvalidResponse):
            body = b""
        raise responses.error_from_response(self.status, self.headers, body, api_key)

    def close(self) -> None:
        """Close the response; its connection can be reused if the whole body was read."""
        self.response.close()

    def _read_some(self, size: int) -> bytes:
        raw: Any = self.response.raw
        if hasattr(raw, "read1"):
            return raw.read1(size, decode_content=False) or b""
        # urllib3 before 2.2 waits for all bytes that it is asked for.
        return raw.read(min(size, self._blocking_size), decode_content=False) or b""

    def _check_speed(self, seconds: float, count: int) -> None:
        self._seconds, self._bytes = self._seconds + seconds, self._bytes + count
        if self._seconds < _SLOW_SECONDS:
            return
        if self._bytes < _SLOW_RATE * self._seconds:
            raise _too_slow_error()
        self._seconds, self._bytes = 0.0, 0

    def _wait_for_bandwidth(self, count: int) -> None:
        if self._bandwidth is None or self._limiter is None:
            return
        seconds = self._bandwidth.record_read(count)
        if seconds > 0:
            with self._limiter.lend_slot():
                self._cancelled.sleep(seconds)


def check_response_head(response: requests.Response) -> None:
    """Raise NetworkError if a response's status is below 200 or its Content-Length is invalid."""
    if response.status_code < 200:  # the real response would be read as the next request's
        raise NetworkError("The server sent an invalid status instead of a response.")
    responses.parse_content_length(response.headers)


def _too_slow_error() -> NetworkError:
    return NetworkError("The server sends data too slowly.")


def _check_empty_body(response: requests.Response) -> None:
    # http.client takes a closed connection for the end of the headers.
    headers = response.headers
    may_have_body = response.request.method != "HEAD" and response.status_code not in (204, 304)
    is_keep_alive = (
        response.raw.version == 11 and "close" not in headers.get("Connection", "").lower()
    )
    is_framed = responses.is_chunked(headers) or responses.parse_content_length(headers) is not None
    if may_have_body and is_keep_alive and not is_framed:
        raise NetworkError("The connection broke off before the response began.")


class Decompressor:
    """Decompresses one response's body by its Content-Encoding header.

    urllib3's decompression does not notice a gzip stream that breaks off.
    """

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._received, self._produced = 0, 0  # bytes
        encoding = headers.get("Content-Encoding", "").strip().lower()
        self.is_compressed = encoding not in ("", "identity")
        self._zlib: zlib._Decompress | None = None
        if encoding in ("gzip", "x-gzip", "deflate"):
            self._zlib = zlib.decompressobj(_GZIP_OR_ZLIB)

    @property
    def is_complete(self) -> bool:
        """Return whether the compressed data has been read to its end; True if uncompressed."""
        return self._zlib is None or self._zlib.eof

    def decompress(self, data: bytes, max_size: int) -> Iterator[bytes]:
        """Decompress the next bytes of the body, and yield pieces of at most `max_size` bytes.

        If the body is not compressed, yield `data` in one piece of any size. Raises InvalidResponse
        if the data is damaged, or compressed by a method other than gzip and deflate.
        """
        if not self.is_compressed:
            yield data
            return
        if self._zlib is None:
            raise InvalidResponse("The server compressed its response in an unsupported way.")
        self._received += len(data)
        piece = b""
        while data or len(piece) == max_size:  # after a full piece zlib may hold more
            if self._zlib.eof:
                if not data:
                    return
                self._zlib = zlib.decompressobj(_GZIP_OR_ZLIB)  # gzip members may be joined
            try:
                piece = self._zlib.decompress(data, max_size)
            except zlib.error as error:
                raise InvalidResponse("The compressed response is damaged.") from error
            self._produced += len(piece)
            yield piece
            data = self._zlib.unconsumed_tail or self._zlib.unused_data
        if self._received > 2 * self._produced + _EMPTY_OVERHEAD:
            raise InvalidResponse("The compressed response is almost empty.")


def to_our_error(error: Exception) -> CivitaiShortcutError:
    """Return the error of this package that corresponds to an error of requests or urllib3.

    The library's own message is not quoted, since it may contain a URL with a key.
    """
    description = repr(error)
    if isinstance(error, (requests.Timeout, urllib3_errors.TimeoutError, TimeoutError)):
        return NetworkError("The server did not respond in time.")
    if isinstance(error, requests_errors.InvalidJSONError):
        return Refused("The data to send cannot be written as JSON.")
    is_bundle_missing = type(error) is OSError and error.errno is None  # REQUESTS_CA_BUNDLE
    if is_bundle_missing or isinstance(error, requests_errors.SSLError):
        return NetworkError("No secure connection to the server could be made.")
    if isinstance(error, requests_errors.ProxyError):
        return NetworkError("The proxy could not be reached.")
    if "Missing dependencies for SOCKS" in str(error):
        return Refused(
            "The proxy in the environment variables needs PySocks: python -m pip install PySocks."
        )
    # A SOCKS proxy's own error code ("0x05: ...") says that the server was not reached.
    if "SOCKSConnection" in description and "0x0" not in description:
        return NetworkError("The proxy could not be reached.")
    if isinstance(error, (requests_errors.InvalidSchema, requests_errors.InvalidProxyURL)):
        return Refused("The proxy in the environment variables cannot be used: check its address.")
    if isinstance(error, (requests_errors.InvalidURL, urllib3_errors.LocationValueError)):
        return Refused("This is not a valid http or https address.")
    if "NameResolution" in description or "getaddrinfo" in description:
        return NetworkError("The server's name could not be found.")
    if isinstance(error, requests.ConnectionError) and "NewConnection" in description:
        return NetworkError("The server could not be reached.")
    return NetworkError("The connection broke off.")
