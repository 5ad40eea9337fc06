"""Finding a model: by its id, its version, its card, the list of recent ones."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from civitai_manager_libs.errors import HttpStatusError, InputError
from civitai_manager_libs.library import recent
from civitai_manager_libs.page.tab import model as tab_model
from civitai_manager_libs.page.tab.state import Tab
from page_facts import of_model, of_version

_PAPER = 900003
_ALL = ("All versions", "Newest", "AllTime", "None", "", False)


def _asked(language="en"):
    return SimpleNamespace(headers={"accept-language": language})


def _found(tab, text, filters=_ALL, language="en"):
    return tab_model.on_find(_asked(language), tab, text, *filters)


def _shown(tab):
    return [image.id for image in tab.state.images]


def test_version_alone_opens_its_model_at_that_version(civitai):
    tab = Tab()
    answer = _found(tab, f"{civitai.url}/model-versions/910301")
    assert tab.state.model.id == _PAPER
    assert answer["version_dropdown"]["value"] == "XL v1 · SDXL 1.0 [910301]"
    assert _shown(tab) == [row.id for row in of_version(_PAPER, 910301)[:8]]


def test_version_of_the_model_that_was_open_before_is_not_asked_for(civitai):
    filters = ("v1.1 · SD 1.5 [910402]", *_ALL[1:])
    tab = Tab()
    answer = _found(tab, "900003", filters)
    assert answer["version_dropdown"]["value"] == "All versions"
    assert _shown(tab) == [row.id for row in of_model(_PAPER)[:8]]


def test_version_that_the_model_does_not_have_leads_to_all_of_them(civitai):
    answer = _found(Tab(), f"{civitai.url}/models/900003?modelVersionId=910402")
    assert answer["version_dropdown"]["value"] == "All versions"


def test_model_is_opened_with_two_requests(civitai):
    _found(Tab(), "900002")
    assert [path.partition("?")[0] for _, path in civitai.requests] == [
        "/api/v1/models/900002",
        "/api/v1/images",
    ]


def test_of_two_that_are_wanted_at_once_the_later_one_is_opened(civitai):
    tab = Tab()
    first = tab.wish("turn")
    for text in ("900002", "900003"):
        assert tab_model.on_want(_asked(), tab, text, *_ALL) == {}
    assert first.is_set()
    assert tab_model.find_wanted(_asked(), tab)["gallery"] is not None
    assert tab.state.model.id == _PAPER
    assert [path for _, path in civitai.requests if "900002" in path] == []
    assert tab_model.find_wanted(_asked(), tab) == {}


def test_what_cannot_be_found_breaks_nothing_off(civitai):
    tab = Tab()
    turn = tab.wish("turn")
    with pytest.raises(InputError):
        tab_model.on_want(_asked(), tab, "", *_ALL)
    assert not turn.is_set()


@pytest.mark.parametrize(
    "language,label",
    [("zh-TW,zh;q=0.9", "所有版本"), ("en-US", "All versions"), ("", "All versions")],
)
def test_words_are_in_the_language_of_the_browser_that_asks(civitai, language, label):
    answer = _found(Tab(), "900003", language=language)
    assert answer["version_dropdown"]["choices"][0] == label


def test_unknown_model_is_an_error_that_says_so(civitai):
    tab = Tab()
    with pytest.raises(InputError, match="no such model"):
        _found(tab, "900099")
    assert tab.state.model is None


def test_failure_leaves_the_model_that_was_open(civitai, monkeypatch):
    tab = Tab()
    _found(tab, "900003")
    monkeypatch.setenv("CIVITAI_BASE_URL", f"{civitai.url}/nowhere")
    with pytest.raises((HttpStatusError, InputError)):
        _found(tab, "900004")
    assert tab.state.model.id == _PAPER and _shown(tab)


def test_cards_tell_name_type_and_creator_and_open_their_model(civitai):
    tab = Tab()
    answer = _found(tab, "style")
    names = [model.name for model in tab.state.found]
    assert len(names) > 1 and answer["results_gallery"]["visible"]
    *_, last = tab_model.show_results(tab)
    tiles = last["results_gallery"]["value"]
    assert [card.split(" · ")[0] for _, card in tiles] == names
    assert all("-450." in path for path, _ in tiles)
    tab_model.on_result(_asked(), SimpleNamespace(index=1), tab, *_ALL)
    assert tab.state.model.name == names[1] and tab.state.found == ()


@pytest.mark.parametrize("index", [None, -1, 99, [0, 0]])
def test_card_that_is_not_there_opens_nothing(civitai, index):
    tab = Tab()
    _found(tab, "style")
    assert tab_model.on_result(_asked(), SimpleNamespace(index=index), tab, *_ALL) == {}


def test_covers_are_within_the_rating_that_is_chosen(civitai):
    tab = Tab()
    _found(tab, "style")
    assert {model.cover.level for model in tab.state.found} == {1}


def test_search_that_finds_nothing_hides_the_cards(civitai):
    tab = Tab()
    _found(tab, "style")
    answer = _found(tab, "no such thing")
    assert not answer["results_gallery"]["visible"] and list(tab_model.show_results(tab)) == []


def test_opened_model_is_the_first_of_the_recent_ones(civitai):
    _found(Tab(), "900003")
    answer = _found(Tab(), "900004")
    assert answer["recent_dropdown"]["choices"] == [
        "Night Windows [900004]",
        "Paper & Ink [900003]",
    ]
    tab = Tab()
    tab_model.on_recent(_asked(), tab, "Paper & Ink [900003]", *_ALL)
    assert tab.state.model.id == _PAPER
    assert recent.listed()[0] == (_PAPER, "Paper & Ink")


@pytest.mark.parametrize("choice", [None, "", "nonsense"])
def test_recent_choice_that_names_none_opens_nothing(choice):
    assert tab_model.on_recent(_asked(), Tab(), choice, *_ALL) == {}
