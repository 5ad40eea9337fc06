"""Turning pages: what is asked of Civitai, and what the page is told."""

from __future__ import annotations

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.errors import InputError, NetworkError
from civitai_manager_libs.library import pages as gallery_pages
from civitai_manager_libs.page.tab import browse as tab_browse, model as tab_model
from civitai_manager_libs.page.tab.browse import Filters
from civitai_manager_libs.page.tab.state import Tab
from civitai_manager_libs.words import labels
from civitai_manager_libs.demo import files
from page_facts import of_model, uuids

_PAPER = 900003
_ALL = ("All versions", "Newest", "AllTime", "None", "", False)


class Asked:
    """As gradio's request, of an English browser."""

    headers = {"accept-language": "en"}


def _opened(model_id=_PAPER, filters=_ALL):
    tab = Tab()
    return tab, tab_model.on_find(Asked(), tab, str(model_id), *filters)


def _shown(tab):
    return [image.id for image in tab.state.images]


def _ids(rows):
    return [row.id for row in rows]


def _tiles(tab):
    """Each look of the grid, as its tiles."""
    looks = [answer for answer in tab_browse.show_tiles(tab) if "gallery" in answer]
    return [answer["gallery"]["value"] for answer in looks]


def test_pages_turn_as_they_are_told(civitai):
    tab, _ = _opened()
    rows = of_model(_PAPER)
    for turn, start in (
        (tab_browse.on_next, 8),
        (tab_browse.on_next, 16),
        (tab_browse.on_previous, 8),
        (tab_browse.on_first, 0),
    ):
        turn(tab, *_ALL)
        assert _shown(tab) == _ids(rows[start : start + 8])
    tab_browse.on_go_to(tab, 3.0, *_ALL)
    assert _shown(tab) == _ids(rows[16:24])


@pytest.mark.parametrize("number,page", [(None, 1), (0, 1), (-5, 1), (99, 2), ("2", 2)])
def test_slider_leads_to_the_nearest_page_that_is_known(civitai, number, page):
    tab, _ = _opened()
    tab_browse.on_go_to(tab, number, *_ALL)
    assert tab.state.pages.number == page


def test_buttons_are_enabled_only_where_they_lead_somewhere(civitai):
    tab, answer = _opened(900010)
    names = ("first_button", "previous_button", "next_button")
    assert [answer[name]["interactive"] for name in names] == [False, False, True]
    while answer["next_button"]["interactive"]:
        answer = tab_browse.on_next(tab, *_ALL)
    assert [answer[name]["interactive"] for name in names] == [True, True, False]
    assert "end of gallery" in answer["page_text"]


def test_page_of_before_a_restart_is_told_to_open_its_model_once_more():
    with pytest.raises(InputError, match="restart"):
        tab_browse.on_next(Tab(), *_ALL)
    assert list(tab_browse.show_tiles(Tab())) == []


def test_filters_may_be_chosen_before_a_model_is_open():
    assert tab_browse.on_filter(Tab(), *_ALL) == {}


def test_page_that_cannot_be_read_leaves_the_one_on_screen(civitai, monkeypatch):
    tab, _ = _opened()
    before = tab.state

    def fails(*_):
        raise NetworkError("No answer.")

    monkeypatch.setattr(gallery_pages, "read_page", fails)
    with pytest.raises(NetworkError):
        tab_browse.on_next(tab, *_ALL)
    assert tab.state is before
    monkeypatch.undo()


def test_page_that_was_read_a_moment_ago_is_not_asked_for_again(civitai):
    tab, _ = _opened()
    tab_browse.on_next(tab, *_ALL)
    civitai.requests.clear()
    tab_browse.on_previous(tab, *_ALL)
    tab_browse.on_next(tab, *_ALL)
    assert not civitai.requests


