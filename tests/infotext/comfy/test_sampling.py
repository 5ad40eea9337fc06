"""How a ComfyUI graph samples: its samplers, first size and second pass."""

import sys

import pytest
from cases import each_case
from civitai_manager_libs.infotext.comfy import read_graph
from civitai_manager_libs.infotext.comfy.sampling import find_first_samplers, iter_image_path
from civitai_manager_libs.infotext.comfy.sampling import read_initial_size
from comfy_graphs import node


def sampler(latent, denoise=1, steps=20, **inputs):
    same = {"seed": 1, "cfg": 7, "sampler_name": "euler", "scheduler": "normal", "model": ["4", 0]}
    own = {"latent_image": [latent, 0], "denoise": denoise, "steps": steps}
    return node("KSampler", **{**same, **own, **inputs})


def hires(**between):
    nodes = {
        "1": sampler("5"),
        "2": sampler("9", 0.5, 12),
        "5": node("EmptyLatentImage", width=512, height=768),
        "7": node("VAEDecode", samples=["1", 0]),
        "8": node("UpscaleModelLoader", model_name="ESRGAN/4x-UltraSharp.pth"),
        "3": node("SaveImage", images=["2", 0]),
        **between,
    }
    found = read_graph({"prompt": nodes})
    assert (found["steps"], found["width"], found["denoise"]) == (20, 512, 1)
    return {k: v for k, v in found.items() if k.startswith(("Hires", "Denoising"))}


LATENT = node("LatentUpscaleBy", upscale_method="nearest-exact", scale_by=1.5, samples=["1", 0])
ENLARGED = node("ImageUpscaleWithModel", upscale_model=["8", 0], image=["7", 0])
PIXELS = {
    "9": node("VAEEncode", pixels=["10", 0]),
    "10": node("ImageScale", upscale_method="area", width=1024, height=1536, image=["11", 0]),
    "11": ENLARGED,
}
BOTH = {"Denoising strength": 0.5, "Hires steps": 12}
_BY_FACTOR = {"factor": 1.5, "upscale_model": ["8", 0], "image": ["7", 0]}
_WLSH = node("Upscale by Factor with Model (WLSH)", **_BY_FACTOR)
_RENAMED = sampler("9", 0.5, 12, sampler_name="dpmpp_2m", scheduler="karras")
_LATENT_TOLD = {**BOTH, "Hires upscale": 1.5, "Hires upscaler": "Latent (nearest-exact)"}


@pytest.mark.parametrize(
    ("between", "told"),
    [
        ({"9": LATENT}, _LATENT_TOLD),
        (PIXELS, {**BOTH, "Hires resize": "1024x1536", "Hires upscaler": "4x-UltraSharp"}),
        (
            {**PIXELS, "10": _WLSH},
            {**BOTH, "Hires upscale": 1.5, "Hires upscaler": "4x-UltraSharp"},
        ),
        (
            {"9": LATENT, "2": _RENAMED},
            {**_LATENT_TOLD, "Hires sampler": "DPM++ 2M", "Hires schedule type": "Karras"},
        ),
    ],
    ids="latent image-by-a-model image-by-a-factor other-sampler".split(),
)
def test_what_is_enlarged_between_two_samplers_is_hires_fix(between, told):
    assert hires(**between) == told


SCRIPT = {
    "upscale_type": "latent",
    "hires_ckpt_name": "(use same)",
    "latent_upscaler": "nearest-exact",
    "pixel_upscaler": "4x.pth",
    "upscale_by": 1.25,
    "hires_steps": 12,
    "denoise": 0.5,
    "iterations": 1,
    "use_controlnet": False,
}


@each_case(__file__, "highres_fix_script_is_a_second_pass")
def test_highres_fix_script_is_a_second_pass(changed, told):
    scripted = {"1": sampler("5", script=["14", 0]), "3": node("SaveImage", images=["1", 0])}
    scripted["14"] = node("HighRes-Fix Script", **{**SCRIPT, **changed})
    assert hires(**scripted, **{"2": node("Note")}) == told


@each_case(__file__, "second_pass_that_a_webui_cannot_do_is_left_out")
def test_second_pass_that_a_webui_cannot_do_is_left_out(between):
    assert hires(**between) == {}


def test_each_sampler_is_traced_back_once(monkeypatch):
    traced = []
    monkeypatch.setattr(
        sys.modules[read_graph.__module__],
        "iter_image_path",
        lambda nodes, end: traced.append(end) or iter_image_path(nodes, end),
    )
    later = {f"later {n}": sampler("9", 0.5) for n in range(50)}
    assert hires(**{"9": LATENT}, **later) == {}
    assert len(traced) == len(set(traced)) == len(later) + 3  # with "1", "2" and the saved image


def comfyroll(kind="CR SDXL Aspect Ratio", **inputs):
    defaults = {"width": 640, "height": 960, "swap_dimensions": "Off", "prescale_factor": 1.0}
    return node(kind, **{**defaults, **inputs})


SOCIAL = comfyroll("CR Aspect Ratio Social Media", aspect_ratio="Instagram Portrait - 1080x1350")
BOTH_SIDES = node("Resolution", width=640, height=480)
EMPTY = node("EmptyLatentImage", width=512, height=768)


@each_case(__file__, "nodes_before_the_sampler_change_the_size")
def test_nodes_before_the_sampler_change_the_size(before, size):
    nodes = {"1": node("KSampler", latent_image=["2", 0]), "2": before, "9": EMPTY, "8": SOCIAL}
    nodes |= {"7": BOTH_SIDES, "6": node("Setup", megapixels=0.3, width=1024, height=1024)}
    assert read_initial_size(nodes, "1") == (tuple(size) if size else None)


def test_loaded_image_wins_over_the_loaders_size_and_two_factors_are_multiplied():
    nodes = {"1": node("easy preSampling", pipe=["2", 0], image_to_latent=["3", 0])}
    nodes |= {"2": node("easy a1111Loader", empty_latent_width=512, empty_latent_height=512)}
    assert read_initial_size({**nodes, "3": node("LoadImage", image="a.png")}, "1") is None
    del nodes["1"]["inputs"]["image_to_latent"]
    assert read_initial_size(nodes, "1") == (512, 512)
    nodes = {"1": node("KSampler", latent_image=["2", 0]), "9": EMPTY}
    nodes["2"] = node("LatentUpscaleBy", scale_by=2, samples=["3", 0])
    nodes["3"] = node("LatentUpscaleBy", scale_by=0.5, samples=["9", 0])
    assert read_initial_size(nodes, "1") == (512, 768)


@each_case(__file__, "first_sampler_has_no_sampler_upstream")
def test_first_sampler_has_no_sampler_upstream(nodes, first):
    expected = [first] if first else []
    assert find_first_samplers(nodes) == expected
    assert find_first_samplers(dict(reversed(nodes.items()))) == expected
