"""The size of the image that a ComfyUI sampler starts from."""

from __future__ import annotations

import pytest
from civitai_manager_libs.infotext.comfy.sampling import read_initial_size
from comfy_graphs import node


def comfyroll(kind="CR SDXL Aspect Ratio", **inputs):
    defaults = {"width": 640, "height": 960, "swap_dimensions": "Off", "prescale_factor": 1.0}
    return node(kind, **{**defaults, **inputs})


SOCIAL = comfyroll("CR Aspect Ratio Social Media", aspect_ratio="Instagram Portrait - 1080x1350")
BOTH = node("Resolution", width=640, height=480)
EMPTY = node("EmptyLatentImage", width=512, height=768)


@pytest.mark.parametrize(
    ("before", "size"),
    [
        (node("LatentUpscaleBy", scale_by=1.5, samples=["9", 0]), (768, 1152)),
        (node("LatentUpscaleBy", scale_by=["77", 0], samples=["9", 0]), None),
        (node("LatentUpscale", width=1024, height=1536, samples=["9", 0]), (1024, 1536)),
        (node("LatentUpscale", width=1024, height=0, samples=["9", 0]), None),
        (node("ImageUpscaleWithModel", image=["9", 0]), None),
        (node("ImageScaleToTotalPixels", image=["9", 0], megapixels=1), None),
        (node("SetLatentNoiseMask", samples=["9", 0]), (512, 768)),
        (node("LTXVConcatAVLatent", video_latent=["9", 0], audio_latent=["5", 0]), (512, 768)),
        (node("LTXDirectorGuide", latent=["9", 0], scale_by=2.0), (1024, 1536)),
        (
            node("ttN pipeLoader_v2", empty_latent_aspect="768 x 1024 [P]", width=512, height=512),
            (768, 1024),
        ),
        (
            node("ttN pipeKSampler", width=1024, height=1024, longer_side=9, latent=["9", 0]),
            (512, 768),
        ),
        (node("easy controlnetLoader", pipe=["9", 0], image=["5", 0]), (512, 768)),
        (node("easy hiresFix", width=1024, height=1024, longer_side=9, image=["9", 0]), None),
        (node("EmptyHunyuanLatentVideo", width=848, height=480, length=25), (848, 480)),
        (node("EmptyLatentImage", width=0, height=0), None),
        (
            node("SDXL Empty Latent Image (rgthree)", dimensions="832 x 1216  (portrait)"),
            (832, 1216),
        ),
        (node("SeargeX", image_size_preset="896x1152 (3:4)", image_width=1), (896, 1152)),
        (node("VAEEncode", pixels=["9", 0]), (512, 768)),
        (comfyroll(aspect_ratio="3:4 896x1152"), (896, 1152)),
        (comfyroll(aspect_ratio="3:4 896x1152", swap_dimensions="On"), (1152, 896)),
        (comfyroll(aspect_ratio="custom"), (640, 960)),
        (node("EmptyLatentImageFromPresetsSDXL", preset=" 832 x 1216"), (832, 1216)),
        (node("SDXL Empty Latent Image", resolution="896 x 1088 (0.82)"), (896, 1088)),
        (node("VAEEncodeAdvanced", width=640, height=960, resize_to_input="false"), (640, 960)),
        (node("VAEEncodeAdvanced", width=640, height=960, resize_to_input="image_1"), None),
        (node("ImageResize+", width=640, height=960, method="keep proportion"), None),
        (node("ImageResizeKJv2", width=640, height=960, keep_proportion="resize"), None),
        (
            node("ImageResizeKJv2", width=720, height=720, keep_proportion="crop", divisible_by=32),
            (704, 704),
        ),
        (comfyroll(aspect_ratio="3:4 896x1152", prescale_factor=1.5), (1344, 1728)),
        (comfyroll(aspect_ratio="Banner - 468x60"), None),  # makes 168x60
        (node("EmptyLatentImage", width=["8", 0], height=["8", 1]), (1080, 1350)),
        (node("EmptyLatentImage", width=["7", 0], height=["7", 1]), (640, 480)),
        (node("EmptyLatentImage", width=["6", 1], height=["6", 2]), None),
    ],
    ids=lambda value: value["class_type"] if isinstance(value, dict) else "",
)
def test_nodes_before_the_sampler_change_the_size(before, size):
    nodes = {"1": node("KSampler", latent_image=["2", 0]), "2": before, "9": EMPTY, "8": SOCIAL}
    nodes |= {"7": BOTH, "6": node("Setup", megapixels=0.3, width=1024, height=1024)}
    assert read_initial_size(nodes, "1") == size


def test_two_factors_are_multiplied():
    nodes = {"1": node("KSampler", latent_image=["2", 0]), "9": EMPTY}
    nodes["2"] = node("LatentUpscaleBy", scale_by=2, samples=["3", 0])
    nodes["3"] = node("LatentUpscaleBy", scale_by=0.5, samples=["9", 0])
    assert read_initial_size(nodes, "1") == (512, 768)


def test_loaded_image_wins_over_the_loaders_size():
    nodes = {"1": node("easy preSampling", pipe=["2", 0], image_to_latent=["3", 0])}
    nodes |= {"2": node("easy a1111Loader", empty_latent_width=512, empty_latent_height=512)}
    assert read_initial_size({**nodes, "3": node("LoadImage", image="a.png")}, "1") is None
    del nodes["1"]["inputs"]["image_to_latent"]
    assert read_initial_size(nodes, "1") == (512, 512)