def test_pages_go_on_with_the_size_that_they_have_and_begin_with_that_of_the_settings(civitai):
    tab, _ = _opened()
    setting.change("gallery_rows", 3)
    setting.change("gallery_columns", 5)
    answer = tab_browse.on_next(tab, *_ALL)
    assert _shown(tab) == _ids(of_model(_PAPER)[8:16]) and "--columns: 5" in answer["columns"]
    tab_browse.on_go_to(tab, 1, *_ALL)
    assert _shown(tab) == _ids(of_model(_PAPER)[:8])
    tab_browse.on_first(tab, *_ALL)
    assert _shown(tab) == _ids(of_model(_PAPER)[:15])


# Filters


@pytest.mark.parametrize("at", [0, 1], ids=["zh-TW", "en"])
def test_filters_mean_the_same_in_every_language(at):
    said = labels.CHOICES["sort"]["Oldest"][at], labels.CHOICES["period"]["Week"][at]
    said += labels.CHOICES["level"]["Mature"][at], labels.CHOICES["type"]["video"][at]
    query = Filters("v2 · Pony [910302]", *said, False).query(_PAPER)
    assert (query.version_id, query.sort, query.period) == (910302, "Oldest", "Week")
    assert (query.level, query.type, query.model_id) == (7, "video", _PAPER)


def test_filters_that_are_not_there_ask_for_the_least():
    query = Filters(None, None, None, None, None, None).query(_PAPER)
    assert (query.version_id, query.sort, query.period) == (None, "Newest", "AllTime")
    assert (query.level, query.type, query.with_meta) == (1, None, False)


@pytest.mark.parametrize("label", ["", "All versions", "v1 [12", "[x]", None])
def test_label_without_an_id_at_its_end_names_none(label):
    assert tab_browse.id_in(label) is None


def test_id_is_the_last_one_whatever_a_name_has_in_it():
    assert tab_browse.id_in("a name [5] of [6] · Pony [7]") == 7


def test_sort_that_the_site_drops_is_said_and_not_sent(civitai):
    filters = ("All versions", "Most Reactions", "AllTime", "None", "", False)
    tab, answer = _opened(filters=filters)
    assert "Civitai sorts by upload only" in answer["status"]
    assert _shown(tab) == _ids(of_model(_PAPER)[:8])
    assert "sort=Newest" in civitai.requests[-1][1]


def test_changed_filter_begins_at_the_first_page(civitai):
    tab, _ = _opened()
    tab_browse.on_next(tab, *_ALL)
    tab_browse.on_filter(tab, "All versions", "Newest", "AllTime", "Mature", "", False)
    assert tab.state.pages.number == 1
    assert _shown(tab) == _ids(of_model(_PAPER, level=7)[:8])


# Tiles


def test_first_look_has_a_placeholder_for_each_and_the_last_its_thumbnail(civitai):
    tab, _ = _opened()
    looks = _tiles(tab)
    assert all("placeholders" in path for path, _ in looks[0])
    assert [files.uuid_of(i) in path for i, (path, _) in zip(_shown(tab), looks[-1])] == [True] * 8
    assert all(len(look) == 8 for look in looks)


def test_cached_thumbnails_are_there_at_the_first_look(civitai):
    tab, _ = _opened()
    _tiles(tab)
    tab_browse.on_next(tab, *_ALL)
    _tiles(tab)
    tab_browse.on_previous(tab, *_ALL)
    assert len(_tiles(tab)) == 1


def test_tiles_go_on_with_the_page_that_came_meanwhile(civitai):
    tab, _ = _opened()
    looks = tab_browse.show_tiles(tab)
    next(looks)
    tab_browse.on_next(tab, *_ALL)
    *_, last = looks
    found = uuids(of_model(_PAPER)[8:16])
    assert [uuid in path for uuid, (path, _) in zip(found, last["gallery"]["value"])] == [True] * 8


def test_next_page_comes_near_in_the_background_where_the_user_wants_it(civitai, monkeypatch):
    told = []
    monkeypatch.setattr(gallery_pages, "preload", lambda *asked: told.append(asked[1:]))
    tab, _ = _opened()
    _tiles(tab)
    assert not told
    setting.change("usergallery_preloading", True)
    tab_browse.on_next(tab, *_ALL)
    _tiles(tab)
    assert told == [(tab.state.pages.query, tab.state.pages.next_cursor, 8)]


