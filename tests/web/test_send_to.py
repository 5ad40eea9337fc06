"""From our tab to the host's own: by a button, and dragged onto an image field."""

from __future__ import annotations

import re
import types
import urllib.error

from civitai_demo import files
from civitai_manager_libs.infotext import HOSTS, translate_for_host
from host_page import HostPage, with_text
from page_driver import expect, find_middle, wait_for
from page_facts import infotext_of, of_model
import pytest
from reverse_proxy import ReverseProxy

_PAPER, _VIDEOS = 900003, 900007
# Of a field that is taller than the window, as much as fits.
_GET_PART_IN_WINDOW = """field => {
    const { top, bottom, height } = field.getBoundingClientRect();
    const shown = Math.min(bottom, innerHeight) - Math.max(top, 0);
    return shown / Math.min(height, innerHeight);
}"""


def _check_sent(page, row, tab="img2img"):
    if tab not in ("extras", "pnginfo"):
        expect(page.sent("img2img" if tab == "inpaint" else tab, "text")).to_have_value(
            infotext_of(row)
        )
    if tab != "txt2img":
        size = "%dx%d" % files.get_size(row)
        wait_for(lambda: page.read_image_size(tab) == size, "the image")


@pytest.mark.door
def test_image_is_sent_at_full_size_with_its_infotext_to_fields_in_the_window(open_host):
    first, second = [row for row in of_model(_PAPER)[:12] if infotext_of(row)][:2]
    assert files.get_size(first) != files.get_size(second)
    page = open_host()
    sends = [(tab, row) for tab in ("img2img", "inpaint") for row in (first, second)]
    for name, row in [("txt2img", first), ("extras", first), *sends, ("pnginfo", first)]:
        page.open(_PAPER, row)
        page.page.evaluate("window.scrollTo({ top: 1500, behavior: 'instant' })")
        page.send(name)
        size = page.page.locator(f"#{name}_size, #{name}_text").first
        expect(size).to_be_visible()  # its tab is in front
        around = "img2img" if name == "inpaint" else name
        field = f"#{name}_image" if name in ("extras", "pnginfo") else f"#{around}_prompt textarea"
        wait_for(lambda field=field: page.page.locator(field).evaluate(_GET_PART_IN_WINDOW) >= 0.9)
        assert page.page.evaluate("window.scrollY") < 1000
        if field.endswith("_image"):
            in_front = page.page.locator("#tabs [role=tab][aria-selected=true], #tabs .selected")
            expect(in_front.first).to_be_in_viewport()
        _check_sent(page, row, name)
        page.go_to("Civitai Shortcut")
    _check_sent(page, first, "extras")
    in_file = re.compile(re.escape(infotext_of(first)))
    expect(page.sent("pnginfo", "infotext")).to_have_value(in_file)


def test_button_to_the_top_leads_from_deep_in_a_gallery_to_the_hosts_tabs(open_host):
    page = open_host()
    page.page.locator("[data-field=find]").first.fill(str(_PAPER))
    page.page.keyboard.press("Enter")
    page.page.locator("[data-tile]").first.hover()
    page.page.mouse.wheel(0, 2000)
    page.page.locator("[data-do=top]").click()
    in_front = page.page.locator("#tabs [role=tab][aria-selected=true], #tabs .selected")
    expect(in_front.first).to_be_in_viewport(timeout=5000)


