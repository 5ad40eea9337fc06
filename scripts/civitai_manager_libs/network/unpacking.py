"""A body that the server packed, unpacked as it arrives."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping

from ..errors import UnreadableAnswer

__all__ = ["Unpacker"]

_GZIP_OR_ZLIB = 47  # wbits: told by the header


class Unpacker:
    """For one body, by its Content-Encoding; one that is not packed passes as it is.

    Raises UnreadableAnswer for an encoding that nobody asked for, and for damage.
    """

    def __init__(self, headers: Mapping[str, str]) -> None:
        encoding = headers.get("Content-Encoding", "").strip().lower()
        self._zlib: zlib._Decompress | None = None
        if encoding in ("gzip", "x-gzip", "deflate"):
            self._zlib = zlib.decompressobj(_GZIP_OR_ZLIB)
        elif encoding not in ("", "identity"):
            raise UnreadableAnswer("The server packed its answer in a way that nobody asked for.")

    @property
    def is_packed(self) -> bool:
        return self._zlib is not None

    @property
    def is_whole(self) -> bool:
        """False while the packed stream has not come to its own end."""
        return self._zlib is None or self._zlib.eof

    def unpack(self, data: bytes, most: int) -> Iterator[bytes]:
        """Pieces of at most `most` bytes, however much `data` unpacks to."""
        if self._zlib is None:
            yield data
            return
        piece = b""
        while data or len(piece) == most:  # a full piece may have left some inside of zlib
            if self._zlib.eof:
                if not data:
                    return
                self._zlib = zlib.decompressobj(_GZIP_OR_ZLIB)  # several streams may be joined
            try:
                piece = self._zlib.decompress(data, most)
            except zlib.error as error:
                raise UnreadableAnswer("What came is packed, and damaged.") from error
            yield piece
            data = self._zlib.unconsumed_tail or self._zlib.unused_data
