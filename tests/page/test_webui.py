"""The tab in a host: loaded as hosts load an extension, twice, and driven in a real page."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import types
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.demo import files
from civitai_manager_libs.words import labels
from page_driver import PYTHON, Server, expect, until
from page_facts import infotext_of, of_model
from reverse_proxy import ReverseProxy

pytestmark = [pytest.mark.page, pytest.mark.door]
_RUN = str(Path(__file__).parent.parent / "host_stand_in" / "run.py")
_PAPER, _VIDEOS = 900003, 900007
_OURS = {"X-Civitai-Shortcut": "1"}


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
        return self.get("stand_in/state")

    def get(self, path):
        with urllib.request.urlopen(f"{self.url}/{path}", timeout=20) as answer:
            return json.load(answer)

    def api(self, path, method="GET", body=None):
        data = None if body is None else json.dumps(body).encode()
        url = f"{self.url}/civitai_shortcut/api/{path}"
        asked = urllib.request.Request(url, data, _OURS, method=method)
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return json.load(answer)

    def set(self, key, value):
        asked = f"key={key}&value={quote(json.dumps(value))}"
        urllib.request.urlopen(f"{self.url}/stand_in/set?{asked}", timeout=20).close()


@pytest.fixture(scope="module")
def host(browser, demo, tmp_path_factory):
    host = Host(demo.url, tmp_path_factory.mktemp("host"))
    yield host
    host.close()


@pytest.fixture
def start_host(browser, demo, tmp_path):
    """Hosts of another kind: start_host(NAME=value of its environment)."""
    started = []

    def start_host(**environment):
        started.append(Host(demo.url, tmp_path / f"host-{len(started)}", environment))
        return started[-1]

    yield start_host
    for one in started:
        one.close()


class _HostPage:
    """A page of a host with our tab in front."""

    def __init__(self, browser, host, query=""):
        self.context = browser.new_context(viewport={"width": 1400, "height": 1000})
        self.context.set_default_timeout(60_000)
        self.page = self.context.new_page()
        self.wrongs = []
        self.page.on("pageerror", lambda error: self.wrongs.append(str(error)))
        self.page.goto(host.url + query)
        if not query:
            self.go_to("Civitai Shortcut")

    def go_to(self, name):
        page = self.page
        by_role = page.get_by_role("tab", name=name, exact=True)
        by_role.or_(page.get_by_role("button", name=name, exact=True)).first.click()  # gradio 3

    def open(self, model_id, row):
        """The viewer on that picture."""
        self.page.locator("[data-field=find]").first.fill(str(model_id))
        self.page.keyboard.press("Enter")
        self.page.locator(f"[data-tile][data-id='{row.id}']").click()
        self.page.locator(f"dialog[data-viewer][data-id='{row.id}']").wait_for()

    def send(self, tab):
        self.page.locator(f"[data-do=send-{tab}]").first.click()

    def sent(self, tab, kind):
        """What has come to another tab; gradio 6 has only the one in front in the page."""
        self.go_to(tab)
        return self.page.locator(f"#{tab}_{kind}").locator("textarea, input").first


@pytest.fixture
def open_host(browser, host):
    """open_host(host) -> a page of it, in which nothing has gone wrong at the end."""
    opened = []

    def open_host(which=host, query=""):
        opened.append(_HostPage(browser, which, query))
        return opened[-1]

    yield open_host
    for page in opened:
        page.context.close()
    assert [page.wrongs for page in opened if page.wrongs] == []


def _with_text(model_id, kind="image"):
    found = of_model(model_id)[:12]
    return next(row for row in found if row.type == kind and infotext_of(row))


def test_each_load_registers_every_callback_once_and_asks_no_network(host):
    state = host.state()
    once = {"ui_settings": 1, "ui_tabs": 1, "app_started": 1}
    assert [load["callbacks"] for load in state["rounds"]] == [once, once]
    assert state["watched"] == []


def test_tab_has_a_title_and_an_id_and_nothing_of_it_is_remembered_by_the_host(host):
    for load in host.state()["rounds"]:
        assert load["tabs"] == [["Civitai Shortcut", "civitai_shortcut"]]
        assert load["all_unsaved"] and load["components"] > 8


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


def test_setting_changed_on_the_hosts_page_is_seen_at_the_next_call(host):
    def shown():
        settings = host.api("hello")["settings"]
        return next(e["value"] for e in settings if e["name"] == "gallery_cache_mb")

    host.set("civitai_shortcut_gallery_cache_mb", 300)
    try:
        assert host.state()["seen"]["gallery_cache_mb"] == shown() == 300
        host.set("civitai_shortcut_gallery_cache_mb", 3)  # out of bounds: not taken
        assert shown() == 300
    finally:
        host.set("civitai_shortcut_gallery_cache_mb", 2048)


def test_key_saved_in_the_tab_is_in_no_file_of_the_host(host):
    assert host.api("key", "PUT", {"key": "demo-key"})["key"]["saved"] is True
    assert "demo_user" in host.api("key/test", "POST", {"key": ""})["message"]
    path = host.data / "config" / "civitai-shortcut" / "api_key"
    assert path.read_text() == "demo-key"
    assert os.name != "posix" or stat.S_IMODE(path.stat().st_mode) == 0o600
    host.set("civitai_shortcut_gallery_cache_mb", 2048)
    kept = [p for p in (host.data / "host").rglob("*") if p.is_file()]
    assert kept and not [p for p in kept if b"demo-key" in p.read_bytes()]
    for address in (
        "config",
        f"file={path}",
        f"gradio_api/file={path}",
        "",
        "civitai_shortcut/api/hello",
    ):
        try:
            with urllib.request.urlopen(f"{host.url}/{address}", timeout=20) as answer:
                assert b"demo-key" not in answer.read()
        except urllib.error.HTTPError as error:
            assert b"demo-key" not in error.read()
    assert host.api("key", "PUT", {"key": ""})["key"]["saved"] is False


def _bodies(host, path):
    """What each address gives that a gradio has for files."""
    for address in (f"file={path}", f"file/{path}", f"gradio_api/file={path}"):
        try:
            with urllib.request.urlopen(f"{host.url}/{quote(address)}", timeout=20) as answer:
                yield answer.read()
        except urllib.error.HTTPError as error:
            yield error.read()


def test_nothing_of_the_data_folder_is_served_but_by_our_own_routes(start_host, tmp_path):
    """Not even where the host may serve all that is around it."""
    host = start_host(STAND_IN_ALLOWED=str(tmp_path))
    data = host.data / "host" / "civitai-shortcut"
    host.api(f"images?model={_PAPER}&level=XXX&limit=5")
    row = _with_text(_PAPER)
    urllib.request.urlopen(f"{host.url}/civitai_shortcut/api/file/{row.id}", timeout=60).close()
    for name in ("gallery.db.damaged-1", "locks/1", "settings.json.damaged"):
        (data / name).parent.mkdir(exist_ok=True)
        (data / name).write_bytes(b"of nobody's business")
    (host.data / "host" / "beside.txt").write_text("of the host's own")
    served = list(_bodies(host, host.data / "host" / "beside.txt"))
    assert b"of the host's own" in served  # so it is the folder that is refused
    kept = [path for path in data.rglob("*") if path.is_file() and path.stat().st_size]
    assert len([path for path in kept if path.parent.name == "sc_gallery"]) == 1
    for path in kept:
        assert path.read_bytes() not in _bodies(host, path), path


def test_picture_is_sent_as_it_lies_in_the_cache_without_a_copy(open_host, start_host):
    host, row = start_host(), _with_text(_PAPER)
    page = open_host(host)
    for name in ("txt2img", "img2img"):
        page.open(_PAPER, row)
        page.send(name)
        expect(page.sent(name, "size")).to_have_value("%dx%d" % files.size_of(row))
        page.go_to("Civitai Shortcut")
    cache = host.data / "host" / "civitai-shortcut" / "sc_gallery"
    kept = {path.read_bytes() for path in cache.iterdir()}
    assert any(file.name.endswith("-original.jpeg") for file in cache.iterdir())
    others = [path for path in (host.data / "temp").rglob("*") if path.is_file()]
    assert not [path for path in others if path.read_bytes() in kept]


def test_page_is_told_what_this_host_can(host):
    told = host.api("hello")["host"]
    assert (told["in_webui"], told["name"]) == (True, "AUTOMATIC1111")
    assert told["send_to"] == ["txt2img", "img2img", "inpaint", "extras"]
    assert told["has_settings_page"] is True


def test_picture_is_sent_with_its_infotext_and_at_its_real_size(open_host):
    row = _with_text(_PAPER)
    page = open_host()
    for name in ("txt2img", "img2img", "inpaint", "extras"):
        page.open(_PAPER, row)
        page.send(name)
        expect(page.sent(name, "prompt")).to_have_value(infotext_of(row))
        expect(page.sent(name, "size")).to_have_value("%dx%d" % files.size_of(row))
        page.go_to("Civitai Shortcut")


def test_what_was_said_before_another_tab_came_to_the_front_is_not_said_on_return(open_host):
    row = _with_text(_PAPER)
    page = open_host()
    page.open(_PAPER, row)
    page.send("txt2img")
    expect(page.sent("txt2img", "prompt")).to_have_value(infotext_of(row))
    expect(page.page.locator(".toast")).to_have_count(0)  # unseen no clock runs that would end it
    page.go_to("Civitai Shortcut")
    expect(page.page.locator(f"[data-tile][data-id='{row.id}']")).to_be_visible()
    expect(page.page.locator(".toast")).to_have_count(0, timeout=1000)


def test_edited_infotext_is_what_arrives(open_host):
    row = _with_text(_PAPER)
    page = open_host()
    page.open(_PAPER, row)
    page.page.locator("details.infotext summary").click()
    page.page.locator("[data-field=infotext]").fill("a changed prompt")
    page.send("txt2img")
    expect(page.sent("txt2img", "prompt")).to_have_value("a changed prompt")


def test_link_to_the_settings_opens_our_section_of_them(open_host):
    page = open_host()
    page.page.locator("[data-do=settings]").first.click()
    page.page.locator("[data-do=host-settings]").click()
    expect(page.page.get_by_label("A setting of Civitai Shortcut")).to_be_visible()


def test_address_that_names_a_model_brings_our_tab_to_the_front(open_host):
    page = open_host(query=f"?model={_PAPER}")
    expect(page.page.locator("[data-tile]").first).to_be_visible()
    page.go_to("txt2img")
    page.page.wait_for_timeout(500)  # and it does not come back by itself
    expect(page.page.locator("#txt2img_prompt")).to_be_visible()


def test_page_without_a_model_in_its_address_begins_with_the_hosts_own_tab(open_host):
    page = open_host(query="?__theme=dark")
    expect(page.page.locator("#txt2img_prompt")).to_be_visible()
    page.page.wait_for_timeout(500)
    expect(page.page.locator("#txt2img_prompt")).to_be_visible()


def test_limit_follows_a_setting_that_was_applied_on_the_hosts_page(browser, host):
    page = _HostPage(browser, host, f"?model={_PAPER}")
    page.page.add_init_script("window.onOptionsChanged = (tell) => { window.applied = tell; };")
    page.page.reload()
    limit = page.page.locator("[data-field=limit]")
    expect(limit).to_have_value("200")
    host.set("civitai_shortcut_gallery_download_limit", 70)
    try:
        page.page.evaluate("applied()")
        expect(limit).to_have_value("70")
    finally:
        host.set("civitai_shortcut_gallery_download_limit", 200)
        page.context.close()


def test_video_sends_its_text_and_no_poster(open_host):
    row = _with_text(_VIDEOS, "video")
    page = open_host()
    page.open(_VIDEOS, row)
    page.send("txt2img")
    expect(page.sent("txt2img", "prompt")).to_have_value(infotext_of(row))
    expect(page.sent("txt2img", "size")).to_have_value("no picture")


def test_host_of_sd_nexts_kind_has_its_old_name_and_the_control_tab(open_host, start_host):
    """And a tab that it does not have would stop its start."""
    host = start_host(STAND_IN_OLD_NAME="1", STAND_IN_TABS="control,txt2img")
    assert host.api("hello")["host"]["send_to"] == ["control", "txt2img"]
    row = _with_text(_PAPER)
    page = open_host(host)
    page.open(_PAPER, row)
    page.send("control")
    expect(page.sent("control", "prompt")).to_have_value(infotext_of(row))


def test_prompts_arrive_also_at_a_first_start_that_has_none_in_its_fields(open_host, start_host):
    host = start_host(STAND_IN_FIRST_START="1")
    row = _with_text(_PAPER)
    page = open_host(host)
    page.open(_PAPER, row)
    page.send("txt2img")
    expect(page.sent("txt2img", "prompt")).to_have_value(infotext_of(row))


def test_host_without_a_queue_has_the_gallery_too(open_host, start_host):
    host = start_host(STAND_IN_NO_QUEUE="1")
    row = _with_text(_PAPER)
    page = open_host(host)
    page.open(_PAPER, row)
    page.send("txt2img")
    expect(page.sent("txt2img", "prompt")).to_have_value(infotext_of(row))
    expect(page.sent("txt2img", "size")).to_have_value("%dx%d" % files.size_of(row))


def test_host_below_a_path_of_a_proxy_works(browser, start_host):
    host = start_host(STAND_IN_ROOT="/sd", STAND_IN_NO_QUEUE="1")  # no websockets of gradio 3
    row = _with_text(_PAPER)
    with ReverseProxy("/sd", host.port) as proxy:
        page = _HostPage(browser, types.SimpleNamespace(url=f"{proxy.url}/"))
        page.open(_PAPER, row)
        expect(page.page.locator("dialog[data-viewer][data-shows=file]")).to_be_visible()
        page.send("txt2img")
        expect(page.sent("txt2img", "prompt")).to_have_value(infotext_of(row))
        assert page.wrongs == []
        page.context.close()


def test_host_with_a_login_gives_nothing_without_it(browser, start_host):
    host = start_host(STAND_IN_LOGIN="me:secret")
    for path in ("api/hello", "api/jobs", "page/element.js", "api/thumb/1"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            host.get(f"civitai_shortcut/{path}")
        assert refused.value.code == 401
    context = browser.new_context()
    form = {"username": "me", "password": "secret"}
    assert context.request.post(f"{host.url}/login", form=form).ok
    assert context.request.get(f"{host.url}/civitai_shortcut/api/hello").ok
    context.close()


def test_download_in_a_host_ends_in_its_data_folder(host, demo):
    rows = of_model(_VIDEOS)[:3]
    host.api(f"images?model={_VIDEOS}&limit=12")
    job = host.api("jobs", "POST", {"ids": [row.id for row in rows], "title": "Videos"})["job"]
    assert host.job_done(job)["saved"] == 3
    folder = host.data / "host" / "civitai-shortcut" / "outputs" / "download-images"
    found = folder.glob("Videos/user_gallery_images/*")
    saved = {int(p.stem): p.read_bytes() for p in found if p.suffix not in (".txt", ".json")}
    assert saved == {row.id: demo.original_bytes(row.id) for row in rows}


def test_parts_of_the_door_are_in_the_page_and_not_seen(open_host):
    page = open_host()
    names = ("ask", "button", "infotext", "image", "nonce", "send")
    for name in names:
        part = page.page.locator(f"#civitai_shortcut_door_{name}")
        assert part.count() >= 1 and not part.first.is_visible()
    assert re.search("civitai-gallery", page.page.content())
