"""What is above the images: how much room it takes, filters and chips, the way past it."""

from __future__ import annotations

import io
import itertools
import re

import pytest
from gallery_page import PHONE
from PIL import Image
from page_driver import expect, wait_for

_MODEL = 900_001
_FILTERED = f"?model={_MODEL}&level=XXX&type=image&meta=1"
_NOTHING = f"?model={_MODEL}&type=video&base=Pony"  # no image of the demo is both


# What `look` finds at each width of the page, with each text of the model's name, its author and
# its button.
_SWEEP = """async ([widths, texts]) => {
    const gallery = document.querySelector("civitai-gallery");
    const header = gallery.shadowRoot.querySelector(".gallery-header");
    const parts = ["h2", ".model-links > button span", "[data-do='get-this-model'] span"]
        .map(part => header.querySelector(part));
    const look = %s;
    const found = [];
    gallery.shadowRoot.querySelector(".grid").style.display = "none"; // it would load thumbnails
    for (const width of widths) {
        gallery.style.width = `${width < 900 ? width : width - 16}px`;  // as in such a window
        for (const text of texts.length ? texts : [null]) {
            if (text) parts[2].parentNode.hidden = false;
            for (const [at, part] of parts.entries()) if (text) part.textContent = text[at];
            for (let frame = 0; frame < 2; frame += 1)
                await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
            found.push([width, look(header, parts[0])]);
        }
    }
    gallery.style.width = "";
    return found;
}"""
# How many characters of the model's name are seen; an ellipsis is as wide as one or two of them.
_SEEN = """(header, h2) => {
    const {right, bottom} = h2.getBoundingClientRect();
    const isCut = h2.scrollWidth > h2.clientWidth || h2.scrollHeight > h2.clientHeight + 2;
    const ellipsis = isCut ? parseFloat(getComputedStyle(h2).fontSize) : 0;
    let seen = 0;
    for (const _ of h2.textContent) {
        const range = document.createRange();
        range.setStart(h2.firstChild, seen);
        range.setEnd(h2.firstChild, seen + 1);
        const box = range.getBoundingClientRect();
        const end = box.bottom > bottom - 4 ? right - ellipsis : right; // only the last line is cut
        if (box.right > end + 0.5 || box.bottom > bottom + 3) break;
        seen += 1;
    }
    return seen;
}"""
# How much wider the box of the name is than its text (less than a pixel makes an ellipsis), and
# whether a button's word is cut though all have words.
_CUT = """(header, h2) => {
    const range = document.createRange();
    range.selectNodeContents(h2);
    const spans = [...header.querySelectorAll(":is(.model-links, .actions) > * span")];
    const isCut = one => one.checkVisibility() && one.scrollWidth > one.clientWidth;
    return [h2.getBoundingClientRect().width - range.getBoundingClientRect().width,
        header.querySelector(".line[data-signs='']") && spans.some(isCut)];
}"""
# Whether there are words and the author, the pixels of the row that nothing needs, its height, and
# whether the chips fit.
_ROW = """header => {
    const [filters, author, chips] = [".filters", ".model-links > button", ".set-chips"]
        .map(part => header.querySelector(part));
    const words = ["watch", "download-options"].every(name =>
        getComputedStyle(header.querySelector(`[data-do=${name}]`)).fontSize !== "0px");
    return {words, author: author.offsetWidth, free: parseFloat(getComputedStyle(filters,
        "::after").width), height: header.querySelector(".line").offsetHeight,
        fits: chips.scrollWidth <= chips.clientWidth};
}"""


def _sweep(page, look, widths, *texts):
    return page.page.evaluate(_SWEEP % look, [[*widths], texts])


def _chips(page):
    return page.page.locator(".filters [data-chip]")


_TURNED = [(844, 390, 0.43), (390, 844, 0.2)]


