"""What works in a gallery: `GET stats`, its panel, and images beside each other."""

from __future__ import annotations

import re
from collections import Counter
from urllib.parse import urlencode

from fingers import Fingers
from gallery_page import PHONE
from page_driver import expect, find_middle, wait_for
import pytest

_TEXTS = ("word", "negative", "lora", "checkpoint", "embedding")


def _bars(found, kind):
    groups = {group["kind"]: group["bars"] for group in found["groups"]}
    return {bar["value"]: bar["count"] for bar in groups.get(kind, [])}


def test_stats_match_the_details_of_the_images(api, on_demo):
    page = api.get("images?model=900001&limit=100&level=XXX")
    found = api.get("stats?model=900001&level=XXX")
    details = [api.get(f"images/{view['id']}") for view in page["images"]]
    for kind, name in (("sampler", "Sampler"), ("steps", "Steps"), ("size", "Size")):
        values = (dict(one["parameters"]).get(name) for one in details)
        counts = {v: n for v, n in Counter(values).items() if v and n > 1}
        most = dict(sorted(counts.items(), key=lambda row: (-row[1], row[0]))[:8])
        assert _bars(found, kind) == most and most
    assert found["image_count"] == len(details)
    assert found["with_data"] == sum(bool(one["infotext"]) for one in details)
    assert "Steps: " in found["recipe"]


def test_stats_send_no_request_to_civitai(api, on_demo):
    api.get("models/900001")
    api.get("images?model=900001&limit=100")
    on_demo.requests.clear()
    found = api.get("stats?model=900001")
    assert len(found["versions"]) > 1 and not on_demo.requests
    newest = found["versions"][0]
    version = api.get(f"stats?model=900001&version={newest['id']}")
    assert version["image_count"] == newest["image_count"] < found["image_count"]


def test_gallery_without_stored_images_has_no_stats(api, civitai):
    found = api.get("stats?model=123")
    assert (found["image_count"], found["groups"], found["recipe"]) == (0, [], "")
    assert civitai.requests == []


@pytest.mark.parametrize("query", ["", "?model=", "?model=0", "?model=x&version=-1", "?user=anna"])
def test_stats_without_a_model_are_refused(api, query):
    assert api.error(f"stats{query}")[:2] == (400, "bad_input")


def test_search_of_each_bar_finds_the_images_it_counts(api, on_demo):
    for model in (900001, 900003):
        api.get(f"models/{model}?level=XXX")
        api.get(f"images?model={model}&limit=100&level=XXX")
        found = api.get(f"stats?model={model}&level=XXX")
        for group in found["groups"]:
            for bar in group["bars"]:
                asked = urlencode({"model": model, "level": "XXX", "search": bar["search"]})
                ids = [view["id"] for view in api.get(f"images?{asked}&limit=200")["images"]]
                # a text is looked for inside others too; an own file is told by its version
                is_text = group["kind"] in _TEXTS or bar["is_model_version"]
                assert len(ids) >= bar["count"] if is_text else len(ids) == bar["count"], bar


_LORA = "?model=900003&level=XXX"


def _figures(page):
    page.control("figures").click()
    page.panel("stats").locator(".stats-bar").first.wait_for()
    return page.panel("stats")


def _kind(panel, name):
    return panel.locator(f".bar-group[data-kind='{name}']")