def test_failed_send_leaves_our_tab_in_front_and_its_message_until_one_arrives(open_host):
    row = with_text(_PAPER)
    page = open_host()
    page.open(_PAPER, row)
    page.page.route("**/api/images/*/file", lambda route: route.abort(), times=1)
    page.send("img2img")
    expect(page.page.locator(".toast.bad")).to_contain_text("does not answer")
    page.page.locator(".toast.bad").click()
    page.page.locator("details.infotext summary").click()
    page.page.locator("[data-field=infotext]").fill("a changed prompt")
    page.send("txt2img")
    expect(page.sent("txt2img", "text")).to_have_value("a changed prompt")
    expect(page.page.locator(".toast")).to_have_count(0)
    page.go_to("Civitai Shortcut")
    expect(page.page.locator(f"[data-tile][data-id='{row.id}']")).to_be_visible()
    expect(page.page.locator(".toast")).to_have_count(0, timeout=1000)
    page.open(_PAPER, row)
    page.page.evaluate("""() => {
        AbortSignal.timeout = () => AbortSignal.abort();
        document.addEventListener("click", (event) =>
            event.target.closest("#paste") && event.stopImmediatePropagation(), true);
    }""")
    page.send("txt2img")
    said = page.page.locator("[data-civitai-shortcut='message']")
    expect(said).to_contain_text("The WebUI has not filled its fields")


@pytest.mark.door
def test_guard_of_negative_prompts_keeps_no_text_away_and_inpaint_is_in_front(open_host):
    row = with_text(_VIDEOS, "video")  # which sends its text alone
    page = open_host()
    page.open(_VIDEOS, row)
    page.page.evaluate(_GUARD)
    page.send("txt2img")
    _check_sent(page, row, "txt2img")
    page.go_to("Civitai Shortcut")
    page.open(_PAPER, with_text(_PAPER))
    page.page.evaluate(_FIRST_PAGE)
    page.send("inpaint")
    shown = ["inpaint", "first page", "inpaint"]
    wait_for(lambda: page.page.evaluate("window.shown") == shown, "the tab")


# Forge Neo's setting: its button works only while there is no negative prompt.
_GUARD = """() => new MutationObserver(() => {
    const button = document.querySelector("#txt2img_tools #paste");
    if (!button || document.getElementById("txt2img_neg_prompt")) return;
    button.disabled = true;
    const negative = Object.assign(document.createElement("div"), { id: "txt2img_neg_prompt" });
    const field = Object.assign(document.createElement("textarea"), { value: "blurry" });
    field.addEventListener("input", () => (button.disabled = field.value !== ""));
    negative.append(field);
    document.body.append(negative);
}).observe(document.body, { attributes: true, childList: true, subtree: true })"""


# Its button shows the first page of img2img at once, before the fields are filled.
_FIRST_PAGE = """() => {
    window.shown = [];
    const show = window.switch_to_inpaint;
    window.switch_to_inpaint = () => { window.shown.push("inpaint"); show(); };
    document.addEventListener("click", ({target}) => target.closest("#img2img_tools")
        && setTimeout(() => window.shown.push("first page")));
}"""


def test_selected_image_and_a_gallerys_recipe_are_sent(open_host):
    page = open_host(query=f"?model={_PAPER}")
    page.page.locator("[data-tile]").first.hover()
    page.page.locator("[data-tile] [data-do='mark']").first.click()
    page.page.locator("[data-do='send-marked']").click()
    page.page.locator("[data-do='menu-send-txt2img']").click()
    expect(page.page.locator("#txt2img_prompt textarea")).not_to_have_value("")
    page.go_to("Civitai Shortcut")
    page.page.locator("[data-do=figures]:visible").first.click()
    recipe = page.page.locator(".stats .recipe .text").inner_text()
    page.page.locator("[data-do=figures-send]").click()
    expect(page.sent("txt2img", "text")).to_have_value(recipe)


_UPSCALED = "a cat\nSteps: 20, Sampler: Euler, Seed: 5, Size: 320x640, Hires upscale: 2"


def _open_with_text(page, row, text=_UPSCALED):
    """Open an image in the viewer and edit its infotext."""
    page.open(_PAPER, row)
    field = page.page.locator("[data-field=infotext]")
    if not field.is_visible():  # its fold stays as it was left
        page.page.locator("details.infotext summary").click()
    field.fill(text)


