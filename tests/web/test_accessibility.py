"""In any state of the page, in both themes, wide and narrow: axe finds nothing, all can be pressed
and read where it is seen, and a control that goes leaves the focus in the page."""

from __future__ import annotations

import re

import pytest
from gallery_page import with_axe
from page_driver import expect

pytestmark = with_axe

_GALLERY = "?model=900001&level=XXX"
_SIZES = {"wide": (1600, 1000), "middle": (900, 1000), "phone": (390, 844)}


_OLDEST = "**/api/images?*sort=Oldest*"
_IS_CLOSED = """() => {
    const root = document.querySelector("civitai-gallery").shadowRoot;
    const open = root.querySelectorAll("dialog, .popup-menu, .search-rows, .status, [data-failed]");
    return [...open].every((part) => !part.checkVisibility());
}"""
# axe looks at each tile, and one is like another.
_FEW_TILES = "localStorage.setItem('civitai-shortcut', JSON.stringify({tile: 480}))"
_ADDRESSES = {
    "nothing passes": "?model=900001&type=video&base=Pony",
    "no such model": "?model=999999",
    "library": "?search=",
    "models": "?find=water",
    "home": "",
    "nothing found": f"?search={'z' * 300}",
    "random, nothing read": "?model=900008&sort=Random",
}


def _press(page, action):
    """Press a button, which may be in a menu where the page is narrow."""
    if not page.control(action).count():
        page.control("gallery-menu").click()
    page.control(action).click()


def _mark(page):
    """Mark two images, which stay marked in the states that follow."""
    if page.marked.count():
        return
    if page.control("select").count():  # on touch
        page.control("select").click()
    for tile in range(2):
        page.tiles.nth(tile).hover()
        page.tiles.nth(tile).locator("[data-do='mark']").click()


def _open_details(page):
    page.open(1)
    if not page.page.locator("aside.details").is_visible():
        page.key("i")
    page.page.locator("details.infotext summary").click()
    page.field("infotext").wait_for()


def _refuse(status, code):
    body = {"error": {"code": code, "message": "So it is: do something about it."}}
    return lambda route: route.fulfill(status=status, json=body)


# The parts of a walk through the states of a page, each begun in the gallery. `check` is called
# with the name of each, when it is there; it closes what is open, unless it `stays`.


def _visit_the_gallery(page, check):
    menu = page.page.locator(".popup-menu")
    check("gallery")
    page.control("more-tools").click()
    check("tools")
    page.open_filters()
    check("filters")
    page.tiles.nth(0).click(button="right")
    menu.wait_for()
    check("menu")
    page.field("find").fill("water")
    page.page.locator(".search-field [role='option']").first.wait_for()
    check("search")
    page.field("find").click()
    check("empty field")
    _press(page, "download-options")
    page.field("limit").wait_for()
    check("download options")
    page.open(1).key("s")
    page.page.locator("dialog[data-viewer] .toast").last.wait_for()
    check("slideshow")
    _open_details(page)
    check("details", stays=True)
    page.control("author-menu").click()
    menu.wait_for()
    check("author menu")


def _visit_the_panels(page, check):
    for key, panel in (("j", "jobs"), (",", "settings"), ("?", "help")):
        page.key(key)
        page.panel(panel).wait_for()
        check(panel, stays=panel == "settings")
        if panel == "settings":  # with a hidden word, and with what is refused
            page.field("hidden-text").fill("night")
            page.control("hide").click()
            page.page.locator(".hidden-rules li").first.wait_for()
            expect(page.control("hide")).not_to_have_attribute("aria-busy", "true")
            page.field("key").fill("a b")
            page.control("save-key").click()
            page.page.locator(".key .wrong").wait_for()
            page.control("settings-advanced").click()
            page.field("setting-gallery_cache_mb").fill("3")
            page.key("Enter")
            expect(page.page.locator("#setting-gallery_cache_mb-wrong")).not_to_be_empty()
            check("refused settings")
    _press(page, "watch")
    page.open_watches()
    page.control("watch-leave").wait_for()
    check("watched")
    _press(page, "about")
    check("about")  # stays open, over the images
    page.find("900003")  # a LoRA with versions
    expect(page.page).to_have_url(re.compile("model=900003"))
    page.ready().key("w")
    page.panel("stats").locator(".versions").wait_for()
    check("stats")


