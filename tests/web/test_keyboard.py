"""By keyboard and screen reader: all is reached and named, and the focus is seen."""

from __future__ import annotations

import re

from page_driver import expect, wait_for
from page_facts import of_model

_OTHER = 900_002
_MOST_STOPS = 80  # of Tab on the way through the page
_CLOSE_AND_OPEN = """([panel, key]) => {
    const root = document.querySelector("civitai-gallery").shadowRoot;
    const dialog = root.querySelector(`[data-panel=${panel}]`);
    dialog.dispatchEvent(new Event("cancel", {cancelable: true}));
    document.dispatchEvent(new KeyboardEvent("keydown", {key}));
}"""
# What has the focus: its name, whether it is in sight whole or as far as the window goes, and
# whether something is drawn around it that is not there without the focus.
_FOCUS = """() => {
    const root = document.querySelector("civitai-gallery").shadowRoot;
    const focused = root.activeElement;
    if (!focused) return null;
    const {left, top, right, bottom} = focused.getBoundingClientRect();
    const [x, y] = [Math.max(left, 0) + Math.min(right, innerWidth),
                    Math.max(top, 0) + Math.min(bottom, innerHeight)].map(sum => sum / 2);
    const at = root.elementFromPoint(x, y);
    const around = [];
    for (let one = focused; one?.style && around.length < 3; one = one.parentElement) {
        around.push(one);
    }
    const looks = () => around.map(one => {
        const {outlineStyle, outlineWidth, boxShadow, borderColor, backgroundColor} =
            getComputedStyle(one);
        const outline = outlineStyle === "none" ? "" : outlineWidth;
        return [outline, boxShadow, borderColor, backgroundColor];
    });
    const {dataset} = focused;
    const name = dataset.do ?? dataset.field ?? dataset.id ?? focused.className;
    const isSeen = Boolean(at) && (focused.contains(at) || at.contains(focused)
        || Boolean(focused.labels?.[0]?.contains(at)));
    const before = JSON.stringify(looks());
    const {parentNode} = focused;
    focused.blur();
    const after = JSON.stringify(looks());
    focused.focus({focusVisible: true, preventScroll: true});
    return {name, isSeen, isDrawn: before !== after};
}"""


def _stop(page, name="Tab"):
    """One press on; what has the focus then, which one must see."""
    page.key(name)
    focus = page.page.evaluate(_FOCUS)
    assert focus is None or (focus["isSeen"] and focus["isDrawn"]), focus
    return focus and focus["name"]


def _way_to(page, wanted, key="Tab"):
    """All stops until there."""
    stops = []
    while wanted not in stops:
        assert len(stops) < _MOST_STOPS, stops
        stops.append(_stop(page, key))
    return stops


def _across(page):
    """Return all controls of the toolbar whose first one has the focus, which it gets back."""
    first = _stop(page, "ArrowRight")
    stops = [first]
    while len(stops) < 2 or stops[-1] != first:
        assert len(stops) < _MOST_STOPS, stops
        stops.append(_stop(page, "ArrowRight"))
    page.key("ArrowLeft")
    return set(stops)


def _close(page, name):
    page.key("Escape")
    expect(page.panel(name)).to_be_hidden()