@pytest.mark.door
def test_image_follows_once_the_host_has_read_the_text_and_brings_its_size(open_host):
    """gradio 4 can lose the second of two events that overlap; a lost image event harms nothing."""
    page, row = open_host(), with_text(_PAPER)
    own = "%dx%d" % files.get_size(row)
    page.page.evaluate(_READ_TEXTS)
    for count, text in enumerate(("a cat", "a dog\n", "a\r\ncat", _UPSCALED), 1):
        _open_with_text(page, row, text)
        page.send("img2img")
        wait_for(lambda: len(page.page.evaluate("window.prompts")) == count, "the image")
        read = text.replace("\r\n", "\n").split("\nSteps:")[0].strip()
        assert page.page.evaluate("window.prompts").pop() == read
        wait_for(lambda: page.read_image_size("img2img") == own, "the image")
        assert page.page.evaluate("window.events.splice(0)")[:2] == ["paste", "file"]
        page.go_to("Civitai Shortcut")
    # an image that was upscaled is larger than its infotext says
    for tab, size in [("img2img", own), ("inpaint", own), ("txt2img", "320x640")]:
        if tab != "img2img":
            _open_with_text(page, row)
            page.send(tab)
        around = "img2img" if tab == "inpaint" else tab
        expect(page.sent(around, "text")).to_have_value(_UPSCALED)
        for side, pixels in zip(("width", "height"), size.split("x")):
            expect(page.sent(around, side)).to_have_value(pixels)
        page.page.locator(f"#{around}_width input").first.fill("64")
        page.go_to("Civitai Shortcut")


_READ_TEXTS = """() => {
    window.prompts = [];
    window.events = [];
    document.addEventListener("click", ({target}) =>
        target.closest("#paste") && window.events.push("paste"), true);
    document.addEventListener("change", ({target}) => {
        if (!target.closest("input[type=file]")) return;
        window.events.push("file");
        window.prompts.push(document.querySelector("#img2img_prompt textarea").value);
    }, true);
}"""


