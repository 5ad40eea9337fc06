"""Favourites, stars, tags, notes and marks in step: between tabs of a browser, and two browsers."""

from __future__ import annotations

import re

import pytest
from page_driver import expect, wait_for

pytestmark = pytest.mark.page
_HIDE = "Object.defineProperty(document, 'hidden', {get: () => true})"


@pytest.fixture
def page(shared_server, open_gallery):
    return open_gallery(shared_server).ready()


@pytest.fixture
def tab(page):
    """Return another tab of the same browser, with the same gallery."""
    tab = page.context.new_page()
    tab.goto(page.page.url)
    tab.locator("[data-tile]").first.wait_for()
    return tab


def _tile(page, image_id):
    return page.locator(f"[data-tile][data-id='{image_id}']")


def _mark(page, image_id):
    _tile(page, image_id).locator("[data-do='mark']").click()


def test_annotations_are_the_same_in_two_tabs_and_none_is_lost(page, tab, open_gallery):
    first, second, third = page.ids()[:3]
    _mark(page.page, first)
    expect(_tile(tab, first)).to_have_attribute("aria-selected", "true")
    _mark(tab, second)
    _mark(tab, first)
    expect(_tile(page.page, first)).to_have_attribute("aria-selected", "false")
    _mark(page.page, third)
    expect(_tile(tab, third)).to_have_attribute("aria-selected", "true")
    for one in (page.page, tab):
        expect(one.locator(".selection-bar .count")).to_have_text("2 marked")
    tab.reload()
    expect(tab.locator(".selection-bar .count")).to_have_text("2 marked")
    other = open_gallery(page).ready()  # marks belong to a browser
    expect(other.marked).to_have_count(0)


def test_favourites_and_collections_are_synced_between_two_tabs(page, tab):
    first = page.ids()[0]
    _mark(page.page, first)
    tab.locator("[data-do='sets']:visible").first.click()
    rows = tab.locator("dialog[data-panel='collections'] .collection")
    page.key("b")
    page.key("4")
    expect(_tile(tab, first)).to_have_attribute("data-sign", re.compile("♥ ★4"))
    page.control("sets-marked").click()
    page.field("set-name").fill("Harbor")
    page.key("Enter")
    expect(rows).to_contain_text("Harbor (1)")
    page.control("delete-set").click()
    expect(rows).to_have_count(0)


def _open_in_both(page, tab, name):
    """Open the first image in both tabs; return a field of its details in each."""
    first = page.ids()[0]
    for one in (page.page, tab):
        _tile(one, first).click()
        one.locator(".details-body[aria-busy='false']").wait_for()
    return [one.locator(f"[data-field='{name}']") for one in (page.page, tab)]


def test_tags_added_in_two_tabs_at_once_are_all_saved(page, tab):
    fields = _open_in_both(page, tab, "own-tags")
    fields[1].fill("night")
    fields[0].fill("sea")
    fields[0].press("Enter")
    page.control("stars-3").click()
    expect(tab.locator("[data-do='stars-3']")).to_have_attribute("aria-pressed", "true")
    expect(fields[1]).to_have_value("night")  # what is being typed stays
    fields[1].press("Enter")
    fields[1].blur()
    for field in fields:
        expect(field).to_have_value("night, sea")


def test_note_from_another_tab_is_not_replaced_silently(page, tab):
    fields = _open_in_both(page, tab, "own-note")
    fields[1].fill("mine")
    fields[0].fill("theirs")
    fields[0].blur()
    expect(page.message("This replaced")).to_have_count(0)
    page.control("stars-2").click()
    expect(tab.locator("[data-do='stars-2']")).to_have_attribute("aria-pressed", "true")
    fields[1].blur()
    toast = tab.locator(".toast").filter(has_text="This replaced a note")
    expect(fields[0]).to_have_value("mine")
    toast.locator("[data-do='undo']").click()
    for field in fields:
        expect(field).to_have_value("theirs")


def test_other_browser_is_synced_when_it_becomes_visible(page, open_gallery):
    other = open_gallery(page).ready()
    first, second = page.ids()[2:4]
    _mark(page.page, first)
    page.key("b")
    page.tile(first).and_(page.page.locator("[data-favourite]")).wait_for()
    other.page.evaluate("dispatchEvent(new Event('focus'))")
    other.tile(first).and_(other.page.locator("[data-favourite]")).wait_for()
    _mark(other.page, second)
    other.key("3")
    other.tile(second).and_(other.page.locator("[data-sign*='★3']")).wait_for()
    expected = re.compile("★3")

    def is_synced():
        page.key("Shift")  # whoever uses the page gets the news, without another tab or window
        return expected.search(page.tile(second).get_attribute("data-sign") or "")

    wait_for(is_synced, "the stars")


def test_hidden_page_sends_no_requests(page):
    page.page.wait_for_load_state("networkidle")
    page.page.evaluate(_HIDE)
    page.page.evaluate("dispatchEvent(new Event('focus'))")
    page.asked.clear()
    page.page.wait_for_timeout(500)
    assert page.asked == []