def test_tour_by_keyboard_alone(flaky_server, open_gallery):
    page = open_gallery(flaky_server).ready()
    page.key("/")
    wait_for(lambda: page.focused_control() == "find", "the focus")
    page.page.keyboard.type(str(_OTHER))
    page.key("Enter")
    expect(page.page).to_have_url(re.compile(f"model={_OTHER}"))
    wait_for(page.focused, "the focus on the first match")
    page.key("/")
    _way_to(page, "home")
    assert {"open-kept", "sets", "jobs", "more-tools"} <= _across(page)
    page.key("Tab")
    expected = {"about", "filters", "sort", "tile", "figures", "download-options"}
    assert expected <= _across(page)
    _way_to(page, page.ids()[0])

    first = page.focused()
    expect(page.tile(first)).to_have_attribute("aria-label", re.compile("^Picture( by|:) "))
    page.key("ArrowRight")
    second = page.focused()
    assert second not in (None, first)
    page.key("Enter")
    expect(page.viewer).to_have_attribute("data-id", second)
    said = page.viewer.locator("[role='status'].visually-hidden")
    expect(said).to_have_text("")  # the dialog's own label says the first
    page.key("Space")
    assert {"mark", "save", "details", "close"} <= set(_way_to(page, "next"))
    page.key("Enter")  # of the button, and so not once more of the grid
    expect(page.viewer).not_to_have_attribute("data-id", second)
    page.page.locator("dialog[data-viewer][data-shows='file']").wait_for()
    third, label = page.viewed()["id"], page.viewer.get_attribute("aria-label")
    expect(said).to_have_text(re.compile(rf"^3 of [\d+,]+, {re.escape(label)}$"))
    said.evaluate("one => { one.firstChild.said = true; }")
    page.key("b")
    page.message("favourite").wait_for()
    assert said.evaluate("one => one.firstChild.said"), "the same image is not said again"
    page.key("Escape")
    expect(page.viewer).to_be_hidden()
    wait_for(lambda: page.focused() == third, "the focus")
    expect(page.page.locator(".selection-bar .count")).to_have_text("1 selected")

    page.key("Space")
    expect(page.marked).to_have_count(2)
    page.key("d")
    page.key("j")
    expect(page.page.locator(".job")).to_have_attribute("data-state", "done")
    _way_to(page, "job-forget")
    page.key("Enter")
    expect(page.page.locator(".job")).to_have_count(0)
    _close(page, "jobs")
    wait_for(lambda: page.focused() == third, "the focus")

    page.key(",")
    _way_to(page, "setting-gallery_download_limit")
    assert not [text for text in page.page.evaluate(_SAID) if _CHINESE.search(text)]
    assert page.page.locator("civitai-gallery").get_attribute("lang") == "en"
    page.page.keyboard.type("31")
    page.key("Enter")
    page.message("Saved").wait_for()
    _close(page, "settings")
    expect(page.field("limit")).to_have_value("31")
    page.key("?")
    expect(page.panel("help")).to_contain_text("Select up to here")
    _way_to(page, "panel-body")
    _close(page, "help")
    wait_for(lambda: page.focused() == third, "the focus")
    page.page.go_back()  # the browser's own key
    expect(page.page).to_have_url(re.compile("model=900001"))


def test_keys_undo_copy_texts_and_lead_to_panels_filters_and_fields(server, open_gallery):
    clipboard = ["clipboard-read", "clipboard-write"]
    page = open_gallery(server, permissions=clipboard).ready()
    page.key("ArrowDown")
    read = "navigator.clipboard.readText()"
    page.key("Control+c")
    page.message("Copied").wait_for()
    infotext = page.page.evaluate(read)
    page.key("p")
    wait_for(lambda: page.page.evaluate(read) != infotext)
    prompt = page.page.evaluate(read)
    assert infotext.startswith(prompt) and "Steps: " not in prompt
    page.key("Enter")
    page.control("copy-prompt").wait_for()
    page.key("Control+c")
    wait_for(lambda: page.page.evaluate(read) == infotext)
    page.key("p")
    wait_for(lambda: page.page.evaluate(read) == prompt)
    heading = page.page.locator(".details section:has([data-do='copy-prompt']) h3")
    heading.click(click_count=3)  # selects it
    page.key("Control+c")
    wait_for(lambda: page.page.evaluate(read) not in (prompt, infotext))
    page.key("Escape")
    expect(page.viewer).to_be_hidden()

    page.key("j")
    page.panel("jobs").wait_for()
    _close(page, "jobs")
    wait_for(page.focused, "the focus on an image")
    page.key("j")
    page.panel("jobs").wait_for()
    page.page.evaluate(_CLOSE_AND_OPEN, ["jobs", "j"])
    page.page.wait_for_timeout(300)  # the browser tells of the end only now
    expect(page.panel("jobs")).to_be_visible()
    wait_for(lambda: page.page.evaluate("document.activeElement.localName") == "civitai-gallery")
    _close(page, "jobs")
    page.key("f")
    wait_for(lambda: page.focused_control() == "version")
    _way_to(page, "hidden-rules")
    page.key("Tab")
    wait_for(page.focused, "the focus on an image, which follows the filters")
    page.key("g")
    page.panel("model_files").wait_for()
    _close(page, "model_files")
    page.key("Space")
    page.key("Shift+ArrowRight")
    page.key("l")
    wait_for(lambda: page.focused_control() == "set-name")
    _close(page, "collections")
    page.key("c")
    page.panel("compare").locator("table").wait_for()
    page.key("o")
    wait_for(lambda: page.focused_control() == "compare-split")
    _close(page, "compare")

    page.page.set_viewport_size({"width": 390, "height": 844})
    page.key("n")
    expect(page.marked).to_have_count(0)
    page.control("sets").focus()
    page.key("Control+z")  # where the selection's bar hides the places
    expect(page.marked).to_have_count(2)
    wait_for(lambda: page.focused() is not None, "the focus")


