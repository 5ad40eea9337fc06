"""Other programs' names translated to those of the WebUIs."""

import pytest
from cases import each_case
from civitai_manager_libs.infotext import build_infotext, parse_infotext
from civitai_manager_libs.infotext.metadata_to_infotext import translate_infotext
from hypothesis import given, strategies as st

PROMPTS = "a cat\nNegative prompt: blurry\n"


@each_case(__file__, "names_of_other_programs_become_the_webuis")
def test_names_of_other_programs_become_the_webuis(line, written):
    assert translate_infotext(PROMPTS + line) == PROMPTS + written


@each_case(__file__, "infotext_of_a_webui_is_unchanged")
def test_infotext_of_a_webui_is_unchanged(line):
    text = f"a cat, \n\nNegative prompt: blurry,  \n{line}"
    assert translate_infotext(text) == text


@pytest.mark.parametrize(
    "told",
    [
        'Lora weights: "fog: 0.1, mist: 1"',
        "Lora_0 Model name: a/fog.safetensors, Lora_0 Strength model: 0.1, "
        "Lora_1 Model name: mist.safetensors, Lora_1 Strength model: 1, Lora_1 Strength clip: 1",
    ],
    ids=["fooocus", "nkchocoai"],
)
def test_loras_in_parameters_get_a_tag(told):
    line = f"Steps: 20, Sampler: Euler, CFG scale: 7, {told}"
    tagged = f"a cat <lora:fog:0.1> <lora:mist:1>\nNegative prompt: blurry\n{line}"
    assert translate_infotext(PROMPTS + line) == tagged
    assert translate_infotext(tagged) == tagged
    assert translate_infotext(line) == f"<lora:fog:0.1> <lora:mist:1>\n{line}"
    breaks_sdnext = f"a cat\nNegative prompt: .\n{line}"
    assert "Negative" not in translate_infotext(breaks_sdnext)


@each_case(__file__, "record_and_infotext_are_translated_alike")
def test_record_and_infotext_are_translated_alike(meta, written):
    record = {"steps": 20, "seed": 7, "Size": "8x8", "Version": "x", **meta}
    line, told = build_infotext(record).split(", "), [*filter(None, written.split(", "))]
    assert set(told) <= set(line) and len(line) == 4 + len(told)


_PIECES = ["Steps: 20", "Sampler: euler_karras", "CFG Scale: 7", "Model hash: unknown", "Seed: 7"]
_PIECES += ['Lora weights: "a: 1"', "Negative prompt: .", "\n", ", ", '"', "\\", "\0", "a cat"]
_PIECES += [": "]


@given(st.lists(st.sampled_from(_PIECES), max_size=14).map("".join))
def test_translated_infotext_keeps_its_values(text):
    written = translate_infotext(text)
    assert translate_infotext(written) == written
    before, after = parse_infotext(text).parameters, parse_infotext(written).parameters
    assert after.keys() >= before.keys() - {"CFG Scale", "Model hash"}
    assert {k: after[k] for k in before.keys() & {"Steps", "Seed"}} == {
        k: before[k] for k in before.keys() & {"Steps", "Seed"}
    }


def test_sdnexts_infotext_has_the_webuis_names():
    text = (
        "a cat\nNegative prompt: dog\nTemplate: a __x__,\nb\nNegative template: dog\nSteps: 20, "
        "Sampler: DPM++ 2M, Seed: 5, CLiP-skip: 2, Variation strength: 0.3, Hires scale: 2, "
        "Hires strength: 0.4, Sampler sigma: karras, App: SD.Next"
    )
    read = parse_infotext(translate_infotext(text))
    assert (read.prompt, read.negative_prompt) == ("a cat", "dog")
    told = {"Clip skip": "2", "Variation seed strength": "0.3", "Schedule type": "Karras"}
    told |= {"Hires upscale": "2", "Denoising strength": "0.4", "Template": "a __x__,\nb"}
    assert told.items() <= read.parameters.items()
    assert "Template:" not in translate_infotext(text).splitlines()[1]


# As `get_image_params` in examples/common/common.cpp of stable-diffusion.cpp writes it.
_SDCPP = (
    "a cat <lora:x:1>\nSteps: 4, CFG scale: 1.000000, Guidance: 3.500000, Eta: 0.000000, Seed: 42, "
    "Size: 512x768, Model: , RNG: cuda, Sampler: euler discrete, TE: clip_l.safetensors, Unet: "
    "flux1-dev-q8_0.gguf, VAE: ae.safetensors, Hires upscale: Latent (nearest), Hires scale: "
    "2.000000, Hires resize: 0x0, Hires steps: 8, Denoising strength: 0.700000, Version: "
    'stable-diffusion.cpp, SDCPP: {"schema": "x", "prompt": "a cat, Steps: 9, tall: yes, Seed: 7"}'
)


@pytest.mark.parametrize("schedule", ["discrete", "flux", "smoothstep", "lcm"])
def test_stable_diffusion_cpps_infotext_is_translated(schedule):
    read = parse_infotext(translate_infotext(_SDCPP.replace("discrete", schedule)))
    told = {"Steps": "4", "Seed": "42", "Model": "flux1-dev-q8_0.gguf", "VAE": "ae.safetensors"}
    told |= {"Sampler": "Euler", "RNG": "NV", "Hires steps": "8", "Hires upscale": "2.000000"}
    told |= {"Hires upscaler": "Latent (nearest)"}
    told |= {"Schedule type": "Normal"} if schedule == "discrete" else {}
    assert told.items() <= read.parameters.items()
    assert not {"Hires resize", "SDCPP", "tall"} & {*read.parameters}