def test_few_of_many_looks_are_shown_but_always_the_last(monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr(tab_browse.time, "monotonic", lambda: 100 + next(clock) * 0.1)
    shown = list(tab_browse.paced(iter(range(20))))
    assert shown[0] == 0 and shown[-1] == 19 and len(shown) < 15
    assert list(tab_browse.paced(iter([0, 0, 0, 1, 1, 1, 1, 1]))) == [0, 1]


# Quick clicks


@pytest.mark.parametrize(
    "clicks,page",
    [("nnn", 4), ("np", 1), ("nnp", 2), ("pn", 2), ("n" * 20, 0)],
    ids=["further", "back", "both", "not-before-the-first", "to-the-end"],
)
def test_clicks_made_while_a_page_is_turned_count_too(civitai, monkeypatch, clicks, page):
    tab, _ = _opened()
    turns = {"n": tab_browse.on_next, "p": tab_browse.on_previous}
    more = list(clicks[1:])
    true = gallery_pages.read_page

    def read_page(*asked):
        while more:
            assert turns[more.pop(0)](tab, *_ALL) == {}
        return true(*asked)

    monkeypatch.setattr(gallery_pages, "read_page", read_page)
    answer = turns[clicks[0]](tab, *_ALL)
    rows = of_model(_PAPER)
    last = -(-len(rows) // 8)
    at = tab.state.pages.number
    assert at == (page or last) and tab.state.pages.at_end is (at == last)
    assert _shown(tab) == _ids(rows[(at - 1) * 8 : at * 8])
    assert f"Page {at}" in answer["page_text"]


def test_click_after_a_turn_failed_begins_another_one(civitai, monkeypatch):
    tab, _ = _opened()
    true = gallery_pages.read_page

    def fails(*asked):
        tab_browse.on_next(tab, *_ALL)
        raise NetworkError("No answer.")

    monkeypatch.setattr(gallery_pages, "read_page", fails)
    with pytest.raises(NetworkError):
        tab_browse.on_next(tab, *_ALL)
    monkeypatch.setattr(gallery_pages, "read_page", true)
    tab_browse.on_next(tab, *_ALL)
    assert tab.state.pages.number == 2


def test_filter_that_was_only_left_changes_nothing(civitai):
    tab, _ = _opened()
    tab_browse.on_next(tab, *_ALL)
    asked = len(civitai.requests)
    assert tab_browse.on_filter(tab, *_ALL) == {}
    assert tab.state.pages.number == 2 and len(civitai.requests) == asked


def test_sort_that_is_not_in_force_is_told_though_the_page_stays(civitai):
    tab, _ = _opened()
    answer = tab_browse.on_filter(tab, "All versions", "Most Reactions", *_ALL[2:])
    assert "sorts by upload only" in answer["status"]


def test_other_columns_and_rows_are_seen_at_once(civitai):
    tab, _ = _opened()
    setting.change("gallery_columns", 3)
    setting.change("gallery_rows", 5)
    answer = tab_browse.on_settings(tab, *_ALL)
    assert "--columns: 3" in answer["columns"] and len(_shown(tab)) == 15
    setting.change("gallery_columns", 5)
    setting.change("gallery_rows", 3)
    assert set(tab_browse.on_settings(tab, *_ALL)) == {"columns"}


def test_tiles_of_a_page_that_was_left_are_not_the_last_ones(civitai, monkeypatch):
    tab, _ = _opened()
    true = tab_browse.gallery_tiles

    def slow(state, paths):
        monkeypatch.setattr(tab_browse, "gallery_tiles", true)
        tiles = true(state, paths)
        tab_browse.on_next(tab, *_ALL)
        list(tab_browse.show_tiles(tab))  # of another call, which is quicker
        return tiles

    monkeypatch.setattr(tab_browse, "gallery_tiles", slow)
    last = _tiles(tab)[-1]
    assert len(last) == 8
    for row, (path, _) in zip(of_model(_PAPER)[8:16], last):
        assert files.uuid_of(row.id) in path
