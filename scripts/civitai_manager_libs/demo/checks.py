"""Query parameters, validated as Civitai does, and its error responses."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

__all__ = ["Params", "ErrorResponse"]

_TRUE_WORDS = {"true", "1", "yes", "on", "y", "enabled"}
_FALSE_WORDS = {"false", "0", "no", "off", "n", "disabled"}
_USERNAME = re.compile(r"[A-Za-z0-9_]*")


class ErrorResponse(Exception):
    """Raised to answer a request with an error: its HTTP status and its JSON body."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(status)
        self.status = status
        self.body = body

    @classmethod
    def bad_request(cls, message: str) -> ErrorResponse:
        """Return an error response of status 400 with this message, as Civitai sends it."""
        return cls(400, {"error": message, "code": "BAD_REQUEST"})


class Params:
    """The query parameters of a request. `raise_issues` reports all invalid ones together."""

    def __init__(self, query: Mapping[str, Sequence[str]]) -> None:
        self._query = query
        self._issues: list[dict[str, Any]] = []

    def raise_issues(self) -> None:
        """Raise ErrorResponse 400 if a parameter that was read so far is invalid."""
        if self._issues:
            text = json.dumps(self._issues, indent=2, ensure_ascii=False)
            raise ErrorResponse(400, {"error": {"name": "ZodError", "message": text}})

    def make_next_url(self, endpoint: str, cursor: str, page: int | None = None) -> str:
        """Return the URL of the next page, with all other parameters of this request.

        endpoint: the URL without its query. cursor: that of the next page. page: number of the page
        that this request asks for, None if it uses a cursor.
        """
        position = {"page": str(page + 1)} if page else {"cursor": cursor}
        others = {name: v for name, v in self._query.items() if name not in ("cursor", "page")}
        return f"{endpoint}?{urlencode({**others, **position}, doseq=True, quote_via=quote)}"

    def _add_issue(self, name: str, code: str, message: str, **more: Any) -> None:
        self._issues.append({**more, "code": code, "path": [name], "message": message})

    def read_string(self, name: str) -> str | None:
        """Return a parameter's value, None if the parameter is absent.

        If the query contains it several times, return the first value; `raise_issues` reports it.
        """
        values = self._query.get(name)
        if values and len(values) > 1:
            problem = "Invalid input: expected string, received array"
            self._add_issue(name, "invalid_type", problem, expected="string")
        return values[0] if values else None

    def read_strings(self, name: str) -> list[str]:
        """Return all values of a parameter, which may occur several times in the query."""
        return list(self._query.get(name, ()))

    def read_integer(self, name: str, low: float = -math.inf, high: float = math.inf) -> int | None:
        """Return a parameter as an integer, None if the parameter is absent.

        An empty value is 0. For a value that is not a number from `low` to `high`, return None;
        `raise_issues` reports the value.
        """
        values = self._query.get(name)
        if values is None:
            return None
        value = _parse_number(values[0]) if len(values) == 1 else math.nan
        if math.isnan(value) or math.isinf(value):
            problem = "Invalid input: expected number, received NaN"
            more = {"expected": "number", "received": "NaN"}
            self._add_issue(name, "invalid_type", problem, **more)
        elif value > high:
            problem = f"Too big: expected number to be <={high}"
            self._add_issue(name, "too_big", problem, origin="number", maximum=high, inclusive=True)
        elif value < low:
            problem = f"Too small: expected number to be >={low}"
            self._add_issue(
                name, "too_small", problem, origin="number", minimum=low, inclusive=True
            )
        else:
            return int(value)
        return None

    def read_choice(self, name: str, values: Sequence[str]) -> str | None:
        """Return a parameter's value, None if it is absent.

        A value that is not in `values` is returned, but reported by `raise_issues`.
        """
        value = self.read_string(name)
        if value is not None and value not in values:
            self._add_choice_issue(name, values)
        return value

    def _add_choice_issue(self, name: str, values: Sequence[str]) -> None:
        options = "|".join(json.dumps(value) for value in values)
        problem = f"Invalid option: expected one of {options}"
        self._add_issue(name, "invalid_value", problem, values=list(values))

    def read_choices(self, name: str, values: Sequence[str], separator: str | None) -> list[str]:
        """Return all values of a parameter, which may occur several times in the query.

        separator: text between the values in one parameter, None if each contains only one. Values
        that are not in `values` are returned, but reported by `raise_issues`.
        """
        found = self.read_strings(name)
        if separator:
            found = [part.strip() for text in found for part in text.split(separator)]
        if any(value not in values for value in found):
            self._add_choice_issue(name, values)
        return found

    def read_integers(self, name: str) -> list[int]:
        """Return the integers in a comma-separated parameter, [] if it is absent or invalid."""
        parts = [part for text in self.read_strings(name) for part in text.split(",")]
        if not all(re.fullmatch(r"\s*\d{1,18}\s*", part) for part in parts):
            problem = "Invalid input: expected number, received NaN"
            self._add_issue(name, "invalid_type", problem, expected="number", received="NaN")
            return []
        return [int(part) for part in parts]

    def read_flag(self, name: str) -> bool | None:
        """Return a boolean parameter such as `true` or `0`, None if it is absent or invalid."""
        value = self.read_string(name)
        if value is None or value.lower() in _TRUE_WORDS | _FALSE_WORDS:
            return None if value is None else value.lower() in _TRUE_WORDS
        problem = 'Invalid option: expected one of "true"|"false"'
        self._add_issue(name, "invalid_value", problem, values=["true", "false"])
        return None

    def read_username(self) -> str | None:
        """Return the parameter `username`, None if it is absent.

        A name with forbidden characters is returned, but reported by `raise_issues`.
        """
        value = self.read_string("username")
        if value is not None and not _USERNAME.fullmatch(value):
            pattern = "/^[A-Za-z0-9_]*$/"
            problem = f"Invalid string: must match pattern {pattern}"
            more = {"origin": "string", "format": "regex", "pattern": pattern}
            self._add_issue("username", "invalid_format", problem, **more)
        return value


def _parse_number(text: str) -> float:
    text = text.strip()
    if not re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d{1,3})?|", text, re.IGNORECASE):
        return math.nan
    return float(text) if text else 0.0
