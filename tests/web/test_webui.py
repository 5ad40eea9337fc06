"""The tab in a host: loaded as hosts load an extension, twice, and in the host's own look."""

from __future__ import annotations

import json
import os
import shutil
import stat
import urllib.error
import urllib.request
from urllib.parse import quote

from civitai_demo.files import draw_original
from page_driver import contents, expect, wait_for
from page_facts import infotext_of, of_model
import pytest

_SHOWPIECE, _PAPER, _VIDEOS = 900001, 900003, 900007


@pytest.mark.door
def test_each_load_registers_each_callback_and_one_unsaved_tab_of_two_components(host):
    state = host.state()
    assert len(state["rounds"]) == 2 and state["watched"] == []  # no request was sent
    for load in state["rounds"]:
        assert load["callbacks"] == {"ui_tabs": 1, "app_started": 1, "image_saved": 1}
        assert load["tabs"] == [["Civitai Shortcut", "civitai_shortcut"]]
        assert load["all_unsaved"] and load["components"]
    config = host.get("config")
    ours = [part["id"] for part in config["components"] if "ivitai" in json.dumps(part)]
    targets = [target for event in config["dependencies"] for target in event["targets"]]
    assert len(ours) == 2  # the tab and its page
    assert not {target[0] if isinstance(target, list) else target for target in targets} & {*ours}


@pytest.mark.door
def test_key_saved_in_the_tab_is_in_no_file_of_the_host(host):
    assert host.api("key", "PUT", {"key": "demo-key"})["saved"] is True
    assert "demo_user" in host.api("key/test", "POST", {"key": ""})
    path = host.data / "config" / "civitai-shortcut" / "api_key"
    assert path.read_text() == "demo-key"
    assert os.name != "posix" or stat.S_IMODE(path.stat().st_mode) == 0o600
    kept = contents(host.data / "host")
    assert kept and not [path for path, body in kept.items() if b"demo-key" in body]
    for address in (
        "config",
        f"file={path}",
        f"gradio_api/file={path}",
        "",
        "civitai_shortcut/api/bootstrap",
    ):
        try:
            with urllib.request.urlopen(f"{host.url}/{address}", timeout=20) as answer:
                assert b"demo-key" not in answer.read()
        except urllib.error.HTTPError as error:
            assert b"demo-key" not in error.read()
    assert host.api("key", "PUT", {"key": ""})["saved"] is False


def _bodies(host, path):
    """Return the responses of all addresses at which gradio serves files."""
    for address in (f"file={path}", f"file/{path}", f"gradio_api/file={path}"):
        try:
            with urllib.request.urlopen(f"{host.url}/{quote(address)}", timeout=20) as answer:
                yield answer.read()
        except urllib.error.HTTPError as error:
            yield error.read()


@pytest.mark.door
def test_data_folder_is_served_only_by_our_own_routes(host):
    data = host.data / "host" / "civitai-shortcut"
    host.api(f"images?model={_PAPER}&level=XXX&limit=5")
    row = of_model(_PAPER)[0]
    urllib.request.urlopen(f"{host.url}/civitai_shortcut/api/file/{row.id}", timeout=60).close()
    for name in ("gallery.db.damaged-1", "locks/1", "settings.json.damaged"):
        (data / name).parent.mkdir(exist_ok=True)
        (data / name).write_bytes(b"of nobody's business")
    (host.data / "host" / "beside.txt").write_text("of the host's own")
    served = list(_bodies(host, host.data / "host" / "beside.txt"))
    assert b"of the host's own" in served  # so it is the folder that is refused
    whole = contents(data)
    kept = {(path.parent, path.suffix): path for path, body in whole.items() if body}
    assert "sc_gallery" in {folder.name for folder, _ in kept}
    for path in kept.values():  # one of each kind in each folder
        assert whole[path] not in _bodies(host, path), path


def test_page_receives_the_hosts_capabilities(host):
    bootstrap = host.api("bootstrap")
    told = bootstrap["host"]
    assert (told["in_webui"], told["name"]) == (True, "AUTOMATIC1111")
    assert told["send_to"] == ["txt2img", "img2img", "inpaint", "extras", "pnginfo"]
    assert bootstrap["has_models"] is False


