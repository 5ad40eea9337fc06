"""A WebUI that reads its folders of models again, by the functions that each host has."""

from __future__ import annotations

import sqlite3
import sys
import types

import pytest
from civitai_manager_libs import host


@pytest.fixture
def add_function(webui, monkeypatch):
    """Return a function that puts functions into modules of a host, and the calls of them."""
    calls = []

    def add(module, path, error=None):
        def function(**options):
            calls.append((module, path, options))
            if error is not None:
                raise error

        if module not in sys.modules:
            monkeypatch.setitem(sys.modules, module, types.ModuleType(module))
        *parents, name = path.split(".")
        place = sys.modules[module]
        for parent in parents:
            if not hasattr(place, parent):
                setattr(place, parent, types.SimpleNamespace())
            place = getattr(place, parent)
        setattr(place, name, function)

    add.calls = calls
    return add


_FORGE = "modules_forge.main_entry"
_HOSTS = {
    "A1111": {
        "model": [("modules.shared_items", "refresh_checkpoints")],
        "lora": [("networks", "list_available_networks")],
        "vae": [("modules.shared_items", "refresh_vae_list")],
        "hypernet": [("modules.shared_items", "reload_hypernetworks")],
        "upscaler": [("modules.modelloader", "load_upscalers")],
    },
    "Forge": {
        "model": [("modules.shared_items", "refresh_checkpoints"), (_FORGE, "refresh_models")],
        "unet": [("modules.shared_items", "refresh_checkpoints"), (_FORGE, "refresh_models")],
        "lora": [("networks", "list_available_networks")],
        "text_encoder": [(_FORGE, "refresh_models")],
        "controlnet": [("lib_controlnet.global_state", "update_controlnet_filenames")],
    },
    "SD.Next": {
        "model": [("modules.shared", "refresh_checkpoints")],
        "unet": [
            ("modules.sd_unet", "refresh_unet_list"),
            ("modules.shared", "refresh_checkpoints"),
        ],
        "lora": [("modules.lora.lora_load", "list_available_networks")],
        "vae": [("modules.shared_items", "refresh_vae_list"), ("modules.shared", "refresh_vaes")],
        "text_encoder": [("modules.shared_items", "refresh_te_list")],
    },
}


@pytest.mark.parametrize("name", _HOSTS)
def test_each_webui_is_refreshed_by_its_own_functions(add_function, name):
    for functions in _HOSTS[name].values():
        for module, path in functions:
            add_function(module, path)
    for kind, functions in _HOSTS[name].items():
        add_function.calls.clear()
        assert host.refresh_models(kind)
        assert [call[:2] for call in add_function.calls] == functions


def test_without_a_webui_there_is_nothing_to_refresh():
    assert host.refresh_models("lora")


@pytest.mark.parametrize("kind", ["lora", "nothing-of-ours"])
def test_webui_without_the_function_is_not_refreshed(add_function, kind):
    assert not host.refresh_models(kind)


@pytest.mark.parametrize("error", [OSError, sqlite3.OperationalError])
def test_failing_function_is_logged_and_the_next_one_is_called(add_function, capsys, error):
    add_function("modules.shared_items", "refresh_vae_list", error("a damaged file"))
    assert not host.refresh_models("vae")
    add_function(_FORGE, "refresh_models")
    assert host.refresh_models("vae")
    assert "a damaged file" in capsys.readouterr().err


_LOAD = "load_textual_inversion_embeddings"


def test_embeddings_of_a1111_are_read_only_while_a_model_is_loaded(add_function):
    add_function("modules.sd_hijack", f"model_hijack.embedding_db.{_LOAD}")
    add_function("modules.sd_models", "model_data.load")
    assert host.refresh_models("embed") and add_function.calls == []
    sys.modules["modules.sd_models"].model_data.sd_model = object()
    assert host.refresh_models("embed")
    assert [call[2] for call in add_function.calls] == [{"force_reload": True}]


def test_embeddings_of_forge_are_read_for_the_page_and_the_loaded_model(add_function):
    add_function("modules.ui_extra_networks_textual_inversion", f"embedding_db.{_LOAD}")
    assert host.refresh_models("embed")
    assert add_function.calls[0][2] == {"force_reload": True, "sync_with_sd_model": False}
    add_function(
        "modules.sd_models", f"model_data.sd_model.text_processing_engine_l.embeddings.{_LOAD}"
    )
    assert host.refresh_models("embed") and len(add_function.calls) == 3


def test_embeddings_of_sd_next_are_read_only_while_a_model_is_loaded(add_function):
    add_function("modules.shared", f"sd_model.embedding_db.{_LOAD}")
    sys.modules["modules.shared"].sd_loaded = False
    assert host.refresh_models("embed") and add_function.calls == []
    sys.modules["modules.shared"].sd_loaded = True
    assert host.refresh_models("embed") and len(add_function.calls) == 1
