"""An answer's body as it arrives: unpacked, and an error of ours when the wire breaks."""

from __future__ import annotations

import http.client
import time
import weakref
import zlib
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import requests
from requests import exceptions as requests_errors
from urllib3 import exceptions as urllib3_errors

from ..core import Cancellation
from ..errors import CivitaiShortcutError, InvalidResponse, NetworkError, Refused
from . import responses
from .bandwidth import BandwidthShare
from .connections import connection_cutter
from .deadlines import cut_after

__all__ = [
    "WIRE_ERRORS",
    "Decompressor",
    "ResponseBody",
    "check_response_head",
    "watch_end",
    "load_body",
]
__all__ += ["to_network_error"]

WIRE_ERRORS = (urllib3_errors.HTTPError, http.client.HTTPException, OSError, ValueError)
_PIECE = 64 * 1024  # bytes
_ERROR_PAGE = 64 * 1024  # bytes that are read for its sentence
_SLOW_SECONDS, _SLOW_RATE = 30.0, 1024  # bytes a second; a slower body is broken off
_HOLLOW = 1024 * 1024  # bytes; packing adds some, but joined streams of nothing have no end
_GZIP_OR_ZLIB = 47  # wbits: told by the header


class ResponseBody:
    """A response whose body is read as it arrives, still packed where the server packed it.

    share: of a rate that its bytes are held to; None: as fast as they come. aside: what it waits in
    for that.
    """

    def __init__(
        self,
        response: requests.Response,
        cancelled: Cancellation,
        share: BandwidthShare | None = None,
        aside: Callable[[BandwidthShare], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self._response, self._cancelled = response, cancelled
        self._share, self._aside = share, aside
        self._cut = connection_cutter(response)
        self._is_empty = True  # so far
        self._seconds, self._bytes = 0.0, 0  # of waiting for the server, since the last look

    def read(self, size: int) -> bytes:
        """1 to `size` bytes, b"" at the end. Raises NetworkError, also for a server that drips."""
        started, share = time.monotonic(), self._share
        size = size if share is None else share.allowed_bytes(size)
        with cut_after(
            _SLOW_SECONDS, self._cut
        ) as deadline:  # chunk sizes and trailers may drip too
            try:
                data = _read_some(self._response.raw, size)
            except WIRE_ERRORS as error:
                self._cancelled.check()
                raise _too_slow_error() if deadline.is_over else to_network_error(error) from error
        if deadline.is_over:  # a cut socket reads as an early end
            raise _too_slow_error()
        if not data:
            self._cancelled.check()  # the same
            if self._is_empty:
                _check_end(self._response)
        self._is_empty = self._is_empty and not data
        self._check_speed(time.monotonic() - started, len(data))
        if share is not None:
            share.consume(len(data), self._cancelled, self._aside)
        return data

    def read_all(self, limit: int) -> bytes:
        """The whole body, unpacked. Raises NetworkError when it is cut, UnreadableAnswer when
        it is over `limit` bytes or damaged."""
        unpacker, body, read = Decompressor(self.headers), bytearray(), 0
        while data := self.read(_PIECE):
            read += len(data)
            if read > limit:
                raise InvalidResponse("The answer is too large to be read.")
            for piece in unpacker.decompress(data, _PIECE):
                body += piece
                if len(body) > limit:
                    raise InvalidResponse("The answer is too large to be read.")
        if not (self._is_empty or unpacker.is_whole):
            raise NetworkError("The answer broke off.")
        return bytes(body)

    def raise_for_status(self, api_key: str, allowed: Container[int] = ()) -> None:
        """Raises what the status means; an error page may quote the request, with its key."""
        if self.status < 300 or self.status in allowed:
            return
        try:
            body = self.read_all(_ERROR_PAGE)
        except (NetworkError, InvalidResponse):
            body = b""
        raise responses.error_from_response(self.status, self.headers, body, api_key)

    def close(self) -> None:
        """The connection goes back to its pool if the body was read to its end, else it ends."""
        self._response.close()

    def _check_speed(self, seconds: float, count: int) -> None:
        self._seconds, self._bytes = self._seconds + seconds, self._bytes + count
        if self._seconds < _SLOW_SECONDS:
            return
        if self._bytes < _SLOW_RATE * self._seconds:
            raise _too_slow_error()
        self._seconds, self._bytes = 0.0, 0


def _read_some(raw: Any, size: int) -> bytes:
    """What one receive brings, where urllib3 can tell (2.2). An older one waits for all that it is
    asked for: a second's worth at the slowest, or a server that drips would be seen too late."""
    if hasattr(raw, "read1"):
        return raw.read1(size, decode_content=False) or b""
    return raw.read(min(size, _SLOW_RATE), decode_content=False) or b""


def check_response_head(response: requests.Response) -> None:
    """Raises NetworkError for a head that http.client takes, though its body's end is not sure."""
    if response.status_code < 200:  # the answer after it would be taken for the next request's
        raise NetworkError("The server does not come to its answer.")
    responses.content_length(response.headers)


def watch_end(response: requests.Response) -> Callable[[], bool]:
    """Whether it was read to its end, closed, or let go of."""
    known = weakref.ref(response)

    def is_over() -> bool:
        response = known()
        return response is None or response.raw.closed

    return is_over


def load_body(response: requests.Response) -> None:
    """Read the body into `response.content`. Raises NetworkError, also for a server that drips."""
    with cut_after(
        _SLOW_SECONDS, connection_cutter(response), _watch_growth(response.raw)
    ) as deadline:
        try:
            is_empty = not response.content
        except WIRE_ERRORS as error:  # those of requests are OSErrors
            raise _too_slow_error() if deadline.is_over else to_network_error(error) from error
    if deadline.is_over:
        raise _too_slow_error()
    if is_empty:
        _check_end(response)


def _watch_growth(raw: Any) -> Callable[[], bool]:
    """Return whether a body has come fast enough since the last look."""
    seen = 0

    def grows() -> bool:
        nonlocal seen
        before, seen = seen, raw.tell()
        return seen - before >= _SLOW_RATE * _SLOW_SECONDS

    return grows


def _too_slow_error() -> NetworkError:
    return NetworkError("The server sends too slowly.")


def _check_end(response: requests.Response) -> None:
    """Raises NetworkError where no body came and none was announced: http.client takes the end of
    a connection for the end of a head."""
    head, has_body = response.headers, response.request.method != "HEAD"
    has_body = has_body and response.status_code not in (204, 304)
    is_kept = response.raw.version == 11 and "close" not in head.get("Connection", "").lower()
    is_told = responses.is_chunked(head) or responses.content_length(head) is not None
    if has_body and is_kept and not is_told:
        raise NetworkError("The answer broke off in its head.")


class Decompressor:
    """For one body, by its Content-Encoding; one that is not packed passes as it is."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._packed, self._unpacked = 0, 0  # bytes
        encoding = headers.get("Content-Encoding", "").strip().lower()
        self.is_packed = encoding not in ("", "identity")
        self._zlib: zlib._Decompress | None = None
        if encoding in ("gzip", "x-gzip", "deflate"):
            self._zlib = zlib.decompressobj(_GZIP_OR_ZLIB)

    @property
    def is_whole(self) -> bool:
        """False while the packed stream has not come to its own end."""
        return self._zlib is None or self._zlib.eof

    def decompress(self, data: bytes, most: int) -> Iterator[bytes]:
        """Pieces of at most `most` bytes, however much `data` unpacks to.

        Raises UnreadableAnswer for an encoding that nobody asked for, and for damage.
        """
        if not self.is_packed:
            yield data
            return
        if self._zlib is None:
            raise InvalidResponse("The server packed its answer in a way that nobody asked for.")
        self._packed += len(data)
        piece = b""
        while data or len(piece) == most:  # a full piece may have left some inside of zlib
            if self._zlib.eof:
                if not data:
                    return
                self._zlib = zlib.decompressobj(_GZIP_OR_ZLIB)  # several streams may be joined
            try:
                piece = self._zlib.decompress(data, most)
            except zlib.error as error:
                raise InvalidResponse("What came is packed, and damaged.") from error
            self._unpacked += len(piece)
            yield piece
            data = self._zlib.unconsumed_tail or self._zlib.unused_data
        if self._packed > 2 * self._unpacked + _HOLLOW:
            raise InvalidResponse("What came is packed, and next to nothing is in it.")


def to_network_error(error: Exception) -> CivitaiShortcutError:
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
    if "Missing dependencies for SOCKS" in str(error):
        return Refused("The proxy of the environment needs PySocks: python -m pip install PySocks.")
    said = repr(error)
    if "SOCKSConnection" in said and "0x0" not in said:  # which is what a SOCKS proxy answers
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
