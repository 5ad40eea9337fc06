"""The infotexts of images from Civitai's own generator."""

from __future__ import annotations

import pytest
from civitai_manager_libs.core import Image
from civitai_manager_libs.infotext import build_infotext

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


def test_size_and_clip_skip_of_an_on_site_image_are_read_from_extra():
    extra = {"clipSkip": 2, "quantity": 1, "width": 832, "height": 1216, "process": "img2img"}
    meta = {**BASE, "engine": "Civitai", "extra": extra}
    assert line(meta).endswith("Seed: 1, Size: 832x1216, Clip skip: 2")
    meta |= {"width": 512, "height": 512, "clipSkip": 1}
    assert line(meta).endswith("Seed: 1, Size: 512x512, Clip skip: 1")