@pytest.mark.parametrize(
    "locale,look,sizes",
    [
        ("en-US", {}, {_FILTERED: [(1600, 1000, 0.11), (800, 500, 0.31)]}),
        ("en-US", PHONE, {_FILTERED: _TURNED[1:], "?model=900008&level=XXX": _TURNED}),
        ("zh-TW", PHONE, {"?model=900004&level=XXX": _TURNED}),
    ],
    ids=["wide-and-at-200-percent", "phone", "phone-with-many-words"],
)
def test_images_begin_high_up_and_each_usual_sort_is_read_whole(
    server, open_gallery, locale, look, sizes
):
    page = open_gallery(server, "", locale=locale, **look)
    for address, windows in sizes.items():
        page.go(address)
        page.ready().page.locator(".gallery-header:not([data-waits]) h2").wait_for()
        for width, height, share in windows:
            page.page.set_viewport_size({"width": width, "height": height})
            wait_for(
                lambda: min(y for _, y, _, _ in page.boxes().values()) <= share * height
                and page.page.evaluate("document.documentElement.scrollWidth <= innerWidth"),
                f"the images in a window of {width} pixels",
            )
    page.go("?model=900003")
    page.ready()
    select = page.page.locator(".filters > select")
    for sort in select.locator("option").evaluate_all("all => all.slice(0, 5).map(o => o.value)"):
        select.evaluate("(select, sort) => { select.value = sort; }", sort)
        width = "select => { select.style.maxWidth = %s; return select.offsetWidth; }"
        assert select.evaluate(width % "'none'") <= select.evaluate(width % "''"), sort


_NAMES = [
    ("Night Windows", "neon_courier", "Get model (1.4 MB)"),
    ("A name of many words", "a" * 60, "Not available: " + "a" * 60),
    ("WM" * 12, "neon_courier", "Get model (123.4 GB)"),
    ("非常に長い名前のモデル" * 5, "某" * 30, "取得此模型 (1.4 MB)"),
]


@pytest.mark.parametrize("locale", ["en-US", "zh-TW"])
def test_name_author_words_and_chips_are_seen_where_there_is_room(server, open_gallery, locale):
    page = open_gallery(server, f"?model={_MODEL}", locale=locale)
    page.page.set_viewport_size({"width": 1920, "height": 800})

    def open_header(address):
        page.go(address)
        page.control("watch").wait_for()
        for control in ("open-user", "get-this-model"):
            page.page.locator(f".gallery-header [data-do='{control}']").first.wait_for(
                state="attached"
            )

    open_header(f"?model={_MODEL}")
    for width, row in _sweep(page, _ROW, (1366, 1440, 1600)):
        assert row["words"] and row["author"] and row["height"] < 40, (width, row)
    expect(page.control("open-user")).to_have_text(re.compile("^.+ · .+$"))
    open_header("?model=900003")
    for width, (room, is_cut) in _sweep(page, _CUT, range(1200, 1640, 20)):
        assert room >= 0 and not is_cut, width
    open_header("?model=900010&level=XXX")
    edges = [edge + by for edge in (872, 912, 1059, 1209, 1349, 1429, 1589) for by in (-1, 0)]
    seen = _sweep(page, _SEEN, [*range(360, 1921, 240), *edges], *_NAMES)
    assert [found for found in seen if found[1] < 12] == []
    names = ["Horizons", "Checkpoint · lumen", "Get model (2.1 GB)"]
    ((_, whole),) = _sweep(page, _ROW, [1920], names)
    assert whole["author"]
    for width, row in _sweep(page, _ROW, range(880, 1920, 40), names):
        assert row["author"] or row["free"] < whole["author"] + 16, (width, row)
    open_header(_FILTERED)
    expect(_chips(page)).to_have_count(3)
    for width, row in _sweep(page, _ROW, (1440, 1600, 1920)):
        assert row["fits"] and row["height"] < 40, (width, row)
    for width, row in _sweep(page, _ROW, (860, 900, 1000, 1100, 1180)):
        assert row["height"] < 90, (width, row)  # with the chips in a row of their own
    open_header("?model=900008&sort=Random")
    for width, row in _sweep(page, _ROW, (900, 1000, 1160)):
        assert row["height"] < 60, (width, row)  # a long name beside a long sort
    page.page.set_viewport_size({"width": 1600, "height": 900})
    page.go("?model=900008&level=XXX")
    row = page.ready().page.locator(".filters .set-chips")
    wait_for(lambda: row.bounding_box()["width"] >= 96)


