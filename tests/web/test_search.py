"""Searching what was read, in Chromium: typed, suggested, in a gallery and in all that was kept."""

from __future__ import annotations

import re

import pytest
from gallery_page import with_axe
from page_driver import expect, wait_for

pytestmark = pytest.mark.page

_MODEL, _OTHER = 900001, 900007


@pytest.fixture
def page(start, demo, open_gallery):
    """Of a server that has read a first page of two galleries."""
    server = start(demo.url, gallery_level="XXX")
    page = open_gallery(server, f"?model={_OTHER}").ready()
    page.go(f"?model={_MODEL}")
    return page.ready()


def _search(page, words, scope=None):
    if scope:
        page.field("search-scope").select_option(scope)
    page.field("search").fill(words)


def _authors(page):
    names = page.tiles.evaluate_all("tiles => tiles.map(tile => tile.ariaLabel)")
    return {name.split(" by ")[1].split(",")[0] for name in names}


def test_what_is_loaded_is_narrowed_by_keys_and_words_and_nothing_is_asked_of_civitai(page):
    [author, *_] = sorted(_authors(page))
    page.asked.clear()
    _search(page, f"author:{author}")
    wait_for(lambda: _authors(page) == {author})
    _search(page, f"-author:{author}")
    wait_for(lambda: _authors(page) and author not in _authors(page))
    assert not [path for path in page.api() if path.startswith(("images?", "lookup"))]
    page.control("clear-search").click()
    wait_for(lambda: author in _authors(page))


def test_odd_input_is_told_in_a_sentence_that_goes_with_it(page):
    _search(page, "steps>many")
    said = page.page.locator(".search .search-message")
    expect(said).to_contain_text("steps takes a number")
    _search(page, "steps>1")
    expect(said).to_be_hidden()
    page.field("search-scope").select_option("gallery")
    _search(page, "after:yesterday")
    expect(said).to_contain_text("after:2025-01")


def test_all_that_was_kept_is_searched_and_its_address_can_be_gone_back_to(page):
    in_gallery = page.ids()[:20]  # how many more fit is known once the header is there
    page.field("search-scope").select_option("all")
    wait_for(lambda: page.ids() and page.ids()[:20] != in_gallery)
    expect(page.page).to_have_url(re.compile(r"\?search=$"))
    _search(page, "is:video")
    kinds = "tiles => tiles.map(tile => tile.dataset.kind)"
    wait_for(lambda: set(page.tiles.evaluate_all(kinds)) == {"video"})
    expect(page.page).to_have_url(re.compile("search=is%3Avideo"))
    page.page.reload()
    page.ready()
    assert set(page.tiles.evaluate_all(kinds)) == {"video"}
    assert page.field("search").input_value() == "is:video"
    page.tiles.first.click()
    page.page.locator("dialog[data-viewer][data-id]").wait_for()
    page.key("Escape")
    page.page.go_back()
    expect(page.page).to_have_url(re.compile(f"model={_MODEL}"))
    wait_for(lambda: page.ids()[:20] == in_gallery)


def test_what_was_kept_is_searched_without_a_gallery_too(page):
    page.go("")
    page.control("open-kept").click()
    page.ready()
    _search(page, "zzz no such words")
    expect(page.page.locator(".of-images")).to_contain_text("Nothing in the library matches")
    assert page.control("download-gallery").count() == 0


def test_search_that_found_nothing_yet_goes_on_by_itself_and_says_how_far_it_has_come(page):
    asked, held = [], []

    def answer(route):
        asked.append(route.request.url)
        if len(asked) > 3:
            return route.continue_()
        if len(asked) == 3:
            return held.append(route)  # what was said stays meanwhile
        far = {"count": 120_000 * len(asked), "total": 1_000_000}
        known = {"images": [], "notes": [], "read_at": "", "from_library": False}
        return route.fulfill(
            json={**known, "cursor": f"{10**17 - len(asked)}", "search_progress": far}
        )

    page.page.route("**/api/images?*search=*", answer)
    page.field("search-scope").select_option("all")
    said = page.page.locator(".of-images")
    expect(said).to_contain_text("240,000 of 1,000,000 pictures of the library so far")
    wait_for(lambda: page.tiles.count() == 0 and held)
    assert page.tiles.count() == 0
    held[0].continue_()
    wait_for(lambda: page.tiles.count())
    assert ["cursor" in url for url in asked[:3]] == [False, True, True]


def test_suggestions_lead_from_a_key_to_a_value_by_keyboard_and_mouse(page):
    rows = page.page.locator("#suggestions li")
    page.field("search").click()
    expect(rows.first).to_have_text("lora:")
    page.page.keyboard.type("samp")
    expect(rows).to_have_text(["sampler:"])
    page.key("ArrowDown")
    page.key("Enter")
    expect(page.field("search")).to_have_value("sampler:")
    rows.first.locator(".dim").wait_for()  # a value, with how many have it
    value = rows.first.locator("bdi").inner_text()
    rows.first.click()
    expect(page.field("search")).to_have_value(f"{value} ")
    assert page.focused_control() == "search"
    expect(page.page.locator("#suggestions")).to_be_hidden()  # what it found is in sight
    wait_for(lambda: page.tiles.count())
    page.page.keyboard.type("st")
    rows.first.wait_for()
    page.key("Enter")
    expect(page.page.locator("#suggestions")).to_be_hidden()
    expect(page.field("search")).to_have_value(f"{value} st")


def test_suggestions_that_no_longer_fit_go_before_others_come(page):
    rows = page.page.locator("#suggestions li")
    page.field("search").click()
    expect(rows.first).to_have_text("lora:")
    page.page.route("**/api/suggestions?*", lambda route: None)  # no answer comes
    page.page.keyboard.type("s")
    page.key("ArrowDown")
    page.page.keyboard.type("ampler")
    expect(rows).to_have_text(["sampler:"])
    page.key("Enter")
    expect(page.field("search")).to_have_value("sampler:")


def test_word_that_is_typed_is_asked_for_once_after_its_last_letter(page):
    page.field("search").click()
    page.page.locator("#suggestions li").first.wait_for()
    page.asked.clear()
    with page.page.expect_request("**/loaded_filter"):
        page.page.keyboard.type("steps>20", delay=20)
    assert [path.partition("?")[0] for path in page.api()] == ["suggestions", "loaded_filter"]


@with_axe
@pytest.mark.parametrize("locale", ["en-US", "zh-TW"])
def test_search_is_accessible_and_fits_a_phone(start, demo, open_gallery, locale):
    page = open_gallery(start(demo.url), f"?model={_MODEL}", locale=locale).ready()
    page.field("search").click()
    page.page.locator("#suggestions li").first.wait_for()
    assert page.axe_findings() == []
    page.page.set_viewport_size({"width": 390, "height": 800})
    page.field("search").blur()
    page.control("filters").click()
    page.field("search").click()
    page.page.locator("#suggestions li").first.wait_for()
    box = page.page.locator("#suggestions").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