def test_selection_is_made_and_ended_by_keys_and_its_bar_is_one_tab_stop(server, open_gallery):
    page = open_gallery(server).ready()
    page.page.locator(".grid").focus()
    page.tiles.nth(2).evaluate("tile => tile.focus()")  # as a screen reader moves the focus
    tile = page.focused()
    page.key("Space")
    expect(page.marked).to_have_attribute("data-id", tile)
    _way_to(page, "mark-none")
    stops = _way_to(page, "more-marked", "ArrowRight")
    assert {"download-marked", "favourite-marked", "models-marked"} <= set(stops)
    _way_to(page, tile, "Shift+Tab")
    _way_to(page, "find", "Shift+Tab")
    page.page.locator(".grid").focus()
    page.key("Escape")
    for end in (
        lambda: page.key("Escape"),
        lambda: page.control("mark-none").press("Enter"),
        lambda: page.control("favourite-marked").press("Escape"),
    ):
        page.page.locator(".grid").focus()
        page.key("ArrowRight")
        page.key("Control+a")
        wait_for(lambda: page.marked.count() > 5)
        assert page.page.evaluate("String(getSelection())") == ""
        end()
        expect(page.marked).to_have_count(0)
        wait_for(page.focused, "the focus on an image")
    page.key("Space")
    page.control("filters").press("Enter")
    page.control("filters").press("Escape")  # closes the filters
    expect(page.field("level")).to_be_hidden()
    expect(page.marked).to_have_count(1)


def test_what_opens_or_goes_leaves_the_focus_where_one_goes_on_if_anywhere(server, open_gallery):
    page = open_gallery(server, "", viewport={"width": 900, "height": 500})
    page.key("/")
    page.page.keyboard.type("water")
    page.search_row("models").wait_for()
    page.key("Enter")
    wait_for(lambda: page.focused_control() == "open-model", "the focus on a model")
    page.key("Enter")
    page.ready()
    wait_for(lambda: page.focused() in page.ids(), "the focus on an image")
    assert page.page.evaluate("scrollY") == 0
    expect(page.page.locator(".gallery-header h2")).to_be_in_viewport()
    for address, control in (
        ("&type=video&base=Pony", ".empty-result [data-chip='base']"),
        ("&words=dune", "[data-do='clear-search']"),
    ):
        page.go(f"?model=900001&level=XXX{address}")
        page.page.locator(f"{control}:visible").first.press("Enter")
        wait_for(lambda: page.focused() is not None, f"the focus after {control}")
    page.go("?model=900001&level=XXX")
    page.ready().key("/")
    page.page.keyboard.type("lora:zzz")
    page.search_row("all").wait_for()
    page.key("ArrowDown", 2)
    page.key("Enter")
    wait_for(lambda: page.focused_control() == "clear-search", "the focus where nothing is found")
    page.go("?search=zz")
    page.control("search-models").wait_for()
    page.key("/")
    page.key("Control+a")
    page.page.keyboard.type("zzqq")
    page.key("Enter")
    wait_for(lambda: page.focused_control() == "search-models")

    page.control("home").focus()
    tab = page.page.locator("civitai-gallery")
    tab.evaluate("tab => { tab.style.display = 'none'; }")  # by a host, after "Send to"
    assert page.page.evaluate(_COUNT_MOVES, 60) == 0, "nothing is done in each frame"
    assert not page.page.locator(".page[tabindex]").count()
    tab.evaluate("tab => { tab.style.display = ''; }")
    page.page.route("**/api/images*", lambda route: None)
    page.find("https://civitai.com/models/900001")
    wait_for(lambda: page.page.locator(".page[tabindex]:focus").count(), "the focus")
    assert page.page.evaluate(_COUNT_MOVES, 60) == 0


