"""The texts of each language: one JSON file a language in `languages/`, named by its tag.

`texts` are those of the page and the server, `terminal` those of the command line. A text that a
language lacks is taken from English. A new file adds a language.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

__all__ = ["Catalogue", "DEFAULT_LANGUAGE", "LANGUAGES", "load_catalogue"]

_FOLDER = Path(__file__).with_name("languages")
DEFAULT_LANGUAGE = "en"
LANGUAGES = tuple(sorted(file.stem for file in _FOLDER.glob("*.json")))


@dataclass(frozen=True)
class Catalogue:
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
def load_catalogue(language: str) -> Catalogue:
    """Return all texts of a language. A text without a translation is in English.

    language: a tag such as `zh-TW`. An unknown language gives English.
    """
    english = _read_language(DEFAULT_LANGUAGE)
    if language == DEFAULT_LANGUAGE or language not in LANGUAGES:
        return Catalogue(**english)
    own = _read_language(language)
    merged = {
        section: {**english[section], **own.get(section, {})}
        for section in english
        if section != "name"
    }
    return Catalogue(name=own["name"], **merged)


def _read_language(language: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return read
