"""Query parameters as Civitai's validation takes them, and its refusals."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

__all__ = ["Params", "Refusal"]

_YES = {"true", "1", "yes", "on", "y", "enabled"}
_NO = {"false", "0", "no", "off", "n", "disabled"}
_USERNAME = re.compile(r"[A-Za-z0-9_]*")


class Refusal(Exception):
    """An answer that is an error: its status and JSON body."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(status)
        self.status = status
        self.body = body

    @classmethod
    def bad_request(cls, message: str) -> Refusal:
        return cls(400, {"error": message, "code": "BAD_REQUEST"})


class Params:
    """A query's values; what is wrong with them is collected and refused at once by `check`."""

    def __init__(self, query: Mapping[str, Sequence[str]]) -> None:
        self._query = query
        self._issues: list[dict[str, Any]] = []

    def check(self) -> None:
        if self._issues:
            text = json.dumps(self._issues, indent=2, ensure_ascii=False)
            raise Refusal(400, {"error": {"name": "ZodError", "message": text}})

    def next_page(self, address: str, cursor: str, page: int | None = None) -> str:
        """Every parameter of the request comes back in it, `token` too."""
        step = {"page": str(page + 1)} if page else {"cursor": cursor}
        kept = {name: v for name, v in self._query.items() if name not in ("cursor", "page")}
        return f"{address}?{urlencode({**kept, **step}, doseq=True, quote_via=quote)}"

    def _wrong(self, name: str, code: str, message: str, **more: Any) -> None:
        self._issues.append({**more, "code": code, "path": [name], "message": message})

    def text(self, name: str) -> str | None:
        values = self._query.get(name)
        if values and len(values) > 1:
            problem = "Invalid input: expected string, received array"
            self._wrong(name, "invalid_type", problem, expected="string")
        return values[0] if values else None

    def texts(self, name: str) -> list[str]:
        """A parameter that may be repeated."""
        return list(self._query.get(name, ()))

    def number(self, name: str, low: float = -math.inf, high: float = math.inf) -> int | None:
        """Read as JavaScript's `Number` does: the empty text is 0."""
        values = self._query.get(name)
        if values is None:
            return None
        value = _number(values[0]) if len(values) == 1 else math.nan
        if math.isnan(value) or math.isinf(value):
            problem = "Invalid input: expected number, received NaN"
            more = {"expected": "number", "received": "NaN"}
            self._wrong(name, "invalid_type", problem, **more)
        elif value > high:
            more = {"origin": "number", "maximum": high, "inclusive": True}
            self._wrong(name, "too_big", f"Too big: expected number to be <={high}", **more)
        elif value < low:
            more = {"origin": "number", "minimum": low, "inclusive": True}
            self._wrong(name, "too_small", f"Too small: expected number to be >={low}", **more)
        else:
            return int(value)
        return None

    def choice(self, name: str, values: Sequence[str]) -> str | None:
        value = self.text(name)
        if value is not None and value not in values:
            self._not_one_of(name, values)
        return value

    def _not_one_of(self, name: str, values: Sequence[str]) -> None:
        named = "|".join(json.dumps(value) for value in values)
        problem = f"Invalid option: expected one of {named}"
        self._wrong(name, "invalid_value", problem, values=list(values))

    def choices(self, name: str, values: Sequence[str], separator: str | None) -> list[str]:
        """Several of `values`: repeated, or in one text where there is a separator."""
        given = self.texts(name)
        if separator:
            given = [part.strip() for text in given for part in text.split(separator)]
        if any(value not in values for value in given):
            self._not_one_of(name, values)
        return given

    def numbers(self, name: str) -> list[int]:
        """A comma list of ids."""
        parts = [part for text in self.texts(name) for part in text.split(",")]
        if not all(re.fullmatch(r"\s*\d{1,18}\s*", part) for part in parts):
            problem = "Invalid input: expected number, received NaN"
            self._wrong(name, "invalid_type", problem, expected="number", received="NaN")
            return []
        return [int(part) for part in parts]

    def flag(self, name: str) -> bool | None:
        value = self.text(name)
        if value is None or value.lower() in _YES | _NO:
            return None if value is None else value.lower() in _YES
        problem = 'Invalid option: expected one of "true"|"false"'
        self._wrong(name, "invalid_value", problem, values=["true", "false"])
        return None

    def username(self) -> str | None:
        value = self.text("username")
        if value is not None and not _USERNAME.fullmatch(value):
            pattern = "/^[A-Za-z0-9_]*$/"
            problem = f"Invalid string: must match pattern {pattern}"
            more = {"origin": "string", "format": "regex", "pattern": pattern}
            self._wrong("username", "invalid_format", problem, **more)
        return value


def _number(text: str) -> float:
    text = text.strip()
    if not re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d{1,3})?|", text, re.IGNORECASE):
        return math.nan
    return float(text) if text else 0.0
