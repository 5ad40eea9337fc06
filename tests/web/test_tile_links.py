"""A tile is a link to its image's own address, and what browsers do with links works on it."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from gallery_page import with_axe
from page_driver import expect

pytestmark = pytest.mark.page


def _query(address):
    return parse_qs(urlsplit(address).query)


@pytest.mark.door
def test_middle_click_and_ctrl_click_open_the_picture_in_a_new_tab_and_mark_nothing(
    either, open_gallery
):
    page = open_gallery(either).ready()
    before = page.page.url
    id = page.ids()[2]
    for how in ({"button": "middle"}, {"modifiers": ["ControlOrMeta"]}):
        with page.context.expect_page() as opened:
            page.tile(id).click(**how)
        opened.value.locator(f"dialog[data-viewer][data-id='{id}']").wait_for()
        assert _query(opened.value.url) == {**_query(before), "image": [id]}
        opened.value.close()
    assert page.page.url == before
    expect(page.viewer).to_be_hidden()
    expect(page.marked).to_have_count(0)
    page.tile(id).click(modifiers=["Shift"])
    expect(page.marked).to_have_count(1)
    assert len(page.context.pages) == 1


@with_axe
def test_link_follows_the_gallery_and_stays_one_option_of_the_listbox(server, open_gallery):
    page = open_gallery(server, "?lang=xy&model=900001#part").ready()
    first = page.tiles.first
    first.hover()
    id = first.get_attribute("data-id")
    expect(first).to_have_attribute("href", re.compile(rf"\?lang=xy&model=900001&image={id}#part$"))
    page.field("sort").select_option("Oldest")
    expect(page.page).to_have_url(re.compile("sort=Oldest"))
    page.page.locator(".grid:not([data-stale])").wait_for()
    page.page.locator("[role='listbox']").focus()
    focused = page.tile(page.focused())
    expect(focused).to_have_attribute("href", re.compile("model=900001&sort=Oldest&image="))
    page.key("Shift+Tab")
    page.key("Tab")
    assert page.focused() == focused.get_attribute("data-id")  # one stop for all tiles
    options = page.page.get_by_role("listbox", name="Gallery").aria_snapshot()
    assert "- option" in options and "link" not in options
    assert page.axe_findings() == []
    page.key("Enter")
    expect(page.viewer).to_have_attribute("data-id", page.focused() or id)
