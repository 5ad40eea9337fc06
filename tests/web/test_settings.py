"""Settings and the key as the page begins with them and changes them."""

from __future__ import annotations

import importlib.util
import itertools
import json
import os
import re

from api_server import MODEL_ID
from civitai_manager_libs import host, setting
from civitai_manager_libs.errors import DiskError
from civitai_manager_libs.i18n import messages
from civitai_manager_libs.web.routes import set_demo
from page_driver import expect, wait_for
from page_facts import of_model
import pytest


def test_words_are_in_the_language_of_the_browser(api):
    for accepted, language, downloads in (
        ("en-US", "en", "Downloads"),
        ("zh-TW,zh;q=0.9", "zh-TW", "下載"),
        ("zh-Hans-SG", "zh-CN", "下载"),
        ("fr", "en", "Downloads"),
    ):
        told = api.get("bootstrap", accepted)
        assert told["language"] == language and told["words"]["open_jobs"] == downloads
        assert set(told["words"]) == set(messages.load_catalogue("en").texts)


def test_settings_and_filters_have_bounds_choices_and_values(api):
    setting.change("http_timeout", 33)
    told = {entry["name"]: entry for entry in api.get("bootstrap")["settings"]}
    assert list(told) == [entry.name for entry in setting.SETTINGS]
    timeout = told["http_timeout"]
    assert (timeout["kind"], timeout["low"], timeout["high"]) == ("whole", 1, 600)
    assert (timeout["value"], timeout["group"]) == (33, "network")
    kinds = {"http_retry_delay": "number", "save_infotext": "switch", "saved_name": "text"}
    assert {name: told[name]["kind"] for name in kinds} == kinds
    blur = told["blur_level"]
    assert (blur["kind"], blur["value"], blur["group"]) == ("choice", "XXX", "page")
    assert blur["choices"][0] == {"value": "None", "label": "PG"}
    assert not [entry for entry in told.values() if not entry["label"]]
    choices = api.get("bootstrap", "zh-TW")["choices"]
    assert choices["sort"][0] == {"value": "Newest", "label": "最新"}
    assert [one["value"] for one in choices["level"]] == ["None", "Soft", "Mature", "X", "XXX"]
    assert choices["type"][0]["value"] == "" and choices["period"][0]["value"] == "AllTime"


def test_base_models_of_opened_models_come_first(api, on_demo, fresh):
    assert "SD 1.5" in api.get("bootstrap")["choices"]["base_models"]
    api.get("models/900001")
    fresh.finish()
    base_models = api.get("bootstrap")["choices"]["base_models"]
    assert base_models[:2] == ["SD 1.5", "SDXL 1.0"]
    assert len(base_models) == len(set(base_models))


def test_bootstrap_tells_what_serves_the_page(api):
    told = api.get("bootstrap")
    host = told["host"]
    assert (host["in_webui"], host["name"], host["send_to"]) == (False, "", [])
    assert (told["is_demo"], told["civitai_url"]) == (False, "https://civitai.com")
    set_demo(True)
    assert api.get("bootstrap")["is_demo"] is True


def _file():
    with open(os.path.join(setting.data_folder(), "settings.json"), encoding="utf-8") as file:
        return json.load(file)


def _put(api, language="en", **values):
    return api.send("PUT", "settings", values, language)


def _error(answer):
    return answer.status_code, answer.json()["error"]


def test_values_take_effect_at_once_and_are_saved(api):
    answer = _put(api, http_timeout=7, gallery_level="Mature", usergallery_preloading=False)
    assert (setting.http_timeout, setting.gallery_level) == (7, "Mature")
    assert _file()["http_timeout"] == 7 and _file()["usergallery_preloading"] is False
    told = {entry["name"]: entry["value"] for entry in answer.json()["settings"]}
    assert told["http_timeout"] == 7 and told["gallery_level"] == "Mature"