@pytest.mark.door
def test_host_with_a_login_without_a_queue_and_below_a_path_of_a_proxy_works(browser, start_host):
    # no queue: no websockets of gradio 3
    names = {"ROOT": "/sd", "NO_QUEUE": "1", "LOGIN": "me:secret", "API": "1"}
    host = start_host(**{f"STAND_IN_{name}": value for name, value in names.items()})
    for path in ("api/bootstrap", "api/jobs", "page/current/page.js", "api/thumb/1"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            host.get(f"civitai_shortcut/{path}")
        assert refused.value.code == 401
    row = with_text(_PAPER)
    with ReverseProxy("/sd", host.port) as proxy:
        login = (f"{host.url}/login", {"username": "me", "password": "secret"})
        page = HostPage(browser, types.SimpleNamespace(url=f"{proxy.url}/"), login=login)
        page.open(_PAPER, row)
        expect(page.page.locator("dialog[data-viewer][data-shows=file]")).to_be_visible()
        # its API is found, and not taken for another program because of the proxy's port
        make = page.page.locator(".details [data-do=make]")
        expect(make).to_have_text("Make it")
        page.send("img2img")
        _check_sent(page, row)
        assert page.wrongs == []
        page.context.close()


@pytest.mark.door
def test_page_of_another_kind_of_host_sends_after_a_restart_or_says_why_not(open_host, start_host):
    # its fields have no texts yet
    host = start_host(STAND_IN_FIRST_START="1", **_SD_NEXT)
    row = with_text(_PAPER)
    page = open_host(host)
    page.open(_PAPER, row)
    _check_sends_to_control(page, host, row)
    wait_for(lambda: host.has_record(row.id), "the record")
    page.go_to("Civitai Shortcut")
    page.open(_PAPER, row)
    host.api("settings", "PUT", {"gallery_cache_mb": 300})
    host.restart()
    assert host.state()["seen"]["gallery_cache_mb"] == 300
    page.send("img2img")
    _check_in_place(page, row, "img2img")
    page.go_to("Civitai Shortcut")
    page.open(_PAPER, row)
    host.kill()
    page.send("txt2img")
    failed = page.page.locator(".toast.bad")
    expect(failed).to_contain_text("does not answer")
    failed.click()
    page.page.mouse.move(0, 0)  # a message below the mouse stays
    for name in ("STAND_IN_FIRST_START", *_SD_NEXT):
        del host.environment[name]
    host.start()  # a press would now run a function that is meant for something else
    asked = []
    page.page.on("request", lambda request: asked.append(request.method + request.url))
    expect(failed).to_have_count(0)
    page.send("txt2img")
    expect(failed).to_contain_text("The WebUI was restarted: reload the page")
    assert not [one for one in asked if one.startswith("POST") and "/send" in one]


# Like SD.Next, whose buttons have words of their own.
_SD_NEXT = {
    "STAND_IN_OLD_NAME": "1",
    "STAND_IN_TABS": "control,txt2img,img2img,inpaint,extras",
    "STAND_IN_TITLES": '{"control": "Control", "txt2img": "Text", "img2img": "Image",'
    ' "extras": "Process"}',
}


def _check_sends_to_control(page, host, row):
    """Send an image to Control: its text alone, as it would use an image in its input, and both."""
    assert host.api("bootstrap")["host"]["send_to"][:3] == ["control", "control_input", "txt2img"]
    inpaint = re.compile("[Ii]npaint")  # gradio 6 builds a tab when it is first shown
    expect(page.page.locator(".details [data-do=send-control]")).to_have_text("Send to Control")
    page.page.locator("[data-do=more-uses]").click()
    others = ["Control · Image", "Text", "Image", inpaint, "Process", "Copy infotext"]
    expect(page.page.locator(".popup-menu > button")).to_have_text(
        [re.compile(getattr(one, "pattern", one)) for one in others]
    )
    page.page.keyboard.press("Escape")
    page.send("control")
    sent = translate_for_host(HOSTS["SD.Next"], infotext_of(row))
    assert "CLiP-skip: 2" in sent
    expect(page.page.locator("#control_text textarea")).to_have_value(sent)
    page.page.locator("#control_read").click()
    expect(page.page.locator("#control_size textarea")).to_have_value("none")
    page.go_to("Civitai Shortcut")
    _open_with_text(page, row)
    page.send("control_input")
    width, _ = _check_in_place(page, row, "control")
    expect(page.page.locator("#control_before_resize_width input")).to_have_value(str(width))


def _check_in_place(page, row, tab):
    """Wait until a tab of SD.Next's, which is in front, has the edited text and the image; return
    the image's size."""
    sent = translate_for_host(HOSTS["SD.Next"], _UPSCALED)
    expect(page.page.locator(f"#{tab}_text textarea")).to_have_value(sent)
    size = page.page.locator(f"#{tab}_size textarea")
    width, height = files.get_size(row)

    def is_read():
        page.page.locator(f"#{tab}_read").click()
        return size.input_value() == f"{width}x{height}"

    wait_for(is_read, "the image")
    return width, height


_FIELD = "#pnginfo_image [data-testid=image]"


class _Drag:
    """The mouse with an image of our tab under it."""

    def __init__(self, page, dragged):
        self.page, self.mouse = page, page.page.mouse
        self.mouse.move(*find_middle(dragged))
        self.mouse.down()
        self.over(dragged, 30)

    def over(self, element, aside=0):
        x, y = find_middle(element)
        self.mouse.move(x + aside, y + aside, steps=4)

    def into_tab(self, name):
        """Rest on a tab's button until the tab is in front; the mouse is then over its field."""
        tabs = self.page.page.get_by_role("tab", name=name, exact=True)
        button = self.page.page.get_by_role("button", name=name, exact=True)  # gradio 3
        tab = tabs.or_(button).first
        while find_middle(tab)[1] < 0:  # the browser scrolls while the mouse is near the edge
            self.mouse.move(*self._next_to_the_edge())
        self.over(tab)
        field = self.page.page.locator(_FIELD)
        field.wait_for()
        self.over(field)
        return field

    def _next_to_the_edge(self):
        self.at_edge = not getattr(self, "at_edge", False)
        return 700, 6 + self.at_edge


def _show_gallery(page, model_id, row):
    page.page.locator("[data-field=find]").first.fill(str(model_id))
    page.page.keyboard.press("Enter")
    tile = page.page.locator(f"[data-tile][data-id='{row.id}']")
    tile.locator("img").first.wait_for()
    return tile


def _listen(page):
    fetched = []
    page.page.on("request", lambda r: r.url.endswith("/file") and fetched.append(r.url))
    return fetched


def _check_dropped(page, row):
    expect(page.sent("pnginfo", "size")).to_have_value("%dx%d" % files.get_size(row))
    arrived = page.sent("pnginfo", "infotext")
    expect(arrived).to_have_value(re.compile(re.escape(infotext_of(row))))


@pytest.mark.door
def test_tile_is_dragged_over_a_tab_into_its_field_and_fetched_when_dropped(open_host):
    row = with_text(_PAPER)
    page = open_host()
    fetched = _listen(page)
    drag = _Drag(page, _show_gallery(page, _PAPER, row))
    field = drag.into_tab("pnginfo")
    assert field.evaluate("field => field.style.outlineStyle") == "dashed" and not fetched
    drag.mouse.up()
    _check_dropped(page, row)
    assert field.evaluate("field => field.style.outline") == "" and len(fetched) == 1
    page.go_to("Civitai Shortcut")
    page.page.route("**/api/images/*/file", lambda route: route.abort())
    drag = _Drag(page, page.page.locator(f"[data-tile][data-id='{row.id}']"))
    drag.into_tab("pnginfo")
    drag.mouse.up()
    message = page.page.locator("[data-civitai-shortcut=message]")  # over the host's own tab
    expect(message).to_have_text(re.compile("does not answer"))


_IS_ON_TOP = """one => {
    const {x, y, width, height} = one.getBoundingClientRect();
    return one.contains(one.getRootNode().elementFromPoint(x + width / 2, y + height / 2));
}"""


def test_open_image_makes_way_for_the_host_while_it_is_dragged_and_no_video_is_taken(open_host):
    row = with_text(_VIDEOS, "video")
    page = open_host()
    fetched = _listen(page)
    drag = _Drag(page, _show_gallery(page, _VIDEOS, row))
    field = drag.into_tab("pnginfo")
    assert field.evaluate("field => field.style.outline") == ""
    drag.mouse.up()
    assert not fetched
    page.go_to("Civitai Shortcut")
    row = with_text(_PAPER)
    page.open(_PAPER, row)
    viewer = page.page.locator("dialog[data-viewer][data-shows=file]")
    image = viewer.locator(f".stage img.file[src$='/{row.id}']")
    expect(page.page.locator(".flight")).to_have_count(0)  # the image is where it is pressed
    drag = _Drag(page, image)
    expect(viewer).to_have_css("opacity", "0")
    drag.mouse.move(700, 500)  # over our own page, which takes no image
    drag.mouse.up()
    expect(viewer).to_have_css("opacity", "1")
    assert viewer.evaluate("dialog => dialog.matches(':modal')")
    page.page.keyboard.press("b")
    assert viewer.locator(".toast-text").evaluate(_IS_ON_TOP)
    drag = _Drag(page, image)
    expect(viewer).to_have_css("opacity", "0")
    drag.into_tab("pnginfo")
    drag.mouse.up()
    _check_dropped(page, row)
    page.go_to("Civitai Shortcut")
    expect(page.page.locator("[data-field=find]").first).to_be_visible()
    expect(viewer).to_be_hidden()
