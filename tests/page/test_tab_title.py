"""What stands above the grid."""

from __future__ import annotations

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.civitai.paging import ImageQuery, PageState
from civitai_manager_libs.civitai.records import Model, Version
from civitai_manager_libs.ground.images import Image
from civitai_manager_libs.page.tab import title as tab_title
from civitai_manager_libs.page.tab.state import TabState

_ONE = Version(11, "v1", trained_words=("red hat", "wide brim"))
_TWO = Version(12, "v2", trained_words=("wide brim", "felt"))
_IMAGE = Image(1, "https://image.civitai.com/a/b/original=true/c.jpeg")


def _title(model, version_id=None, **more):
    pages = PageState(query=ImageQuery(model and model.id, version_id))
    return tab_title.title(TabState(model=model, pages=pages, images=(_IMAGE,), **more))


def test_model_is_named_with_a_link_to_its_page(monkeypatch):
    monkeypatch.setenv("CIVITAI_BASE_URL", "https://civitai.red")
    said = _title(Model(7, "Hats", "LORA", "milliner"))
    assert 'href="https://civitai.red/models/7"' in said
    assert ">Hats</a> (LORA by milliner)<" in said


def test_page_can_tell_which_model_is_open():
    assert 'data-model="7"' in _title(Model(7, "Hats"))
    assert "data-model" not in _title(None)


@pytest.mark.parametrize(
    "version_id,words",
    [(None, ["red hat", "wide brim", "felt"]), (11, ["red hat", "wide brim"]), (12, None)],
    ids=["all-versions", "first-version", "second-version"],
)
def test_trigger_words_are_those_of_what_was_chosen_each_once(version_id, words):
    said = _title(Model(7, "Hats", versions=(_ONE, _TWO)), version_id)
    shown = [part.partition("<")[0] for part in said.split('data-copied="Copied">')[1:]]
    assert shown == (words or ["wide brim", "felt"])


def test_model_without_trigger_words_says_nothing_of_them():
    assert "Trigger" not in _title(Model(7, "Hats", versions=(Version(11, "v1"),)))


def test_no_text_of_strangers_is_markup():
    bad = "<img src=x onerror=alert(1)>\"'"
    version = Version(11, "v1", trained_words=(bad,))
    said = _title(Model(7, bad, bad, bad, versions=(version,)))
    assert "<img" not in said
    assert said.count("&lt;img src=x onerror=alert(1)&gt;&quot;&#x27;") == 4


def test_what_the_page_leaves_out_is_told():
    said = _title(Model(7, "Hats"), hidden=3, dropped=2, note="Sorted & so on")
    assert (
        "3 of this page" in said and "Pictures that are not shown, for their addresses: 2" in said
    )
    assert "Sorted &amp; so on" in said


def test_all_is_in_the_browsers_language():
    said = _title(Model(7, "Hats", "LORA", versions=(_ONE,)), language="zh-TW")
    assert "觸發詞：" in said and 'title="複製"' in said and "（LORA）" in said


def test_words_beyond_a_dozen_are_left_out():
    many = Version(11, "v1", trained_words=tuple(f"word{n}" for n in range(40)))
    assert _title(Model(7, "Hats", versions=(many,))).count("civitai-shortcut-word\"") == 12
    assert setting.base_url() in _title(Model(7, "Hats"))


def test_page_without_a_model_says_what_to_do():
    assert "Name a model above" in _title(None)
