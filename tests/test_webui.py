"""The extension in a WebUI, which a small stand-in for the host's `modules` plays."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from civitai_manager_libs.demo import files
from fault_answers import unused_port
from page_driver import PYTHON, TabPage, until
from page_facts import infotext_of, of_model, uuids

pytestmark = pytest.mark.page
_ROOT = Path(__file__).parent.parent
_STAND_IN = Path(__file__).parent / "host_stand_in"
_KEY = "sekret-0123456789"


class Host:
    """The stand-in, served until it is closed; cwd is none of ours."""

    def __init__(self, civitai: str, folder: Path, **environment: str) -> None:
        self.folder, port = folder, unused_port()
        self.url = f"http://127.0.0.1:{port}"
        folder.mkdir(parents=True)
        self.process = subprocess.Popen(
            [PYTHON, str(_STAND_IN / "serve.py"), str(_ROOT), str(port)],
            cwd=folder,
            env={
                **os.environ,
                "PYTHONPATH": str(_STAND_IN),
                "STAND_IN_DATA": str(folder),
                "CIVITAI_BASE_URL": civitai,
                "XDG_CONFIG_HOME": str(folder / "config"),
                "GRADIO_ANALYTICS_ENABLED": "False",
                **environment,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.facts = json.loads(self._line("FACTS "))

    def _line(self, start: str) -> str:
        for line in self.process.stdout:
            if line.startswith(start):
                return line.removeprefix(start)
        raise AssertionError("the stand-in ended")

    def set(self, name: str, value: object) -> None:
        """As the host's settings page does it."""
        self.process.stdin.write(f"civitai_shortcut_{name} {json.dumps(value)}\n")
        self.process.stdin.flush()
        self._line("SET ")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def host(browser, demo, tmp_path_factory):
    host = Host(demo.url, tmp_path_factory.mktemp("host") / "webui")
    yield host
    host.close()


@pytest.fixture
def tab(browser, host):
    tab = _opened(browser, host)
    yield tab
    tab.close()
    assert tab.wrongs == []


def _opened(browser, host):
    class InTab(TabPage):
        def open(self):
            self.page.goto(self.url)
            name = {"name": "Civitai Shortcut", "exact": True}
            as_tab, as_button = self.page.get_by_role("tab", **name), self.page.get_by_role(
                "button", **name
            )
            as_tab.or_(as_button).first.click()
            self.part("find_button").wait_for()
            self.page.wait_for_selector(".civitai-shortcut-jobs > h3")

    return InTab(browser, host.url)


def test_loading_it_twice_registers_each_callback_once(host):
    assert host.facts["callbacks"] == {"ui_settings": 1, "ui_tabs": 1, "app_started": 1}


def test_importing_it_writes_no_file_and_loads_no_network(host):
    assert host.facts["files_after_import"] == []
    heavy = {"civitai_manager_libs.http_client", "civitai_manager_libs.gallery_tab"}
    assert not heavy & set(host.facts["imported"])


def test_settings_are_in_a_section_of_their_own_with_their_types_and_without_the_key(host):
    options = host.facts["options"]
    assert host.facts["sections"] == ["civitai_shortcut"]
    assert all(name.startswith("civitai_shortcut_") for name in options)
    assert options["civitai_shortcut_http_timeout"] == 20
    assert options["civitai_shortcut_save_infotext"] is True
    assert not [name for name in options if "key" in name]


def test_host_keeps_no_value_of_our_components(host):
    assert host.facts["saved_in_config"] == []


def test_tab_shows_a_gallery_and_turns_its_pages(host, tab):
    tab.find("900003")
    tab.shows(uuids(of_model(900003)[:12]))
    tab.press("next_button")
    tab.shows(uuids(of_model(900003)[12:24]))


@pytest.mark.parametrize("name", ["txt2img", "img2img", "inpaint", "extras"])
def test_button_of_the_host_sends_the_infotext_and_the_picture_in_its_own_size(host, tab, name):
    tab.find("900003")
    record = of_model(900003)[0]
    tab.shows(uuids(of_model(900003)[:12]))
    tab.tiles.first.click()
    button = tab.page.locator(f"#{name}_tab")
    button.wait_for()
    button.click()
    received = tab.page.locator("#received textarea, #received input").first
    sent = until(lambda: received.input_value(), "what was sent")
    where, size, text = sent.split("|", 2)
    assert where == name
    assert text == infotext_of(record)
    assert size == "x".join(map(str, files.size_of(record)))


def test_changed_setting_is_seen_by_the_next_page(host, tab):
    host.set("gallery_rows", 1)
    try:
        tab.find("900003")
        tab.shows(uuids(of_model(900003)[:6]))
    finally:
        host.set("gallery_rows", 2)


def test_page_is_downloaded_into_the_hosts_folder(host, tab):
    tab.find("900010")
    tab.shows(uuids(of_model(900010)[:12]))
    tab.press("download_page_button")
    job = tab.job(tab.waits_for_job())
    until(lambda: "done" in (job.get_attribute("class") or ""), "the job's end")
    saved = list((host.folder / "civitai-shortcut").rglob("user_gallery_images/*"))
    assert len([path for path in saved if path.suffix not in (".txt", ".json")]) == 12


def test_key_is_kept_outside_of_what_the_host_serves(host, tab):
    tab.page.get_by_text("Settings", exact=True).first.click()
    tab.field("key_box").fill(_KEY)
    tab.press("save_key_button")
    kept = host.folder / "config" / "civitai-shortcut" / "api_key"
    until(kept.is_file, "the key's file")
    assert kept.read_text() == _KEY and kept.stat().st_mode & 0o777 == 0o600
    until(lambda: tab.field("key_box").input_value() == "", "an empty field")
    assert _KEY not in tab.page.content()


def test_without_the_queue_it_is_said_why_there_is_no_gallery(browser, demo, tmp_path):
    host = Host(demo.url, tmp_path / "webui", STAND_IN_NO_QUEUE="1")
    try:
        page = browser.new_page()
        page.goto(host.url)
        name = {"name": "Civitai Shortcut", "exact": True}
        page.get_by_role("tab", **name).or_(page.get_by_role("button", **name)).first.click()
        page.get_by_text("--no-gradio-queue").first.wait_for()
        page.close()
    finally:
        host.close()
