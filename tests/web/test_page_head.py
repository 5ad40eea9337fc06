"""What is above the images: how much room it takes, filters and chips, the way past it."""

from __future__ import annotations

import io
import re

import pytest
from gallery_page import PHONE
from PIL import Image
from page_driver import expect, wait_for

_MODEL = 900_001
_FILTERED = f"?model={_MODEL}&level=XXX&type=image&meta=1"
_NOTHING = f"?model={_MODEL}&type=video&base=Pony"  # no image of the demo is both


_SET_HEADER = """names => {
    const header = document.querySelector("civitai-gallery").shadowRoot
        .querySelector(".gallery-header");
    const parts = ["h2", ".model-links > button span", "[data-do='get-this-model'] span"]
        .map(part => header.querySelector(part));
    for (const [at, part] of parts.entries()) part.textContent = names[at];
    parts[2].parentNode.hidden = false;
}"""
# How many characters of the model's name are seen; an ellipsis is as wide as one or two of them.
_SEEN = """() => new Promise(done => requestAnimationFrame(() => setTimeout(() => {
    const h2 = document.querySelector("civitai-gallery").shadowRoot
        .querySelector(".gallery-header h2");
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
    done(seen);
})))"""


# How much wider the box of the model's name is than its text: less than a pixel makes an ellipsis.
_NAME_WIDTHS = """() => new Promise(done => requestAnimationFrame(() => setTimeout(() => {
    const h2 = document.querySelector("civitai-gallery").shadowRoot
        .querySelector(".gallery-header h2");
    const range = document.createRange();
    range.selectNodeContents(h2);
    done(h2.getBoundingClientRect().width - range.getBoundingClientRect().width);
})))"""

# The pixels of the row that nothing needs.
_FREE = """filters => new Promise(done => requestAnimationFrame(() => setTimeout(() =>
    done(parseFloat(getComputedStyle(filters, "::after").width)))))"""


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
def test_twelve_letters_of_the_models_name_are_seen(server, open_gallery, locale):
    page = open_gallery(server, "?model=900004&level=XXX", locale=locale).ready()
    page.page.locator(".gallery-header [data-do='open-user']").first.wait_for(state="attached")
    edges = [edge + by for edge in (872, 912, 1059, 1209, 1349, 1429, 1589) for by in (-1, 0)]
    for width in [*range(360, 1921, 240), *edges]:
        page.page.set_viewport_size({"width": width, "height": 800})
        for names in _NAMES:
            page.page.evaluate(_SET_HEADER, list(names))
            assert page.page.evaluate(_SEEN) >= 12, (width, names)


def test_short_name_is_never_cut_and_no_size_is_cut_where_words_can_go(server, open_gallery):
    page = open_gallery(server, "?model=900003").ready()
    page.page.locator(".gallery-header [data-do='get-this-model']").wait_for(state="attached")
    page.page.locator(".gallery-header [data-do='open-user']").first.wait_for(state="attached")
    spans = page.page.locator(".gallery-header .line :is(.model-links, .actions) > :visible span")
    for width in range(1200, 1640, 20):
        page.page.set_viewport_size({"width": width, "height": 800})
        assert page.page.evaluate(_NAME_WIDTHS) >= 0, width
        if page.page.locator(".line[data-signs='']").count():
            cut = "spans => spans.some(one => one.scrollWidth > one.clientWidth)"
            assert not spans.evaluate_all(cut), width


