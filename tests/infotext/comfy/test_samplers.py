"""The samplers of a ComfyUI graph that start an image."""

from __future__ import annotations

import pytest
from civitai_manager_libs.infotext.comfy.sampling import find_first_samplers
from comfy_graphs import node

CASCADE = {
    "1": node("KSampler", latent_image=["2", 1], positive=["3", 0], model=["9", 0], denoise=1),
    "2": node("StableCascade_EmptyLatentImage", width=1024, height=1024),
    "3": node("StableCascade_StageB_Conditioning", stage_c=["4", 0]),
    "4": node("KSampler", latent_image=["2", 0], model=["8", 0], denoise=1),
}
REFINER = {
    "1": node("KSamplerAdvanced", latent_image=["2", 0], model=["9", 0], start_at_step=0),
    "2": node("KSamplerAdvanced", latent_image=["3", 0], model=["8", 0], start_at_step=0),
    "3": node("EmptyLatentImage", width=1024, height=1024),
}
UPSCALED = {
    "1": node("KSampler", latent_image=["5", 0], model=["9", 0], denoise=1),
    "5": node("VAEEncode", pixels=["6", 0]),
    "6": node("ImageUpscaleWithModel", image=["7", 0]),
    "7": node("VAEDecode", samples=["8", 0]),
    "8": node("SamplerCustomAdvanced", guider=["10", 0], latent_image=["11", 0]),
}
EASY = {
    "1": node("easy kSampler", pipe=["2", 0]),
    "2": node("easy preSampling", pipe=["3", 0], steps=20),
    "3": node("easy fullLoader", ckpt_name="a.ckpt"),
}
PROVIDERS = {
    "1": node("KSamplerAdvancedProvider", basic_pipe=["9", 0]),
    "2": node("KSamplerProvider", basic_pipe=["9", 0], steps=20, seed=1),
    "3": node("TwoSamplersForMask", base_sampler=["2", 0], latent_image=["4", 0]),
    "4": node("KSampler Config (rgthree)", steps_total=30),
}
DETAILER = {
    "1": node("FaceDetailer", seed=1, steps=20, image=["2", 0], denoise=0.4, model=["9", 0]),
    "2": node("VAEDecode", samples=["3", 0]),
    "3": node("KSampler (Efficient)", latent_image=["4", 0], model=["9", 0]),
}
DETAILER_ONLY = {"1": DETAILER["1"], "2": node("LoadImage", image="x.png")}
SAMPLER_NODES = {
    "1": node("KSamplerSelect", sampler_name="euler"),
    "2": node("SamplerCustom", sampler=["1", 0], model=["9", 0], latent_image=["4", 0]),
    "3": node("SamplerDPMPP_2M_SDE", eta=1),
    "4": node("ModelSamplingFlux", model=["9", 0]),
}
CIRCLE = {
    "1": node("KSampler", latent_image=["2", 0], denoise=0.5),
    "2": node("KSampler", latent_image=["1", 0], denoise=1),
}
TWO_PICTURES = {
    "1": node("KSampler", latent_image=["7", 0], model=["9", 0], denoise=0.5),
    "2": node("KSampler", latent_image=["8", 0], model=["9", 0], denoise=1),
}
WAN = {
    "1": node("WanVideoSampler", model=["2", 0], image_embeds=["3", 0], steps=20, seed=1),
    "2": node("WanVideoModelLoader", model="Wan2_1.safetensors"),
}

FLIPPED = {
    "1": node("SamplerCustom", model=["9", 0], latent_image=["5", 0], sigmas=["3", 0]),
    "2": node("SamplerCustom", model=["9", 0], latent_image=["1", 0], sigmas=["4", 0]),
    "3": node("FlipSigmas", sigmas=["4", 0]),
    "4": node("BasicScheduler", steps=20),
}
OUTPUTS = {
    "1": node("KSampler", model=["9", 0], latent_image=["5", 0]),
    "2": node("KSampler", model=["9", 0], latent_image=["5", 0]),
    "6": node("VAEDecode", samples=["1", 0]),
    "7": node("VAEDecode", samples=["2", 0]),
    "8": node("PreviewImage", images=["6", 0]),
}
SAVED = {**OUTPUTS, "10": node("SaveImage", images=["7", 0])}


@pytest.mark.parametrize(
    ("nodes", "first"),
    [
        (CASCADE, "4"),
        (REFINER, "2"),
        (UPSCALED, "8"),
        (EASY, "2"),
        (PROVIDERS, "3"),
        (DETAILER, "3"),
        (DETAILER_ONLY, "1"),
        (SAMPLER_NODES, "2"),
        (CIRCLE, "2"),
        (TWO_PICTURES, "2"),
        (WAN, "1"),
        (FLIPPED, "2"),
        (OUTPUTS, "1"),
        (SAVED, "2"),
        ({"1": node("LoadImage"), "2": node("ImageResize", image=["1", 0])}, None),
        ({}, None),
    ],
    ids=(
        "cascade refiner upscaled easy-use providers detailer detailer-only sampler-nodes circle "
        "two-pictures wan flipped shown saved no-sampler nothing"
    ).split(),
)
def test_first_sampler_has_no_sampler_upstream(nodes, first):
    expected = [first] if first else []
    assert find_first_samplers(nodes) == expected
    assert find_first_samplers(dict(reversed(nodes.items()))) == expected