# How often the page moves the focus within some frames.
_COUNT_MOVES = """
async (frames) => {
    const {focus} = HTMLElement.prototype;
    let moves = 0;
    HTMLElement.prototype.focus = function (...how) { moves += 1; focus.apply(this, how); };
    for (let frame = 0; frame < frames; frame += 1) await new Promise(requestAnimationFrame);
    HTMLElement.prototype.focus = focus;
    return moves;
}
"""


def test_choice_by_mouse_and_back_leave_the_focus_to_the_images(server, open_gallery):
    page = open_gallery(server).ready()
    page.control("home").click()
    page.page.locator(".home-shelf").first.wait_for()
    page.field("find").fill("glowing")
    page.search_row("all").click()
    page.ready()
    wait_for(lambda: page.focused() is not None, "the focus after a click on a row")
    page.control("home").click()
    page.page.locator(".home-shelf h3").first.click()
    page.page.go_back()
    page.ready()
    wait_for(lambda: page.focused() is not None, "the focus after Back")


def test_focus_returns_to_the_image_that_had_it_last_while_that_is_visible(server, open_gallery):
    page = open_gallery(server).ready()
    page.tiles.nth(2).focus()
    page.control("skip").focus()
    page.key("Enter")
    expect(page.tiles.nth(2)).to_be_focused()


def test_focus_that_is_taken_away_long_after_back_does_not_return(server, open_gallery):
    page = open_gallery(server).ready()
    page.key("/")
    page.page.evaluate("history.pushState(history.state, '', location.href)")
    page.page.go_back()
    page.page.evaluate(_COUNT_MOVES, 3)
    page.field("find").blur()
    page.tiles.nth(2).hover()  # draws its caption
    page.page.evaluate(_COUNT_MOVES, 3)
    assert page.page.evaluate("document.activeElement === document.body")


def test_row_of_a_collection_is_one_stop_and_delete_deletes_it(flaky_server, open_gallery):
    page = open_gallery(flaky_server).ready()
    page.key("ArrowDown")
    page.key("Space")
    page.key("l")
    for name in ("Sea", "Dunes"):
        page.field("set-name").fill(name)
        page.key("Enter")
        page.message(name).wait_for()
    collections = page.page.locator("[data-set]")
    expect(collections).to_have_count(2)
    page.field("marked-note").focus()
    page.key("Tab")
    first = page.page.locator("[data-set]:focus-within").get_attribute("data-set")
    assert {"open-set", "more-of-set"} <= _across(page)
    page.key("Tab")
    expect(page.page.locator("[data-set]:focus-within")).not_to_have_attribute("data-set", first)
    page.key("Delete")
    expect(collections).to_have_count(1)
    expect(collections).to_have_attribute("data-set", first)
    page.key("Control+z")
    expect(collections).to_have_count(2)
    page.control("more-of-set").first.press("Enter")
    page.key("End")
    page.key("Enter")
    expect(collections).to_have_count(1)
    page.control("more-of-set").press("Enter")
    page.control("delete-set").press("Enter")
    expect(collections).to_have_count(0)
    focused = "document.querySelector('civitai-gallery').shadowRoot.activeElement?.className"
    assert page.page.evaluate(focused) == "panel-body"  # it stays in the panel


