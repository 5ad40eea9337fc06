"""Values that strangers wrote, checked and cleaned."""

from __future__ import annotations

import codecs
import html
import json
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any, IO, Literal

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
_MOST_FOLDED = 100_000  # characters of one text
_CONTROL = re.compile("[\0-\x1f\x7f]")
_HASH_OF_NOTHING = "e3b0c44298"  # the beginning of its SHA256


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


def fold_text(text: str) -> str:
    """Return a text in lower case, with normal-width letters and single spaces, for searches."""
    clean = _CONTROL.sub(" ", text[:_MOST_FOLDED]).encode("utf-8", "replace").decode("utf-8")
    return " ".join(normalize_unicode("NFKC", clean, _MOST_FOLDED).casefold().split())


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


LAST_ID = 2**31 - 1  # the largest id of a model, version, post or user on Civitai
_MAX_INTEGER = 2**63 - 1  # what SQLite can hold
_MAX_DEPTH = 100
_MAX_LINES = 100  # entries of a list
_SEPARATORS = (b",", b":", b"[", b"{")  # one for each value, name and list
_DIGITS = re.compile(r"[0-9]{1,19}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?", re.A)
_TAG = re.compile(r"(<[^<>]*>)")  # no nested quantifier: linear, whatever a stranger wrote
_TAG_NAME = re.compile(r"</?([a-z][a-z0-9]*)", re.I)
_BLOCKS = set("p br div li ul ol tr table h1 h2 h3 h4 h5 h6 hr pre blockquote".split())
_HIDDEN = {"script", "style", "template"}
_MAX_HTML, _MAX_TEXT = 100_000, 10_000  # characters of a description: read, returned
_BLOCK = 1 << 20  # bytes of JSON that are split at once


def has_too_many_parts(body: bytes, max_parts: int, max_separators: int) -> bool:
    """Return whether a JSON text has so many separators that parsing would take too much memory.

    The separators are `,` `:` `[` and `{`. max_parts: how many are allowed outside strings.
    max_separators: how many are allowed in all, with those in strings.
    """
    separators = sum(map(body.count, _SEPARATORS))
    if not max_parts < separators <= max_separators:
        return separators > max_separators
    bare = body.replace(rb"\\", b"").replace(rb"\"", b"")
    parts, is_in_string = 0, False
    for start in range(0, len(bare), _BLOCK):
        pieces = bare[start : start + _BLOCK].split(b'"')
        outside = b"".join(pieces[is_in_string::2])
        parts += sum(map(outside.count, _SEPARATORS))
        is_in_string ^= len(pieces) % 2 == 0
    return parts > max_parts


def is_deeply_nested(value: Any) -> bool:
    """Return whether a JSON value has 100 levels or more, so that recursion could fail."""
    level = [value]
    for _ in range(_MAX_DEPTH):
        level = [
            child
            for node in level
            if isinstance(node, (dict, list))
            for child in (node.values() if isinstance(node, dict) else node)
        ]
        if not level:
            return False
    return True


def as_mapping(value: Any) -> Mapping[str, Any]:
    """Return a JSON object unchanged, {} for all other values."""
    return value if isinstance(value, dict) else {}


def unwrap_meta(meta: object) -> Mapping[str, Any]:
    """Return an image's generation data, which Civitai may wrap as `{id, meta}`; {} for none."""
    for _ in range(3):
        if not isinstance(meta, Mapping) or "meta" not in meta or not {"id", "meta"} >= set(meta):
            return meta if isinstance(meta, Mapping) else {}
        meta = meta["meta"]
    return {}


def parse_json_or_none(text: str | bytes | None) -> Any:
    """Return the value of a JSON text, None if the text is missing or damaged."""
    try:
        return json.loads(text or "null")
    except (ValueError, TypeError, RecursionError):
        return None


def as_whole_number(value: Any, low: int = 0, high: int = _MAX_INTEGER) -> int | None:
    """Return `12`, `12.0` or `"12"` from `low` to `high` as an int, None for all other values."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = int(value) if _DIGITS.fullmatch(value) else None
    elif isinstance(value, float):  # NaN and infinities are not whole
        value = int(value) if value.is_integer() else None
    return value if isinstance(value, int) and low <= value <= high else None


def as_id(value: Any) -> int | None:
    """Return a whole number from 1 to 2**31 - 1, as Civitai's ids are, as an int; else None."""
    return as_whole_number(value, 1, LAST_ID)


def clean_line(value: Any, limit: int = 200) -> str:
    """Return a string as one line of at most `limit` printable characters, "" for other types."""
    if not isinstance(value, str):
        return ""
    spaced = " ".join(value[: 8 * limit].split())
    kept = "".join(c for c in spaced if unicodedata.category(c)[0] != "C")
    return kept[:limit].strip()


def clean_lines(value: Any, limit: int = 200) -> tuple[str, ...]:
    """Return the strings of a list as lines of printable characters; () for other values.

    Entries that are empty or no strings are left out. Only the first 100 entries are read. limit:
    the largest number of characters in a line.
    """
    entries = value[:_MAX_LINES] if isinstance(value, list) else ()
    return tuple(line for entry in entries if (line := clean_line(entry, limit)))


def clean_date(value: Any) -> str:
    """Return an ISO 8601 date or timestamp unchanged, "" for all other values."""
    return value if isinstance(value, str) and _DATE.fullmatch(value) else ""


def html_to_text(value: Any) -> str:
    """Return the plain text of HTML, one line for each block, cut to 10,000 characters.

    Return "" for a value that is no string. The text may contain `<`: escape it before showing it.
    """
    if not isinstance(value, str):
        return ""
    if len(value) > _MAX_HTML:
        value = value[:_MAX_HTML].rpartition("<")[0]  # the cut may be within a tag
    parts, hidden = [], ""
    for part in _TAG.split(value):
        tag = _TAG_NAME.match(part)
        name = tag[1].lower() if tag else ""
        if hidden:
            hidden = "" if name == hidden and part.startswith("</") else hidden
        elif name in _HIDDEN and not part.startswith("</"):
            hidden = name
        elif not part.startswith("<") or not part.endswith(">"):
            parts.append(part)
        elif name in _BLOCKS:
            parts.append("\n")
    rows = (clean_line(row, _MAX_TEXT) for row in html.unescape("".join(parts)).splitlines())
    return "\n".join(row for row in rows if row)[:_MAX_TEXT]


_PIECE = 256 * 1024  # bytes
_MAX_VALUE = 4_000_000  # characters of a member, or of an entry of a member that is a list
_SPACE = " \t\n\r"
_ENDS = tuple(f"{_SPACE},:]}}")  # what stands after a value
_decoder = json.JSONDecoder()


def find_encoding(start: bytes) -> str:
    """Return the encoding of a text that begins so: UTF-8, or UTF-16 as PowerShell's `>` writes."""
    is_wide = start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    return "utf-16" if is_wide else "utf-8-sig"


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
        start = file.read(2)
        self._file, self._decode = file, codecs.getincrementaldecoder(find_encoding(start))().decode
        self._text, self._at, self._is_over = self._decode(start), 0, not start

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
