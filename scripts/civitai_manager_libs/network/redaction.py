"""What an answer says, without the API key that it may quote."""

from __future__ import annotations

import base64
import re
from functools import lru_cache
from typing import Any

__all__ = ["redact", "redact_json"]

_MASK = "***"
_SHORTEST = 6  # characters; a shorter text is nobody's key, and stands in many a sentence
_GAP = "[^!-~]*"  # what may stand between its letters, and who shows the text may leave out
_SENTENCES = ("error", "message")
_ESCAPED_ASCII = re.compile(r"\\u00[2-7]")


def redact(text: str, key: str) -> str:
    """`text` with a mask for each place where the key stands, be it escaped or in base64."""
    return _key_pattern(key).sub(_MASK, text) if len(key) >= _SHORTEST else text


def redact_json(value: Any, text: str, key: str) -> Any:
    """The JSON value that was read from `text`; in what is no sentence the key is looked for as it
    is, for such an answer may be long."""
    if len(key) < _SHORTEST:
        return value
    if key in text or _ESCAPED_ASCII.search(text):
        value = _redact_value(value, key)
    if isinstance(value, dict):
        said = {name: _redact_value(value[name], key) for name in _SENTENCES if name in value}
        value = {**value, **said}
    return value


def _redact_value(value: Any, key: str) -> Any:
    if isinstance(value, str):
        return redact(value, key)
    if isinstance(value, list):
        return [_redact_value(entry, key) for entry in value]
    if isinstance(value, dict):
        return {redact(name, key): _redact_value(entry, key) for name, entry in value.items()}
    return value


@lru_cache(4)
def _key_pattern(key: str) -> re.Pattern[str]:
    forms = [_GAP.join(map(_char_forms, key)), *map(re.escape, _base64_forms(key))]
    return re.compile("|".join(forms), re.I)


def _char_forms(char: str) -> str:
    r"""As it is, `%73`, `s` or `\x73`, `&#115;` or `&#x73;`; also escaped more than once."""
    code = ord(char)
    escaped = [rf"%(?:25)*{code:02x}", rf"\\+(?:u00|x){code:02x}", rf"&(?:amp;)*#0*{code};"]
    escaped.append(rf"&(?:amp;)*#x0*{code:x};")
    return rf"(?:\\*{re.escape(char)}|{'|'.join(escaped)})"


def _base64_forms(key: str) -> set[str]:
    """What is the same whatever stands before and behind it."""
    found = set()
    for before in range(3):
        whole = (
            base64.b64encode(b"\0" * before + key.encode("utf-8", "replace")).decode().rstrip("=")
        )
        own = whole[-(-before * 8 // 6) : len(whole) - 1]
        found |= {own, own.replace("+", "-").replace("/", "_")}
    return found
