"""How each WebUI reads an infotext, and which values it loses."""

from dataclasses import replace

import pytest
from cases import each_case
from civitai_manager_libs.infotext import HostCapabilities, HOSTS, list_losses, Loss, parse_infotext
from civitai_manager_libs.infotext import list_differences, translate_for_host
from civitai_manager_libs.infotext.host_rules import parse_as_host
from civitai_manager_libs.infotext.infotext_format import compose_infotext
from hypothesis import given, strategies as st

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


@pytest.mark.parametrize("name", [name for name in HOSTS if name != "SD.Next"])
def test_unchanged_values_are_not_reported(name):
    text = f"{_USUAL}, Schedule type: Karras, RNG: CPU, Size: 512x768, Model: m, Version: v1.10.1"
    assert _told(HOSTS[name], text) == []
    assert parse_as_host(HOSTS[name], text) == parse_infotext(text)
    for host in (HOSTS[name], _SDNEXT):
        assert _told(host, "") == _told(host, "a prompt, alone") == []
    assert translate_for_host(HOSTS[name], _USUAL) == translate_for_host(None, _USUAL) == _USUAL


@pytest.mark.parametrize("host", HOSTS.values(), ids=list(HOSTS))
def test_lora_in_a_folder_is_sent_by_the_name_that_webuis_know(host):
    text = "a/b <lora:style/Ink:0.7>, <lora:x\\y\\Glow:1:2>\nSteps: 3, Seed: 5, Sampler: Euler"
    sent = translate_for_host(host, text)
    assert sent == "a/b <lora:Ink:0.7>, <lora:Glow:1:2>\nSteps: 3, Seed: 5, Sampler: Euler"
    assert list_differences(text, sent) == ()


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


@each_case(__file__, "unknown_sampler_is_reported_with_its_replacement")
def test_unknown_sampler_is_reported_with_its_replacement(sampler, more, told):
    assert [[*loss] for loss in _told(_A, _text(more, sampler))] == told


def test_field_that_the_webui_lacks_is_reported():
    more = "ADetailer confidence: 0.3, Dynamic thresholding: 1, Lora hashes: x, Post id: 7"
    assert _told(_A, _text(more)) == [("Dynamic thresholding", "1", "")]
    assert (
        _told(_A, _text(more), HostCapabilities()) == []
    )  # where it is not known, nothing is said


def test_forge_reads_only_modules_that_it_has():
    takes = replace(_TAKES, modules=frozenset({"ae"}))
    text = _text("Module 1: ae, Module 2: t5xxl_fp16")
    assert _told(_FORGE, text, takes) == [("Module 2", "t5xxl_fp16", "")]
    assert [told[0] for told in _told(_A, text)] == ["Module 1", "Module 2"]
    # Forge writes the first of these into each image with a second pass.
    for value in ("Use same choices", "Built-in", "ae"):
        assert _told(_FORGE, _text(f"Hires Module 1: {value}"), takes) == []
    assert _told(_FORGE, _text("Hires Module 1: t5"), takes) == [("Hires Module 1", "t5", "")]


def test_vae_and_modules_are_reported_where_a_setting_ignores_them():
    more = "Schedule type: Karras, VAE: ae.safetensors, Module 1: ae, Hires Module 1: ae, RNG: CPU"
    takes = replace(_TAKES, modules=frozenset({"ae"}))
    assert _told(_NEO, _text(more), takes) == []
    found = _told(_NEO, _text(more), replace(takes, ignores_modules=True))
    assert found == [("VAE", "ae.safetensors", ""), ("Module 1", "ae", "")]


def test_upscaler_that_the_webui_lacks_is_reported():
    takes = replace(_TAKES, upscalers=frozenset({"Latent", "Lanczos"}))
    assert _told(_A, _text("Hires upscaler: Latent"), takes) == []
    assert _told(_A, _text("Hires upscaler: 4x-UltraSharp")) == []  # it is not known there
    told = _told(_A, _text("Hires upscaler: 4x-UltraSharp"), takes)
    assert told == [("Hires upscaler", "4x-UltraSharp", "")]
    has = replace(_SDNEXT_TAKES, upscalers=frozenset({"Latent Bilinear"}))
    sent = _text("Hires upscaler: Latent, Hires upscale: 2, Denoising strength: 0.4")
    assert "Hires upscaler" not in [told[0] for told in _told(_SDNEXT, sent, has)]


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


