"""Words for the user, by language."""

from __future__ import annotations

import re
from typing import Any

from . import catalogue, page
from .labels import CHOICES, SETTINGS

__all__ = ["LANGUAGES", "all_of", "choices", "label_of", "language_of", "reason", "setting_choice"]
__all__ += ["setting_label", "short_reason", "text"]

LANGUAGES = ("zh-TW", "en")
WORDS = {**catalogue.WORDS, **page.WORDS}
_QUALITY = re.compile(r"[01](\.\d{0,3})?", re.A)  # RFC 9110, 12.4.2


def text(key: str, language: str, **values: Any) -> str:
    """The words of `key` in `language` ("zh-TW" or "en"), with `values` put in."""
    chinese, english = WORDS[key]
    return (chinese if language == "zh-TW" else english).format(**values)


def all_of(language: str) -> dict[str, str]:
    """All words by their keys, with `{names}` where values are put in."""
    return {key: words[language != "zh-TW"] for key, words in WORDS.items()}


def language_of(accepted: str) -> str:
    """The language for a browser's `Accept-Language`: Chinese where it comes before English."""
    best, chosen = 0.0, "en"
    for part in accepted.lower().split(","):
        tag, _, weight = part.replace(" ", "").partition(";q=")
        language = {"zh": "zh-TW", "en": "en"}.get(tag.partition("-")[0])
        quality = float(weight) if _QUALITY.fullmatch(weight) else 1.0
        if language and quality > best:
            best, chosen = quality, language
    return chosen


def reason(code: str, language: str) -> str:
    """What a reason code means, and what to do about it."""
    return _by_code("reason", code, language)


def short_reason(code: str, language: str) -> str:
    """The same in a word or two, for where many are counted."""
    return _by_code("short", code, language)


def _by_code(kind: str, code: str, language: str) -> str:
    key = f"{kind}_{code}"
    return text(key if key in WORDS else f"{kind}_other", language, code=code)


def choices(kind: str, language: str) -> list[tuple[str, str]]:
    """(label, what the API calls it) of a dropdown: `sort`, `period`, `level` or `type`."""
    return [(label_of(kind, value, language), value) for value in CHOICES[kind]]


def label_of(kind: str, value: str, language: str) -> str:
    return CHOICES[kind][value][language != "zh-TW"]


def setting_label(name: str, language: str) -> str:
    """What a setting does, with its unit."""
    return SETTINGS[name][language != "zh-TW"]


def setting_choice(name: str, value: str, language: str) -> str:
    """What one of a setting's choices is called."""
    if name in ("gallery_level", "blur_level"):
        return label_of("level", value, language)
    return {"zh-TW": "繁體中文", "en": "English"}.get(value, value)
