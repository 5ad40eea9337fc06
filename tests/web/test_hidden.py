"""Hidden authors, words and images: over the routes, and in Chromium."""

from __future__ import annotations

import re

import pytest
import requests
from civitai_manager_libs import library
from page_driver import expect, wait_for

_OURS = {"X-Civitai-Shortcut": "1"}
_PAGE = "images?model=101&limit=10"
_LIBRARY = "images?search=&level=XXX"


def _change(api, action, kind, text, ids=()):
    return api.post("hidden", {"action": action, "kind": kind, "text": text, "ids": [*ids]})


def _walk(api, path):
    """Return the ids and the hidden count of all pages."""
    ids, hidden, cursor = [], 0, ""
    while cursor is not None:
        page = api.get(f"{path}&cursor={cursor}")
        ids += [view["id"] for view in page["images"]]
        hidden, cursor = hidden + page["hidden_count"], page["cursor"]
    return ids, hidden


@pytest.fixture
def ids(api, civitai):
    ids, hidden = _walk(api, _PAGE)
    assert len(ids) == 30 and hidden == 0
    assert library.wait_for_writes(60)
    return ids


def test_gallery_is_paged_to_its_end_without_hidden_images(api, ids):
    # the first page and the second as a whole, and one of the third
    for kind, image_id in [*(("word", i) for i in ids[:20]), ("image", ids[25])]:
        _change(api, "hide", kind, str(image_id))
    assert _walk(api, _PAGE) == ([*ids[20:25], *ids[26:]], 21)
    assert _walk(api, f"{_PAGE}&hidden=1") == (ids, 0)
    assert _walk(api, _LIBRARY) == ([*ids[20:25], *ids[26:]], 21)
    assert _walk(api, f"{_LIBRARY}&hidden=1") == (ids, 0)
    body = {"text": "picture", "word": "", "ids": [], "where": {"model": 101}}
    found = api.post("search_preview", body)
    assert (found["gallery"]["count"], found["library"]["count"]) == (9, 9)
    stored = api.get(f"{_PAGE}&from_library=1")
    assert (stored["images"], stored["hidden_count"]) == ([], 10) and stored["cursor"]


def test_hidden_image_is_no_cover(api, ids):
    api.post("annotations", {"ids": ids, "favourite": True, "add_to": "Sea"})
    api.post("watches", {"action": "watch", "name": "x", "query": {"model": 101}})
    before, newest = api.get("home"), max(ids)
    names = ("favourites", "library")
    assert newest == before["watch_covers"]["model 101"]
    _change(api, "hide", "word", str(newest))
    for image_id in before["collections"][0]["covers"]:
        _change(api, "hide", "word", str(image_id))
    home = api.get("home")
    covers = [*home["collections"][0]["covers"], *home["watch_covers"].values()]
    covers += [image_id for name in names for image_id in home[name]["covers"]]
    assert covers and not {newest, *before["collections"][0]["covers"]} & {*covers}
    assert [home[name]["count"] for name in names] == [len(ids)] * 2


def test_change_returns_what_it_hides_and_can_be_undone(api, ids):
    changed = _change(api, "hide", "author", "anna", ids)
    assert changed == {"rules": [{"kind": "author", "text": "anna"}], "hidden_ids": []}
    changed = _change(api, "hide", "word", "PICTURE", ids)
    assert changed["hidden_ids"] == sorted(ids)
    assert [rule["text"] for rule in api.get("hidden")] == ["PICTURE", "anna"]
    assert _walk(api, _PAGE) == ([], 30)
    assert _change(api, "unhide", "word", "picture", ids)["hidden_ids"] == []
    assert _walk(api, _PAGE) == (ids, 0)
    assert _change(api, "hide", "image", str(ids[3]), ids)["hidden_ids"] == [ids[3]]
    assert _walk(api, _PAGE) == ([*ids[:3], *ids[4:]], 1)
    assert _change(api, "unhide", "image", str(ids[3]), ids)["hidden_ids"] == []
    body = {"action": "hide", "kind": "image", "text": "x", "ids": []}
    assert api.send("POST", "hidden", body).status_code == 400


@pytest.fixture
def unhiding_server(shared_server):
    """Return a server whose user hides nothing."""
    url = f"{shared_server.url}/civitai_shortcut/api/hidden"
    for rule in requests.get(url, timeout=30).json():
        body = {**rule, "action": "unhide", "ids": []}
        requests.post(url, json=body, headers=_OURS, timeout=30).raise_for_status()
    return shared_server


def _hidden(page):
    return page.page.locator(".selection-bar [data-do='hidden']")


def _choose(page, key):
    page.page.locator(f"[role='menu'] [data-do='{key}']").click()


