"""The samplers, modules and fields of a WebUI that an infotext can set."""

from __future__ import annotations

import sys
import types

import pytest
from civitai_manager_libs import host


def _named(**values):
    return types.SimpleNamespace(**values)


@pytest.fixture
def capable(webui, monkeypatch):
    """Return a WebUI with samplers, schedules and fields of an infotext."""
    samplers = {name: _named(name=name) for name in ("Euler", "DPM++ 2M", "PLMS")}
    own = _named(all_samplers_map=samplers, samplers=[samplers["DPM++ 2M"]])
    automatic = _named(label="Automatic", name="automatic", aliases=None)
    karras = _named(label="Karras", name="karras", aliases=["K"])
    fields = {"txt2img": {"fields": [(None, "Prompt"), (None, len)]}, "img2img": {"fields": None}}
    webui.infotext_utils = _named(
        create_buttons=None,
        paste_fields=fields,
        infotext_to_setting_name_mapping=[("ENSD", "x")],
    )
    labels = {"a": _named(infotext="Clip skip"), "b": _named(infotext=None), "c": _named()}
    webui.shared.opts.data_labels = labels
    webui.shared.latent_upscale_modes = {"Latent": {}}
    webui.shared.sd_upscalers = [_named(name="Lanczos")]
    monkeypatch.setitem(sys.modules, "modules.sd_samplers", own)
    schedulers = _named(schedulers=[automatic, karras])
    monkeypatch.setitem(sys.modules, "modules.sd_schedulers", schedulers)
    return webui


def test_without_a_webui_no_capabilities_are_known():
    assert host.list_capabilities() == {}


def test_samplers_schedulers_and_fields_are_those_of_the_webui(capable):
    assert host.list_capabilities() == {
        "samplers": ("DPM++ 2M", "Euler", "PLMS"),
        "schedulers": (("Automatic", "automatic"), ("Karras", "karras", "K")),
        "modules": None,
        "ignores_modules": False,
        "upscalers": frozenset({"Latent", "Lanczos"}),
        "fields": frozenset({"Prompt", "ENSD", "Clip skip"}),
    }


def test_modules_of_forge_have_no_file_extension(capable, monkeypatch):
    entry = _named(module_list={"ae.safetensors": "/x/ae.safetensors"})
    monkeypatch.setitem(sys.modules, "modules_forge.main_entry", entry)
    assert host.list_capabilities()["modules"] == frozenset({"ae"})


def test_forge_neo_may_ignore_the_modules_of_an_infotext(capable):
    capable.shared.opts.disable_modules_auto_swap = True
    assert host.list_capabilities()["ignores_modules"] is True


def test_sd_next_has_samplers_and_fields_but_no_schedulers(capable, monkeypatch):
    monkeypatch.delitem(sys.modules, "modules.sd_schedulers")
    own = sys.modules["modules.sd_samplers"]
    own.all_samplers_map["── Euler ──"] = _named(name="── Euler ──")
    told = host.list_capabilities()
    assert told["samplers"] == ("DPM++ 2M", "Euler", "PLMS")
    assert told["schedulers"] == () and "Clip skip" in told["fields"]


def test_webui_without_these_lists_has_no_known_capabilities(capable, monkeypatch):
    monkeypatch.setitem(sys.modules, "modules.sd_samplers", _named())
    assert host.list_capabilities() == {}


def test_sdnext_has_no_schedulers_and_may_ignore_parameters(capable, monkeypatch):
    monkeypatch.delitem(sys.modules, "modules.sd_schedulers")
    mapping = [("VAE", "sd_vae"), ("Sampler sigma", "schedulers_sigma")]
    capable.infotext_utils.infotext_to_setting_name_mapping = mapping
    capable.shared.opts.disable_apply_metadata = ["sd_model_checkpoint", "sd_vae"]
    known = host.list_capabilities()
    assert known["schedulers"] == ()
    assert known["fields"] == frozenset({"Prompt", "Sampler sigma", "Clip skip"})


@pytest.mark.parametrize(
    "version,name",
    [
        ("neo", "Forge Neo"),
        ("classic", "Forge Classic"),
        ("2.0.1v1.10.1", "Forge"),
        ("1.0.0v2-v1.10.1RC", "reForge"),
    ],
)
def test_forge_and_its_forks_are_distinguished(webui, monkeypatch, version, name):
    told = types.ModuleType("modules_forge.forge_version")
    told.version = version
    monkeypatch.setitem(sys.modules, "modules_forge", types.ModuleType("modules_forge"))
    monkeypatch.setitem(sys.modules, "modules_forge.forge_version", told)
    assert host.find_host_name() == name
