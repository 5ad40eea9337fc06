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


def test_tile_shows_generation_data_without_a_request(server, open_gallery):
    row = with_text(_PAPER)
    infotext = parse_infotext(infotext_of(row))
    page = open_gallery(server, f"?model={_PAPER}").ready()
    tile, caption = page.tile(str(row.id)), page.page.locator(".caption")
    tile.wait_for()
    page.key("Tab")  # what is focused from now on shows that
    asked, boxes = list(page.api()), page.boxes()
    for point_at in (tile.hover, tile.focus):
        page.page.mouse.move(5, 5)
        expect(caption).to_have_count(0)
        point_at()
        expect(caption).to_contain_text(row.username)
        expect(caption.locator(".image-facts")).to_contain_text(
            re.compile(rf"{infotext.parameters['Steps']} steps · \w+")
        )
        words = re.sub(r"<[^>]*>", "", infotext.prompt).split()
        expect(caption.locator(".image-prompt")).to_contain_text(" ".join(words[:4]))
        assert page.api() == asked and page.boxes() == boxes
        assert caption.evaluate("one => one.scrollHeight <= one.clientHeight")
        assert caption.evaluate("one => one.clientHeight <= one.parentNode.clientHeight")


def test_video_plays_without_sound_under_the_pointer_and_the_focus(server, open_gallery):
    page = open_gallery(server, f"?model={_VIDEOS}").ready()
    tile = page.page.locator("[data-tile][data-kind='video']").first
    videos = page.page.locator("[data-tile] video")
    tile.hover()
    expect(videos).to_have_attribute("data-plays", "")
    assert videos.evaluate("video => video.muted && !video.paused")
    page.page.mouse.move(5, 5)
    expect(videos).to_have_count(0)
    page.key("Tab")
    tile.focus()
    expect(tile.locator("video")).to_have_attribute("data-plays", "")
    page.page.locator("[data-tile][data-kind='image']").first.focus()
    expect(videos).to_have_count(0)


def test_heart_under_the_pointer_makes_a_favourite_and_undoes_it(start, demo, open_gallery):
    page = open_gallery(start(demo.url), f"?model={_PAPER}").ready()
    tile, heart = page.tiles.nth(2), page.page.locator(".caption [data-do='favourite']")
    tile.hover()
    heart.click()
    page.message("1 picture added to your favourites").wait_for()
    expect(tile).to_have_attribute("data-favourite", "")
    expect(heart).to_have_attribute("data-on", "")
    expect(page.viewer).to_be_hidden()
    expect(page.marked).to_have_count(0)
    heart.click()
    page.message("1 picture removed from your favourites").wait_for()
    expect(tile).not_to_have_attribute("data-favourite", "")
