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


def test_data_folder_is_that_of_the_environment_or_in_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CIVITAI_SHORTCUT_DATA", "mine")
    assert host.default_data_folder() == str(tmp_path / "mine")
    assert host.key_file() == str(tmp_path / "mine" / "api_key")
    monkeypatch.delenv("CIVITAI_SHORTCUT_DATA")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert host.default_data_folder() == str(tmp_path / "civitai-shortcut")


def test_data_folder_is_in_the_webuis_folder_and_the_key_outside(webui, tmp_path):
    assert host.in_webui()
    assert host.default_data_folder() == os.path.join(str(tmp_path / "webui"), "civitai-shortcut")
    assert host.key_file() == str(tmp_path / "config" / "civitai-shortcut" / "api_key")
    webui.paths.data_path = ""  # as in SD.Next
    assert host.default_data_folder() == os.path.abspath("civitai-shortcut")


def test_read_options_returns_only_our_settings(webui):
    assert host.read_options() == {"http_timeout": 7}


def test_without_a_webui_there_are_no_options_and_no_send_targets():
    assert not host.in_webui() and host.read_options() is None
    assert host.host_name() == "" and host.send_targets() == ()


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


def _usual_fields(paste):
    """Give the tabs the fields of A1111; return the names of the fields that can take an image."""
    for tab, image in (("img2img", "first"), ("inpaint", "second"), ("extras", "third")):
        paste.paste_fields[tab]["init_img"] = image
    sizes = [("width", "Size-1"), ("height", "Size-2"), ("prompt", "Prompt")]
    for tab in ("txt2img", "img2img", "inpaint"):
        paste.paste_fields[tab]["fields"] = sizes
    return {tab: host.list_image_fields(tab) for tab in _USUAL}


@pytest.mark.parametrize("name", ["infotext_utils", "generation_parameters_copypaste"])
def test_image_fields_are_those_of_the_webuis_own_buttons(webui, monkeypatch, name):
    paste = _Paste(f"modules.{name}", _USUAL)
    _install(monkeypatch, webui, name, paste)
    fields = {"txt2img": [], "img2img": ["first"], "inpaint": ["second"], "extras": ["third"]}
    assert _usual_fields(paste) == fields
    paste.send_image_and_dimensions = lambda image: (image, 512, 768)
    fields["img2img"] += ["width", "height"]
    assert _usual_fields(paste) == fields
    assert host.values_for_image_fields("an image", 3) == ["an image", 512, 768]
    assert host.values_for_image_fields("an image", 1) == ["an image"]
    assert [host.takes_image(tab) for tab in (*_USUAL, "none")] == [False, True, True, True, False]


def test_canvas_that_only_a_script_fills_takes_an_image_but_is_no_field(webui, monkeypatch):
    paste = _Paste("modules.generation_parameters_copypaste", ("control",))
    _install(monkeypatch, webui, "generation_parameters_copypaste", paste)
    paste.paste_fields["control"]["init_img"] = type("HTML", (), {})()
    assert host.takes_image("control") and host.list_image_fields("control") == []


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
def test_send_targets_are_only_existing_tabs(webui, monkeypatch, tabs, theme, offered):
    paste = _Paste("modules.infotext_utils", tabs)
    _install(monkeypatch, webui, "infotext_utils", paste)
    webui.shared.opts.theme_type = theme
    assert host.find_send_targets() == host.send_targets() == offered


@pytest.mark.parametrize(
    "module,name",
    [("infotext_utils", "AUTOMATIC1111"), ("generation_parameters_copypaste", "SD.Next")],
)
def test_host_name_is_that_of_the_running_webui(webui, monkeypatch, module, name):
    _install(monkeypatch, webui, module, _Paste(f"modules.{module}", _USUAL))
    assert host.host_name() == name
    monkeypatch.setitem(sys.modules, "modules_forge", types.ModuleType("modules_forge"))
    assert host.host_name() == "Forge"


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


@pytest.mark.parametrize("version,major", [("3.41.2", 3), ("4.40.0", 4), ("6.31.0", 6)])
def test_each_gradio_version_gets_only_options_that_it_accepts(monkeypatch, version, major):
    import gradio

    monkeypatch.setattr(gradio, "__version__", version)
    options = host.event_options("aScript")
    assert options["_js" if major < 4 else "js"] == "aScript"
    assert ("concurrency_limit" in options) is (major >= 4)
    assert (options.get("api_name") is False) is (major < 6)
    assert (options.get("api_visibility") == "undocumented") is (major >= 6)


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