def test_values_that_will_be_lost_are_shown_before_a_send_and_our_keys_stay_here(host, open_host):
    own = ("DPM++ 2M", "Euler", "Euler a")
    found = [row for row in of_model(_PAPER)[:60] if row.type == "image"]
    host.api(f"images?model={_PAPER}&limit=100")
    told = {row: host.api(f"images/{row.id}") for row in found}
    samplers = {
        row: dict(map(tuple, one["parameters"])).get("Sampler") for row, one in told.items()
    }
    row = next(row for row, name in samplers.items() if name and not name.startswith(own))
    lost = f"Sampler: {samplers[row]} becomes DPM++ 2M"
    assert lost in told[row]["incompatibilities"]
    assert all(
        not [loss for loss in told[row]["incompatibilities"] if loss.startswith("Sampler")]
        for row, name in samplers.items()
        if name in own
    )
    page = open_host()
    page.open(_PAPER, row)
    title = page.page.locator(".details .compatibility h3")
    expect(title).to_have_text("What AUTOMATIC1111 cannot use as it is")
    losses = page.page.locator(".details .compatibility")
    expect(losses).to_contain_text(lost)
    page.page.locator("details.infotext summary").click()
    field = page.page.locator("[data-field=infotext]")
    field.fill(field.input_value().replace(f"Sampler: {samplers[row]}", "Sampler: Euler"))
    page.page.keyboard.press("Tab")
    expect(losses).not_to_contain_text("Sampler")
    page.page.locator("[data-do=undo-edit]").click()
    expect(losses).to_contain_text(lost)
    page.page.evaluate("""() => { window.heard = [];
            document.addEventListener("keydown", (event) => window.heard.push(event.key)); }""")
    page.page.keyboard.press("Escape")
    page.page.locator("dialog[data-viewer]").wait_for(state="hidden")
    page.page.locator("[data-do='filters']").click()
    page.page.locator("[data-field='period']").focus()
    page.page.keyboard.press("Escape")
    page.page.locator("[data-field='period']").wait_for(state="hidden")
    page.page.locator("[data-field=find]").focus()
    for key in ("Control+Enter", "Alt+Enter", "Control+d", "Control+i", "Home"):
        page.page.keyboard.press(key)
    heard = page.page.evaluate("window.heard")
    assert set(heard) & {"Escape", "Enter", "d", "i"} == set() and "Home" in heard


def test_upscaler_that_ends_the_hosts_run_is_told_before_a_send(host):
    host.api(f"images?model={_SHOWPIECE}&limit=100")
    texts = {row: infotext_of(row) for row in of_model(_SHOWPIECE)[:60] if row.type == "image"}
    row = next(row for row, text in texts.items() if "Hires upscaler: Latent" in text)
    told = host.api(f"images/{row.id}")["incompatibilities"]
    assert (
        "Hires upscaler: Latent is not here. Choose another, or the WebUI makes no picture" in told
    )


@pytest.fixture
def models(host):
    """Return the shared host's folder of models, which has none before and after."""
    yield host.data / "host" / "models"
    shutil.rmtree(host.data / "host" / "models")
    (host.data / "host" / "hashes.json").unlink()


def test_hosts_models_are_found_by_hash_sidecar_and_name(host, models):
    row, used = next(
        (row, used)
        for row in of_model(_PAPER)
        if len(used := _used(host, row)) > 1 and used[0]["hash"]
    )
    assert {one["availability"] for one in used} == {""}  # no folder of models is known
    (models / "Lora" / "sub").mkdir(parents=True)
    (models / "Stable-diffusion").mkdir()
    renamed = models / "Stable-diffusion" / "renamed.safetensors"
    renamed.write_bytes(b"1234")
    kept = {"mtime": renamed.stat().st_mtime, "sha256": used[0]["hash"].ljust(64, "0")}
    hashes = {"hashes": {"checkpoint/renamed.safetensors": kept}}
    (host.data / "host" / "hashes.json").write_text(json.dumps(hashes))
    for at, one in enumerate(used[1:]):
        (models / "Lora" / "sub" / f"x{at}.safetensors").write_bytes(b"12")
        told = {"VersionId": one["version_id"], "Hashes": {"AutoV2": one["hash"]}}
        (models / "Lora" / "sub" / f"x{at}.cm-info.json").write_text(json.dumps(told))
    wait_for(
        lambda: {one["availability"] for one in _used(host, row)} == {"here"}, "what is there now"
    )
    assert [one["size"] for one in _used(host, row)] == [4] + [2] * len(used[1:])
    asked = {"ids": [row.id], "words": "is:here"}
    assert host.api("loaded_filter", "POST", asked)["ids"] == [row.id]
    renamed.rename(renamed.with_name(f"{used[0]['name']}_v99.safetensors"))
    wait_for(lambda: _used(host, row)[0]["availability"] == "other", "another version")
    assert host.api("loaded_filter", "POST", asked)["ids"] == []


def _used(host, row):
    host.api(f"images?model={_PAPER}&limit=100")
    return host.api(f"images/{row.id}?model={_PAPER}")["resources"]


@pytest.mark.door
def test_tab_costs_two_small_requests_until_it_or_a_models_url_opens_it(open_host, host):
    page = open_host(query="?__theme=dark")
    expect(page.page.locator("#txt2img_prompt")).to_be_visible()
    page.page.wait_for_load_state("networkidle")
    ours = [request for request in page.loaded if "ivitai" in request.url]
    names = sorted(request.url.rpartition("/")[2] for request in ours)
    assert names == ["civitai_shortcut.js", "style.css"]
    assert sum(len(request.response().body()) for request in ours) <= 2500
    expect(page.page.locator("#txt2img_prompt")).to_be_visible()
    page.page.goto(f"{host.url}?model={_PAPER}")
    expect(page.page.locator("[data-tile]").first).to_be_visible()
    expect(page.page.get_by_role("heading", level=1)).to_have_text(["Civitai Shortcut"])
    assert "Civitai Shortcut" not in page.page.title()  # which is the host's
    page.go_to("txt2img")
    page.page.wait_for_timeout(500)  # and it does not come back by itself
    expect(page.page.locator("#txt2img_prompt")).to_be_visible()