_SDNEXT = HOSTS["SD.Next"]
_SDNEXT_FIELDS = (  # of its tab Control, and of its settings as its defaults let them be pasted
    "Prompt, Negative prompt, Template, Negative template, Styles, Denoising strength, Size-1, "
    "Size-2, Resize mode, Sampler, Steps, Batch-1, Seed, Variation seed, Variation strength, "
    "Guidance, CFG scale, CLiP-skip, Image CFG scale, Hires CFG scale, CFG rescale, CFG true, "
    "VAE type, Tiling, Detailer prompt, Second pass, Refine, Hires strength, Hires sampler, "
    "Hires mode, Hires upscaler, Hires force, Hires steps, Hires upscale, Hires scale, "
    "Hires fixed-1, Hires fixed-2, Refiner start, Refiner steps, Seed resize from-1, Refiner, "
    "Sampler sigma, Sampler spacing, Sampler eta delta"
)
_SDNEXT_TAKES = HostCapabilities(
    ("Default", "Euler", "Euler a", "DPM++ 2M", "LMSD", "KDPM2"),
    fields=frozenset(_SDNEXT_FIELDS.split(", ")),
)
_SECOND_PASS = {"Hires strength": "0.4", "Hires fixed": "64x96", "Second pass": "True"}
_SECOND_PASS |= {"Hires upscaler": "Latent Bilinear", "Hires force": "True", "Hires steps": "20"}


@pytest.mark.parametrize(
    ("pair", "sent"),
    [
        ("Schedule type: Karras", "Sampler sigma: karras"),
        ("Schedule type: SGM Uniform", "Sampler spacing: trailing"),
        ("Clip skip: 2", "CLiP-skip: 2"),
        ("ENSD: 31337", "Sampler eta delta: 31337"),
        ("Variation seed strength: 0.3", "Variation strength: 0.3"),
        ("Refiner: x, Refiner switch at: 0.8", "Refiner: x, Refiner start: 0.8, Refine: True"),
        ("CFG scale: 1, Distilled CFG Scale: 3.5", "CFG scale: 3.5, CFG true: 1"),
        ("Denoising strength: 0.4, Hires resize: 64x96, Hires upscaler: Latent", _SECOND_PASS),
        ("Denoising strength: 0.4", "Denoising strength: 0.4"),
        ("Template: x __y__, Hires sampler: Use same sampler, Clip skip: 1", {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_sdnext_gets_its_own_names(pair, sent):
    plain = {"Steps": "20", "Seed": "5", "Sampler": "LMSD"}
    if isinstance(sent, str):
        sent = dict(each.split(": ") for each in sent.split(", "))
    text = f"a cat\nNegative prompt: dog\nSeed: 5, Sampler: LMS, {pair}, Steps: 20"
    assert parse_infotext(translate_for_host(_SDNEXT, text)).parameters == {**plain, **sent}


def test_sdnext_loses_what_it_has_no_field_for():
    text = _text("Clip skip: 2, RNG: CPU, VAE: v, Schedule type: Beta, Size: 8x8, Model: m", "LMS")
    # Its parser reads no hyphen in a name, so that even its own `CLiP-skip` is lost.
    lost = [("Clip skip", "2", ""), ("RNG", "CPU", ""), ("VAE", "v", "")]
    assert _told(_SDNEXT, text, _SDNEXT_TAKES) == lost
    for old, new, loss in (
        ("Beta", "Polyexponential", ("Schedule type", "Polyexponential", "")),
        ("LMS", "Restart", ("Sampler", "Restart", "Default")),
    ):
        assert loss in _told(_SDNEXT, text.replace(old, new), _SDNEXT_TAKES)
    # A prompt ends at the name of a parameter, so that the line begins with such a name.
    text = f"a cat, shoe size: large\n{_USUAL.splitlines()[-1]}"
    lost = [("Prompt", "a cat, shoe size: large", "a cat, shoe")]
    assert _told(_SDNEXT, text, _SDNEXT_TAKES) == lost
    text = translate_for_host(_SDNEXT, "a cat\nModel: m, VAE: v, Steps: 20")
    assert text == "a cat\nSteps: 20, Model: m, VAE: v"
    assert translate_for_host(_SDNEXT, "a prompt alone") == "a prompt alone"


_values = {
    "Schedule type": st.sampled_from(["Karras", "Exponential", "Automatic", "SGM Uniform"]),
    "Denoising strength": st.sampled_from(["0.4", "1"]),
    "Hires upscale": st.sampled_from(["1.5", "2"]),
    "Hires upscaler": st.sampled_from(["Latent", "Latent (nearest)", "ESRGAN 4x"]),
    "Hires steps": st.sampled_from(["0", "12"]),
    "Hires sampler": st.sampled_from(["Use same sampler", "LMS"]),
    "Variation seed": st.just("7"),
    "Variation seed strength": st.just("0.2"),
    "Refiner": st.just("x, y"),
    "Refiner switch at": st.just("0.8"),
    "Distilled CFG Scale": st.just("3.5"),
    "Model": st.sampled_from(["m", 'a, "b": c']),
}


@given(st.fixed_dictionaries({}, optional=_values), st.permutations(list(_values)))
def test_what_sdnext_has_is_not_lost(values, order):
    pairs = {"Sampler": "LMS", "CFG scale": "7", "Steps": "20", "Seed": "5", "Size": "64x96"}
    pairs |= {name: values[name] for name in order if name in values}
    text = compose_infotext("a cat", "dog", pairs)
    assert _told(_SDNEXT, text, _SDNEXT_TAKES) == []
    sent = parse_infotext(translate_for_host(_SDNEXT, text))
    assert (sent.prompt, sent.negative_prompt) == ("a cat", "dog")
