"""Argument types of the command line: parse a string, or raise ArgumentTypeError."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping

from .. import setting

__all__ = ["join_choices", "make_choice_parser", "make_int_parser", "parse_folder", "parse_login"]
__all__ += ["parse_rate"]

_MAX = 2**31 - 1  # of a number without another limit
_MIN_RATE = 1.0  # KB a second
_MAX_RATE = setting.BY_NAME["gallery_max_rate_kb"].high


def make_choice_parser(choices: Mapping[str, str]) -> Callable[[str], str]:
    """Return a parser that accepts one of the choices. choices: {value: label}.

    The parser takes a value or a label, and returns the value. Case, blanks, `-` and `_` do not
    matter. The parser raises ArgumentTypeError for other text.
    """
    values = {
        _normalize_name(name): value for value, label in choices.items() for name in (value, label)
    }

    def parse(text: str) -> str:
        if _normalize_name(text) not in values:
            raise argparse.ArgumentTypeError(f"must be {join_choices(choices)}, not {text!r}")
        return values[_normalize_name(text)]

    return parse


def parse_login(text: str) -> tuple[str, str]:
    """Return (user, password) for the text USER:PASSWORD.

    Raises ArgumentTypeError if either is missing.
    """
    user, _, password = text.partition(":")
    if not user or not password:  # the text is not repeated: it may be a password
        raise argparse.ArgumentTypeError("must be USER:PASSWORD (so must CIVITAI_SHORTCUT_AUTH)")
    return user, password


def parse_folder(text: str) -> str:
    """Return the text unchanged; raise ArgumentTypeError if it is blank."""
    if not text.strip():  # an unset shell variable does not mean the current folder
        raise argparse.ArgumentTypeError("must be a folder, such as . for the one you are in")
    return text


def join_choices(choices: Mapping[str, str]) -> str:
    """Return a text that names all choices, such as `PG (or None), R (or Mature) or X`.

    choices: {value: label}. The value follows in brackets if it differs from the label.
    """
    shown = [name if name == value else f"{name} (or {value})" for value, name in choices.items()]
    return f"{', '.join(shown[:-1])} or {shown[-1]}"


def parse_rate(text: str) -> float:
    """Parse a speed in bytes a second, such as `500k` or `2M`, and return it in KiB a second.

    Raises ArgumentTypeError for other text, and for a speed below 1 KiB a second.
    """
    found = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,3})?)([kmg]?)i?b?", text.strip(), re.I | re.A)
    units = {"": 1 / 1024, "k": 1, "m": 1024, "g": 1024**2}
    rate = float(found[1]) * units[found[2].lower()] if found else 0.0
    if not _MIN_RATE <= rate <= _MAX_RATE:
        raise argparse.ArgumentTypeError(
            f"must be bytes a second, such as 500k or 2M, not {text!r}"
        )
    return rate


def make_int_parser(low: int, high: int = _MAX) -> Callable[[str], int]:
    """Return a parser for whole numbers from `low` to `high`.

    The parser raises ArgumentTypeError for other text.
    """
    bounds = f"of {low} or more" if high == _MAX else f"from {low} to {high}"

    def parse(text: str) -> int:
        is_number = text.isascii() and text.isdigit() and len(text) <= 10
        if not (is_number and low <= int(text) <= high):
            raise argparse.ArgumentTypeError(f"must be a whole number {bounds}, not {text!r}")
        return int(text)

    return parse


def _normalize_name(text: str) -> str:
    return re.sub(r"[\s_-]", "", text).casefold()