def test_stats_show_how_to_use_a_model_or_one_version_and_the_recipe_is_copied(
    server, open_gallery
):
    page = open_gallery(server, _LORA, permissions=["clipboard-read", "clipboard-write"]).ready()
    panel = _figures(page)
    sample = panel.locator(".sample")
    expect(sample).to_contain_text(re.compile(r"\d+ pictures read, \d+ with data"))
    recipe = panel.locator(".recipe")
    for name in ("Weight of this LoRA", "Sampler", "Steps", "CFG scale", "Size"):
        expect(recipe.locator("dt", has_text=name)).to_be_visible()
    expect(recipe.locator(".text")).to_contain_text("Steps: ")
    bar = _kind(panel, "sampler").get_by_role("button").first
    said = r".+ \d+ %, \d+ pictures, usually [\d.]+ reactions"
    assert re.fullmatch(said, bar.text_content())
    expect(panel.locator(".versions tbody tr").nth(1)).to_be_visible()
    text = recipe.locator(".text").inner_text()
    page.control("figures-copy").click()
    page.message("Copied").wait_for()
    assert page.page.evaluate("navigator.clipboard.readText()").split() == text.split()
    every = sample.locator("p").first.inner_text()
    version = panel.locator("[data-do='figures-version']").first
    name = version.inner_text()
    version.click()
    expect(sample.locator("h3")).to_contain_text(name)
    expect(sample.locator("p").first).not_to_have_text(every)
    panel.locator("[data-do='figures-every']").press("Enter")
    expect(sample.locator("p").first).to_contain_text("pictures read")
    expect(panel.locator("[data-do='figures-every']")).to_have_count(0)
    expect(panel.locator(".panel-body")).to_be_focused()
    for width in (1600, 900, 390):
        page.page.set_viewport_size({"width": width, "height": 900})
        body = panel.locator(".panel-body")
        assert body.evaluate("body => body.scrollWidth <= body.clientWidth")


def test_bar_is_a_filter_of_the_grid(server, open_gallery):
    page = open_gallery(server, _LORA).ready()
    bar = _kind(_figures(page), "sampler").get_by_role("button").first
    name = bar.get_attribute("data-value")
    count = re.search(r"(\d+) pictures", bar.text_content())[1]
    bar.click()
    expect(page.panel("stats")).to_be_hidden()
    expect(page.field("find")).to_have_value(f'sampler="{name}"')
    wait_for(lambda: page.place()[1] == int(count))
    expect(
        page.control("download-options")
    ).to_be_hidden()  # that is of the gallery, not of a search
    page.control("clear-search").click()
    page.control("download-options").wait_for()


def test_more_records_are_read_without_an_image_until_that_is_cancelled(flaky, start, open_gallery):
    server = start(f"http://{flaky.host}")  # which knows no image of a page that is still to come
    page = open_gallery(server).ready()
    panel = _figures(page)
    sample = panel.locator(".sample p").first
    before = int(re.search(r"[\d,]+", sample.inner_text())[0].replace(",", ""))
    flaky.requests.clear()
    page.field("read-limit").fill("200")
    page.control("figures-read").click()
    expect(panel.locator(".sample p").first).to_contain_text(f"{before + 200:,} pictures read")
    expect(page.field("read-limit")).to_be_visible()
    assert not [path for path in flaky.requests if "original=true" in str(path)]
    page.field("read-limit").fill("10000")
    page.control("figures-read").click()
    page.control("figures-stop").press("Enter")
    wait_for(lambda: server.jobs()[0]["state"] in ("cancelled", "done"))
    expect(page.field("read-limit")).to_be_visible()
    expect(page.control("figures-read")).to_be_focused()


def test_empty_gallery_says_so_and_a_post_has_no_stats(server, open_gallery):
    page = open_gallery(server, "?user=harbor_artist&level=XXX").ready()
    expect(page.control("figures")).to_have_count(0)
    page.key("w")
    expect(page.panel("stats").get_by_text("Open a model first")).to_be_visible()


# Beside each other


def _mark(page, tile):
    page.tiles.nth(tile).locator("[data-do='mark']").click()


def _compare(page):
    page.control("compare").click()
    page.panel("compare").locator(".difference table").wait_for()
    return page.panel("compare")


def _scales(panel):
    return panel.locator(".image").evaluate_all(
        "all => all.map(one => Number(/scale\\(([\\d.]+)\\)/.exec(one.style.transform)[1]))"
    )


def _clips(panel):
    """Return what of each image is cut off from the left and the right, in percent."""
    styles = panel.locator(".compare-cell").evaluate_all(
        "cells => cells.map(cell => [cell.style.getPropertyValue('--cs-from'),"
        " cell.style.getPropertyValue('--cs-to')].map(parseFloat).map(Math.round))"
    )
    return [tuple(style) for style in styles]


