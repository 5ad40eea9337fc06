"""The order of a gallery: by month, and at random."""

from __future__ import annotations

import re

from page_driver import expect, wait_for

_GALLERY = "?model=900003&level=XXX"


def _handle(page):
    return page.page.locator(".scrubber-handle")


def _read_all(page):
    """Load the whole gallery, so that all its months are read."""
    page.ready().key("End")
    wait_for(lambda: page.place()[1] == 180, "the whole gallery")
    page.key("t")
    wait_for(lambda: page.place()[0] < 90, "the top")  # where the handle is at the first month


def test_month_is_chosen_by_keys_if_images_are_sorted_by_date(shared_server, open_gallery):
    page = open_gallery(shared_server, _GALLERY)
    _read_all(page)
    newest = page.ids()[0]
    assert not [path for path in page.asked if path.startswith("months")]
    _handle(page).focus()
    expect(_handle(page)).not_to_have_attribute("aria-valuemax", "0")
    page.key("End")
    last = _handle(page).get_attribute("aria-valuetext")
    assert re.search(r"20\d\d · \d+", last)
    page.key("Enter")
    wait_for(lambda: "search=before" in page.page.url)
    wait_for(lambda: page.ids() and newest not in page.ids())
    count = int(last.rsplit(" ", 1)[1])
    expect(page.page.locator(".selection-bar .where")).to_contain_text(f"of {count}")
    _handle(page).focus()
    page.key("Home")
    page.key("Enter")
    wait_for(lambda: page.ids() and page.ids()[0] == newest)
    assert "search=" not in page.page.url
    assert len([path for path in page.asked if path.startswith("months")]) <= 4
    page.field("sort").select_option("Most Reactions")
    expect(_handle(page)).to_be_hidden()


def test_month_is_shown_while_the_handle_is_dragged(shared_server, open_gallery):
    page = open_gallery(shared_server, _GALLERY)
    _read_all(page)
    handle, track = _handle(page), page.page.locator(".scrubber")
    handle.hover()
    expect(handle).not_to_have_attribute("aria-valuemax", "0")
    first = handle.get_attribute("aria-valuetext")
    page.page.mouse.down()
    box = track.bounding_box()
    page.page.mouse.move(box["x"] + 10, box["y"] + box["height"], steps=5)
    month = page.page.locator(".scrubber-month")
    expect(month).to_be_visible()
    assert month.inner_text() != first and "search=" not in page.page.url
    page.key("Escape")
    page.page.mouse.up()
    assert "search=" not in page.page.url
    handle.hover()
    page.page.mouse.down()
    page.page.locator(".grid").focus()  # as the page may do when images have come
    page.page.mouse.move(box["x"] + 10, box["y"] + box["height"], steps=5)
    page.page.mouse.up()
    wait_for(lambda: "search=before" in page.page.url)


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
