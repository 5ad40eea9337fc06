"""Infotexts of the kinds of records that are common in 2026."""

from __future__ import annotations

import pytest
from civitai_manager_libs.core import Image
from civitai_manager_libs.infotext import build_infotext, list_resources, Resource

FLUX_RESOURCES = [{"type": "checkpoint", "modelVersionId": 691639}]
BASE = {"prompt": "a cat", "steps": 20, "sampler": "Euler", "seed": 1}


def line(meta, base_model=""):
    image = Image(7, "https://image.civitai.com/x", base_model=base_model)
    return build_infotext(meta, image, adds_lora_tags=False).splitlines()[-1]


@pytest.mark.parametrize(
    ("meta", "base_model", "written"),
    [
        (
            {"sampler": "Undefined", "cfgScale": 3.5, "clipSkip": 2, "steps": 28, "seed": 5},
            "Flux.1 D",
            "Steps: 28, Sampler: Euler, Schedule type: Simple, CFG scale: 1, "
            "Distilled CFG Scale: 3.5, Seed: 5",
        ),
        (
            {"sampler": "Undefined", "cfgScale": "3.5", "steps": 28, "seed": 5},
            "",
            "Steps: 28, Sampler: Euler, Schedule type: Simple, CFG scale: 1, "
            "Distilled CFG Scale: 3.5, Seed: 5",
        ),
        (
            {"sampler": "DPM++ 2M", "cfgScale": 3.5, "steps": 30, "seed": 5, "engine": "Civitai"},
            "Flux.1 KreaFlux.1 D",
            "Steps: 30, Sampler: DPM++ 2M, CFG scale: 1, Distilled CFG Scale: 3.5, Seed: 5",
        ),
        (
            {"cfgScale": 4, "steps": 30, "extra": {"ecosystem": "Flux1", "clipSkip": 2}},
            "",
            "Steps: 30, Sampler: Euler, Schedule type: Simple, CFG scale: 1, "
            "Distilled CFG Scale: 4",
        ),
        (
            {"sampler": "Undefined", "cfgScale": 1, "steps": 4, "seed": 5},
            "Flux.1 S",
            "Steps: 4, Sampler: Euler, Schedule type: Simple, CFG scale: 1, Seed: 5",
        ),
        (
            {"sampler": "Euler", "cfgScale": 5, "steps": 20, "seed": 5, "clipSkip": 2},
            "Flux.2 Klein 9B-base",
            "Steps: 20, Sampler: Euler, CFG scale: 5, Seed: 5, Clip skip: 2",
        ),
        (
            {"sampler": "Undefined", "cfgScale": 7, "steps": 30, "seed": 5, "clipSkip": 2},
            "Pony",
            "Steps: 30, CFG scale: 7, Seed: 5, Clip skip: 2",
        ),
    ],
    ids=["undefined", "by-version", "sampler", "extra", "schnell", "klein", "pony"],
)
def test_on_site_image_gets_the_values_that_forge_reads(meta, base_model, written):
    meta = {"prompt": "a cat", "civitaiResources": FLUX_RESOURCES, **meta}
    assert line(meta, base_model) == written


def test_flux_image_of_another_program_is_unchanged():
    meta = {**BASE, "cfgScale": 3.5, "clipSkip": 2}
    expected = "Steps: 20, Sampler: Euler, CFG scale: 3.5, Seed: 1, Clip skip: 2"
    assert line(meta, "Flux.1 D") == expected
    meta = {**BASE, "cfgScale": 1, "Distilled CFG Scale": "3.5", "civitaiResources": FLUX_RESOURCES}
    assert line(meta, "Flux.1 D").count("CFG") == 2


@pytest.mark.parametrize(
    ("listed", "prompt"),
    [
        (
            {"additionalResources": [{"name": "Krea\\KR2_10.safetensors", "type": "lora"}]},
            "a cat",
        ),
        (
            {
                "additionalResources": [
                    {"name": "Krea\\KR2_10.safetensors", "type": "lora", "strength": 1},
                    {"name": "b/two.v2.sft", "type": "LoCon", "strength": 0.5, "strengthClip": 0.5},
                ]
            },
            "a cat <lora:KR2_10:1> <lora:two.v2:0.5>",
        ),
        (
            {
                "additionalResources": [
                    {"name": "x", "type": "lora", "strength": 0.8, "strengthClip": 1}
                ]
            },
            "a cat <lora:x:1:0.8>",
        ),
        ({"resources": [{"type": "lora", "name": "x", "weight": 0.8}]}, "a cat <lora:x:0.8>"),
        ({"resources": [{"type": "model", "name": "x", "weight": 0.8}]}, "a cat"),
        (
            {"other": {"loras": "Loras:<A\\Faces-14.safetensors:1>,<None:0.5>,<b:0.25>"}},
            "a cat <lora:Faces-14:1> <lora:b:0.25>",
        ),
    ],
    ids=["no-weight", "comfyui", "two-weights", "resources", "checkpoint", "ruined-fooocus"],
)
def test_lora_without_a_tag_gets_one(listed, prompt):
    assert build_infotext({**BASE, **listed}).splitlines()[0] == prompt


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("Krea 2\\krea2_turbo-Q5_K_M", "krea2_turbo-Q5_K_M"),
        ("OfficialStableDiffusion/hassakuXL_v12", "hassakuXL_v12"),
        ("a/b.safetensors", "b"),
        ("sd_xl_base_1.0", "sd_xl_base_1.0"),
    ],
)
def test_model_name_has_no_folder(model, name):
    assert line({**BASE, "Model": model}).endswith(f"Seed: 1, Model: {name}")
    assert line({**BASE, "models": [model]}).endswith(f"Seed: 1, Model: {name}")