@pytest.mark.parametrize("locale", ["en-US", "zh-TW"])
def test_buttons_have_their_words_and_the_author_is_named_where_chips_leave_room(
    server, open_gallery, locale
):
    page = open_gallery(server, f"?model={_MODEL}", locale=locale).ready()
    page.control("watch").wait_for()
    line = page.page.locator(".gallery-header .line")
    author = line.locator("[data-do='open-user']")
    for width in (1366, 1440, 1600):
        page.page.set_viewport_size({"width": width, "height": 800})
        for control in ("watch", "download-options"):
            expect(page.control(control)).not_to_have_css("font-size", "0px")
        expect(author).to_be_visible()
        assert line.bounding_box()["height"] < 40
    expect(author).to_have_text(re.compile("^.+ · .+$"))
    page.go(f"?model={_MODEL}&level=XXX")
    page.control("watch").wait_for()
    filters = page.page.locator(".gallery-header .filters")
    page.page.evaluate(_SET_HEADER, ["Horizons", "Checkpoint · lumen", "Get model (2.1 GB)"])
    page.page.set_viewport_size({"width": 1920, "height": 800})
    author.wait_for()
    needed = author.bounding_box()["width"]
    for width in range(880, 1920, 40):
        page.page.set_viewport_size({"width": width, "height": 800})
        free = filters.evaluate(_FREE)
        assert author.is_visible() or free < needed + 16, width
    page.go(_FILTERED)
    page.control("watch").wait_for()
    chips = page.page.locator(".filters .set-chips")
    expect(_chips(page)).to_have_count(3)
    for width in (1440, 1600, 1920):
        page.page.set_viewport_size({"width": width, "height": 800})
        wait_for(lambda: chips.evaluate("chips => chips.scrollWidth <= chips.clientWidth"))
        assert line.bounding_box()["height"] < 40
    for width in (860, 900, 1000, 1100, 1180):  # with the chips in a row of their own
        page.page.set_viewport_size({"width": width, "height": 800})
        wait_for(lambda: line.bounding_box()["height"] < 90)


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


def test_button_that_comes_late_never_breaks_the_row(start, demo, open_gallery, tmp_path):
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


def test_long_name_stays_in_one_row_with_a_long_sort_and_leaves_room_for_chips(
    server, open_gallery
):
    page = open_gallery(server, "")
    line = page.page.locator(".gallery-header .line")
    for width in (900, 1000, 1160):
        page.page.set_viewport_size({"width": width, "height": 900})
        page.go("?model=900008&sort=Random")
        page.control("about").wait_for()
        wait_for(lambda: line.bounding_box()["height"] < 60, "one row")
    page.page.set_viewport_size({"width": 1600, "height": 900})
    page.go("?model=900008&level=XXX")
    row = page.ready().page.locator(".filters .set-chips")
    wait_for(lambda: row.bounding_box()["width"] >= 96)


@pytest.mark.parametrize("name", ["Ink", "A model with a long name (fixed) [SDXL]"], ids=len)
@pytest.mark.parametrize("width", [1440, 1100, 900])
def test_what_is_known_late_of_a_model_moves_no_filter(start, demo, open_gallery, width, name):
    page = open_gallery(start(demo.url), "", viewport={"width": width, "height": 900})
    held = []
    page.page.route(f"**/api/models/{_MODEL}", lambda route: held.append(route))
    page.go(f"?model={_MODEL}")
    page.ready()
    controls = (page.control("filters"), page.field("sort"))
    before = [control.bounding_box() for control in controls]
    wait_for(lambda: page.page.evaluate("0") or held, "the request for the model")
    response = held[0].fetch()
    held[0].fulfill(response=response, json={**response.json(), "name": name})
    page.control("about").wait_for()
    assert [control.bounding_box() for control in controls] == before


def test_double_click_opens_what_a_click_opens(server, open_gallery):
    page = open_gallery(server).ready()
    opened = page.page.locator("dialog[open], .menu-layer, .popover:popover-open")
    for button in ("jobs", "sets", "figures", "more-tools", "gallery-menu", "filters"):
        page.double_click(page.control(button).first)
        expect(opened).to_have_count(1)
        page.key("Escape")
        expect(opened).to_have_count(0)


def test_header_goes_while_one_scrolls_down_and_comes_back(server, open_gallery):
    page = open_gallery(server).ready()
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
            "document.querySelector('civitai-gallery').shadowRoot.activeElement.blur()"
        )


def test_header_stays_while_a_filter_is_changed_further_down(server, open_gallery):
    page = open_gallery(server, "?model=900003&type=image&meta=1&period=Month").ready()
    page.scroll_to(20)
    reset = page.control("reset-filters")
    expect(reset).to_be_in_viewport(ratio=1)  # beside any number of chips
    reset.click()
    expect(page.page).to_have_url(re.compile(r"\?model=900003$"))
    page.page.locator(".grid:not([data-stale])").wait_for()
    page.scroll_position()
    expect(page.page.locator(".top")).to_be_in_viewport(ratio=1)


def test_images_are_the_first_link_or_six_stops_of_tab_away_and_chips_go_by_enter(
    server, open_gallery
):
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


def test_each_filter_is_reached_and_changed_by_keyboard_alone(server, open_gallery):
    page = open_gallery(server).ready()
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


def test_empty_gallery_names_the_filters_that_emptied_it(server, open_gallery):
    page = open_gallery(server, _NOTHING)
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
