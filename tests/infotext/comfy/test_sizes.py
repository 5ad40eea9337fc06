"""The size of the image that a ComfyUI sampler starts from."""

from __future__ import annotations

from cases import each_case
from civitai_manager_libs.infotext.comfy.sampling import read_initial_size
from comfy_graphs import node


def comfyroll(kind="CR SDXL Aspect Ratio", **inputs):
    defaults = {"width": 640, "height": 960, "swap_dimensions": "Off", "prescale_factor": 1.0}
    return node(kind, **{**defaults, **inputs})


SOCIAL = comfyroll("CR Aspect Ratio Social Media", aspect_ratio="Instagram Portrait - 1080x1350")
BOTH = node("Resolution", width=640, height=480)
EMPTY = node("EmptyLatentImage", width=512, height=768)


@each_case(__file__, "nodes_before_the_sampler_change_the_size")
def test_nodes_before_the_sampler_change_the_size(before, size):
    nodes = {"1": node("KSampler", latent_image=["2", 0]), "2": before, "9": EMPTY, "8": SOCIAL}
    nodes |= {"7": BOTH, "6": node("Setup", megapixels=0.3, width=1024, height=1024)}
    assert read_initial_size(nodes, "1") == (tuple(size) if size else None)


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
