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


def _press(key, panel):
    def press(page):
        page.key(key)
        page.panel(panel).wait_for()

    return press


def _click(page, action, menu):
    """Press a button, which may be in a menu where the page is narrow."""
    if not page.control(action).count():
        page.control(menu).click()
    page.control(action).click()


def _mark(page):
    """Mark two images, which stay marked in the states that follow."""
    if page.marked.count():
        return
    for tile in range(2):
        page.tiles.nth(tile).hover()
        page.tiles.nth(tile).locator("[data-do='mark']").click()


def _compare(page):
    _mark(page)
    page.key("c")
    page.panel("compare").wait_for()


def _open_download_options(page):
    _click(page, "download-options", "gallery-menu")
    page.field("limit").wait_for()


def _compare_over(page):
    _compare(page)
    page.key("o")
    page.field("compare-split").wait_for()


def _download(page):
    """Download two images and show them in the panel."""
    _mark(page)
    page.key("d")
    page.message("saved").last.wait_for()  # the newest covers another
    page.key("j")
    page.control("job-forget").first.wait_for()


def _list_models(page):
    _mark(page)
    page.control("models-marked").click()
    page.panel("model_files").wait_for()


def _collect(page):
    _mark(page)
    page.choose_more("sets-marked")
    page.panel("collections").wait_for()
    page.field("set-name").fill("Water")
    page.control("add-to-set").click()
    page.page.locator(".collections-list .collection").first.wait_for()


def _hide(page):
    """Hide an author, and open what the number of hidden images offers."""
    page.tiles.nth(0).click(button="right")
    page.control("menu-hide").click()
    page.control("hide-author").click()
    page.control("hidden").click()
    page.page.locator(".popup-menu").wait_for()


def _open_author_menu(page):
    _open_details(page)
    page.control("author-menu").click()
    page.page.locator(".popup-menu").wait_for()


def _open_tools(page):
    page.control("more-tools").click()


def _open_slideshow(page):
    page.open(1).key("s")
    page.page.locator("dialog[data-viewer] .toast").last.wait_for()


def _open_details(page):
    page.open(1)
    if not page.page.locator("aside.details").is_visible():
        page.key("i")
    page.page.locator("details.infotext summary").click()
    page.field("infotext").wait_for()


def _open_image_menu(page):
    page.tiles.nth(0).click(button="right")
    page.page.locator(".popup-menu").wait_for()


def _search(page):
    page.field("find").fill("water")
    page.page.locator(".search-field [role='option']").first.wait_for()


def _fail(pattern, answer, then=lambda page: page.field("sort").select_option("Oldest")):
    """Let requests of the page fail, and do something that needs them."""

    def fail(page):
        page.page.route(pattern, answer)
        then(page)
        expect(page.page.locator(".status[data-kind='waits']:visible")).to_have_count(0)

    return fail


def _refuse(status, code):
    body = {"error": {"code": code, "message": "So it is: do something about it."}}
    return lambda route: route.fulfill(status=status, json=body)


def _open_broken(page):
    """Open an image whose file and details do not come."""
    page.page.route("**/api/file/*", _refuse(502, "network"))
    page.page.route("**/api/images/*", _refuse(502, "network"))
    page.tiles.nth(0).click()
    page.slide.locator(".slide-error").wait_for()


def _open_image_of_nobody(page):
    page.go(f"{_GALLERY}&image=999999999")
    page.slide.locator(".slide-error").wait_for()


def _show_stats(page):
    """Show the statistics of a LoRA with versions."""
    page.find("900003")
    expect(page.page).to_have_url(re.compile("model=900003"))
    page.ready().key("w")
    page.panel("stats").locator(".versions").wait_for()


def _watch(page):
    _click(page, "watch", "gallery-menu")
    if page.marked.count():
        page.control("mark-none").click()  # on a phone, the selection is in the places' place
    page.open_watches()
    page.control("watch-leave").wait_for()


def _fill_settings(page):
    """Hide images with a word, and give a setting and the key values that are refused."""
    page.key(",")
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


def _fail_panel(pattern, action, panel):
    def fail(page):
        page.page.route(pattern, _refuse(502, "network"))
        _click(page, action, "gallery-menu")
        page.panel(panel).locator("[data-do='retry']").wait_for()

    return fail


_IS_CLOSED = """() => {
    const root = document.querySelector("civitai-gallery").shadowRoot;
    const open = root.querySelectorAll("dialog, .popup-menu, .search-rows, .status, [data-failed]");
    return [...open].every((part) => !part.checkVisibility());
}"""
# axe looks at each tile, and one is like another.
_FEW_TILES = "localStorage.setItem('civitai-shortcut', JSON.stringify({tile: 480}))"
# What is done before axe looks; each begins with the gallery, in which nothing is open.
_STATES = {
    "gallery": lambda page: None,
    "tools": _open_tools,
    "marked": _mark,
    "filters": lambda page: page.open_filters(),
    "menu": _open_image_menu,
    "search": _search,
    "empty field": lambda page: page.field("find").click(),
    "download options": _open_download_options,
    "models": _list_models,
    "details": _open_details,
    "slideshow": _open_slideshow,
    "compare": _compare,
    "compare over": _compare_over,
    "jobs": _press("j", "jobs"),
    "settings": _press(",", "settings"),
    "help": _press("?", "help"),
    "stats": _show_stats,
    "watched": _watch,
    "collected": _collect,
    "downloads": _download,
    "hidden": _hide,
    "author menu": _open_author_menu,
    "failed page": _fail("**/api/images?*sort=Oldest*", _refuse(502, "network")),
    "page that needs a key": _fail("**/api/images?*sort=Oldest*", _refuse(403, "needs_key")),
    "server gone": _fail("**/api/images?*sort=Oldest*", lambda route: route.abort()),
    "failed lookup": _fail(
        "**/api/lookup?*",
        _refuse(400, "bad_input"),
        lambda page: page.find("https://example.com/1"),
    ),
    "failed image": _open_broken,
    "image that is gone": _open_image_of_nobody,
    "failed thumbnails": _fail("**/api/thumb/*", _refuse(404, "gone")),
    "failed statistics": _fail_panel("**/api/stats*", "figures", "stats"),
    "refused settings": _fill_settings,
    "about": lambda page: _click(page, "about", "gallery-menu"),  # stays open, over the images
}
_ADDRESSES = {
    "nothing passes": "?model=900001&type=video&base=Pony",
    "no such model": "?model=999999",
    "library": "?search=",
    "models": "?find=water",
    "home": "",
    "nothing found": f"?search={'z' * 300}",
    "random, nothing read": "?model=900008&sort=Random",
}


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

    def check(name):
        found[name] = page.axe_findings() + page.layout_faults(least)
        found[name] += page.focus_losses(len(found), count=8)

    page.control("open-popular").first.wait_for()
    check("home of a new user")
    gallery = f"{_GALLERY}&__theme={theme}"
    for name, reach in _STATES.items():
        page.page.unroute_all()
        page.key("Escape", 3)
        is_closed = page.page.url.endswith(gallery) and page.page.evaluate(_IS_CLOSED)
        if not is_closed:
            page.go(gallery)
        reach(page.ready())
        check(name)
    page.page.unroute_all()
    for name, address in _ADDRESSES.items():
        page.go(f"{address or '?'}&__theme={theme}")
        expect(page.page.locator(".status[data-kind='waits']:visible")).to_have_count(0)
        check(name)
    assert {name: one for name, one in found.items() if one} == {}