def test_two_to_four_marked_images_are_compared(server, open_gallery):
    page = open_gallery(server).ready()
    for tile in range(5):
        _mark(page, tile)
        if tile in (0, 4):
            page.key("c")
            page.message("Select 2 to 4 pictures").click()
    _mark(page, 4)
    panel = _compare(page)
    _check_zoomed_together(page, panel)
    _check_dividers(page, panel)
    _check_swapped(page, panel)
    page.key("Escape")
    expect(panel).to_be_hidden()
    expect(page.marked).to_have_count(4)
    page.key("c")
    expect(panel).to_be_visible()


def _check_zoomed_together(page, panel):
    expect(panel.locator(".image img.file")).to_have_count(4)
    assert _scales(panel) == [1] * 4
    page.page.mouse.move(*find_middle(panel.locator(".compare-cell").first))
    page.page.mouse.wheel(0, -400)
    wait_for(lambda: _scales(panel)[0] > 1.5)
    one, *others = _scales(panel)
    assert others == pytest.approx([one] * 3, rel=1e-3)
    page.key("z")
    wait_for(lambda: _scales(panel) == [1] * 4)


def _check_dividers(page, panel):
    """Drag a divider between images that lie over each other, and move it by keys."""
    page.key("o")
    expect(page.control("compare-over")).to_have_attribute("aria-pressed", "true")
    dividers = page.field("compare-split")
    expect(dividers).to_have_count(3)
    before = _clips(panel)
    assert (before[0][0], before[1][1], before[3][1]) == (0, 50, 100)
    first, last = before[0][1], before[3][0]
    assert first + last == 100 and 25 <= first < 50  # each begins inside of the pictures
    boxes = [panel.locator(".compare-cell").nth(n).bounding_box() for n in range(4)]
    assert boxes == boxes[:1] * 4
    grid, (x, y) = boxes[0], find_middle(dividers.nth(1))
    page.drag((x, y), (grid["x"] + 0.8 * grid["width"], y + 70))
    assert _clips(panel) == [(0, first), (first, 80), (80, 80), (80, 100)]
    assert _scales(panel) == [1, 1, 1, 1]  # no picture was moved
    expect(dividers.nth(1)).to_be_focused()
    for key in ("ArrowLeft", "ArrowLeft", "PageDown"):
        page.key(key)
    expect(dividers.nth(1)).to_have_attribute("aria-valuenow", "66")
    page.key("o")
    expect(dividers).to_have_count(0)
    assert panel.locator(".compare-cell").nth(0).bounding_box() != grid


def _check_swapped(page, panel):
    """Swap images whose differences are marked word by word."""
    numbers, heads = panel.locator(".number"), panel.locator("thead th")
    expect(heads).to_have_count(4)
    seeds = panel.locator("tr", has=page.page.locator("th", has_text=re.compile("^Seed$")))
    known = seeds.locator("td", has_text=re.compile(r"\d"))
    expect(seeds.locator("mark")).to_have_count(known.count())
    assert known.count() > 1
    assert page.page.locator(".same summary").count() <= 1
    authors = heads.all_inner_texts()
    page.control("compare-swap").click()
    expect(numbers).to_have_text(["2", "3", "4", "1"])
    expect(heads).to_have_text([*authors[1:], authors[0]])
    page.key("s", 3)
    expect(numbers).to_have_text(["1", "2", "3", "4"])
    expect(heads).to_have_text(authors)


def test_divider_follows_a_finger(server, open_gallery):
    page = open_gallery(server, **PHONE).ready()
    page.control("select").tap()
    for tile in range(2):
        _mark(page, tile)
    panel = _compare(page)
    page.control("compare-over").tap()
    x, y = find_middle(page.field("compare-split"))
    Fingers(page.page).swipe((x, y), (0.9 * 390, y))
    assert _clips(panel) == [(0, 90), (90, 100)]
    expect(panel).to_be_visible()