def test_one_bad_value_changes_nothing_and_names_its_field(api):
    bad = [("http_timeout", value, "1 to 600") for value in (0, 601, None, "x", 3.5, True)]
    bad += [
        ("gallery_level", "PG", "stays"),
        ("save_infotext", "yes", "stays"),
        ("nonsense", 1, ""),
    ]
    for name, value, said in bad:
        code, error = _error(_put(api, gallery_cache_mb=99, **{name: value}))
        assert (code, error["code"], error["field"]) == (400, "bad_input", name)
        assert said in error["message"], value
        assert (setting.gallery_cache_mb, setting.http_timeout) == (2048, 20)
    assert not os.path.exists(os.path.join(setting.data_folder(), "settings.json"))


def test_all_bad_values_are_named_at_once(api):
    code, error = _error(_put(api, proxy="x", gallery_cache_mb=3, http_timeout=7))
    assert code == 400 and set(error["fields"]) == {"gallery_cache_mb", "proxy"}
    assert error["fields"][error["field"]] == error["message"] and setting.http_timeout == 20


def test_folder_template_and_proxy_are_refused_with_the_reason(api, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    for name, value, language, said in (
        ("download_images_folder", "pictures", "en", "full path"),
        ("download_images_folder", str(tmp_path / "file"), "en", ""),
        ("saved_name", "{author}", "en", "the file name needs {id}"),
        ("saved_name", "{author}", "zh-TW", "檔名必須有 {id}"),
        ("proxy", "proxy:1080", "en", "socks5h://"),
        ("proxy", "proxy:1080", "zh-TW", "socks5h://"),
    ):
        before = getattr(setting, name)
        code, error = _error(_put(api, language, **{name: value}))
        assert (code, error["field"]) == (400, name) and said in error["message"]
        assert error["code"] == ("bad_input" if said else "disk")
        assert getattr(setting, name) == before
    with monkeypatch.context() as patched:
        patched.setattr(importlib.util, "find_spec", lambda name: None)
        code, error = _error(_put(api, proxy="socks5h://127.0.0.1:1080"))
    assert code == 400 and "pip install PySocks" in error["message"] and setting.proxy == ""
    for name, typed, kept in (
        ("download_images_folder", f" {tmp_path / 'new'} ", str(tmp_path / "new")),
        ("saved_name", " {author}\\{id}/ ", "{author}/{id}"),
        ("proxy", " http://127.0.0.1:3128 ", "http://127.0.0.1:3128"),
    ):
        assert _put(api, **{name: typed}).status_code == 200
        assert getattr(setting, name) == _file()[name] == kept


def test_template_is_previewed_with_the_latest_images(api, civitai):
    assert api.get("filename_preview?template={author}/{id}")["filenames"] == []
    api.get(f"models/{MODEL_ID}")
    read = [image["id"] for image in api.get(f"images?model={MODEL_ID}")["images"]]
    asked = api.get("filename_preview?template={model}/{seed}/{version|none}-{id}")
    assert asked["filenames"] == [f"A model/1/none-{i}" for i in read[:-4:-1]]
    assert asked["fields"].startswith("{id} {model} {version} {author}")
    status, code, message = api.error("filename_preview?template={nobody}")
    assert (status, code) == (400, "bad_input") and "{nobody} is not one of" in message


def test_preview_uses_the_latest_images_after_a_restart_too(api, civitai, library):
    read = [image["id"] for image in api.get(f"images?model={MODEL_ID}")["images"]]
    library.forget()
    names = api.get("filename_preview?template={id}")["filenames"]
    assert len(names) == 3 and set(names) < {f"{i}" for i in read}


def test_values_that_cannot_be_saved_do_not_take_effect(api, monkeypatch):
    def full():
        raise DiskError("No room.")

    monkeypatch.setattr(setting, "save", full)
    assert _error(_put(api, http_timeout=7))[0] == 507
    assert setting.http_timeout == 20


# Who may change them

_CHANGES = {
    "http_timeout": ("settings", {"http_timeout": 7}),
    "download_images_folder": ("settings", {"download_images_folder": "/tmp"}),
    "proxy": ("settings", {"proxy": "http://127.0.0.1:9"}),
    "model_folders": ("settings", {"model_folders": "/tmp"}),
    "key": ("key", {"key": "a-key"}),
}
_ALL, _ELSEWHERE = set(_CHANGES), {"X-Forwarded-For": "192.0.2.7"}


def _put_all(api, headers, cookies=()):
    """Return the settings that can be changed, and the reason codes of the others."""
    changed, codes = set(), set()
    for name, (path, body) in _CHANGES.items():
        sent = {"headers": {"X-Civitai-Shortcut": "1", **headers}, "cookies": dict(cookies)}
        answer = api.ask(f"api/{path}", "PUT", json=body, **sent)
        if answer.status_code == 200:
            changed.add(name)
        else:
            assert answer.status_code == 403, answer.text
            codes.add(answer.json()["error"]["code"])
    return changed, codes


@pytest.mark.parametrize("in_webui", [True, False], ids=["host", "itself"])
def test_settings_are_changed_from_this_machine_or_after_a_login(api, monkeypatch, in_webui):
    monkeypatch.setattr(host, "in_webui", lambda: in_webui)
    api.app.tokens = {"a-token": "me"}
    for has_login, headers in itertools.product((True, False), ({}, _ELSEWHERE)):
        setting.restore()  # what is already so may be set by anybody
        api.app.auth = {"me": "secret"} if has_login else None
        is_let_in = has_login or not headers
        changed, codes = _put_all(api, headers, {"access-token": "a-token"})
        assert changed == (_ALL if is_let_in else set())
        assert codes == (set() if is_let_in else {"only_here"})


def test_settings_that_the_host_froze_cannot_be_changed(api, monkeypatch):
    monkeypatch.setattr(host, "is_frozen", lambda name: name != "proxy")
    assert _put_all(api, {}) == ({"proxy"}, {"frozen"})
    told = api.get("bootstrap")
    locks = {entry["name"]: entry["locked"] for entry in told["settings"]}
    assert (locks["proxy"], locks["http_timeout"], told["key"]["locked"]) == ("", *["frozen"] * 2)
    answer = api.send("PUT", "key", {"key": "x"})
    assert "the WebUI was started with its settings locked" in answer.json()["error"]["message"]


def test_forwarded_request_or_foreign_host_name_is_not_from_this_machine(api):
    for name in ("127.0.0.1", "localhost:7860", "[::1]:7860", "my.localhost"):
        assert api.get("bootstrap", Host=name)["key"]["locked"] == ""
    for name, value in (
        *(("X-Forwarded-For", "127.0.0.1"), ("X-Forwarded-Proto", "https")),
        *(("X-Real-IP", "127.0.0.1"), ("Via", "1.1 proxy"), ("Host", "evil.example")),
    ):
        assert _put_all(api, {name: value}) == (set(), {"only_here"}), name
        sent = {"X-Civitai-Shortcut": "1", name: value}
        assert api.ask("api/key/test", "POST", headers=sent, json={"key": "x"}).status_code == 403


# The key


def test_key_is_saved_and_never_sent_back(api):
    answer = api.send("PUT", "key", {"key": "  a-key "})
    assert answer.status_code == 200 and setting.civitai_api_key == "a-key"
    told = {"saved": True, "from_environment": False, "locked": ""}
    assert answer.json() == {**told, "message": answer.json()["message"]}
    shown = api.ask("api/bootstrap")
    assert shown.json()["key"] == told
    assert "a-key" not in answer.text and "a-key" not in shown.text
    answer = api.send("PUT", "key", {"key": ""})
    assert "removed" in answer.json()["message"] and answer.json()["saved"] is False
    assert not setting.civitai_api_key and not os.path.exists(host.find_key_file())


def test_invalid_key_is_refused_and_not_repeated(api):
    setting.save_api_key("before")
    for language, said in (("en", "not an API key"), ("zh-TW", "不是 API 金鑰")):
        answer = api.send("PUT", "key", {"key": "two words"}, language)
        code, error = _error(answer)
        assert (code, error["field"]) == (400, "key") and said in error["message"]
        assert "two words" not in answer.text and setting.civitai_api_key == "before"


def test_key_of_the_environment_wins_with_a_message(api, monkeypatch):
    monkeypatch.setenv("CIVITAI_API_KEY", "from-outside")
    for key in ("mine", ""):
        answer = api.send("PUT", "key", {"key": key})
        assert "CIVITAI_API_KEY" in answer.json()["message"]
        assert answer.json()["from_environment"] is True
        assert "from-outside" not in answer.text and "mine" not in answer.text
    assert setting.civitai_api_key == "from-outside"


def test_key_test_asks_civitai_for_the_user_name(api, on_demo):
    code, error = _error(api.send("POST", "key/test", {"key": ""}))
    assert code == 400 and "No key" in error["message"] and not on_demo.requests
    setting.civitai_api_key = "demo-key"
    assert "demo_user" in api.post("key/test", {"key": ""})
    setting.civitai_api_key = "wrong"
    code, error = _error(api.send("POST", "key/test", {"key": ""}))
    assert (code, error["code"]) == (400, "needs_key") and "does not know" in error["message"]


def test_typed_key_is_tested_but_not_saved(api, on_demo):
    setting.civitai_api_key = "wrong"
    said = api.post("key/test", {"key": " demo-key "})
    assert "demo_user" in said and "not saved yet" in said and "demo-key" not in said
    assert setting.civitai_api_key == "wrong"


def test_key_test_without_a_response_says_nothing_about_the_key(api, monkeypatch):
    setting.civitai_api_key = "demo-key"
    monkeypatch.setenv("CIVITAI_BASE_URL", "http://127.0.0.1:1")
    code, error = _error(api.send("POST", "key/test", {"key": ""}))
    assert (code, error["code"]) == (502, "network")


_KEY = "demo-key"  # which the demo knows
_CHANGED = {
    "gallery_level": "Soft",
    "blur_level": "None",
    "save_record": False,
    "gallery_download_limit": 77,
    "http_retry_delay": 1.5,
    "saved_name": "{author}/{id}",
}

_READ_AGAIN = "new BroadcastChannel('civitai-shortcut-settings').postMessage('changed')"
_MASKS = (("None", 1), ("XXX", 31))  # a level's mask of browsing levels


def _opened(page):
    expect(page.panel("settings")).to_be_hidden()
    page.key(",")
    page.panel("settings").wait_for()
    return page


def _control(page, name):
    return page.field(f"setting-{name}")


def _fill(page, name, value):
    """Change a setting on its page, as by a user who then leaves the field."""
    control = _control(page, name)
    for shown in ("advanced", "basic"):
        if not control.is_visible():
            page.control(f"settings-{shown}").click()
    if isinstance(value, bool):
        control.set_checked(value)
    elif control.evaluate("control => control.localName") == "select":
        control.select_option(value)
    else:
        control.fill(str(value))
        control.blur()


def _shown(page, name):
    control = _control(page, name)
    if isinstance(_CHANGED[name], bool):
        return control.is_checked()
    return type(_CHANGED[name])(control.input_value())


def _kept(server):
    return json.loads((server.data / "settings.json").read_text(encoding="utf-8"))


def test_each_kind_of_field_takes_effect_for_good_and_no_key_is_shown(shared_server, open_gallery):
    page = _opened(open_gallery(shared_server).ready())
    gallery, told = page.page.locator("civitai-gallery"), page.page.locator(".key .form-message")
    for name, value in _CHANGED.items():
        assert _shown(page, name) != value
        _fill(page, name, value)
        wait_for(lambda: _kept(shared_server).get(name) == value)
    page.control("settings-basic").click()
    page.field("theme").select_option("dark")
    expect(gallery).to_have_attribute("data-theme", "dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.page.evaluate(ground) == "rgb(21, 23, 26)"
    expect(page.field("key")).to_have_attribute("type", "password")
    page.field("key").fill("another-key")
    page.control("test-key").click()
    expect(told).to_have_class("form-message wrong")
    page.control("save-key").click()
    expect(told).to_have_text(re.compile("^The key is saved · Civitai does not know this key"))
    page.field("key").fill(_KEY)
    page.control("test-key").click()
    expect(told).to_contain_text("demo_user")
    page.control("save-key").click()
    expect(told).to_have_text(re.compile("^The key is saved · .*demo_user$"))
    expect(page.field("key")).to_have_value("")
    page.key("Escape")
    expect(page.field("limit")).to_have_value("77")
    page.page.locator("[data-tile][data-blurred]").first.wait_for()

    page.reload()
    expect(gallery).to_have_attribute("data-theme", "dark")
    _opened(page.ready())
    assert {name: _shown(page, name) for name in _CHANGED} == _CHANGED
    page.field("theme").select_option("")
    expect(gallery).to_have_attribute("data-theme", "light")
    expect(told).to_contain_text("A key is saved")
    expect(page.field("key")).to_have_value("")
    root = "document.querySelector('civitai-gallery').shadowRoot"
    assert _KEY not in page.page.evaluate(f"{root}.innerHTML")
    page.control("test-key").click()
    expect(told).to_contain_text("demo_user")
    page.control("remove-key").click()
    wait_for(lambda: "A key is saved" not in told.inner_text())
    expect(page.control("remove-key")).to_be_disabled()
    page.key("Escape")
    expect(page.field("limit")).to_have_value("77")


def test_refused_value_is_explained_and_an_unanswered_one_saved_later(shared_server, open_gallery):
    page = _opened(open_gallery(shared_server).ready())
    names = page.page.locator("[data-names] li")
    page.control("settings-advanced").click()
    _control(page, "saved_name").fill("mine/{id}-{seed}")  # previewed while it is typed
    expect(names.first).to_contain_text("mine/")
    _control(page, "saved_name").fill("{nothing}/{id}")
    expect(page.page.locator("#setting-saved_name-wrong")).to_contain_text("{nothing}")
    expect(page.page.get_by_text("{nothing}")).to_have_count(1)
    for name, typed, said in (
        ("gallery_cache_mb", "3", "10"),
        ("download_images_folder", "pictures", "pictures"),
        ("proxy", "no proxy", "old value stays"),
    ):
        original = _control(page, name).input_value()
        _fill(page, name, typed)
        wrong = page.page.locator(f"#setting-{name}-wrong")
        expect(wrong).to_contain_text(said)
        expect(_control(page, name)).to_have_attribute("aria-invalid", "true")
        expect(_control(page, name)).to_have_value(typed)
        assert _kept(shared_server).get(name) != typed
        page.key("Escape")
        _opened(page)  # what was not saved is discarded
        expect(_control(page, name)).to_have_value(original)
        expect(_control(page, name)).to_have_attribute("aria-invalid", "false")

    page.context.set_offline(True)
    _fill(page, "http_timeout", 44)
    wrong = page.page.locator("#setting-http_timeout-wrong")
    expect(wrong).to_contain_text("does not answer")
    expect(_control(page, "http_timeout")).to_have_value("44")
    page.context.set_offline(False)
    page.message("Saved").wait_for()
    expect(wrong).to_be_empty()
    assert _kept(shared_server).get("http_timeout") == 44


def test_change_is_undone_unless_another_page_has_changed_it_since(shared_server, open_gallery):
    page = _opened(open_gallery(shared_server).ready())
    other = open_gallery(shared_server).ready()
    name, field = "gallery_download_limit", _control(page, "gallery_download_limit")
    before = field.input_value()

    def is_kept(value):
        return lambda: _kept(shared_server).get(name) == int(value)

    _fill(page, name, 5)
    page.control("undo").click()
    expect(field).to_have_value(before)
    wait_for(is_kept(before))
    _fill(page, name, 6)
    page.message("Saved").wait_for()
    _fill(_opened(other), name, 7)
    other.message("Saved").wait_for()
    page.page.evaluate(_READ_AGAIN)  # contexts of a test share no channel
    expect(field).to_have_value("7")
    page.control("undo").click()
    page.message("Changed elsewhere since").wait_for()
    assert is_kept(7)()
    page.control("setting-back").click()  # to what it was when the panel was opened
    wait_for(is_kept(before))
    expect(page.control("setting-back")).to_have_count(0)

    other.page.evaluate(_READ_AGAIN)
    expect(_control(other, name)).to_have_value(before)
    other.key("Escape")
    page.key("Escape")
    _opened(page)
    _fill(_opened(other), name, 8)
    wait_for(is_kept(8))
    page.page.evaluate(_READ_AGAIN)
    expect(field).to_have_value("8")
    expect(page.control("setting-back")).to_have_count(0)  # it has not changed it
    other.control("setting-back").click()
    expect(other.control("setting-back")).to_have_count(0)


def test_reason_why_nothing_can_be_changed_is_said_once(server, open_gallery):
    page, lock = open_gallery(server, ""), ""

    def lock_all(route):
        answer = route.fetch()
        told = answer.json()
        for one in (told.get("key", {}), *told["settings"]):
            one["locked"] = lock
        route.fulfill(response=answer, json=told)

    page.page.route(re.compile("api/(bootstrap|settings)"), lock_all)
    for lock, words in (("frozen", "settings locked"), ("only_here", "on the machine")):
        page.go("")
        _opened(page)
        expect(page.panel("settings").get_by_text(words)).to_have_count(1)
        expect(_control(page, "http_timeout")).to_be_disabled()
    page.page.unroute_all(behavior="wait")


def test_lowered_highest_rating_leaves_no_image_above_it(start, demo, open_gallery):
    page = open_gallery(start(demo.url, gallery_level="XXX"), "")
    _opened(page)
    with page.page.expect_request("**/api/home"):
        _fill(page, "gallery_level", "X")
    _fill(page, "gallery_level", "XXX")
    page.message("Saved").wait_for()
    expected = {level: [str(row.id) for row in of_model(900_003, mask)] for level, mask in _MASKS}

    def choose(level):
        page.key(",")
        _fill(page, "gallery_level", level)
        page.message("Saved").wait_for()
        page.control("close-panel").click()
        wait_for(lambda: page.ids()[:9] == expected[level][:9], f"the images up to {level}")

    above = [id for id in expected["XXX"] if id not in expected["None"]]
    for image in (above[0], above[-1]):  # among the loaded images or not
        page.go(f"?model=900003&image={image}")
        page.viewer.wait_for()
        choose("None")
        expect(page.viewer).to_be_hidden()
        choose("XXX")
    page.go("?model=900003")
    page.ready()
    choose("None")
    choose("XXX")  # as it was the highest rating, it follows it
    page.open_filters()
    page.field("level").select_option("None")
    wait_for(lambda: page.ids()[:9] == expected["None"][:9])
    page.key(",")
    _fill(page, "gallery_level", "X")
    expect(page.field("level")).to_have_value("None")  # chosen for this gallery, and lower


def test_changed_highest_rating_is_no_step_of_the_history(start, demo, open_gallery):
    page = open_gallery(start(demo.url, gallery_level="XXX"), "")
    page.find("900003")
    page.ready()
    address = page.page.url
    page.key(",")
    for level, mask in (("None", 1), ("X", 15)):
        _fill(page, "gallery_level", level)
        first = [str(row.id) for row in of_model(900_003, mask)][:9]
        wait_for(lambda: page.ids()[:9] == first, f"the images up to {level}")
    page.control("close-panel").click()
    assert page.page.url == address
    page.page.go_back()
    expect(page.tiles).to_have_count(0)
    expect(page.page).to_have_url(re.compile("/$"))
