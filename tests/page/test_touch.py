"""By fingers on a phone: from the field through grid, viewer, marks and downloads."""

from __future__ import annotations

import re

import pytest
from fault_answers import stalled
from fingers import Fingers
from page_driver import expect, until

pytestmark = pytest.mark.page

_PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
_SMALL, _VIDEOS = 900_003, 900_007
_MIDDLE = (195, 420)
_FINGER = 24  # pixels at least, WCAG 2.2 "Target Size"
_TARGETS = """least => {
    const root = document.querySelector("civitai-gallery").shadowRoot;
    const controls = root.querySelectorAll("button, a, select, input");
    return [...controls].filter(one => one.checkVisibility({visibilityProperty: true}))
        .map(one => [one.dataset.do ?? one.dataset.field ?? one.className ?? one.localName,
                     one.getBoundingClientRect()])
        .filter(([, box]) => box.width > 0 && Math.min(box.width, box.height) < least)
        .map(([name, box]) => `${name} ${Math.round(box.width)}×${Math.round(box.height)}`);
}"""


@pytest.fixture
def phone(flaky_server, open_gallery):
    return open_gallery(flaky_server, f"?model={_SMALL}", **_PHONE).ready()


def _overlap(page, one, other):
    a, b = page.page.locator(one).bounding_box(), page.page.locator(other).bounding_box()
    return a["y"] < b["y"] + b["height"] and b["y"] < a["y"] + a["height"]


# Of its own, not those of the line in it, which is the clock of how long it stays.
_COME_UP = "toast => Promise.allSettled(toast.getAnimations().map((one) => one.finished))"


def _rested(page):
    """While a page flies on a tap only stops it."""
    seen = []
    until(lambda: seen.append(page.page.evaluate("scrollY")) or seen[-3:] == seen[-1:] * 3)


def test_tour_by_touch(phone):
    page, fingers = phone, Fingers(phone.page)
    page.field("find").tap()
    page.page.keyboard.type(str(_VIDEOS))
    page.deed("find").tap()
    expect(page.page).to_have_url(re.compile(f"model={_VIDEOS}"))
    page.page.go_back()
    expect(page.page).to_have_url(re.compile(f"model={_SMALL}"))
    page.ready()
    for _ in range(3):
        fingers.swipe((195, 700), (195, 200))
    until(lambda: page.page.evaluate("scrollY") > 500)
    _rested(page)

    seen = next(id for id, (_, y, _, height) in page.boxes().items() if 80 < y < 650 - height)
    page.tile(seen).tap()
    expect(page.viewer).to_have_attribute("data-shows", "file")
    assert page.viewed()["id"] == seen
    fit = page.slide.locator(".picture").bounding_box()["width"]
    fingers.pinch(_MIDDLE, 80, 240)
    until(lambda: page.slide.locator(".picture").bounding_box()["width"] > 2 * fit)
    fingers.pinch(_MIDDLE, 240, 60)
    until(lambda: abs(page.slide.locator(".picture").bounding_box()["width"] - fit) < 2)
    fingers.swipe((320, 400), (100, 400))
    until(lambda: page.viewed()["id"] != seen)
    page.page.locator(".viewer-bar [data-do='mark']").tap()
    fingers.swipe((195, 300), (195, 650))
    expect(page.viewer).to_be_hidden()

    page.tile(seen).locator("[data-do='mark']").tap()
    expect(page.page.locator(".bar .count")).to_have_text("2 marked")
    page.deed("download-marked").tap()
    page.said("2 saved").wait_for()
    page.deed("jobs").tap()
    expect(page.page.locator(".job .job-line")).to_contain_text("2 saved")
    page.deed("job-forget").tap()
    expect(page.page.locator(".job")).to_have_count(0)
    page.deed("close-panel").tap()
    expect(page.panel("jobs")).to_be_hidden()
    assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_head_says_what_its_number_is_for_and_nothing_of_it_is_cut_off(phone):
    expect(phone.page.locator(".head .joined label")).to_have_text("Up to")
    controls = phone.page.locator(".head :is(button, input):visible").all()
    ends = [box["x"] + box["width"] for box in map(lambda one: one.bounding_box(), controls)]
    assert len(ends) >= 4 and max(ends) <= phone.page.viewport_size["width"]


def test_what_is_said_covers_neither_the_bar_of_marks_nor_a_panels_buttons(phone):
    page = phone
    while page.place()[0] < 60:
        Fingers(page.page).swipe((195, 700), (195, 100))
    _rested(page)
    page.deed("mark-all").tap()
    page.deed("top").tap()  # "Back to where you were" makes the bar two rows high
    until(lambda: page.page.locator(".bar").bounding_box()["height"] > 80)
    page.deed("download-marked").tap()
    page.said("Downloading").evaluate(_COME_UP)
    assert not _overlap(page, ".toasts", ".bar")
    page.deed("jobs").tap()
    page.panel("jobs").wait_for()
    page.said("Downloading").hover()  # it stays as long
    assert not _overlap(page, ".toasts", "[data-do='job-cancel'], [data-do='job-forget'] >> nth=0")


def test_what_is_said_leaves_the_way_out_of_waiting_open(flaky, phone):
    page = phone
    page.deed("mark-all").tap()
    flaky.rule("/api/v1/images.*sort=Oldest", stalled())
    page.deed("filters").tap()
    page.field("sort").select_option("Oldest")
    page.deed("give-up").wait_for()
    page.deed("download-marked").tap()
    page.said("Downloading").evaluate(_COME_UP)
    assert not _overlap(page, ".toasts", ".of-images")
    assert not _overlap(page, ".of-images", ".bar")
    page.deed("give-up").tap()
    expect(page.page.locator(".of-images")).to_contain_text("You stopped waiting")


@pytest.mark.parametrize("where", ["grid", "viewer", "settings", "jobs"])
def test_all_that_is_tapped_is_large_enough_for_a_finger(phone, where):
    page = phone
    page.tiles.first.locator("[data-do='mark']").tap()
    if where == "viewer":
        page.open(1)
        page.key("i")
        page.page.locator("aside.details").wait_for()
    elif where != "grid":
        page.deed(where).tap()
        page.panel(where).wait_for()
    assert "\n".join(page.page.evaluate(_TARGETS, _FINGER)) == ""


def test_tapped_suggestion_is_taken_and_opens_nothing_that_lies_below_it(phone):
    phone.deed("filters").tap()
    phone.field("search").tap()
    phone.page.keyboard.type("is:imag")
    phone.page.locator("#suggestions li").first.tap()
    expect(phone.field("search")).to_have_value("is:image ")
    expect(phone.page.locator("#suggestions")).to_be_hidden()
    phone.ready()
    expect(phone.viewer).to_have_count(0)
    assert phone.does() == "search"
