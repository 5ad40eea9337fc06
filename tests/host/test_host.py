"""What the program that runs us offers: a WebUI, or nothing."""

from __future__ import annotations

import os
import sys
import types

import pytest
from civitai_manager_libs import host


def test_data_folder_is_that_of_the_environment_or_in_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CIVITAI_SHORTCUT_DATA", "mine")
    assert host.find_default_data_folder() == str(tmp_path / "mine")
    assert host.find_key_file() == str(tmp_path / "mine" / "api_key")
    monkeypatch.delenv("CIVITAI_SHORTCUT_DATA")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert host.find_default_data_folder() == str(tmp_path / "civitai-shortcut")


def test_data_folder_is_in_the_webuis_folder_and_the_key_outside(webui, tmp_path):
    assert host.in_webui()
    assert host.find_default_data_folder() == os.path.join(
        str(tmp_path / "webui"), "civitai-shortcut"
    )
    assert host.find_key_file() == str(tmp_path / "config" / "civitai-shortcut" / "api_key")
    webui.paths.data_path = ""  # as in SD.Next
    assert host.find_default_data_folder() == os.path.abspath("civitai-shortcut")


def test_read_options_returns_only_our_settings(webui):
    webui.shared.opts.data = {"civitai_shortcut_http_timeout": 7, "http_timeout": 99}
    assert host.read_options() == {"http_timeout": 7}


def test_without_a_webui_there_are_no_options_and_no_send_targets():
    assert not host.in_webui() and host.read_options() is None
    assert host.find_host_name() == "" and host.list_send_targets() == ()


# "Send to ..."


class _Paste(types.ModuleType):
    """A host's module of "Send to ..." with these tabs."""

    def __init__(self, name, tabs):
        super().__init__(name)
        self.paste_fields = {tab: {"init_img": None, "fields": None} for tab in tabs}


def _install(monkeypatch, webui, name, paste):
    """Add the module to the host; the other of the two names is an empty stub."""
    stub = types.ModuleType("modules.infotext_utils")
    for known, module in (("infotext_utils", stub), (name, paste)):
        monkeypatch.setitem(sys.modules, f"modules.{known}", module)
        setattr(webui, known, module)


_USUAL = ("txt2img", "img2img", "inpaint", "extras")


@pytest.mark.parametrize(
    "tabs,theme,offered",
    [
        (("txt2img", "extras", "video"), "", ("txt2img", "extras", "pnginfo")),
        (("control", *_USUAL), "Standard", ("control", "control_input", *_USUAL)),
        (("control", *_USUAL), "Modern", ("control", "control_input", "extras")),
        ((), "", ("control", "control_input", *_USUAL, "pnginfo")),
    ],
    ids=["few", "sd-next", "modern", "not-told"],
)
def test_send_targets_are_only_existing_tabs(webui, monkeypatch, tabs, theme, offered):
    name = "generation_parameters_copypaste" if theme else "infotext_utils"
    _install(monkeypatch, webui, name, _Paste(f"modules.{name}", tabs))
    webui.shared.opts.theme_type = theme
    assert host.list_send_targets() == offered


@pytest.mark.parametrize(
    "module,name",
    [("infotext_utils", "AUTOMATIC1111"), ("generation_parameters_copypaste", "SD.Next")],
)
def test_host_name_is_that_of_the_running_webui(webui, monkeypatch, module, name):
    _install(monkeypatch, webui, module, _Paste(f"modules.{module}", _USUAL))
    assert host.find_host_name() == name
    monkeypatch.setitem(sys.modules, "modules_forge", types.ModuleType("modules_forge"))
    assert host.find_host_name() == "Forge"


def test_empty_prompts_are_filled_and_other_fields_are_unchanged(webui, monkeypatch):
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
    "auth,cookies,is_in",
    [
        (None, {}, True),
        ({"me": "x"}, {}, False),
        ({"me": "x"}, {"access-token": "wrong"}, False),
        ({"me": "x"}, {"access-token-unsecure-1": "a-token"}, True),
    ],
)
def test_user_with_one_of_the_apps_tokens_is_logged_in(auth, cookies, is_in):
    app = types.SimpleNamespace(auth=auth, tokens={"a-token": "me"})
    assert host.is_logged_in(types.SimpleNamespace(app=app, cookies=cookies)) is is_in


@pytest.mark.parametrize(
    "version,before,after", [("3.41.2", None, 5), ("3.41.2", 60, 60), ("4.40.0", None, None)]
)
def test_page_of_gradio_3_closes_despite_an_open_request(monkeypatch, version, before, after):
    import gradio

    monkeypatch.setattr(gradio, "__version__", version)
    config = types.SimpleNamespace(timeout_graceful_shutdown=before)
    host.limit_page_shutdown(types.SimpleNamespace(server=types.SimpleNamespace(config=config)))
    assert config.timeout_graceful_shutdown == after
    host.limit_page_shutdown(types.SimpleNamespace())  # a page that is served in another way


def test_webui_stores_no_values_of_our_components():
    parts = {1: types.SimpleNamespace(), 2: types.SimpleNamespace()}
    host.keep_out_of_ui_config(types.SimpleNamespace(blocks=parts))
    assert all(part.do_not_save_to_config for part in parts.values())
