"""What does not exist, or does not come: one sentence where one looks, with one button."""

from __future__ import annotations

import re

import pytest
from fault_responses import page as html_page
from fault_responses import reset, status, whole
from page_driver import expect

pytestmark = pytest.mark.page

_MODEL = 900_001
_GONE = "999999999"


def _sentences(page):
    """Return the texts of all messages in sight, except notices."""
    return page.page.locator(".status:visible p, .slide-error:visible, .problems:visible")


def test_missing_model_is_reported_once_and_home_works(server, open_gallery):
    page = open_gallery(server, f"?model={_GONE}")
    expect(page.page.locator(".of-images")).to_contain_text("Civitai has no such model")
    expect(_sentences(page)).to_have_count(1)
    for control in ("watch", "figures", "download-gallery", "filters"):
        expect(page.control(control)).to_have_count(0)
    page.page.locator(".of-images").get_by_role("button").click()
    expect(page.page.locator(".home")).to_be_visible()


def test_author_without_images_can_be_neither_watched_nor_downloaded(server, open_gallery):
    page = open_gallery(server, "?user=nobody_of_that_name")
    expect(page.page.locator(".of-images")).to_contain_text("no pictures by nobody_of_that_name")
    expect(page.page.locator(".of-images").get_by_role("button")).to_have_count(1)
    expect(page.control("watch")).to_have_count(0)
    expect(page.control("download-gallery")).to_have_count(0)


def test_missing_image_is_reported_only_in_the_viewer(server, open_gallery):
    page = open_gallery(server, f"?model={_MODEL}&image={_GONE}")
    expect(page.page.locator(".slide-error")).to_contain_text("Civitai has no such picture")
    expect(_sentences(page)).to_have_count(1)
    expect(page.control("save")).to_have_count(0)
    page.page.locator(".slide-error").get_by_role("button").click()
    expect(page.viewer).to_be_hidden()
    page.ready()


def test_url_of_an_unknown_image_shows_the_image(start, demo, server, open_gallery):
    id = open_gallery(server).ready().ids()[5]
    page = open_gallery(start(demo.url), f"?image={id}&level=XXX")
    expect(page.viewer).to_have_attribute("data-shows", "file")
    page.key("Escape")
    expect(page.page.locator(".home")).to_be_visible()


def test_wrong_url_is_reported_in_view_after_scrolling_too(server, open_gallery):
    page = open_gallery(server).ready()
    page.scroll_to(60)
    page.find(f"https://civitai.com/models/{_GONE}")
    problem = page.page.locator(".of-lookup[data-kind='problem']")
    expect(problem).to_be_in_viewport()
    problem.get_by_role("button").click()
    expect(problem).to_be_hidden()
    assert page.place()[0] >= 60


def test_failed_model_is_reported_once_and_loaded_by_a_retry(flaky, start, open_gallery):
    server = start(f"http://{flaky.host}", http_max_retries=0)
    flaky.rule("/api/", reset())
    page = open_gallery(server, f"?model={_MODEL}")
    said = page.page.locator(".of-images[data-kind='problem']")
    expect(said).to_be_visible()
    expect(_sentences(page)).to_have_count(1)
    expect(page.control("watch")).to_have_count(0)
    flaky.rules.clear()
    said.get_by_role("button").click()
    page.ready()
    expect(page.page.locator(".gallery-header h2")).to_have_text(re.compile("Quiet Places"))


def test_gallery_that_needs_a_key_comes_once_the_key_is_saved(flaky, start, open_gallery):
    server = start(f"http://{flaky.host}", http_max_retries=0)
    flaky.rule("/api/v1/images", html_page(403))
    page = open_gallery(server, f"?model={_MODEL}")
    said = page.page.locator(".of-images[data-kind='problem']")
    expect(said).to_contain_text("API key")
    said.get_by_role("button").click()
    expect(page.panel("settings")).to_be_visible()
    flaky.rules.clear()
    page.field("key").fill("demo-key")
    page.control("save-key").click()
    page.ready()
    expect(said).to_have_count(0)


def test_image_that_the_browser_cannot_show_can_be_downloaded(flaky, start, open_gallery):
    server = start(f"http://{flaky.host}", http_max_retries=0)
    flaky.rule("original=true", whole(b"\x89PNG\r\n\x1a\n" + b"x" * 500))
    page = open_gallery(server, f"?model={_MODEL}&type=image").ready()
    page.tiles.first.click()
    said = page.slide.locator(".slide-error")
    expect(said).to_contain_text("cannot show the file")
    expect(said.get_by_role("button")).to_have_text("Download")


def test_image_whose_file_is_gone_is_not_offered_again(flaky, start, open_gallery):
    server = start(f"http://{flaky.host}", http_max_retries=0)
    flaky.rule("original=true", status(404))
    page = open_gallery(server, f"?model={_MODEL}&type=image").ready()
    page.tiles.first.click()
    said = page.slide.locator(".slide-error")
    expect(said).to_contain_text("no longer there")
    said.get_by_role("button").click()
    expect(page.viewer).to_be_hidden()
