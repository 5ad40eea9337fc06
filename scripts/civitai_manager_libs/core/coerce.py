"""Converts untrusted values of generation data to text, numbers and lists. Pure."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any, Literal

__all__ = ["as_checksum", "as_integer", "as_list", "as_number", "as_text", "clean_text"]
__all__ += ["format_number", "model_file_stem", "normalize_unicode"]

_LARGEST = 2**64  # the seeds of ComfyUI end below it; nothing in an infotext is larger
_SMALLEST = 1e-9  # smaller numbers are written as 0
_MAX_PARTS = 100  # of a mapping
# What other programs write in place of a missing value.
_NOTHING = {"none", "null", "nan", "[nan]", "undefined", "inf", "infinity", "-inf", "-infinity"}
# Control characters, and lone surrogates, which no file can hold. A tag is not changed, because
# some model files have such characters in their names; but it must not have the two characters
# that begin a terminal's escape sequences.
_HARMFUL = re.compile(
    "(<(?:lora|lyco|hypernet):[^<>\n\r\0\x1b\x9b\ud800-\udfff]{1,300}>)"
    "|[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]"
)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_WHOLE = re.compile(r"([+-]?[0-9]{1,20})(?:\.0*)?")
_CHECKSUM = re.compile(r"(?:0x)?([0-9a-fA-F]{4,128})")
_MAX_MARKS = 30  # in a row, as in Unicode's "Stream-Safe Text Format"
# Not combining themselves, but their decompositions begin with combining marks.
_HIDDEN_MARKS = "\u0f73\u0f75\u0f81\uff9e\uff9f"
_HASH_OF_NOTHING = "e3b0c44298"  # the beginning of its SHA256
_MODEL_EXTENSION = re.compile(r"\.(?:safetensors|ckpt|pt|pth|bin|gguf|sft)$", re.IGNORECASE)


def clean_text(text: str) -> str:
    """Return a text with control characters other than tabs as spaces, and line ends as newlines.

    Tags such as `<lora:name:1>` keep most control characters, since the names of model files may
    contain them.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _HARMFUL.sub(lambda found: found[1] or " ", text)


def normalize_unicode(form: Literal["NFC", "NFKC"], text: str, limit: int) -> str:
    """Return at most `limit` characters of a text in a Unicode normal form such as "NFKC".

    Of consecutive combining marks only the first 30 are kept, because Python sorts them in
    quadratic time.
    """
    text, marks, kept = text[:limit], 0, []
    if text.isascii():
        return text
    for character in text:
        is_mark = unicodedata.combining(character) or character in _HIDDEN_MARKS
        marks = marks + 1 if is_mark else 0
        if marks <= _MAX_MARKS:
            kept.append(character)
    return unicodedata.normalize(form, "".join(kept))[:limit]


def as_text(value: object) -> str:
    """Return a value as text in the way that A1111 writes it, "" for a missing value.

    None, NaN, lists, and words such as `null` count as missing. A mapping becomes `key: value, key:
    value`, because Civitai parses some texts into mappings; one that contains a list or another
    mapping, such as a node of a graph, counts as missing.
    """
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, (int, float)):
        return format_number(value)
    if isinstance(value, str):
        text = clean_text(value).strip()
        return "" if text.lower() in _NOTHING else text
    if isinstance(value, Mapping):
        parts = dict(islice(value.items(), _MAX_PARTS))
        if any(isinstance(part, (Mapping, list, tuple)) for part in parts.values()):
            return ""
        texts = ((clean_text(str(key)).strip(), as_text(part)) for key, part in parts.items())
        return ", ".join(f"{key}: {text}" for key, text in texts if text)
    return ""


def as_number(value: object) -> float | None:
    """Return a number or numeric string as a float, None for all other values.

    None is also returned for booleans, NaN, and numbers of 2**64 and above.
    """
    if isinstance(value, str):
        text = value.strip()
        number = float(text) if len(text) < 50 and _NUMBER.fullmatch(text) else math.nan
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        number = float(value) if abs(value) < _LARGEST else math.nan
    else:
        return None
    return number if abs(number) < _LARGEST else None


def as_integer(value: object) -> int | None:
    """Return a whole number below 2**64, such as `42`, `-4.0` or `"42"`, as an int; else None."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) < _LARGEST else None
    exact = _WHOLE.fullmatch(value.strip()) if isinstance(value, str) else None
    if exact:
        return as_integer(int(exact[1]))
    number = as_number(value)
    return int(number) if number is not None and number.is_integer() else None


def as_checksum(value: object) -> str:
    """Return a hash of 4 to 128 hexadecimal digits, without a leading "0x"; "" for other values.

    Return "" for the hash of an empty file too: programs write that hash if they cannot read a
    file.
    """
    found = _CHECKSUM.fullmatch(as_text(value))
    return found[1] if found and not found[1].lower().startswith(_HASH_OF_NOTHING) else ""


def as_list(value: object) -> Sequence[Any]:
    """Return a list or tuple unchanged, () for all other values."""
    return value if isinstance(value, (list, tuple)) else ()


def format_number(number: float) -> str:
    """Return a number as text, without an exponent or a trailing ".0".

    Return "0" for numbers from -1e-9 to 1e-9, and "" for NaN and for numbers whose absolute value
    is 2**64 or more.
    """
    if not abs(number) < _LARGEST:
        return ""
    if number == int(number):
        return str(int(number))
    return f"{Decimal(repr(number)):f}" if abs(number) > _SMALLEST else "0"


def model_file_stem(name: str) -> str:
    """Return a model file's name without folders and without an extension such as `.safetensors`.

    Only the extensions of model files are removed.
    """
    return _MODEL_EXTENSION.sub("", re.split(r"[\\/]", name)[-1].strip())