# In each frame: the height of the row, then whether what comes late is there.
_ROW_HEIGHTS = """() => {
    window.rows = [];
    const look = () => {
        const line = document.querySelector("civitai-gallery")?.shadowRoot
            ?.querySelector(".gallery-header .line");
        if (line) window.rows.push([line.offsetHeight, !line.querySelector(
            "[data-do='get-this-model']").hidden]);
        requestAnimationFrame(look);
    };
    look();
}"""


def test_what_is_known_late_moves_no_filter_and_breaks_no_row(start, demo, open_gallery, tmp_path):
    (tmp_path / "models" / "checkpoints").mkdir(parents=True)
    server = start(demo.url, model_folders=str(tmp_path / "models"))
    page = open_gallery(server, "", locale="zh-CN")
    page.context.add_init_script(f"({_ROW_HEIGHTS})()")
    for width in (900, 1280):
        page.page.set_viewport_size({"width": width, "height": 900})
        page.go(f"?model={_MODEL}&level=XXX")
        wait_for(lambda: page.page.evaluate("window.rows.at(-1)?.[1]"), "the button")
        rows = page.page.evaluate("window.rows")
        assert len({height for height, has_all in rows if has_all}) == 1, rows[-5:]
    page = open_gallery(start(demo.url), "")
    held = []
    page.page.route(re.compile(r"/api/models/\d+$"), lambda route: held.append(route))
    names = ("Ink", "A model with a long name (fixed) [SDXL]")
    models = range(900_001, 900_007)  # each is opened once: later the server knows it
    for model, (width, name) in zip(models, itertools.product((1440, 1100, 900), names)):
        page.page.set_viewport_size({"width": width, "height": 900})
        page.go(f"?model={model}")
        page.ready()
        controls = (page.control("filters"), page.field("sort"))
        before = [control.bounding_box() for control in controls]
        wait_for(lambda: page.page.evaluate("0") or held, "the request for the model")
        route = held.pop()
        response = route.fetch()
        route.fulfill(response=response, json={**response.json(), "name": name})
        page.control("about").wait_for()
        assert [control.bounding_box() for control in controls] == before, (width, name)


def test_buttons_take_double_clicks_and_filters_change_by_keys(server, open_gallery):
    page = open_gallery(server).ready()
    opened = page.page.locator("dialog[open], .menu-layer, .popover:popover-open")
    for button in ("jobs", "sets", "figures", "more-tools", "gallery-menu", "filters"):
        page.double_click(page.control(button).first)
        expect(opened).to_have_count(1)
        page.key("Escape")
        expect(opened).to_have_count(0)
    page.control("filters").focus()
    page.key("Enter")
    for name in ["version", "period", "level", "base", "type", "meta"]:
        page.key("Tab")
        wait_for(lambda: page.focused_control() == name, "the focus")
        page.key("Space" if name == "meta" else "ArrowDown")
    for part in ["version=", "period=", "type=", "base=", "meta=1"]:
        expect(page.page).to_have_url(re.compile(part))
    page.key("Escape")
    wait_for(lambda: page.focused_control() == "filters", "the focus")
    page.key("ArrowRight")
    wait_for(lambda: page.focused_control() == "sort", "the focus")
    page.key("ArrowDown")
    expect(page.page).to_have_url(re.compile("sort="))
    page.key("ArrowRight")
    wait_for(lambda: page.focused_control() == "remove-chip", "the focus")


def test_header_goes_while_one_scrolls_down_but_not_at_a_filter(server, open_gallery):
    page = open_gallery(server, "?model=900003&type=image&meta=1&period=Month").ready()
    header = page.page.locator(".top")
    heading = page.page.get_by_role("heading", level=1)
    expect(heading).to_have_text(["Civitai Shortcut"])
    expect(header).to_be_in_viewport(ratio=1)
    for by_key, control in (("/", "find"), ("f", "version")):
        page.wheel(900)
        expect(header).not_to_be_in_viewport()
        page.wheel(-200)
        expect(header).to_be_in_viewport(ratio=1)
        page.wheel(900)
        expect(header).not_to_be_in_viewport()
        page.key(by_key)
        wait_for(lambda: page.focused_control() == control)
        expect(page.field(control)).to_be_in_viewport(ratio=1)
        page.key("Escape", 2)
        page.page.evaluate(
            "document.querySelector('civitai-gallery').shadowRoot.activeElement?.blur()"
        )
    page.scroll_to(20)
    reset = page.control("reset-filters")
    expect(reset).to_be_in_viewport(ratio=1)  # beside any number of chips
    reset.click()
    expect(page.page).to_have_url(re.compile(r"\?model=900003$"))
    page.page.locator(".grid:not([data-stale])").wait_for()
    page.scroll_position()
    expect(header).to_be_in_viewport(ratio=1)