def test_authors_and_words_are_hidden_and_shown_again(unhiding_server, open_gallery):
    page = open_gallery(unhiding_server, "?model=900003&level=XXX").ready()
    before = page.ids()
    page.key("ArrowDown")
    first = page.focused()
    page.key("h")
    page.key("Enter")
    expect(page.tile(first)).to_have_count(0)
    wait_for(lambda: page.focused() not in (None, first), "the focus on the next image")
    _hidden(page).focus()
    page.key("Enter")
    page.key("End")
    page.key("Enter")
    wait_for(lambda: page.focused_control() == "unhide")
    page.key("Enter")
    page.key("Escape")
    expect(page.tile(first)).to_have_count(1)
    wait_for(page.focused, "the focus on an image")
    page.key("h")
    page.key("End")
    page.key("Enter")
    wait_for(lambda: page.focused_control() == "hidden-text")

    for word in ("marbled", "layers"):
        page.field("hidden-text").fill(word)
        page.page.keyboard.press("Enter")
    rules = page.page.locator(".hidden-rules li")
    expect(rules).to_have_count(2)
    expect(rules.first).to_contain_text("layers")
    page.key("Escape")
    expect(_hidden(page)).to_have_text(re.compile(r"[1-9]\d* hidden"))
    page.reload()
    page.ready()
    expect(_hidden(page)).to_have_text(re.compile(r"[1-9]\d* hidden"))
    assert page.ids()[:5] != before[:5]
    for is_shown in (True, False):
        _hidden(page).click()
        _choose(page, "show-hidden")
        wait_for(lambda: (page.ids()[:5] == before[:5]) is is_shown)
    _hidden(page).click()
    _choose(page, "hidden-rules")
    expect(rules.first.locator("[data-do='unhide']")).to_be_focused()
    rules.first.locator("[data-do='unhide']").click()
    expect(rules).to_have_count(1)
    rules.first.locator("[data-do='unhide']").click()
    expect(rules).to_have_count(0)
    page.message("marbled").locator("[data-do='undo']").click()
    expect(rules).to_have_count(1)
    rules.first.locator("[data-do='unhide']").click()
    expect(rules).to_have_count(0)
    page.key("Escape")

    page.open()
    shown, author = page.viewed()["id"], page.page.locator(".details [data-do='open-user']")
    name = author.inner_text()
    page.page.locator(".details [data-do='author-menu']").click()
    _choose(page, "hide-author")
    expect(page.message(name)).to_be_visible()
    expect(page.viewer).not_to_have_attribute("data-id", shown)  # the next one is open
    expect(author).not_to_have_text(name)
    page.message(name).locator("[data-do='undo']").click()
    page.key("Escape")
    expect(_hidden(page)).to_be_hidden()
    wait_for(lambda: page.ids()[:5] == before[:5])
    page.tile(shown).click()
    author.click()
    page.ready()
    page.key(",")
    page.field("hidden-kind").select_option("author")
    page.field("hidden-text").fill(name)
    page.control("hide").click()
    expect(page.tiles).to_have_count(0)
    page.key("Escape")
    page.page.locator(".status [data-do='show-hidden']").click()
    page.ready()


def test_undo_of_hiding_shows_the_images_at_the_place_where_they_were(
    unhiding_server, open_gallery
):
    page = open_gallery(unhiding_server, "?model=900001&level=XXX").ready()
    kinds = [("hide-author", False), ("hide-image", False)] * 2
    for kind, waits in (*kinds, ("hide-image", True)):
        page.wheel(900)
        page.scroll_position()
        first = min((y, id) for id, (_, y, *_) in page.boxes().items() if y > 10)[1]
        page.tile(first).focus()
        page.scroll_position()
        before = page.boxes()[first]
        page.key("h")
        _choose(page, kind)
        expect(page.tile(first)).to_have_count(0)
        loaded = page.place()[1]
        if waits:  # until another page has come
            page.hold_message("The picture is hidden")
            while page.place()[1] == loaded:
                page.wheel(2000)
        page.page.locator("[data-do='undo']").last.click()
        wait_for(lambda: page.boxes().get(first) == before, "the picture at its place")
        assert page.place()[1] > loaded


def test_hiding_and_its_undo_are_seen_in_other_tabs_and_after_the_message(
    unhiding_server, open_gallery
):
    page = open_gallery(unhiding_server, "?model=900001&level=XXX").ready()
    tab = page.context.new_page()
    tab.goto(page.page.url)
    id = page.ids()[1]
    there = tab.locator(f"[data-tile][data-id='{id}']")
    there.wait_for()
    for kind in ("hide-image", "hide-author"):
        page.tile(id).focus()
        page.key("h")
        _choose(page, kind)
        for hidden in (page.tile(id), there):
            expect(hidden).to_have_count(0)
        while page.page.locator(".toast").count():
            page.page.locator(".toast .toast-text").last.click()
        page.key("Control+z")
        page.message("Undo: ").wait_for()
        for shown in (page.tile(id), there):
            expect(shown).to_have_count(1)
    page.key("Control+z")
    page.message("nothing to undo").wait_for()