def _visit_a_selection(page, check):
    if page.control("select").count():
        page.control("select").click()
        check("none marked")
    _mark(page)
    check("marked")
    _mark(page)
    page.control("models-marked").click()
    page.panel("model_files").wait_for()
    check("models")
    _mark(page)
    page.key("c")
    page.panel("compare").wait_for()
    check("compare", stays=True)
    page.key("o")
    page.field("compare-split").wait_for()
    check("compare over")
    _mark(page)
    page.choose_more("sets-marked")
    page.panel("collections").wait_for()
    page.field("set-name").fill("Water")
    page.control("add-to-set").click()
    page.page.locator(".collections-list .collection").first.wait_for()
    check("collected")
    _mark(page)
    page.key("d")
    page.message("saved").last.wait_for()  # the newest covers another
    page.key("j")
    page.control("job-forget").first.wait_for()
    check("downloads")
    page.tiles.nth(0).click(button="right")
    page.control("menu-hide").click()
    page.control("hide-author").click()
    page.control("hidden").click()
    page.page.locator(".popup-menu").wait_for()
    check("hidden")


def _visit_failures(page, check):
    sort = lambda: page.field("sort").select_option("Oldest")  # noqa: E731
    find = lambda: page.find("https://example.com/1")  # noqa: E731
    for name, pattern, answer, act in (
        ("failed page", _OLDEST, _refuse(502, "network"), sort),
        ("page that needs a key", _OLDEST, _refuse(403, "needs_key"), sort),
        ("server gone", _OLDEST, lambda route: route.abort(), sort),
        ("failed thumbnails", "**/api/thumb/*", _refuse(404, "gone"), sort),
        ("failed lookup", "**/api/lookup?*", _refuse(400, "bad_input"), find),
    ):
        page.page.route(pattern, answer)
        act()
        expect(page.page.locator(".status[data-kind='waits']:visible")).to_have_count(0)
        check(name)
    page.page.route("**/api/file/*", _refuse(502, "network"))
    page.page.route("**/api/images/*", _refuse(502, "network"))
    page.tiles.nth(0).click()
    page.slide.locator(".slide-error").wait_for()
    check("failed image")
    page.page.route("**/api/stats*", _refuse(502, "network"))
    _press(page, "figures")
    page.panel("stats").locator("[data-do='retry']").wait_for()
    check("failed statistics")
    page.go(f"{_GALLERY}&image=999999999")
    page.slide.locator(".slide-error").wait_for()
    check("image that is gone")


_LOOKS = [
    pytest.param(size, theme, id=f"{size}-{theme}", marks=marks)
    for size, theme, marks in [
        ("wide", "light", ()),
        ("phone", "dark", ()),
        ("wide", "dark", pytest.mark.long),
        ("phone", "light", pytest.mark.long),
        ("middle", "light", pytest.mark.long),
        ("middle", "dark", pytest.mark.long),
    ]
]


@pytest.mark.parametrize("size,theme", _LOOKS)
def test_any_state_is_accessible_and_whole_and_keeps_the_focus(
    start, demo, open_gallery, size, theme
):
    width, height = _SIZES[size]
    page = open_gallery(
        start(demo.url),
        f"?__theme={theme}",
        viewport={"width": width, "height": height},
        has_touch=size == "phone",
        is_mobile=size == "phone",
    )
    page.context.add_init_script(_FEW_TILES)
    least = 44 if size == "phone" else 24
    found = {}

    def check(name, stays=False):
        found[name] = page.axe_findings() + page.layout_faults(least)
        found[name] += page.focus_losses(len(found), count=8)
        if stays:
            return
        page.page.unroute_all()
        page.key("Escape", 3)
        if not (page.page.url.endswith(gallery) and page.page.evaluate(_IS_CLOSED)):
            page.go(gallery)
        page.ready()

    gallery = f"{_GALLERY}&__theme={theme}"
    page.control("open-popular").first.wait_for()
    check("home of a new user", stays=True)
    page.go(gallery)
    page.ready()
    for visit in (_visit_the_gallery, _visit_the_panels, _visit_a_selection, _visit_failures):
        visit(page, check)
    for name, address in _ADDRESSES.items():
        page.go(f"{address or '?'}&__theme={theme}")
        expect(page.page.locator(".status[data-kind='waits']:visible")).to_have_count(0)
        check(name, stays=True)
    assert {name: one for name, one in found.items() if one} == {}
