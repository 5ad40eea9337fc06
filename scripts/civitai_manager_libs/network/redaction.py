"""The API key and what looks like it, masked in texts for logs and users."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import unquote

__all__ = ["redact", "redact_json"]

_MASK = "***"
_MIN_KEY = 6  # characters; a shorter text is no key, and occurs in many sentences
_MESSAGE_FIELDS = ("error", "message")  # of Civitai's error responses
_ESCAPE = re.compile(r"(?<!\\)\\+(?:u00|x)([2-7][0-9a-f])", re.I)  # of an ASCII character
_ESCAPED_SIGN = re.compile(r'(?<!\\)\\+(["/])')
_UNESCAPED = re.compile(r"[\w.~-]+", re.A)  # what JSON, URLs and HTML write as it is


def redact(text: str, key: str) -> str:
    """Return the text with the API key, if it has 6 characters or more, replaced by `***`.

    The key is also found if it is escaped for JSON, URLs or HTML.
    """
    if len(key) < _MIN_KEY:
        return text
    text = text.replace(key, _MASK)
    for unescape in (_unescape_json, unquote, html.unescape):
        if key in (plain := unescape(text)):
            text = plain.replace(key, _MASK)
    return text


def redact_json(value: Any, text: str, key: str) -> Any:
    """Return a parsed JSON value with the API key replaced by `***`.

    text: the JSON text from which the value was parsed. If it contains the key, all strings of the
    value are searched. If not, the key may still be escaped for a URL or HTML; only the fields
    `error` and `message` are searched for that.
    """
    if len(key) < _MIN_KEY:
        return value
    if key in text or _ESCAPE.search(text) or not _UNESCAPED.fullmatch(key):
        return _redact_value(value, key)
    if isinstance(value, dict):
        messages = {n: _redact_value(value[n], key) for n in _MESSAGE_FIELDS if n in value}
        return {**value, **messages}
    return value


def _redact_value(value: Any, key: str) -> Any:
    if isinstance(value, str):
        return redact(value, key)
    if isinstance(value, list):
        return [_redact_value(entry, key) for entry in value]
    if isinstance(value, dict):
        return {redact(name, key): _redact_value(entry, key) for name, entry in value.items()}
    return value


def _unescape_json(text: str) -> str:
    text = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    return _ESCAPED_SIGN.sub(r"\1", text)