def test_images_are_the_first_link_or_six_stops_away_and_chips_go(server, open_gallery):
    page = open_gallery(server, _FILTERED).ready()
    page.control("about").wait_for()
    page.key("Tab")
    wait_for(lambda: page.focused_control() == "skip", "the focus")
    page.key("Enter")
    wait_for(lambda: page.focused() == page.ids()[0], "the focus")
    page.go(_FILTERED)
    page.ready()
    stops = []
    while page.focused() is None:
        page.key("Tab")
        stops.append(page.focused_control())
        assert len(stops) <= 7, stops  # the seventh is the image
    expect(_chips(page)).to_have_text(["Rating up to: XXX", "Type: Images", "With data only"])
    _chips(page).nth(1).focus()
    page.key("Enter")
    expect(_chips(page)).to_have_text(["Rating up to: XXX", "With data only"])
    wait_for(lambda: page.focused_control() == "remove-chip", "the focus")  # the next one
    expect(page.page).not_to_have_url(re.compile("type="))
    page.control("reset-filters").click()
    expect(page.page.locator(".set-chips")).to_be_hidden()
    expect(page.page).to_have_url(f"{page.url}/?model={_MODEL}")
    page.go(_NOTHING)  # the filters that emptied a gallery are named
    said = page.page.locator(".empty-result")
    expect(said).to_contain_text("nothing that passes these filters")
    expect(said.locator("[data-do='read-anew']")).to_be_visible()  # Civitai may have given up
    expect(said.locator("[data-chip]")).to_have_text(["Type: Videos", "Base model: Pony"])
    expect(page.page.locator(".status:visible")).to_have_count(0)
    grid = page.page.locator(".grid")  # an empty one is no stop of Tab
    expect(grid).to_have_attribute("tabindex", "-1")
    expect(grid).to_have_attribute("aria-hidden", "true")
    said.get_by_text("Base model: Pony").click()
    page.ready()
    expect(said).to_be_hidden()
    expect(_chips(page)).to_have_text(["Type: Videos"])


def test_narrow_page_keeps_the_text_of_chips_and_has_a_menu_of_buttons(server, open_gallery):
    small = {"width": 390, "height": 844}
    page = open_gallery(server, f"?model={_MODEL}&type=image", viewport=small).ready()
    chip = page.page.locator(".filters [data-chip=type]")
    expect(chip).to_be_visible()
    assert chip.locator("span").evaluate("text => text.scrollWidth <= text.clientWidth")
    page.control("gallery-menu").click()
    page.control("download-options").click()
    page.field("limit").fill("2")
    page.control("download-gallery").click()
    page.message("Downloading").wait_for()
    page.control("gallery-menu").click()
    page.control("open-user").click()
    expect(page.page).to_have_url(re.compile("user="))


def test_no_image_shows_beside_the_sticky_bar(server, open_gallery):
    size = {"width": 1599, "height": 900}
    page = open_gallery(server, viewport=size, device_scale_factor=1.25).ready()
    page.wheel(500)
    wait_for(lambda: page.scroll_position() > 400)
    page.wheel(-100)
    wait_for(lambda: page.page.locator(".top").bounding_box()["y"] == 0)
    bar = page.page.screenshot(clip={"x": 0, "y": 0, "width": 1599, "height": 59})
    image = Image.open(io.BytesIO(bar)).convert("L")
    ground = image.getpixel((0, 0))
    strips = [
        x
        for x in range(image.width)
        if all(abs(image.getpixel((x, y)) - ground) > 16 for y in range(0, image.height, 8))
    ]
    assert strips == []