_PRESS = """async key => {
    const root = document.querySelector("civitai-gallery").shadowRoot;
    let changes = 0;
    const observer = new MutationObserver(all => { changes += all.length; });
    observer.observe(root, {subtree: true, childList: true, attributes: true, characterData: true});
    const [before, focused] = [location.href + scrollX + scrollY, root.activeElement];
    const event = new KeyboardEvent("keydown", {key, cancelable: true});
    document.dispatchEvent(event);
    const isSeen = () =>
        changes || location.href + scrollX + scrollY !== before || root.activeElement !== focused;
    for (let frame = 0; frame < 900 && event.defaultPrevented && !isSeen(); frame += 1)
        await new Promise(requestAnimationFrame);
    observer.disconnect();
    return !event.defaultPrevented || Boolean(isSeen());
}"""
# Not T, which leads to the top: there it does nothing.
_EVERY_KEY = [*"abcdefghijklmnopqrsuvwxyz0123456789,/?+-= ", "Enter", "Home", "End", "Delete"]
_EVERY_KEY += [f"Arrow{side}" for side in ("Left", "Right", "Up", "Down")]


def test_no_key_is_taken_without_showing_what_it_did(server, open_gallery):
    page, silent = open_gallery(server, ""), []
    said = {"job_id": None, "message": "It was downloaded."}  # which would take long
    page.page.route(
        "**/api/jobs",
        lambda route: route.fulfill(json=said) if route.request.post_data else route.continue_(),
    )
    for address in ("", "?post=1", "?find=water", "?model=900001&level=XXX"):
        page.go(address)
        page.page.wait_for_load_state("networkidle")
        for key in _EVERY_KEY:
            if not page.page.evaluate(_PRESS, key):
                silent.append((address, key))
            while page.page.locator("dialog[open]").count():
                page.key("Escape")
    assert silent == []


_MODEL = 900_003
_CHINESE = re.compile("[\u4e00-\u9fff]")
# Of all that can be seen: what is said in place of its text, or beside it.
_SAID = r"""() => {
    const root = document.querySelector("civitai-gallery").shadowRoot;
    return [...root.querySelectorAll("[aria-label], [title], [placeholder]")]
        .filter(one => one.checkVisibility() && !one.matches("h2, [data-do='copy-words']"))
        .flatMap(one => ["aria-label", "title", "placeholder"].map(name => one.getAttribute(name)))
        .filter(text => /\p{L}/u.test(text ?? ""));
}"""


def test_tile_is_labelled_with_author_and_position_and_all_in_the_pages_language(
    server, open_gallery
):
    page = open_gallery(server, f"?model={_MODEL}", locale="zh-TW").ready()
    rows, image = {str(row.id): row for row in of_model(_MODEL)}, "{} 的圖片"
    tiles = page.tiles.evaluate_all(
        "tiles => tiles.map(({dataset, ariaLabel, ariaPosInSet, role}) =>"
        "[dataset.id, ariaLabel, +ariaPosInSet, role])"
    )
    assert len(tiles) > 10
    for id, name, place, role in tiles:
        assert name.startswith(image.format(rows[id].username)), name
        assert (role, place) == ("option", list(rows).index(id) + 1)
    assert any(re.search(r"，\d+ × \d+，", name) for _, name, *_ in tiles)
    by_prompt = re.compile(image.format(r"\w+") + "[:：] ?[a-z]")
    assert len({name for _, name, *_ in tiles if by_prompt.match(name)}) > 10, "told apart"
    page.tiles.first.locator("[data-do='mark']").click()
    wait_for(lambda: page.tiles.first.get_attribute("aria-label").endswith("已選取"))
    said = page.page.evaluate(_SAID)
    page.open(1)
    label = page.viewer.get_attribute("aria-label")
    assert label.startswith(image.format(rows[page.viewed()["id"]].username))
    expect(page.page.locator(".details-body")).to_have_attribute("aria-busy", "false")
    said += page.page.evaluate(_SAID)
    page.key("Escape")
    for key, name in (("j", "jobs"), (",", "settings"), ("?", "help")):
        page.key(key)
        page.panel(name).wait_for()
        said += page.page.evaluate(_SAID)
        _close(page, name)
    assert len(set(said)) > 40
    assert {text for text in said if not _CHINESE.search(text)} == set()
    assert page.page.locator("civitai-gallery").get_attribute("lang") == "zh-TW"
