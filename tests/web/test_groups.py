"""The images of a post as one tile, in Chromium."""

from __future__ import annotations

import pytest
from page_driver import expect, wait_for

pytestmark = pytest.mark.page

_GALLERY = "?model=900003&level=XXX"


def _group(page, is_wanted=True):
    page.open_filters()
    page.field("group-posts").set_checked(is_wanted)
    page.key("Escape")


def _posts(page):
    """Return the tiles that stand for more than one image."""
    return page.page.locator("[data-tile]:has(.post-count)")


def _first_post(page):
    """Return the tile of a post, found by its id: the order of tiles in the page changes."""
    return page.tile(_posts(page).first.get_attribute("data-id"))


def _count(tile):
    return int(tile.locator(".post-count").inner_text())


def test_post_is_one_tile_that_opens_all_its_images_in_turn(server, open_gallery):
    page = open_gallery(server, _GALLERY).ready()
    before = page.ids()
    _group(page)
    expect(_posts(page).first).to_be_visible()
    assert len(page.ids()) < len(before)
    tile = _first_post(page)
    lead, count = tile.get_attribute("data-id"), _count(tile)
    tile.click()
    page.page.locator("dialog[data-viewer][data-shows='file']").wait_for()
    seen = [page.viewed()["id"]]
    for _ in range(count):
        page.key("ArrowRight")
        wait_for(lambda: page.viewed()["id"] not in seen)
        seen.append(page.viewed()["id"])
    tiles = page.ids()
    assert seen[0] == lead and not set(seen[1:count]) & set(tiles) and seen[count] in tiles
    page.key("ArrowLeft")
    page.key("Escape")
    wait_for(lambda: page.focused() == lead)
    page.page.reload()
    expect(_posts(page.ready()).first).to_be_visible()  # kept in this browser
    _group(page, False)
    expect(_posts(page)).to_have_count(0)


def test_mark_on_a_post_is_on_all_its_images_and_its_menu_opens_the_post(server, open_gallery):
    page = open_gallery(server, _GALLERY).ready()
    _group(page)
    tile = _first_post(page)
    count = _count(tile)
    tile.locator("[data-do='mark']").click(force=True)
    expect(tile).to_have_attribute("aria-selected", "true")
    expect(page.page.locator(".selection-bar .count")).to_have_text(f"{count} marked")
    tile.click()
    page.page.locator("dialog[data-viewer][data-shows='file']").wait_for()
    page.page.locator(".viewer-bar [data-do='mark']").click()  # the open image alone
    page.key("Escape")
    expect(tile).to_have_attribute("aria-selected", "false")
    expect(page.page.locator(".selection-bar .count")).to_have_text(f"{count - 1} marked")
    tile.click(button="right")
    page.page.locator("[role='menu'] [data-do='menu-post']").click()
    wait_for(lambda: "post=" in page.page.url)
    page.open_filters()
    expect(page.field("group-posts")).to_be_hidden()
    page.key("Escape")
    wait_for(lambda: len(page.ids()) >= count)
    expect(_posts(page)).to_have_count(0)
