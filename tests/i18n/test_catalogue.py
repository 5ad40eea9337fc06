"""Each text has a reader, and every language has every text with the same values."""

import dataclasses
import re
from pathlib import Path
from string import Formatter

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.i18n import LANGUAGES, messages
from civitai_manager_libs.library import gallery_stats

_ROOT = Path(__file__).parents[2]
_ENGLISH = messages.load_catalogue("en")
_SECTIONS = [f.name for f in dataclasses.fields(_ENGLISH) if f.name != "name"]
# Keys that are put together from a beginning and a code.
_BY_CODE = "state_ job_ reason_ remark_ report_ search_ short_ open_ pick_ engine_ engines_state_ "
_BY_CODE += "caution_ missing_ licence_ permission_ differs_ nearness_ head_ stats_head_ template_ "
_BY_CODE += "settings_ problem_ name_ models_state_ "
_BY_CODE = (*_BY_CODE.split(), *(f"stats_{kind}" for kind in gallery_stats.KINDS))


def _flatten(section):
    """Return the texts of a section by key; a choice's key is (field, value)."""
    flat = {}
    for key, value in section.items():
        flat |= (
            {(key, k): text for k, text in value.items()} if type(value) is dict else {key: value}
        )
    return flat


def _sources(folder, ending):
    found = (_ROOT / folder).rglob(f"*{ending}")
    files = [f for f in found if "i18n" not in f.parts and not f.name.endswith(".d.ts")]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


_PYTHON = _sources("scripts/civitai_manager_libs", ".py")
_PAGE = _sources("javascript/gallery", ".ts")


@pytest.mark.parametrize("section", ["texts", "terminal"])
def test_every_text_is_used(section):
    quoted = set(re.findall(r"[\"'`](\w+)[\"'`]", _PYTHON + _PAGE))
    keys = getattr(_ENGLISH, section)
    assert [key for key in keys if key not in quoted and not key.startswith(_BY_CODE)] == []


def test_every_text_that_the_page_or_the_program_uses_exists():
    for sources, texts in (
        (_PAGE, _ENGLISH.texts),
        (_PYTHON, {**_ENGLISH.texts, **_ENGLISH.terminal}),
    ):
        asked = set(re.findall(r"\btranslate\(\s*\"([a-z0-9_]+)\"", sources))
        assert asked and asked - set(texts) == set()
    assert not set(_ENGLISH.texts) & set(_ENGLISH.terminal)
    assert set(_ENGLISH.settings) == {entry.name for entry in setting.SETTINGS}


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "en"])
def test_every_language_has_every_text_and_no_other(language):
    # Read from the file: the catalogue would fill in what is missing.
    own = messages._read_language(language)
    for section in _SECTIONS:
        if section != "parameters":  # in English they have no other name
            assert _flatten(own[section]).keys() == _flatten(getattr(_ENGLISH, section)).keys()


@pytest.mark.parametrize("section", _SECTIONS)
def test_all_languages_have_the_same_placeholders(section):
    languages = [_flatten(getattr(messages.load_catalogue(name), section)) for name in LANGUAGES]
    for key in _flatten(getattr(_ENGLISH, section)):
        texts = [texts[key] for texts in languages]
        values = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in texts]
        assert all(each == values[0] for each in values), key
        assert all(text.strip() for text in texts), key


def test_english_has_no_chinese():
    english = [
        text for section in _SECTIONS for text in _flatten(getattr(_ENGLISH, section)).values()
    ]
    assert [text for text in english if re.search("[\u4e00-\u9fff]", text)] == []


def test_missing_text_falls_back_to_english(monkeypatch):
    read = messages._read_language
    without = {**read("zh-TW"), "texts": {**read("zh-TW")["texts"]}}
    del without["texts"]["progress"]
    monkeypatch.setattr(
        messages, "_read_language", lambda name: read(name) if name == "en" else without
    )
    messages.load_catalogue.cache_clear()
    assert messages.load_catalogue("zh-TW").texts["progress"] == _ENGLISH.texts["progress"]
    monkeypatch.undo()
    messages.load_catalogue.cache_clear()
