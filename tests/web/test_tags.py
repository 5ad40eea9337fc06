"""Civitai's tags: in the details, as a filter of a gallery, and read for a whole gallery."""

from __future__ import annotations

import re

from api_server import make_tag, MODEL_ID
from fault_responses import status
from page_driver import expect, wait_for

_GALLERY = f"images?model={MODEL_ID}"


def test_tags_are_known_after_they_were_requested(api, civitai):
    image_id = civitai.ids[0]
    civitai.tags = {image_id: ["sea", "Night"]}
    api.get(_GALLERY)
    assert api.get(f"images/{image_id}")["tags"] is None
    tags = [make_tag("Night"), make_tag("sea")]
    assert api.get(f"images/{image_id}/tags") == tags
    assert api.get(f"images/{image_id}")["tags"] == tags
    asked = len(civitai.requests)
    assert api.get(f"images/{image_id}/tags") == tags and len(civitai.requests) == asked
    assert ["withTags" in page for page in civitai.pages] == [False, True]


def test_image_without_tags_is_told_from_one_that_is_gone(api, civitai):
    api.get(_GALLERY)
    one, other = civitai.ids[:2]
    assert api.get(f"images/{one}/tags") == []
    civitai.ids.remove(other)
    assert api.error(f"images/{other}/tags")[:2] == (404, "gone")
    assert api.get(f"images/{other}")["last_seen"] == ""


def test_tag_filters_a_gallery_and_is_one_of_its_own(api, civitai):
    for where in (f"model={MODEL_ID}&", ""):
        api.get(f"images?{where}tag=12 a sea&level=XXX")
        assert civitai.pages[-1]["tags"] == "12"
        assert civitai.pages[-1].get("modelId") == (str(MODEL_ID) if where else None)
    for bad in ("", "x", "0", "-1", "12x", "99999999999"):
        assert api.error(f"images?tag={bad}")[:2] == (400, "bad_input")


def test_tags_of_a_gallery_are_read_until_none_is_left(api, civitai):
    civitai.tags = {image_id: ["sea"] for image_id in civitai.ids}
    api.get(f"{_GALLERY}&limit=100")
    where = {"model": MODEL_ID}
    assert api.post("tags", {"where": where, "below": None}) == {"next": None, "left": 0}
    wait_for(lambda: api.get(f"stats?model={MODEL_ID}")["with_tags"] == 10)
    assert api.post("tags", {"where": where}) == {"next": None, "left": 0}
    assert [page.get("withTags") for page in civitai.pages] == [None, "true"]
    assert api.send("POST", "tags", {"where": {}}).status_code == 400


def test_search_by_tag_reads_the_tags_of_the_loaded_images(api, civitai):
    civitai.tags = {image_id: ["sea"] for image_id in civitai.ids[:3]}
    ids = [view["id"] for view in api.get(f"{_GALLERY}&limit=100")["images"]]
    for text, is_more in (("tag:sea", True), ("-tag=sea", True), ("mytag:sea", False)):
        preview = api.post("search_preview", {"text": text, "ids": ids})
        assert preview["loaded"]["is_more"] is is_more
    assert len(civitai.requests) == 1
    asked = {"ids": ids, "words": "tag:sea"}
    for _ in range(2):
        assert sorted(api.post("loaded_filter", asked)["ids"]) == sorted(civitai.ids[:3])
    assert [page.get("withTags") for page in civitai.pages] == [None, "true"]
    preview = api.post("search_preview", {"text": "tag:sea", "ids": ids})
    assert preview["loaded"] == {"count": 3, "is_more": False}


def test_tags_that_cannot_be_read_are_said_to_be_missing(api, civitai):
    ids = [view["id"] for view in api.get(f"{_GALLERY}&limit=100")["images"]]
    civitai.always("page", status(403))
    found = api.post("loaded_filter", {"ids": ids, "words": "tag:sea"})
    assert found["ids"] == [] and "tags could not be read" in found["message"]


def test_tag_of_an_image_finds_those_with_it_and_a_panel_reads_all(server, open_gallery):
    shown = open_gallery(server).open()
    chip = shown.page.locator("[data-chip=tag]")
    tag = shown.control("open-tag").first
    name = tag.inner_text()
    tag.click()
    expect(chip).to_contain_text(name)
    expect(shown.tiles.first).to_be_visible()
    shown.reload()
    expect(chip).to_contain_text(name)
    shown.tiles.first.click()
    shown.control("open-tag").filter(has_text=re.compile(f"^{name}$")).click()
    expect(shown.page.locator("h2").filter(has_text="Pictures tagged")).to_be_visible()
    shown.page.go_back()
    shown.key("Escape")
    chip.click()
    expect(chip).to_have_count(0)

    shown.control("figures").click()
    group = shown.panel("stats").locator("[data-kind=tag]")
    shown.control("tags-read").focus()
    shown.key("Enter")
    all_read = re.compile(r"Tags read for (\d+) of \1 pictures")  # others may have read more
    expect(group.get_by_text(all_read)).to_be_visible()
    expect(shown.panel("stats").locator(".panel-body")).to_be_focused()
    group.locator("[data-do=figures-show]").first.click()
    expect(shown.page.locator("[data-chip^='search tag=']")).to_be_visible()
    expect(shown.tiles.first).to_be_visible()


def test_tags_that_do_not_come_can_be_requested_again(flaky, flaky_server, open_gallery):
    flaky.rule("imageId", status(503))
    page = open_gallery(flaky_server, "?model=900006").open(3)  # whose tags nobody else has read
    again = page.page.locator(".site-tags [data-do=retry]")
    again.focus()
    flaky.rules.clear()
    page.key("Enter")
    expect(page.control("open-tag").first).to_be_focused()
