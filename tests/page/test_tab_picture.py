"""One picture: its original, what is said of it, marks."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest
from civitai_manager_libs.civitai.records import Model, Version
from civitai_manager_libs.errors import Gone
from civitai_manager_libs.ground.images import Image, Stats
from civitai_manager_libs import host
from civitai_manager_libs.library import cache
from civitai_manager_libs.page.tab import (
    browse as tab_browse,
    model as tab_model,
    picture as tab_picture,
)
from civitai_manager_libs.page.tab.state import Tab, TabState
from page_facts import infotext_of, of_model

_PAPER, _VIDEOS, _FEW = 900003, 900007, 900010
_ALL = ("All versions", "Newest", "AllTime", "None", "", False)
_RUNS = "<img src=x onerror=alert(1)>"
_NONE_MARKED = "↓ Download marked (0)"


@pytest.fixture
def warnings(monkeypatch):
    said = []
    monkeypatch.setattr(host, "warn", said.append)
    return said


def _opened(model_id=_PAPER):
    tab = Tab()
    asked = SimpleNamespace(headers={"accept-language": "en"})
    tab_model.on_find(asked, tab, str(model_id), *_ALL)
    return tab


def _chosen(tab, index):
    return tab_picture.on_select(tab, SimpleNamespace(index=index))


def test_chosen_picture_tells_at_once_what_is_known_and_the_original_comes_after(civitai):
    tab, row = _opened(), of_model(_PAPER)[1]
    answer = _chosen(tab, 1)
    assert answer["infotext_box"]["value"] == infotext_of(row)
    assert ">2 of 8<" in answer["position"] and 'data-at="1"' in answer["position"]
    assert answer["send_row"]["visible"] is False  # the thumbnail is no picture to send
    assert not [path for _, path in civitai.requests if "original=true" in path]
    whole = tab_picture.load_original(tab)
    with open(whole["picture"]["value"], "rb") as file:
        assert file.read() == civitai.original_bytes(row.id)
    assert whole["send_row"]["visible"] is bool(infotext_of(row))


def test_infotext_in_the_file_is_told_where_the_record_has_none(civitai):
    tab = _opened()
    at = next(i for i, row in enumerate(of_model(_PAPER)[:8]) if row.kind == "a1111")
    hidden = tuple(replace(image, meta=None) for image in tab.state.images)
    tab.change(lambda state: replace(state, images=hidden))
    box = _chosen(tab, at)["infotext_box"]
    assert (box["value"], box["visible"]) == ("", False)
    box = tab_picture.load_original(tab)["infotext_box"]
    assert "Steps:" in box["value"] and box["visible"]


def test_video_takes_the_pictures_place_which_is_empty_then(civitai):
    tab = _opened(_VIDEOS)
    at = next(i for i, row in enumerate(of_model(_VIDEOS)[:8]) if row.type == "video")
    _chosen(tab, at)
    answer = tab_picture.load_original(tab)
    assert answer["picture"] == {**answer["picture"], "value": None, "visible": False}
    assert answer["video"]["visible"] and answer["video"]["value"].endswith("-original.mp4")


def test_steps_go_over_the_ends_of_a_page_and_stop_at_those_of_the_gallery(civitai):
    tab, found = _opened(), of_model(_PAPER)

    def step(by):
        answer = tab_picture.on_step(tab, by, *_ALL)
        return answer and (answer["infotext_box"]["value"], tab.state.pages.number)

    assert step(1) == {}  # nothing is chosen
    _chosen(tab, 6)
    assert step(1) == (infotext_of(found[7]), 1)
    assert step(1) == (infotext_of(found[8]), 2)
    assert tab_picture.on_step(tab, -1, *_ALL)["picture_panel"]["visible"] is True
    assert tab.state.selected == 7 and tab.state.pages.number == 1
    _chosen(tab, 0)
    assert step(-1) == {} and tab.state.selected == 0


def test_step_over_the_last_picture_of_the_gallery_changes_nothing(civitai):
    tab = _opened(_FEW)
    while tab.state.pages.can_go_forward:
        tab_browse.on_next(tab, *_ALL)
    _chosen(tab, len(tab.state.images) - 1)
    before = tab.state
    assert tab_picture.on_step(tab, 1, *_ALL) == {}
    assert tab.state.selected == before.selected and tab.state.images == before.images


@pytest.mark.parametrize("index", [None, -1, 8, [0, 1]])
def test_tile_that_is_not_there_opens_nothing(civitai, index):
    assert _chosen(_opened(), index) == {}


def test_original_that_fails_is_told_and_what_is_shown_stays(civitai, monkeypatch, warnings):
    tab = _opened()
    _chosen(tab, 0)

    def gone(*_):
        raise Gone("Not found.", 404)

    monkeypatch.setattr(tab_picture.gallery_pages, "original", gone)
    shown = tab_picture.load_original(tab)
    assert "no longer there" in shown["picture_status"] and "no longer there" in warnings[0]
    assert os.path.isfile(shown["picture"]["value"])  # its thumbnail or placeholder
    assert shown["infotext_box"]["value"] == infotext_of(of_model(_PAPER)[0])


def test_original_comes_with_all_that_is_said_of_its_picture(civitai):
    tab, row = _opened(), of_model(_PAPER)[2]
    _chosen(tab, 0)
    _chosen(tab, 2)
    answer = tab_picture.load_original(tab)
    assert answer["infotext_box"]["value"] == infotext_of(row)
    assert 'data-at="2"' in answer["position"] and str(row.id) in answer["details"]
    assert answer["picture_panel"]["visible"] and answer["picture"]["visible"]
    with open(answer["picture"]["value"], "rb") as file:
        assert file.read() == civitai.original_bytes(row.id)


def test_steps_made_while_a_page_is_turned_are_pictures_of_it(civitai, monkeypatch):
    tab, found = _opened(), of_model(_PAPER)
    _chosen(tab, 7)
    true = tab_browse.gallery_pages.read_page

    def read_page(*asked):
        assert tab_picture.on_step(tab, 1, *_ALL) == {} == tab_picture.on_step(tab, 1, *_ALL)
        return true(*asked)

    monkeypatch.setattr(tab_browse.gallery_pages, "read_page", read_page)
    answer = tab_picture.on_step(tab, 1, *_ALL)
    assert answer["infotext_box"]["value"] == infotext_of(found[10])
    assert tab.state.pages.number == 2 and tab.state.selected == 2


def test_picture_chosen_meanwhile_is_the_one_that_comes(civitai, monkeypatch):
    tab = _opened()
    _chosen(tab, 0)
    true, begun, goes_on = tab_picture.gallery_pages.original, threading.Event(), []

    def slow(client, image, wish):
        if not begun.is_set():
            begun.set()
            _chosen(tab, 1)
            wish.check()
        goes_on.append(image.id)
        return true(client, image, wish)

    monkeypatch.setattr(tab_picture.gallery_pages, "original", slow)
    answer = tab_picture.load_original(tab)
    assert goes_on == [of_model(_PAPER)[1].id]
    assert answer["infotext_box"]["value"] == infotext_of(of_model(_PAPER)[1])


def test_closed_picture_does_not_open_again_when_its_original_comes(civitai, monkeypatch):
    tab = _opened()
    _chosen(tab, 0)
    true = tab_picture.gallery_pages.original

    def slow(*asked):
        tab_picture.on_close(tab)
        return true(asked[0], asked[1])

    monkeypatch.setattr(tab_picture.gallery_pages, "original", slow)
    assert tab_picture.load_original(tab) == {}


def test_answer_that_came_after_a_later_one_is_put_right(civitai):
    tab = _opened()
    late = [_chosen(tab, at)["position"] for at in (0, 2)]
    assert tab_picture.settle(tab, late[1], _NONE_MARKED) == {}
    right = tab_picture.settle(tab, late[0], _NONE_MARKED)
    assert right["position"] == late[1] and right["picture_panel"]["visible"]
    assert right["infotext_box"]["value"] == infotext_of(of_model(_PAPER)[2])
    tab_picture.on_close(tab)
    for shown in ("", None, late[1]):
        assert tab_picture.settle(tab, shown, _NONE_MARKED) == {}


def test_mark_whose_answer_never_came_is_shown_with_the_next_picture(civitai):
    tab = _opened()
    shown = _chosen(tab, 1)["position"]
    tab_picture.on_mark(tab)
    right = tab_picture.settle(tab, shown, _NONE_MARKED)
    assert right["download_marked_button"]["value"] == "↓ Download marked (1)"
    assert "★" in right["gallery"]["value"][1][1] and "★" in right["position"]
    assert tab_picture.settle(tab, right["position"], "↓ Download marked (1)") == {}


# Marks


def test_mark_is_shown_on_its_tile_its_button_and_in_the_count(civitai):
    tab = _opened()
    assert tab_picture.on_mark(tab) == {}
    _chosen(tab, 2)
    answer = tab_picture.on_mark(tab)
    captions = [caption for _, caption in answer["gallery"]["value"]]
    assert [at for at, caption in enumerate(captions) if "★" in caption] == [2]
    assert "Unmark" in answer["mark_button"]["value"] and "★ 3 of 8" in answer["position"]
    assert "(1)" in answer["download_marked_button"]["value"]
    answer = tab_picture.on_clear_marks(tab)
    assert not [1 for _, caption in answer["gallery"]["value"] if "★" in caption]
    assert answer["clear_marks_button"]["interactive"] is False


# What strangers wrote


def test_details_hold_nothing_that_a_browser_would_run(monkeypatch):
    monkeypatch.setattr(cache, "cached", lambda _: None)
    meta = {"resources": [{"type": _RUNS, "name": _RUNS, "weight": 0.5}]}
    image = Image(1, "https://image.civitai.com/1.png", username=_RUNS, base_model=_RUNS, meta=meta)
    details = tab_picture._details(image, TabState(language="en"))
    assert "<img" not in details and details.count("&lt;img") == 4


def test_details_tell_reactions_size_rating_and_the_page_on_civitai(monkeypatch):
    monkeypatch.setenv("CIVITAI_BASE_URL", "https://civitai.com")
    stats = Stats(5, 4, 3, 2, 1)
    image = Image(7, "", width=640, height=480, level=4, stats=stats, created_at="2026-01-02T03")
    details = tab_picture._details(image, TabState(language="en"))
    for said in ("👍 5", "❤ 4", "😂 3", "😢 2", "💬 1", "640 × 480", "R", "2026-01-02<"):
        assert said in details
    assert 'href="https://civitai.com/images/7"' in details and "noopener" in details
    assert "640" not in tab_picture._details(Image(7, ""), TabState())


def test_resource_of_the_open_model_has_its_name_and_another_its_number():
    model = Model(1, "One", versions=(Version(11, "v1"),))
    meta = {"civitaiResources": [{"modelVersionId": 11, "weight": 0.8}, {"modelVersionId": 12}]}
    image = Image(1, "", meta=meta)
    details = tab_picture._details(image, TabState(language="en", model=model))
    assert ">One v1</a>" in details and ">#12</a>" in details and "weight 0.8" in details


def test_file_of_the_open_model_is_listed_once_by_its_name_with_its_link():
    model = Model(1, "One", versions=(Version(11, "v1", files=frozenset({"abcdef0123", "one"})),))
    state = TabState(language="en", model=model)
    by_hash = Image(1, "", meta={"Model": "mine", "Model hash": "ABCDEF0123"}, version_ids=(11,))
    details = tab_picture._details(by_hash, state)
    assert ">mine</a>" in details and details.count("<li>") == 1
    by_name = Image(1, "", meta={"prompt": "<lora:One:0.5>"}, version_ids=(11,))
    details = tab_picture._details(by_name, state)
    assert ">One</a>" in details and "weight 0.5" in details and details.count("<li>") == 1
    of_somebody = replace(by_name, version_ids=())
    assert "model-versions" not in tab_picture._details(of_somebody, state)
