"""What the program that runs us offers: a WebUI, or nothing."""

from __future__ import annotations

import os
import sys
import types

import pytest
from civitai_manager_libs import host


@pytest.fixture
def webui(monkeypatch, tmp_path):
    """Install the modules of a WebUI that these tests need; return its `modules`."""
    modules = types.ModuleType("modules")
    modules.paths = types.SimpleNamespace(data_path=str(tmp_path / "webui"))
    data = {"civitai_shortcut_http_timeout": 7, "http_timeout": 99, "sd_model": "x"}
    modules.shared = types.SimpleNamespace(
        opts=types.SimpleNamespace(data=data), cmd_opts=types.SimpleNamespace()
    )
    monkeypatch.setitem(sys.modules, "modules", modules)
    monkeypatch.setitem(sys.modules, "modules.script_callbacks", types.ModuleType("callbacks"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return modules


def test_data_is_where_the_environment_says_or_in_the_home(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CIVITAI_SHORTCUT_DATA", "mine")
    assert host.default_data_folder() == str(tmp_path / "mine")
    assert host.key_file() == str(tmp_path / "mine" / "api_key")
    monkeypatch.delenv("CIVITAI_SHORTCUT_DATA")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert host.default_data_folder() == str(tmp_path / "civitai-shortcut")


def test_in_a_webui_data_is_in_its_folder_and_the_key_outside(webui, tmp_path):
    assert host.in_webui()
    assert host.default_data_folder() == os.path.join(str(tmp_path / "webui"), "civitai-shortcut")
    assert host.key_file() == str(tmp_path / "config" / "civitai-shortcut" / "api_key")
    webui.paths.data_path = ""  # as in SD.Next
    assert host.default_data_folder() == os.path.abspath("civitai-shortcut")


def test_only_our_own_options_are_ours(webui):
    assert host.read_options() == {"http_timeout": 7}


def test_without_a_host_there_are_no_options_and_nothing_to_send_to():
    assert not host.in_webui() and host.read_options() is None
    assert host.host_name() == "" and host.send_targets() == ()


# "Send to ..."


class _Button:
    """A button of gradio that keeps with which options events were added to it."""

    def __init__(self, name):
        self.name = name
        self.options = []

    def click(self, function, **options):
        self.options.append(options)


class _Paste(types.ModuleType):
    """A host's module of "Send to ..." with these tabs."""

    def __init__(self, name, tabs):
        super().__init__(name)
        self.paste_fields = {tab: {"init_img": None, "fields": None} for tab in tabs}
        self.bound = []
        self.create_buttons = lambda names: {name: _Button(name) for name in names}
        self.ParamBinding = types.SimpleNamespace
        self.register_paste_params_button = self.bound.append


def _install(monkeypatch, webui, name, paste):
    """Add the module to the host; the other of the two names is an empty stub."""
    stub = types.ModuleType("modules.infotext_utils")
    for known, module in (("infotext_utils", stub), (name, paste)):
        monkeypatch.setitem(sys.modules, f"modules.{known}", module)
        setattr(webui, known, module)


_USUAL = ("txt2img", "img2img", "inpaint", "extras")


@pytest.mark.parametrize("name", ["infotext_utils", "generation_parameters_copypaste"])
def test_buttons_are_the_hosts_own_wherever_it_has_them(webui, monkeypatch, name):
    paste = _Paste(f"modules.{name}", _USUAL)
    _install(monkeypatch, webui, name, paste)
    host.add_paste_buttons("the text", "the picture")
    assert host.send_targets() == _USUAL
    assert [(b.tabname, b.paste_button.name) for b in paste.bound] == [(t, t) for t in _USUAL]
    assert {b.source_text_component for b in paste.bound} == {"the text"}
    assert {b.source_image_component for b in paste.bound} == {"the picture"}


def test_what_the_host_does_on_a_click_is_not_in_its_public_api(webui, monkeypatch):
    paste = _Paste("modules.infotext_utils", _USUAL)
    _install(monkeypatch, webui, "infotext_utils", paste)
    host.add_paste_buttons(None, None)
    for binding in paste.bound:
        binding.paste_button.click(print, show_progress=False)
        (options,) = binding.paste_button.options
        assert options.pop("show_progress") is False
        assert options in ({"api_name": False}, {"api_visibility": "undocumented"})


@pytest.mark.parametrize(
    "tabs,theme,offered",
    [
        (("txt2img", "extras", "video"), "", ("txt2img", "extras")),
        (("control", *_USUAL), "Standard", ("control", *_USUAL)),
        (("control", *_USUAL), "Modern", ("control", "extras")),
        ((), "", ("control", *_USUAL)),
    ],
    ids=["few", "sd-next", "modern", "not-told"],
)
def test_only_tabs_that_are_there_are_sent_to(webui, monkeypatch, tabs, theme, offered):
    paste = _Paste("modules.infotext_utils", tabs)
    _install(monkeypatch, webui, "infotext_utils", paste)
    webui.shared.opts.theme_type = theme
    host.add_paste_buttons(None, None)
    assert host.send_targets() == offered


@pytest.mark.parametrize(
    "module,name",
    [("infotext_utils", "AUTOMATIC1111"), ("generation_parameters_copypaste", "SD.Next")],
)
def test_host_is_known_by_name(webui, monkeypatch, module, name):
    _install(monkeypatch, webui, module, _Paste(f"modules.{module}", _USUAL))
    assert host.host_name() == name
    monkeypatch.setitem(sys.modules, "modules_forge", types.ModuleType("modules_forge"))
    assert host.host_name() == "Forge"


def test_fields_without_a_value_are_filled_and_others_left_alone(webui, monkeypatch):
    class Textbox:
        def __init__(self, value):
            self.value = value

    class Slider(Textbox):
        pass

    fields = [Textbox(None), Textbox("kept"), Slider(None)]
    paste = _Paste("modules.infotext_utils", _USUAL)
    paste.paste_fields["txt2img"]["fields"] = [(field, "a key") for field in fields]
    _install(monkeypatch, webui, "infotext_utils", paste)
    host.fill_empty_prompts()
    assert [field.value for field in fields] == ["", "kept", None]


@pytest.mark.parametrize(
    "headers",
    [{"accept-language": "zh-TW"}, types.SimpleNamespace(**{"accept-language": "zh-TW"})],
    ids=["mapping", "gradio-3"],
)
def test_header_is_read_wherever_gradio_keeps_it(headers):
    request = types.SimpleNamespace(headers=headers)
    assert host.request_header(request, "accept-language") == "zh-TW"
    assert host.request_header(request, "origin") == ""
    for empty in (None, types.SimpleNamespace(headers=None)):
        assert host.request_header(empty, "accept-language") == ""


@pytest.mark.parametrize(
    "auth,cookies,is_in",
    [
        (None, {}, True),
        ({"me": "x"}, {}, False),
        ({"me": "x"}, {"access-token": "wrong"}, False),
        ({"me": "x"}, {"access-token-unsecure-1": "a-token"}, True),
    ],
)
def test_who_is_logged_in_has_one_of_the_pages_tokens(auth, cookies, is_in):
    app = types.SimpleNamespace(auth=auth, tokens={"a-token": "me"})
    assert host.is_logged_in(types.SimpleNamespace(app=app, cookies=cookies)) is is_in


@pytest.mark.parametrize("version,major", [("3.41.2", 3), ("4.40.0", 4), ("6.31.0", 6)])
def test_each_gradio_gets_only_what_it_takes(monkeypatch, version, major):
    import gradio

    monkeypatch.setattr(gradio, "__version__", version)
    assert ("concurrency_limit" in host.event_options()) is (major >= 4)
    assert (host.event_options().get("api_name") is False) is (major < 6)
    assert (host.event_options().get("api_visibility") == "undocumented") is (major >= 6)


@pytest.mark.parametrize(
    "version,before,after", [("3.41.2", None, 5), ("3.41.2", 60, 60), ("4.40.0", None, None)]
)
def test_page_of_gradio_3_ends_though_a_browser_left_something_behind(
    monkeypatch, version, before, after
):
    import gradio

    monkeypatch.setattr(gradio, "__version__", version)
    config = types.SimpleNamespace(timeout_graceful_shutdown=before)
    host.limit_page_shutdown(types.SimpleNamespace(server=types.SimpleNamespace(config=config)))
    assert config.timeout_graceful_shutdown == after
    host.limit_page_shutdown(types.SimpleNamespace())  # a page that is served in another way


def test_nothing_of_a_tab_is_remembered_by_the_host():
    parts = {1: types.SimpleNamespace(), 2: types.SimpleNamespace()}
    host.keep_out_of_ui_config(types.SimpleNamespace(blocks=parts))
    assert all(part.do_not_save_to_config for part in parts.values())
