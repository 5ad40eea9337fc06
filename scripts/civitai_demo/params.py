"""The query parameters of a request, and responses that are errors."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs

__all__ = ["ErrorResponse", "Params", "parse_id"]


class ErrorResponse(Exception):
    """Raised to answer a request with an error: its HTTP status and its JSON body."""

    def __init__(self, status: int, error: str, **more: str | None) -> None:
        super().__init__(status)
        self.status = status
        self.body = {"error": error, **more}


class Params:
    """The query parameters of a request. A parameter that is invalid counts as absent."""

    def __init__(self, query_string: str) -> None:
        self._query: Mapping[str, Sequence[str]] = parse_qs(query_string)

    def get_string(self, name: str) -> str:
        """Return a parameter's first value, "" if the parameter is absent."""
        return self._query.get(name, ("",))[0]

    def get_integer(self, name: str) -> int | None:
        """Return a parameter as an integer that is not negative, None if it is absent."""
        value = self.get_string(name)
        return int(value) if re.fullmatch(r"[0-9]{1,18}", value) else None


def parse_id(text: str) -> int:
    """Return the id in a part of a URL, 0 if the text is not a number."""
    return int(text) if re.fullmatch(r"[0-9]{1,10}", text) else 0