@pytest.mark.door
def test_unseen_tab_sends_no_request_and_has_room_before_its_code_is_there(browser, host):
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    page, asked, code = context.new_page(), [], []
    page.on("request", lambda request: "/api/" in request.url and asked.append(request.url))
    page.add_init_script("""addEventListener("DOMContentLoaded", () => {
        document.documentElement.style.opacity = 0; })""")
    page.goto(f"{host.url}?model={_PAPER}")
    page.wait_for_function("() => document.querySelector('civitai-gallery')?.clientWidth > 0")
    page.wait_for_load_state("networkidle")
    assert asked == []
    page.route("**/civitai_shortcut/page/*/page.*", lambda route: code.append(route))
    page.evaluate("document.documentElement.style.opacity = 1")
    wait_for(lambda: page.evaluate("0") == 0 and len(code) > 1, "the request of the code")
    element = page.locator("civitai-gallery")
    assert element.bounding_box()["height"] >= 600
    colour = "element => getComputedStyle(element).color"
    assert element.evaluate(colour) == element.locator("..").evaluate(colour)
    element.locator("progress").wait_for()
    for route in code:
        route.continue_()
    expect(element.locator("progress")).to_have_count(0)
    expect(page.locator("[data-tile]").first).to_be_visible()
    context.close()


def test_download_in_a_host_is_saved_in_its_data_folder(host):
    rows = of_model(_VIDEOS)[:3]
    host.api(f"images?model={_VIDEOS}&limit=12")
    body = {"ids": [row.id for row in rows], "query": {"model": _VIDEOS}}
    job = host.api("jobs", "POST", body)["job_id"]
    assert host.job_done(job)["saved"] == 3
    folder = host.data / "host" / "civitai-shortcut" / "outputs" / "download-images"
    found = folder.glob("*/user_gallery_images/*")
    saved = {int(p.stem): p.read_bytes() for p in found if p.suffix not in (".txt", ".json")}
    assert saved == {row.id: draw_original(row).body for row in rows}


_OPENED = "?model=900003"
_THEME = """
    .gradio-container.gradio-container { background: rgb(30 40 50) !important; color: %s !important;
        font-family: Georgia !important }
    .gradio-container *:not(:has(civitai-gallery)) { color: inherit }
    .gradio-container *:has(civitai-gallery) {
        background: transparent !important; color: inherit !important; font-family: inherit }
"""
_LOOK = """gallery => {
    const style = getComputedStyle(gallery);
    const head = gallery.shadowRoot.querySelector(".top");
    return { theme: gallery.dataset.theme, head: getComputedStyle(head).backgroundColor,
             text: style.color, font: style.fontFamily };
}"""


@pytest.mark.door
def test_background_font_and_readable_text_are_the_hosts_until_a_theme_is_chosen(open_host):
    """In a host whose theme sets none of gradio's variables."""
    page = open_host(query=_OPENED).page
    expect(page.locator("[data-tile]").first).to_be_visible()
    gallery = page.locator("civitai-gallery")
    page.add_style_tag(content=_THEME % "rgb(230 240 250 / 50%)")
    page.evaluate("document.body.classList.add('themed')")
    wait_for(lambda: gallery.evaluate(_LOOK)["text"] == "rgb(130, 140, 150)")  # it may be faded to
    look = gallery.evaluate(_LOOK)
    assert look["head"] == "rgb(30, 40, 50)"  # no band in another colour
    assert (look["theme"], look["font"]) == ("dark", "Georgia")
    page.add_style_tag(content=_THEME % "rgb(20 20 20)")  # too dark to be read
    page.evaluate("document.body.classList.remove('themed')")
    wait_for(lambda: gallery.evaluate(_LOOK)["text"] != "rgb(130, 140, 150)")
    look = gallery.evaluate(_LOOK)
    assert look["theme"] == "dark" and look["text"] != "rgb(20, 20, 20)"
    page.keyboard.press(",")
    page.locator("[data-field='theme']").select_option("light")  # our element's alone
    expect(gallery).to_have_attribute("data-theme", "light")
    ground = "one => getComputedStyle(one).backgroundColor"
    assert gallery.evaluate(ground) == "rgb(255, 255, 255)"
    assert page.locator(".gradio-container").first.evaluate(ground) == "rgb(30, 40, 50)"
    page.keyboard.press("Escape")
    expect(page.locator(".top [data-do=more-tools]")).to_be_visible()
    page.add_style_tag(content="civitai-gallery { width: 320px }")  # a narrow part of the window
    expect(page.locator(".room ~ .places [data-do=more-tools]")).to_be_visible()
    right = gallery.evaluate("""gallery => Math.max(
        ...[...gallery.shadowRoot
            .querySelectorAll(".top *, .places *, .gallery-header *, .selection-bar *")]
            .map((part) => part.getBoundingClientRect().right))""")
    assert right <= gallery.evaluate("gallery => gallery.getBoundingClientRect().right")
