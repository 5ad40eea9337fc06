"""How each WebUI reads an infotext, and which values it loses."""

from __future__ import annotations

import pytest
from civitai_manager_libs.infotext import (
    HostCapabilities,
    HOSTS,
    list_losses,
    Loss,
    parse_infotext,
)
from civitai_manager_libs.infotext.hosts import parse_as_host
from hypothesis import given
from hypothesis import strategies as st

_A, _FORGE, _NEO = (HOSTS[name] for name in ("AUTOMATIC1111", "Forge", "Forge Neo"))
_USUAL = "a harbor\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5"
_TAKES = HostCapabilities(
    ("DPM++ 2M", "Euler", "Euler a"),
    (
        ("Automatic", "automatic"),
        ("Karras", "karras"),
        ("SGM Uniform", "sgm_uniform", "SGMUniform"),
    ),
    None,
    frozenset("Steps, CFG scale, Seed, Size-1, Size-2, ADetailer model".split(", ")),
)


def _text(more, sampler="Euler a"):
    return f"x\nSteps: 20, Sampler: {sampler}, CFG scale: 3.5, Seed: 5, {more}"


def _told(host, text, takes=_TAKES):
    return [(loss.field, loss.sent, loss.got) for loss in list_losses(host, text, takes)]


@pytest.mark.parametrize("name", HOSTS)
def test_unchanged_values_are_not_reported(name):
    text = f"{_USUAL}, Schedule type: Karras, RNG: CPU, Size: 512x768, Model: m, Version: v1.10.1"
    assert _told(HOSTS[name], text) == []
    assert parse_as_host(HOSTS[name], text) == parse_infotext(text)


@pytest.mark.parametrize("name", HOSTS)
def test_text_without_parameters_has_no_losses(name):
    assert _told(HOSTS[name], "") == _told(HOSTS[name], "a prompt, alone") == []


def test_forge_and_neo_rewrite_civitais_flux_lines():
    line = "Model: FLUX, Clip skip: 2, Civitai resources: []"
    text = _text(line, "Undefined")
    assert parse_as_host(_A, text) == parse_infotext(text)
    assert _told(_FORGE, text, HostCapabilities()) == [
        ("Sampler", "Undefined", "Euler"),
        ("CFG scale", "3.5", "1"),
        ("Clip skip", "2", ""),
    ]
    read = parse_as_host(_FORGE, text).parameters
    assert (read["Distilled CFG Scale"], read["Schedule type"]) == ("3.5", "Simple")
    read = parse_as_host(_NEO, text.replace("FLUX", "Flux.1 D")).parameters
    assert (read["CFG scale"], read["Distilled CFG Scale"]) == ("1.0", "3.5")
    assert "Clip skip" not in read


def test_neo_drops_clip_skip_and_has_its_own_defaults():
    assert _told(_NEO, _text("Clip skip: 2, Noise Schedule: x"), HostCapabilities()) == [
        ("Clip skip", "2", ""),
        ("Noise Schedule", "x", ""),
        ("Schedule type", "", "Simple"),
    ]
    silent = _text("Schedule type: Karras, Version: v1.10.1")
    assert _told(_NEO, silent, HostCapabilities()) == [("RNG", "", "CPU")]
    assert _told(_NEO, silent.replace("v1.10.1", "ComfyUI"), HostCapabilities()) == []
    assert _told(_A, _text("Clip skip: 2"), HostCapabilities()) == []


def test_neo_reads_other_names():
    text = _text("Schedule type: Karras, RNG: CPU, Shift: 3, width: 512, height: 768")
    assert _told(_NEO, text, HostCapabilities()) == []
    read = parse_as_host(_NEO, text).parameters
    assert (read["Distilled CFG Scale"], read["Size"]) == ("3", "512x768")


@pytest.mark.parametrize(
    "sampler,more,told",
    [
        ("Euler a", "Size: 1x1", []),
        ("DPM++ 2M Karras", "Size: 1x1", []),
        ("Euler", "Schedule type: SGMUniform", []),
        ("Euler", "Schedule type: sgm_uniform", []),
        ("ER SDE", "Size: 1x1", [("Sampler", "ER SDE", "DPM++ 2M")]),
        ("Euler", "Schedule type: Beta57", [("Schedule type", "Beta57", "Automatic")]),
        ("Euler", "Hires sampler: ER SDE", [("Hires sampler", "ER SDE", "DPM++ 2M")]),
        ("DPM++ 2M Foo", "Size: 1x1", [("Sampler", "DPM++ 2M Foo", "DPM++ 2M")]),
        ("Euler", "Hires sampler: Use same sampler", []),
    ],
)
def test_unknown_sampler_is_reported_with_its_replacement(sampler, more, told):
    assert _told(_A, _text(more, sampler)) == told


def test_field_that_the_webui_lacks_is_reported():
    more = "ADetailer confidence: 0.3, Dynamic thresholding: 1, Lora hashes: x, Post id: 7"
    assert _told(_A, _text(more)) == [("Dynamic thresholding", "1", "")]
    assert (
        _told(_A, _text(more), HostCapabilities()) == []
    )  # where it is not known, nothing is said


def test_forge_reads_only_modules_that_it_has():
    takes = HostCapabilities(
        modules=frozenset({"ae"}), fields=frozenset({"Steps", "CFG scale", "Seed"})
    )
    text = _text("Module 1: ae, Module 2: t5xxl_fp16")
    assert _told(_FORGE, text, takes) == [("Module 2", "t5xxl_fp16", "")]
    assert [told[0] for told in _told(_A, text)] == ["Module 1", "Module 2"]


def test_fewer_than_three_parameters_are_read_as_prompt():
    found = list_losses(_A, "a harbor\nSteps: 20, Seed: 5")
    assert found == [
        Loss("Steps", "20", is_read_as_prompt=True),
        Loss("Seed", "5", is_read_as_prompt=True),
    ]


@given(st.sampled_from(list(HOSTS)), st.text(max_size=300), st.booleans())
def test_every_webui_can_read_any_text(name, text, is_line):
    text = f"x\nSteps: 20, Sampler: Euler, Flux: CFG scale: 3, Seed: {text}" if is_line else text
    assert isinstance(list_losses(HOSTS[name], text, _TAKES), list)
