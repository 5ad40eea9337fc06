"""Reads a JSON object from a file part by part, so that a large file takes little memory."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import IO, Any

from .untrusted_json import is_deeply_nested

__all__ = ["iter_json_members"]

_PIECE = 256 * 1024  # bytes
_MAX_VALUE = 4_000_000  # characters of a member, or of an entry of a member that is a list
_SPACE = " \t\n\r"
_ENDS = tuple(f"{_SPACE},:]}}")  # what stands after a value
_decoder = json.JSONDecoder()


def iter_json_members(file: IO[bytes]) -> Iterator[tuple[str, Any]]:
    """Yield (name, value) of each member of the JSON object in a file, in the file's order.

    If a member is a list, yield each of its entries instead, with the member's name. Raises
    ValueError at the first part that is malformed, longer than 4 million characters or nested too
    deeply.
    """
    text = _Text(file)
    text.skip("{")
    while not text.skip_if("}"):
        name = text.read_value()
        text.skip(":")
        if not isinstance(name, str):
            raise ValueError("The name of a member is no string.")
        if text.skip_if("["):
            while not text.skip_if("]"):
                yield name, text.read_value()
                text.skip_comma("]")
        else:
            yield name, text.read_value()
        text.skip_comma("}")
    if text.peek():
        raise ValueError("There is more after the object.")


class _Text:
    """The text of a file, of which only the part that is being parsed is in memory."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._decode = file, codecs.getincrementaldecoder("utf-8-sig")().decode
        self._text, self._at, self._is_over = "", 0, False

    def peek(self) -> str:
        """Return the next character that is not space, "" at the end of the file."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if self._is_over:
                return ""
            self._read_more()

    def skip_if(self, sign: str) -> bool:
        """Skip a character if it is the next one; return whether it was."""
        if self.peek() != sign:
            return False
        self._at += 1
        return True

    def skip(self, sign: str) -> None:
        if not self.skip_if(sign):
            raise ValueError(f"{sign} is missing.")

    def skip_comma(self, end: str) -> None:
        """Skip a comma, which must stand before all but the last entry. end: what ends the list."""
        if self.skip_if(","):
            if self.peek() == end:
                raise ValueError("An entry is missing.")
        elif self.peek() != end:
            raise ValueError("A comma is missing.")

    def read_value(self) -> Any:
        self.peek()
        while True:
            try:
                value, end = _decoder.raw_decode(self._text, self._at)
            except RecursionError as error:
                raise ValueError("The value is nested too deeply.") from error
            except ValueError:
                if self._is_over:
                    raise
            else:
                # Else a number goes on, for example "1" in "1.5".
                if self._is_over or self._text[end : end + 1] in _ENDS:
                    self._at = end
                    if is_deeply_nested(value):
                        raise ValueError("The value is nested too deeply.")
                    return value
            if len(self._text) - self._at > _MAX_VALUE:
                raise ValueError("The value is too long.")
            self._read_more()

    def _read_more(self) -> None:
        """Read at least as much as is left, so that a long value is not parsed often."""
        left = self._text[self._at :]
        data = self._file.read(max(_PIECE, len(left)))
        self._is_over = not data
        self._text, self._at = left + self._decode(data, self._is_over), 0
