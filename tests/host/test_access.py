"""Who may use a WebUI and which settings they may change, by its flags."""

from __future__ import annotations

import sys
import types

import pytest
from civitai_manager_libs import host


@pytest.fixture
def started_with(monkeypatch):
    """Return a function that installs a host with these flags."""

    def started_with(**flags):
        modules = types.ModuleType("modules")
        modules.shared = types.SimpleNamespace(cmd_opts=types.SimpleNamespace(**flags))
        modules.script_callbacks = types.ModuleType("callbacks")
        monkeypatch.setitem(sys.modules, "modules", modules)
        monkeypatch.setitem(sys.modules, "modules.script_callbacks", modules.script_callbacks)
        return modules

    return started_with


_NAMES = ("http_timeout", "proxy", "key", "download_images_folder", "model_folders", "saved_name")


@pytest.mark.parametrize(
    "flags,frozen",
    [
        ({}, ()),
        ({"freeze_settings": False, "freeze_settings_in_sections": None}, ()),
        ({"freeze_settings": True}, _NAMES),
        ({"freeze": True}, _NAMES),
        ({"freeze_settings_in_sections": "saving-images, civitai_shortcut"}, _NAMES),
        ({"freeze_settings_in_sections": "saving-images"}, ()),
        ({"freeze_specific_settings": "sd_model, civitai_shortcut_proxy"}, ("proxy",)),
        ({"freeze_specific_settings": "proxy"}, ()),
        ({"hide_ui_dir_config": True}, ("download_images_folder", "model_folders", "saved_name")),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_flags_of_the_webui_freeze_our_settings(started_with, flags, frozen):
    started_with(**flags)
    assert {name for name in _NAMES if host.is_frozen(name)} == set(frozen)


@pytest.mark.parametrize("flag", ["share", "listen", "server_name", "ngrok", "tls_certfile"])
def test_webui_is_shared_with_each_flag_that_exposes_it(started_with, flag):
    started_with(**{flag: "given"})
    assert host.is_shared()
    started_with(**{flag: None})
    assert not host.is_shared()


def test_without_a_webui_nothing_is_frozen_or_shared():
    assert not (host.is_shared() or any(map(host.is_frozen, _NAMES)))
