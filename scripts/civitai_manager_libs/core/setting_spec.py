"""A setting's default and bounds, and the check of a new value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import SettingError
from .untrusted import as_integer, as_number

__all__ = ["SettingSpec", "Value"]

Value = bool | int | float | str
_SHOWN = 60  # characters of a refused value in the message


@dataclass(frozen=True)
class SettingSpec:
    """The allowed values of a setting; all have the type of the default.

    low, high: the smallest and largest number, unused for other types. choices: the allowed
    strings, () for any. is_private: whether the value, such as a folder, is shown only to users who
    may change it.
    """

    name: str
    default: Value
    low: float = 0
    high: float = 0
    choices: tuple[str, ...] = ()
    is_private: bool = False

    def validate(self, value: Any) -> Value:
        """Return a value converted to the setting's type.

        Raises SettingError, with a message for the user, if the value is not allowed.
        """
        if isinstance(self.default, bool):
            if isinstance(value, bool):
                return value
        elif isinstance(self.default, str):
            if isinstance(value, str) and self._is_choice(value):
                return value
        else:
            is_whole = isinstance(self.default, int)
            number = as_integer(value) if is_whole else as_number(value)
            if number is not None and self.low <= number <= self.high:
                return number
        raise SettingError(f"{self.name} must be {self._type_name()}, not {_format_value(value)}.")

    def accepts(self, value: Any) -> bool:
        """Return whether a value is allowed."""
        try:
            self.validate(value)
        except SettingError:
            return False
        return True

    def _is_choice(self, value: str) -> bool:
        return value in self.choices if self.choices else _is_encodable(value)

    def _type_name(self) -> str:
        if isinstance(self.default, bool):
            return "true or false"
        if isinstance(self.default, str):
            is_one_of = f"one of {', '.join(self.choices)}"
            return is_one_of if self.choices else "text without invalid characters"
        kind = "a whole number" if isinstance(self.default, int) else "a number"
        return f"{kind} from {self.low} to {self.high}"


def _is_encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _format_value(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
