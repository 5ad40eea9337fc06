"""What a tile shows under the pointer and under the focus."""

from __future__ import annotations

import re

import pytest
from civitai_manager_libs.infotext import parse_infotext
from host_page import with_text
from page_driver import expect
from page_facts import infotext_of

pytestmark = pytest.mark.page

_PAPER, _VIDEOS = 900_003, 900_007


@pytest.mark.parametrize("by", ["pointer", "focus"])
def test_tile_shows_generation_data_without_a_request(server, open_gallery, by):
    row = with_text(_PAPER)
    infotext = parse_infotext(infotext_of(row))
    page = open_gallery(server, f"?model={_PAPER}").ready()
    tile, caption = page.tile(str(row.id)), page.page.locator(".caption")
    tile.wait_for()
    page.key("Tab")  # what is focused from now on shows that
    asked, boxes = list(page.api()), page.boxes()
    if by == "pointer":
        tile.hover()
    else:
        tile.focus()
    expect(caption).to_contain_text(row.username)
    expect(caption.locator(".image-facts")).to_contain_text(
        re.compile(rf"{infotext.parameters['Steps']} steps · \w+")
    )
    words = re.sub(r"<[^>]*>", "", infotext.prompt).split()
    expect(caption.locator(".image-prompt")).to_contain_text(" ".join(words[:4]))
    assert page.api() == asked and page.boxes() == boxes
    assert caption.evaluate("one => one.scrollHeight <= one.clientHeight")
    assert caption.evaluate("one => one.clientHeight <= one.parentNode.clientHeight")


def test_video_plays_under_the_focus_too(server, open_gallery):
    page = open_gallery(server, f"?model={_VIDEOS}").ready()
    tile = page.page.locator("[data-tile][data-kind='video']").first
    tile.wait_for()
    page.key("Tab")
    tile.focus()
    expect(tile.locator("video")).to_have_attribute("data-plays", "")
    page.page.locator("[data-tile][data-kind='image']").first.focus()
    expect(page.page.locator(".grid video")).to_have_count(0)
