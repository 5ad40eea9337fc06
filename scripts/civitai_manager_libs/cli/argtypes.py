"""What an argument of the command line must be, and its value."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping

from .. import setting

__all__ = ["parse_folder", "join_names", "parse_login", "choice_of", "parse_rate", "whole_between"]

_MOST = 2**31 - 1  # of a number that has no other bound
_LEAST_RATE = 1.0  # KB a second
_MOST_RATE = setting.BY_NAME["gallery_max_rate_kb"].high


def choice_of(names: Mapping[str, str]) -> Callable[[str], str]:
    """A reader of one of `names`, by either name, whatever its case, blanks and hyphens."""
    meant = {
        _normalize_name(name): value for value, label in names.items() for name in (value, label)
    }

    def read(text: str) -> str:
        if _normalize_name(text) not in meant:
            raise argparse.ArgumentTypeError(f"must be {join_names(names)}, not {text!r}")
        return meant[_normalize_name(text)]

    return read


def parse_login(text: str) -> tuple[str, str]:
    user, _, password = text.partition(":")
    if not user or not password:  # which is not said again: it may be a password
        raise argparse.ArgumentTypeError("must be USER:PASSWORD (so must CIVITAI_SHORTCUT_AUTH)")
    return user, password


def parse_folder(text: str) -> str:
    if not text.strip():  # of a shell's variable that is not set: not the folder that one is in
        raise argparse.ArgumentTypeError("must be a folder, such as . for the one you are in")
    return text


def join_names(names: Mapping[str, str]) -> str:
    """`PG (or None), R (or Mature) or X`."""
    shown = [name if name == value else f"{name} (or {value})" for value, name in names.items()]
    return f"{', '.join(shown[:-1])} or {shown[-1]}"


def parse_rate(text: str) -> float:
    """In KB, as the setting has it."""
    found = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,3})?)([kmg]?)i?b?", text.strip(), re.I | re.A)
    units = {"": 1 / 1024, "k": 1, "m": 1024, "g": 1024**2}
    read = float(found[1]) * units[found[2].lower()] if found else 0.0
    if not _LEAST_RATE <= read <= _MOST_RATE:
        raise argparse.ArgumentTypeError(
            f"must be bytes a second, such as 500k or 2M, not {text!r}"
        )
    return read


def whole_between(low: int, high: int = _MOST) -> Callable[[str], int]:
    """A reader of a whole number within these bounds."""
    bounds = f"of {low} or more" if high == _MOST else f"from {low} to {high}"

    def read(text: str) -> int:
        digits = text.isascii() and text.isdigit() and len(text) <= 10
        if not (digits and low <= int(text) <= high):
            raise argparse.ArgumentTypeError(f"must be a whole number {bounds}, not {text!r}")
        return int(text)

    return read


def _normalize_name(text: str) -> str:
    return re.sub(r"[\s_-]", "", text).casefold()
