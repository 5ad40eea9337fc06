"""The viewer goes through the images by itself, until its user does something."""

from __future__ import annotations

import pytest
from page_driver import expect, wait_for

pytestmark = pytest.mark.page

_VIDEOS = 900_007
_QUICK = "localStorage.setItem('civitai-shortcut', JSON.stringify({slideshow: 3}))"


def _open(open_gallery, server, address="?model=900001&level=XXX", number=0):
    page = open_gallery(server, address)
    page.page.evaluate(_QUICK)
    return page.open(number)


def _running(page):
    return page.page.locator(".frame[data-slideshow]")


def _fade(page):
    return page.slide.evaluate("slide => getComputedStyle(slide).animationName")


def test_images_follow_each_other_and_the_details_are_out_of_the_way(server, open_gallery):
    page = _open(open_gallery, server)
    first, second, third = page.ids()[:3]
    page.control("slideshow").click()
    expect(page.page.locator(".details")).to_be_hidden()
    assert _fade(page) == "appear"
    page.page.emulate_media(reduced_motion="reduce")
    assert _fade(page) == "none"
    expect(page.viewer).to_have_attribute("data-id", second)
    expect(page.viewer).to_have_attribute("data-id", third)
    assert _running(page).count() == 1
    page.key("Escape")  # stops it, and does nothing else
    expect(_running(page)).to_have_count(0)
    expect(page.viewer).to_be_visible()
    expect(page.page.locator(".details")).to_be_visible()


def test_any_input_stops_the_slideshow_and_does_no_more(server, open_gallery):
    page = _open(open_gallery, server)
    page.page.mouse.move(300, 500)
    scale = page.viewed()["scale"]
    for act in (
        lambda: page.key("s"),  # its own key
        lambda: page.page.mouse.wheel(0, 100),
        lambda: page.page.mouse.click(20, 500),  # beside the image, which closes it else
    ):
        page.key("s")
        expect(_running(page)).to_have_count(1)
        act()
        expect(_running(page)).to_have_count(0)
        expect(page.viewer).to_be_visible()
        expect(page.page.locator(".viewer-bar .scale")).to_have_text(scale)


def test_after_the_last_image_comes_the_first(server, open_gallery):
    page = _open(open_gallery, server, "?model=900003&level=XXX")
    page.key("End")
    wait_for(lambda: "100" in page.viewed()["position"])
    page.key("ArrowRight", 200)
    page.control("next").wait_for(state="attached")
    expect(page.page.locator("[data-do='next']")).to_be_disabled()
    last = page.viewed()["id"]
    page.key("s")
    expect(page.viewer).not_to_have_attribute("data-id", last)
    assert page.viewed()["position"].startswith("1 ")
    assert _running(page).count() == 1


def test_it_ends_by_itself_where_there_is_one_image(start, demo, open_gallery):
    page = _open(open_gallery, start(demo.url))
    page.key("b")
    expect(page.control("favourite")).to_have_attribute("aria-pressed", "true")
    page.go("?search=is:favourite&level=XXX")
    page.open().key("s")
    expect(_running(page)).to_have_count(1)
    expect(_running(page)).to_have_count(0)
    expect(page.viewer).to_be_visible()


def test_key_starts_it_from_the_grid_and_holding_that_key_does_not_stop_it(server, open_gallery):
    page = open_gallery(server).ready()
    page.key(",")
    page.field("slideshow").select_option("20")  # kept in this browser
    page.page.reload()
    page.ready().key(",")
    expect(page.field("slideshow")).to_have_value("20")
    page.key("Escape")
    page.key("ArrowDown")
    focused = page.focused()
    page.page.keyboard.down("s")
    page.page.keyboard.down("s")  # as it repeats
    expect(page.viewer).to_have_attribute("data-id", focused)
    expect(_running(page)).to_have_count(1)
    page.page.keyboard.up("s")
    page.key("s")
    expect(_running(page)).to_have_count(0)
    expect(page.viewer).to_be_visible()


def test_video_plays_to_its_end_and_repeats_again_afterwards(server, open_gallery):
    page = _open(open_gallery, server, f"?model={_VIDEOS}&level=XXX&type=video")
    first, second = page.ids()[:2]
    video = page.slide.locator("video")
    page.key("s")
    expect(video).to_have_js_property("loop", False)
    video.evaluate("video => { video.pause(); video.dispatchEvent(new Event('ended')); }")
    expect(page.viewer).to_have_attribute("data-id", second)
    expect(page.slide.locator("video")).to_have_js_property("loop", False)
    page.key("Shift+S")
    expect(page.slide.locator("video")).to_have_js_property("loop", True)