@pytest.mark.parametrize(
    ("names", "written"),
    [
        (("er_sde", "beta"), "Sampler: ER SDE, Schedule type: Beta"),
        (("res_multistep", "simple"), "Sampler: Res Multistep, Schedule type: Simple"),
        (("euler", "bong_tangent"), "Sampler: Euler, Schedule type: Bong Tangent"),
    ],
    ids=["er-sde", "res-multistep", "bong-tangent"],
)
def test_comfyui_samplers_have_forge_neos_names(names, written):
    assert written in line({**BASE, "sampler": names[0], "scheduler": names[1]})


def test_air_is_a_resource_and_not_a_model_name():
    meta = {
        **BASE,
        "Model": "urn:air:sdxl:checkpoint:civitai:1277670@1896532",
        "models": ["urn:air:sdxl:checkpoint:civitai:1277670@1896532"],
        "vaes": ["urn:air:sdxl:vae:civitai:333245@373011"],
        "upscalers": ["urn:air:other:upscaler:civitai:147759@164821"],
        "additionalResources": [
            {"name": "urn:air:sdxl:lora:civitai:12@34", "type": "lora", "strength": 0.5}
        ],
        "civitaiResources": [{"type": "checkpoint", "modelVersionId": 1896532}],
    }
    assert build_infotext(meta) == "a cat\nSteps: 20, Sampler: Euler, Seed: 1"
    assert list_resources(meta) == (
        Resource("model", version_id=1896532),
        Resource("vae", version_id=373011),
        Resource("upscaler", version_id=164821),
        Resource("lora", weight=0.5, version_id=34),
    )


def test_size_and_clip_skip_of_an_on_site_image_are_read_from_extra():
    extra = {"clipSkip": 2, "quantity": 1, "width": 832, "height": 1216, "process": "img2img"}
    meta = {**BASE, "engine": "Civitai", "extra": extra}
    assert line(meta).endswith("Seed: 1, Size: 832x1216, Clip skip: 2")
    meta |= {"width": 512, "height": 512, "clipSkip": 1}
    assert line(meta).endswith("Seed: 1, Size: 512x512, Clip skip: 1")


@pytest.mark.parametrize("kind", ["LORA", "Lora", "lora"])
def test_hash_kind_is_case_insensitive(kind):
    meta = {**BASE, "hashes": {f"{kind}:epi": "81680c064e", "Embed:Easy": "66a7279a88"}}
    assert line(meta).endswith('Lora hashes: "epi: 81680c064e", TI hashes: "Easy: 66a7279a88"')


@pytest.mark.parametrize("key", ["ADetailer dilate/erode", "ADetailer use inpaint width/height"])
def test_key_may_have_a_slash(key):
    assert line({**BASE, key: "32"}).endswith(f"Seed: 1, {key}: 32")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ADetailer prompt", {"professional photo of a (dutch woman": "1.1)"}),
        ("Hires prompt", {"a cat": "b"}),
        ("Template", {"x": "y"}),
        ("Some key", {'"quoted': "x"}),
        ("ADetailer negative prompt", '"BadDream'),
        ("Wildcard prompt", '"closeup photo of \\"x'),
    ],
    ids=["prompt", "hires", "template", "no-key", "cut", "cut-in-quotes"],
)
def test_values_damaged_by_civitais_parser_are_left_out(key, value):
    assert line({**BASE, key: value}) == "Steps: 20, Sampler: Euler, Seed: 1"


def test_quotes_left_by_civitais_parser_are_removed():
    meta = {**BASE, "Hires prompt": '"a cat, \\"big\\""', "Cutoff targets": '""'}
    assert line(meta).endswith('Seed: 1, Hires prompt: "a cat, \\"big\\""')


def test_negative_seed_and_long_denoising_are_read():
    meta = {**BASE, "seed": -7331689, "Denoising strength": "0.4951434637120001"}
    expected = "Steps: 20, Sampler: Euler, Seed: -7331689, Denoising strength: 0.4951434637120001"
    assert line(meta) == expected


def test_lora_name_keeps_its_characters():
    assert build_infotext({**BASE, "prompt": "a\x14 <lora:天使\x7fV1:0.3>"}).startswith(
        "a  <lora:天使\x7fV1:0.3>\n"
    )


def test_weight_that_crashes_a_webui_is_repaired():
    assert build_infotext({**BASE, "prompt": "a (cat:1.5.)"}).startswith("a (cat:1.5)\n")
