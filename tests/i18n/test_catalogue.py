"""Words for the user: each has a reader, says the same in both languages, and fits its reader."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest
from civitai_manager_libs import stats
from civitai_manager_libs.i18n import (
    catalogue,
    page,
    reasons,
    search,
    stats as stats_words,
    templates,
    terminal,
)

_ROOT = Path(__file__).parents[2]
_OF_SERVER = (catalogue.WORDS, reasons.REASONS, search.WORDS)
_OF_PAGE = (page.WORDS, search.PAGE_WORDS)
_OF_BOTH = (stats_words.WORDS,)
_ALL = {k: words for each in (*_OF_SERVER, *_OF_PAGE, *_OF_BOTH) for k, words in each.items()}
_BY_CODE = ("state_", "job_", "reason_", "report_", "search_", "short_")  # and what it is of
_JS_BY_NAME = ("open_", "pick_", "settings_", "problem_", "name_", "search_loaded")
_JS_BY_NAME += ("search_gallery", "search_all")


def _texts(folder, ending, without=""):
    files = [
        f for f in (_ROOT / folder).rglob(f"*{ending}") if not without or without not in f.parts
    ]
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def _is_read(key, text, by_name):
    return key.startswith(by_name) or re.search(rf"[\"'`]{re.escape(key)}[\"'`]", text) is not None


def test_every_word_of_the_server_has_a_reader():
    text = _texts("scripts/civitai_manager_libs", ".py", without="i18n")
    assert [key for each in _OF_SERVER for key in each if not _is_read(key, text, _BY_CODE)] == []


def test_every_word_of_the_page_has_a_reader():
    text = _texts("javascript/gallery", ".js")
    assert [key for each in _OF_PAGE for key in each if not _is_read(key, text, _JS_BY_NAME)] == []


def test_every_word_of_what_is_learned_has_a_reader():
    text = _texts("javascript/gallery", ".js")
    text += _texts("scripts/civitai_manager_libs", ".py", without="i18n")
    kinds = tuple(f"stats_{kind}" for kind in stats.KINDS)
    assert [key for key in stats_words.WORDS if not _is_read(key, text, kinds)] == []


def test_every_word_that_the_page_asks_for_is_there():
    text = _texts("javascript/gallery", ".js")
    asked = set(re.findall(r"\bwords\(\s*\"([a-z0-9_]+)\"", text))
    assert asked and asked - set(_ALL) == set()


def test_every_reason_why_a_template_is_none_has_a_reader():
    text = _texts("scripts/civitai_manager_libs/jobs", ".py")
    assert [key for key in templates.WORDS if not _is_read(key, text, ())] == []


def test_no_word_is_said_twice():
    assert len(_ALL) == sum(map(len, (*_OF_SERVER, *_OF_PAGE, *_OF_BOTH)))
    assert not _ALL.keys() & terminal.TERMINAL_WORDS.keys()


@pytest.mark.parametrize("key", [*_ALL, *templates.WORDS])
def test_both_languages_name_the_same_values(key):
    pair = chinese, english = {**_ALL, **templates.WORDS}[key]
    values = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in pair]
    assert values[0] == values[1] and chinese.strip() and english.strip()
