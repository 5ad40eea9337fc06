"""The words that users read, in their language."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import EngineError, InputError

_FOLDER = Path(__file__).with_name("languages")
DEFAULT_LANGUAGE = "en"
LANGUAGES = tuple(sorted(file.stem for file in _FOLDER.glob("*.json")))


@dataclass(frozen=True)
class _Catalogue:
    """All texts of one language; `name` is the language's name in that language.

    texts: {key: text} of the page. terminal: {key: text} of the command line. choices: {field: {API
    value: label}}. settings: {setting: label}. parameters: {infotext field: label}.
    """

    name: str
    texts: Mapping[str, str]
    terminal: Mapping[str, str]
    choices: Mapping[str, Mapping[str, str]]
    settings: Mapping[str, str]
    parameters: Mapping[str, str]


@lru_cache(maxsize=None)
def load_catalogue(language: str) -> _Catalogue:
    """Return all texts of a language such as `zh-TW`, those without a translation in English."""
    english = _read_language(DEFAULT_LANGUAGE)
    if language == DEFAULT_LANGUAGE or language not in LANGUAGES:
        return _Catalogue(**english)
    own = _read_language(language)
    merged = {
        section: {**english[section], **own.get(section, {})}
        for section in english
        if section != "name"
    }
    return _Catalogue(name=own["name"], **merged)


def _read_language(language: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return read


# Parts of a tag or of Windows' name for a locale that stand for Simplified Chinese.
_SIMPLIFIED = {"hans", "cn", "sg", "my", "simplified", "china"}
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_QUALITY = re.compile(r"[01](\.\d{0,3})?", re.A)  # RFC 9110, 12.4.2


class _Formatter(string.Formatter):
    """Formats like `str.format`, but counts as 1,238; chooses between singular and plural."""

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        value = super().get_value(key, args, kwargs)
        return f"{value:,}" if key in _COUNTS and type(value) is int else value

    def format_field(self, value: Any, format_spec: str) -> Any:
        """Format a number as its singular or plural in a field such as `{n:picture|pictures}`.

        The singular is for 1 only. Other fields are formatted as by `str.format`.
        """
        singular, is_choice, plural = format_spec.partition("|")
        if not is_choice:
            return super().format_field(value, format_spec)
        return singular if str(value) == "1" else plural


_COUNTS = {"all", "both", "done", "failed", "fewer", "first", "more", "n", "saved", "second"}
_COUNTS |= {"skipped", "there", "total"}
_formatter = _Formatter()


def translate(key: str, language: str, **values: Any) -> str:
    """Return the text for a key, its placeholders filled. Raises KeyError for an unknown key."""
    catalogue = load_catalogue(language)
    text = catalogue.texts.get(key) or catalogue.terminal[key]
    return _formatter.vformat(text, (), values)


def translate_error(error: InputError | EngineError, language: str) -> str:
    """Return an error's message in a language, or in English if there is no translation."""
    has_text = error.key and language != "en"
    return translate(error.key, language, **error.values) if has_text else str(error)


def parse_accept_language(header: str) -> str:
    """Return the supported language that an `Accept-Language` header ranks highest, else "en"."""
    best, chosen = 0.0, DEFAULT_LANGUAGE
    for part in header.lower().split(","):
        tag, _, weight = part.replace(" ", "").partition(";q=")
        language = _match_tag(tag)
        quality = float(weight) if _QUALITY.fullmatch(weight) else 1.0
        if language and quality > best:
            best, chosen = quality, language
    return chosen


def parse_locale_language(environment: Mapping[str, str]) -> str:
    """Return the supported language of the first set of LC_ALL, LC_MESSAGES and LANG, else "en"."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    locale = next(filter(None, map(environment.get, names)), "").lower().partition(".")[0]
    # Windows names a locale "Chinese (Traditional)_Taiwan".
    tag = re.sub(r"^chinese(?![a-z])", "zh", locale)
    return _match_tag(re.sub(r"[^a-z0-9]+", "-", tag)) or DEFAULT_LANGUAGE


def _match_tag(tag: str) -> str:
    primary, *details = tag.split("-")
    if primary == "zh":
        return "zh-CN" if _SIMPLIFIED.intersection(details) else "zh-TW"
    return primary if primary in LANGUAGES else ""


def explain_reason(code: str, language: str, details: str = "", is_model: bool = False) -> str:
    """Return a sentence about why a file could not be downloaded, and what to do.

    code: the error's reason code, such as `needs_key`; an unknown code gives a general sentence.
    details: a text that may contain the date until which the file is not available. is_model:
    whether the file is a model, for which some reasons have a sentence of their own.
    """
    own_key = f"reason_model_{code}"
    if is_model and own_key in load_catalogue(language).texts:
        return translate(own_key, language)
    return _text_by_code("reason", code, language, details)


def name_reason(code: str, language: str, details: str = "") -> str:
    """Return a few words on a reason code. details: may have the date until which it applies."""
    return _text_by_code("short", code, language, details)


def _text_by_code(kind: str, code: str, language: str, details: str = "") -> str:
    date = _DATE.search(details)
    keys = [f"{kind}_{code}", f"{kind}_other"]
    if date is not None:
        keys.insert(0, f"{kind}_{code}_until")
    key = next(key for key in keys if key in load_catalogue(language).texts)
    return translate(key, language, code=code, date=date[0] if date is not None else "")


def list_choices(field: str, language: str) -> list[tuple[str, str]]:
    """Return (label, API value) for each choice of a field: `sort`, `period`, `level` or `type`."""
    return [(label, value) for value, label in load_catalogue(language).choices[field].items()]


def get_parameter_label(name: str, language: str) -> str:
    """Return the translated label of an infotext field such as "Sampler", else the field's name."""
    return load_catalogue(language).parameters.get(name, name)


def get_setting_label(name: str, language: str) -> str:
    """Return the label that explains a setting and names its unit; raise KeyError if unknown."""
    return load_catalogue(language).settings[name]


def get_choice_label(name: str, value: str, language: str) -> str:
    """Return the label of a setting's value, or the value itself if it has none."""
    if name == "language" and value in LANGUAGES:
        return load_catalogue(value).name
    kind = "level" if name == "gallery_level" else name
    return load_catalogue(language).choices.get(kind, {}).get(value, value)
