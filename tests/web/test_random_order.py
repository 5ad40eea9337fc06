"""A gallery in random order, in Chromium."""

from __future__ import annotations

import pytest
from page_driver import expect, wait_for

pytestmark = pytest.mark.page


def test_gallery_is_shuffled_to_its_end_and_shuffled_again(demo, start, open_gallery):
    page = open_gallery(start(demo.url), "?model=900003&level=XXX&sort=Random")
    page.page.locator(".status [data-do='newest-first']").click()  # nothing is stored yet
    page.ready()
    expect(page.field("sort")).to_have_value("Newest")
    page.key("End")
    wait_for(lambda: page.place()[1] == 180, "the whole gallery")
    page.key("Home")
    newest = page.ids()[:8]
    page.field("sort").select_option("Random")
    wait_for(lambda: page.ids() and page.ids()[:8] != newest)
    first = page.ids()[:8]
    again = page.page.locator(".status [data-do='shuffle']")
    for _ in range(10):
        page.key("End")
        page.page.wait_for_timeout(100)
    expect(again).to_be_visible()
    assert page.place()[1] == 180  # each once
    again.click()
    wait_for(lambda: page.ids() and page.ids()[:8] not in (first, newest))
