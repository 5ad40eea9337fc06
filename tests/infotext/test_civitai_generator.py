"""The infotexts of images from Civitai's own generator."""

import json

from cases import each_case
from civitai_manager_libs.core import Image
from civitai_manager_libs.infotext import build_infotext, parse_infotext
from civitai_manager_libs.infotext.metadata_to_infotext import translate_infotext
from hypothesis import given, strategies as st

FLUX_RESOURCES = [{"type": "checkpoint", "modelVersionId": 691639}]
BASE = {"prompt": "a cat", "steps": 20, "sampler": "Euler", "seed": 1}


def line(meta, base_model=""):
    image = Image(7, "https://image.civitai.com/x", base_model=base_model)
    return build_infotext(meta, image, adds_lora_tags=False).splitlines()[-1]


@each_case(__file__, "on_site_image_gets_the_values_that_forge_reads")
def test_on_site_image_gets_the_values_that_forge_reads(meta, base_model, written):
    meta = {"prompt": "a cat", "civitaiResources": FLUX_RESOURCES, **meta}
    assert line(meta, base_model) == written


def test_flux_image_of_another_program_is_unchanged():
    meta = {**BASE, "cfgScale": 3.5, "clipSkip": 2}
    expected = "Steps: 20, Sampler: Euler, CFG scale: 3.5, Seed: 1, Clip skip: 2"
    assert line(meta, "Flux.1 D") == expected
    meta = {**BASE, "cfgScale": 1, "Distilled CFG Scale": "3.5", "civitaiResources": FLUX_RESOURCES}
    assert line(meta, "Flux.1 D").count("CFG") == 2


def test_size_and_clip_skip_of_an_on_site_image_are_read_from_extra():
    extra = {"clipSkip": 2, "quantity": 1, "width": 832, "height": 1216, "process": "img2img"}
    meta = {**BASE, "engine": "Civitai", "extra": extra}
    assert line(meta).endswith("Seed: 1, Size: 832x1216, Clip skip: 2")
    meta |= {"width": 512, "height": 512, "clipSkip": 1}
    assert line(meta).endswith("Seed: 1, Size: 512x512, Clip skip: 1")


_MADE_UP = ("Steps", "Sampler", "Schedule type", "CFG scale", "Distilled CFG Scale")
_ENGINES = [  # how a record tells its engine
    *(
        {"extra": {"ecosystem": name}}
        for name in ("OpenAI", "Imagen4", "NanoBanana", "Flux1Kontext")
    ),
    *({"baseModel": name} for name in ("Seedream", "Nano Banana", "Flux.1 Kontext", "Grok", "MAI")),
    *({"engine": name} for name in ("openai", "gemini", "veo3", "kling")),
    *({"civitaiResources": [{"modelVersionId": each}]} for each in (1733399, 1889632, 2470991)),
    *({"sampler": name} for name in ("GPT-Image-2", "Imagen 4", "nano-banana-pro")),
    {"steps": 0, "cfgScale": 0},
]


@given(
    st.sampled_from(_ENGINES),
    st.fixed_dictionaries(
        {},
        optional={
            "steps": st.integers(0, 60),
            "sampler": st.sampled_from(["Undefined", "Euler", "DPM++ 2M Karras"]),
            "cfgScale": st.floats(0, 30),
            "clipSkip": st.just(2),
            "denoise": st.just(0.4),
            "seed": st.just(-1),
        },
    ),
    st.one_of(st.none(), st.integers(1, 2**32)),
)
def test_values_that_an_engine_does_not_have_are_left_out(engine, placeholders, seed):
    extra = {**engine.get("extra", {}), **({} if seed is None else {"seed": seed})}
    meta = {"prompt": "a cat", "width": 1024, "height": 768, **placeholders, **engine}
    image = Image(7, "https://image.civitai.com/x", post_id=8, base_model="Other")
    parameters = parse_infotext(build_infotext({**meta, "extra": extra}, image)).parameters
    assert not {*_MADE_UP, "Clip skip", "Denoising strength"} & {*parameters}
    assert parameters.get("Seed") == (None if seed is None else str(seed))
    assert parameters["Size"] == "1024x768"


def test_request_to_an_engine_tells_its_values():
    extra = {"ecosystem": "Seedream", "cfgScale": 5, "seed": 9, "aspectRatio": {"width": 64}}
    meta = {"prompt": "a cat", "steps": 30, "cfgScale": 7, "height": 32, "extra": extra}
    assert line(meta) == "CFG scale: 5, Seed: 9, Size: 64x32"


def test_values_of_another_program_stay_although_the_gallery_is_an_engines():
    meta = {**BASE, "cfgScale": 7, "Version": "v1.10.1"}
    assert line(meta, "Nano Banana").startswith("Steps: 20, Sampler: Euler, CFG scale: 7, Seed: 1")
    assert line({**BASE, "cfgScale": 7}, "Flux.1 Kontext").startswith("Steps: 20, ")
    assert "Steps" not in line({**BASE, "cfgScale": 7}, "Nano Banana")


def test_placeholders_of_a_file_are_left_out():
    request = {"ecosystem": "OpenAI", "seed": 1349613481, "prompt": "a [cat], (big:1.2)"}
    text = (
        "a cat\nSteps: 0, Sampler: GPT-Image-2, CFG scale: 0, Seed: -1, Size: 1536x1024, Created"
        f" Date: 2026-07-01, Civitai resources: [], Civitai metadata: {json.dumps(request)}"
    )
    parameters = parse_infotext(translate_infotext(text)).parameters
    assert not {*_MADE_UP} & {*parameters}
    assert (parameters["Seed"], parameters["Size"]) == ("1349613481", "1536x1024")
    text = "a cat\nSteps: 30, Sampler: Undefined, CFG scale: 7, Seed: -1, Size: 64x64"
    assert translate_infotext(text) == "a cat\nSteps: 30, CFG scale: 7, Size: 64x64"
    flux = f'{text}, Civitai resources: [{{"type":"checkpoint","modelName":"FLUX"}}]'
    flux = flux.replace("-1", "5")  # which Forge reads
    assert translate_infotext(flux) == flux
