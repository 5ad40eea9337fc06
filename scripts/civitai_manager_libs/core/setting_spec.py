"""One setting: its default, its bounds, and why a value is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import SettingError

__all__ = ["SettingSpec", "Value"]

Value = bool | int | float | str
_SHOWN = 60  # characters of a refused value; a damaged file may hold anything


@dataclass(frozen=True)
class SettingSpec:
    """Its default gives its type. Bounds of a number are allowed; words may have choices."""

    name: str
    default: Value
    low: float = 0
    high: float = 0
    choices: tuple[str, ...] = ()

    def validate(self, value: Any) -> Value:
        """`value` as this setting keeps it. Raises SettingError, a sentence for the user."""
        if isinstance(self.default, bool):
            taken = value if isinstance(value, bool) else None
        elif isinstance(self.default, str):
            taken = value if isinstance(value, str) and self._is_choice(value) else None
        else:
            taken = _parse_number(value, isinstance(self.default, int))
            taken = taken if taken is not None and self.low <= taken <= self.high else None
        if taken is None:
            raise SettingError(
                f"{self.name} must be {self._type_name()}, not {_format_value(value)}."
            )
        return taken

    def _is_choice(self, word: str) -> bool:
        return word in self.choices if self.choices else _is_encodable(word)

    def _type_name(self) -> str:
        if isinstance(self.default, bool):
            return "true or false"
        if isinstance(self.default, str):
            is_one_of = f"one of {', '.join(self.choices)}"
            return is_one_of if self.choices else "a text that a file can hold"
        kind = "a whole number" if isinstance(self.default, int) else "a number"
        return f"{kind} from {self.low} to {self.high}"


def _parse_number(value: Any, whole: bool) -> int | float | None:
    """`value`, or what a text says, as a number; None where it is none. `5.0` is whole too."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        if not whole:
            return float(value)
        return int(value) if isinstance(value, str) or int(value) == value else None
    except (ValueError, OverflowError):
        return None


def _is_encodable(text: str) -> bool:
    """Not half of a surrogate pair, which JSON can carry and UTF-8 cannot."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _format_value(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
