"""The tab in a host: loaded as hosts load an extension, twice, and driven in a real page."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import urllib.request
from pathlib import Path
from urllib.parse import quote

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.words import labels
from civitai_manager_libs.demo import files
from page_driver import PYTHON, Server, expect, until
from page_facts import infotext_of, of_model, uuids

pytestmark = pytest.mark.page
_RUN = str(Path(__file__).parent.parent / "host_stand_in" / "run.py")
_PAPER, _VIDEOS = 900003, 900007


class Host(Server):
    """A small host as a process of its own; what runs in it is elsewhere than the extension."""

    def __init__(self, civitai, data, environment=()):
        host = {
            "STAND_IN_DATA": str(data / "host"),
            "XDG_CONFIG_HOME": str(data / "config"),
            **dict(environment),
        }
        (data / "host").mkdir(parents=True)
        super().__init__(civitai, data, environment=host)

    def start(self):
        elsewhere = self.data / "elsewhere"
        elsewhere.mkdir()
        with open(self.data / "server.log", "ab") as log:
            self.process = subprocess.Popen(
                [PYTHON, _RUN, str(self.port)],
                env=self.environment,
                cwd=elsewhere,
                stdout=log,
                stderr=log,
            )
        until(lambda: self.process.poll() is not None or "ready" in self.log(), "the host")
        assert self.process.poll() is None, self.log()

    def state(self):
        with urllib.request.urlopen(f"{self.url}/stand_in/state", timeout=20) as answer:
            return json.load(answer)

    def set(self, key, value):
        asked = f"key={key}&value={quote(json.dumps(value))}"
        urllib.request.urlopen(f"{self.url}/stand_in/set?{asked}", timeout=20).close()


@pytest.fixture(scope="module")
def host(browser, demo, tmp_path_factory):
    host = Host(demo.url, tmp_path_factory.mktemp("host"))
    yield host
    host.close()


def _tab(page, name):
    by_role = page.get_by_role("tab", name=name, exact=True)
    return by_role.or_(page.get_by_role("button", name=name, exact=True)).first  # gradio 3


def _open_settings(tab):
    tab.page.get_by_text("Settings", exact=True).first.click()
    tab.part("key_box").wait_for()


@pytest.fixture
def open_host(browser, host):
    """open_host() -> a page of the host with our tab in front."""
    from page_driver import TabPage

    class HostPage(TabPage):
        def go_to(self, name):
            _tab(self.page, name).click()

        def sent(self, tab, kind):
            """What has come to another tab; gradio 6 has only the one in front in the page."""
            self.go_to(tab)
            return self.page.locator(f"#{tab}_{kind}").locator("textarea, input").first

        def open(self):
            self.page.goto(self.url)
            self.go_to("Civitai Shortcut")
            self.part("find_button").filter(has_text=self._opened).wait_for()
            self.page.wait_for_selector(".civitai-shortcut-jobs h3")

    opened = []

    def open_host(**options):
        opened.append(HostPage(browser, host.url, **options))
        return opened[-1]

    yield open_host
    for page in opened:
        page.close()
    assert [page.abroad + page.wrongs for page in opened if page.abroad or page.wrongs] == []


def test_each_load_registers_every_callback_once_and_asks_no_network(host):
    state = host.state()
    once = {"ui_settings": 1, "ui_tabs": 1, "app_started": 1}
    assert [load["callbacks"] for load in state["rounds"]] == [once, once]
    assert state["watched"] == []


def test_tab_has_a_title_and_an_id_and_nothing_of_it_is_remembered_by_the_host(host):
    for load in host.state()["rounds"]:
        assert load["tabs"] == [["Civitai Shortcut", "civitai_shortcut"]]
        assert load["all_unsaved"] and load["components"] > 40


def test_settings_are_a_section_of_the_host_with_prefixed_keys_and_typed_values(host):
    options = host.state()["options"]
    assert set(options) == {f"civitai_shortcut_{entry.name}" for entry in setting.SETTINGS}
    for entry in setting.SETTINGS:
        option = options[f"civitai_shortcut_{entry.name}"]
        assert option["section"] == ["civitai_shortcut", "Civitai Shortcut"]
        assert option["type"] == entry.default.__class__.__name__
        assert all(said in option["label"] for said in labels.SETTINGS[entry.name])
        if isinstance(entry.default, float):  # a host cannot tell its field from its type
            assert option["component"] == "Number"
    assert not [key for key in options if "key" in key]


def test_setting_changed_on_the_hosts_page_is_seen_at_the_next_call(host, open_host):
    host.set("civitai_shortcut_gallery_columns", 3)
    try:
        assert host.state()["seen"]["gallery_columns"] == 3
        tab = open_host()
        tab.find(str(_VIDEOS))
        tab.shows(uuids(of_model(_VIDEOS)[:6]))
        host.set("civitai_shortcut_gallery_columns", 400)  # out of bounds: not taken
        assert host.state()["seen"]["gallery_columns"] == 3
    finally:
        host.set("civitai_shortcut_gallery_columns", 6)


def test_key_saved_in_the_tab_is_in_no_file_of_the_host(host, open_host):
    tab = open_host()
    _open_settings(tab)
    tab.field("key_box").fill("demo-key")
    tab.press("save_key_button")
    expect(tab.part("key_status")).to_contain_text("The key is saved")
    tab.press("test_key_button")
    expect(tab.part("key_status")).to_contain_text("demo_user")
    path = host.data / "config" / "civitai-shortcut" / "api_key"
    assert path.read_text() == "demo-key"
    assert os.name != "posix" or stat.S_IMODE(path.stat().st_mode) == 0o600
    host.set("civitai_shortcut_gallery_rows", 2)
    kept = [p for p in (host.data / "host").rglob("*") if p.is_file()]
    assert kept and not [p for p in kept if b"demo-key" in p.read_bytes()]
    for address in ("config", f"file={path}", f"gradio_api/file={path}"):
        assert "demo-key" not in tab.page.request.get(f"{host.url}/{address}").text()
    tab.press("remove_key_button")
    expect(tab.part("key_status")).to_contain_text("The key is removed")


def test_our_settings_are_on_the_hosts_page_only(open_host):
    tab = open_host()
    _open_settings(tab)
    assert tab.part("save_settings_button").count() == 0


def test_picture_is_sent_with_its_infotext_and_at_its_real_size(open_host):
    row = next(r for r in of_model(_PAPER)[:12] if "<lora:" in infotext_of(r))
    tab = open_host()
    tab.find(str(_PAPER))
    tab.shows(uuids(of_model(_PAPER)[:12]))
    tab.tiles.nth(of_model(_PAPER).index(row)).click()
    expect(tab.field("infotext_box")).to_have_value(infotext_of(row))
    for name in ("txt2img", "img2img", "inpaint", "extras"):
        button = tab.part("send_row").get_by_role("button", name=f"Send to {name}")
        expect(button).to_be_visible()
        button.click()
        expect(tab.sent(name, "prompt")).to_have_value(infotext_of(row))
        expect(tab.sent(name, "size")).to_have_value("%dx%d" % files.size_of(row))
        tab.go_to("Civitai Shortcut")


def test_text_that_the_user_changed_is_what_is_sent(open_host):
    row = next(r for r in of_model(_PAPER)[:12] if infotext_of(r))
    tab = open_host()
    tab.find(str(_PAPER))
    tab.shows(uuids(of_model(_PAPER)[:12]))
    tab.tiles.nth(of_model(_PAPER).index(row)).click()
    expect(tab.part("send_row")).to_be_visible()
    tab.field("infotext_box").fill("a prompt of my own")
    tab.field("infotext_box").blur()
    tab.part("send_row").get_by_role("button", name="Send to txt2img").click()
    expect(tab.sent("txt2img", "prompt")).to_have_value("a prompt of my own")


def test_video_sends_its_text_and_no_poster(open_host):
    found = of_model(_VIDEOS)
    row = next(r for r in found[:12] if r.type == "video" and infotext_of(r))
    tab = open_host()
    tab.find(str(_VIDEOS))
    tab.shows(uuids(found[:12]))
    tab.tiles.nth(found.index(row)).click()
    tab.part("send_row").get_by_role("button", name="Send to img2img").click()
    expect(tab.sent("img2img", "prompt")).to_have_value(infotext_of(row))
    expect(tab.sent("img2img", "size")).to_have_value("no picture")


def test_download_in_a_host_ends_in_its_data_folder(host, open_host, demo):
    tab = open_host()
    tab.find(str(_VIDEOS))
    tab.shows(uuids(of_model(_VIDEOS)[:12]))
    tab.press("download_page_button")
    expect(tab.job(tab.waits_for_job())).to_contain_text("12 saved")
    folder = host.data / "host" / "civitai-shortcut" / "outputs" / "download-images"
    found = folder.glob("*/user_gallery_images/*")
    saved = {int(p.stem): p.read_bytes() for p in found if p.suffix not in (".txt", ".json")}
    assert saved == {row.id: demo.original_bytes(row.id) for row in of_model(_VIDEOS)[:12]}


def test_keys_do_nothing_while_another_tab_of_the_host_is_in_front(open_host):
    tab = open_host()
    tab.find(str(_VIDEOS))
    tab.shows(uuids(of_model(_VIDEOS)[:12]))
    tab.go_to("txt2img")
    tab.page.evaluate("document.activeElement.blur()")
    tab.key("PageDown")
    tab.go_to("Civitai Shortcut")
    expect(tab.part("page_text")).to_have_text("Page 1")


def test_host_without_a_queue_says_why_there_is_no_gallery(browser, demo, tmp_path):
    host = Host(demo.url, tmp_path, {"STAND_IN_NO_QUEUE": "1"})
    try:
        context = browser.new_context()
        page = context.new_page()
        page.goto(host.url)
        _tab(page, "Civitai Shortcut").click()
        expect(page.get_by_text("--no-gradio-queue")).to_be_visible()
        context.close()
    finally:
        host.close()
