"""What nodes of many packs hold, by graphs; an unknown node never gives another node's value."""

from __future__ import annotations

import json

import pytest
from civitai_manager_libs.infotext.comfy import read_graph
from comfy_graphs import node

_SAMPLER = {"seed": 42, "steps": 25, "cfg": 6.5, "sampler_name": "euler", "scheduler": "karras"}
_VALUES = {"seed": 42, "steps": 25, "cfgScale": 6.5, "sampler": "euler", "scheduler": "karras"}
_TEXTS = {
    "6": node("CLIPTextEncode", text="a lighthouse", clip=["4", 1]),
    "7": node("CLIPTextEncode", text="blurry", clip=["4", 1]),
}
_CORE = {
    "3": node(
        "KSampler",
        **_SAMPLER,
        model=["4", 0],
        positive=["6", 0],
        negative=["7", 0],
        latent_image=["5", 0],
    ),
    "4": node("CheckpointLoaderSimple", ckpt_name="xl.ckpt"),
    "5": node("EmptyLatentImage", width=832, height=1216),
    **_TEXTS,
    "8": node("VAEDecode", samples=["3", 0], vae=["4", 2]),
    "9": node("SaveImage", images=["8", 0]),
}
_CORE_VALUES = {
    **_VALUES,
    "prompt": "a lighthouse",
    "negativePrompt": "blurry",
    "width": 832,
    "height": 1216,
    "models": ["xl.ckpt"],
}


def with_nodes(**changed):
    """Return the core graph with other nodes, by their ids without the leading "n"."""
    return {**_CORE, **{name[1:]: each for name, each in changed.items()}}


def lora(name, strength, clip=None):
    entry = {"type": "lora", "name": name, "strength": strength, "strengthClip": clip}
    return {key: value for key, value in entry.items() if value is not None}


def partner(kind, **inputs):
    return {"1": node(kind, **inputs), "2": node("SaveImage", images=["1", 0])}


VAE = {
    "loader": (
        with_nodes(
            n8=node("VAEDecode", samples=["3", 0], vae=["10", 0]),
            n10=node("VAELoader", vae_name="sdxl.vae.safetensors"),
        ),
        _CORE_VALUES | {"vaes": ["sdxl.vae.safetensors"]},
    ),
    "of-a-second-pass": (
        with_nodes(
            n8=node("VAEDecodeTiled", samples=["11", 0], vae=["10", 0]),
            n10=node("VAELoaderKJ", vae_name="sdxl.vae.safetensors"),
            n11=node("LatentUpscaleBy", samples=["3", 0], scale_by=1.5),
        ),
        _CORE_VALUES | {"vaes": ["sdxl.vae.safetensors"]},
    ),
    "in-a-basic-pipe": (
        with_nodes(
            n8=node("VAEDecode", samples=["3", 0], vae=["11", 2]),
            n10=node("VAELoader", vae_name="sdxl.pt"),
            n11=node("FromBasicPipe", basic_pipe=["12", 0]),
            n12=node("ToBasicPipe", model=["4", 0], clip=["4", 1], vae=["10", 0]),
        ),
        _CORE_VALUES | {"vaes": ["sdxl.pt"]},
    ),
    "wan": (
        with_nodes(
            n8=node("WanVideoDecode", samples=["3", 0], vae=["10", 0]),
            n10=node("WanVideoVAELoader", model_name="wan_vae.safetensors", precision="bf16"),
        ),
        _CORE_VALUES | {"vaes": ["wan_vae.safetensors"]},
    ),
    "efficient": (
        {
            "3": node(
                "KSampler (Efficient)",
                **_SAMPLER,
                model=["4", 0],
                positive=["4", 1],
                negative=["4", 2],
                latent_image=["4", 3],
                optional_vae=["4", 4],
            ),
            "4": node(
                "Efficient Loader",
                ckpt_name="xl.ckpt",
                vae_name="xl.vae.pt",
                positive="a lighthouse",
                negative="blurry",
                empty_latent_width=832,
                empty_latent_height=1216,
            ),
            "9": node("SaveImage", images=["3", 5]),
        },
        _CORE_VALUES | {"vaes": ["xl.vae.pt"]},
    ),
    "easy-use": (
        {
            "3": node("easy fullkSampler", pipe=["4", 0], **_SAMPLER),
            "4": node(
                "easy a1111Loader",
                ckpt_name="xl.ckpt",
                vae_name="xl.vae.pt",
                positive="a lighthouse",
                negative="blurry",
                empty_latent_width=832,
                empty_latent_height=1216,
            ),
            "9": node("SaveImage", images=["3", 1]),
        },
        _CORE_VALUES | {"vaes": ["xl.vae.pt"]},
    ),
}
WITHOUT_VAE = {
    "baked": _CORE,
    "baked-in-a-loader": VAE["easy-use"][0]
    | {"4": node("easy a1111Loader", ckpt_name="xl.ckpt", vae_name="Baked VAE")},
    "only-encodes": with_nodes(
        n5=node("VAEEncode", pixels=["11", 0], vae=["10", 0]),
        n10=node("VAELoader", vae_name="other.pt"),
        n11=node("LoadImage", image="a.png"),
    ),
    "two-decoders": VAE["loader"][0]
    | {
        "12": node("VAELoader", vae_name="other.pt"),
        "13": node("VAEDecode", samples=["3", 0], vae=["12", 0]),
    },
    "of-another-sampler": with_nodes(
        n10=node("VAELoader", vae_name="other.pt"),
        n11=node("VAEDecode", samples=["12", 0], vae=["10", 0]),
        n12=node("LoadLatent", latent="a.latent"),
    ),
}
PARTNERS = {
    "flux-pro": (
        partner("FluxProImageNode", prompt="a cat", width=1024, height=768, seed=5),
        {"prompt": "a cat", "width": 1024, "height": 768, "seed": 5},
    ),
    "kontext": (
        partner(
            "FluxKontextProImageNode",
            prompt="a cat",
            aspect_ratio="1:1",
            guidance=3,
            steps=50,
            seed=5,
        ),
        {"prompt": "a cat", "Distilled CFG Scale": 3, "steps": 50, "seed": 5},
    ),
    "seedream-preset": (
        partner(
            "ByteDanceSeedreamNode",
            model="seedream-4-5-251128",
            prompt="a cat",
            size_preset="1664x2496 (2:3)",
            width=2048,
            height=2048,
            seed=5,
        ),
        {
            "models": ["seedream-4-5-251128"],
            "prompt": "a cat",
            "width": 1664,
            "height": 2496,
            "seed": 5,
        },
    ),
    "seedream-custom": (
        partner(
            "ByteDanceSeedreamNode", prompt="a cat", size_preset="Custom", width=2048, height=1024
        ),
        {"prompt": "a cat", "width": 2048, "height": 1024},
    ),
    "auto-size": (
        partner("OpenAIGPTImage1", prompt="a cat", seed=5, size="auto", model="gpt-image-1.5"),
        {"prompt": "a cat", "seed": 5, "models": ["gpt-image-1.5"]},
    ),
    "options-of-a-model": (
        partner(
            "ByteDanceSeedreamNodeV3",
            prompt="a cat",
            model="seedream 5.0",
            **{"model.size_preset": "(1K) 1024x1536 (2:3)", "model.width": 2048},
        ),
        {"prompt": "a cat", "models": ["seedream 5.0"], "width": 1024, "height": 1536},
    ),
    "image-to-image": (
        partner(
            "StabilityStableImageSD_3_5Node",
            prompt="a cat",
            model="sd3.5-large",
            cfg_scale=4.0,
            seed=5,
            negative_prompt="a dog",
            image=["3", 0],
            image_denoise=0.6,
        )
        | {"3": node("LoadImage", image="a.png")},
        {
            "prompt": "a cat",
            "negativePrompt": "a dog",
            "cfgScale": 4.0,
            "seed": 5,
            "denoise": 0.6,
            "models": ["sd3.5-large"],
        },
    ),
    "no-image": (
        partner("StabilityStableImageUltraNode", prompt="a cat", seed=5, image_denoise=0.6),
        {"prompt": "a cat", "seed": 5},
    ),
    "strength": (
        partner("RecraftImageToImageNode", prompt="a cat", strength=0.3, image=["3", 0])
        | {"3": node("LoadImage", image="a.png")},
        {"prompt": "a cat", "denoise": 0.3},
    ),
    "linked-prompt": (
        partner("GeminiImage2Node", prompt=["3", 0], model="gemini-3", seed=5)
        | {"3": node("PrimitiveStringMultiline", value="a cat")},
        {"prompt": "a cat", "models": ["gemini-3"], "seed": 5},
    ),
    "ratio-in-pixels": (
        partner("RunwayTextToImageNode", prompt="a cat", ratio="1920:1080"),
        {"prompt": "a cat", "width": 1920, "height": 1080},
    ),
}
GRAPHS = {**VAE, **PARTNERS}
_each_graph = pytest.mark.parametrize(("graph", "values"), GRAPHS.values(), ids=GRAPHS)


@_each_graph
def test_values_of_a_graph_are_read(graph, values):
    assert read_graph({"prompt": graph}) == values


@_each_graph
def test_unknown_node_hides_values_but_gives_no_others(graph, values):
    for node_id in graph:
        renamed = {**graph[node_id], "class_type": "Some node that nobody knows"}
        read = read_graph({"prompt": {**graph, node_id: renamed}})
        assert read == {key: values[key] for key in read if key in values}, node_id


@_each_graph
def test_linked_widget_has_the_value_of_its_link(graph, values):
    for node_id, each in graph.items():
        for name, value in each["inputs"].items():
            if not isinstance(value, list):
                inputs = {**each["inputs"], name: ["99", 0]}
                linked = {**graph, node_id: {**each, "inputs": inputs}}
                holder = {"99": node("PrimitiveNode", value=value)}
                assert read_graph({"prompt": {**linked, **holder}}) == values, (node_id, name)
                read = read_graph({"prompt": linked})
                assert read == {key: values[key] for key in read if key in values}, name


@pytest.mark.parametrize("graph", WITHOUT_VAE.values(), ids=WITHOUT_VAE)
def test_vae_that_does_not_decode_the_image_is_left_out(graph):
    read = read_graph({"prompt": graph})
    assert read and "vaes" not in read


@pytest.mark.parametrize(
    "graph",
    [
        partner("OpenAIChatNode", prompt="Describe a cat", model="gpt-5", seed=5),
        partner("GeminiNode", prompt="Describe a cat", model="gemini-3", seed=5),
        partner("StabilityTextToAudio", prompt="a cat", seed=5),
        partner("RecraftCrispUpscaleNode", image=["3", 0]),
    ],
    ids=["chat", "gemini", "audio", "upscale"],
)
def test_partner_node_that_makes_no_image_from_a_prompt_is_not_read(graph):
    assert read_graph({"prompt": graph}) == {}


def test_prompt_that_a_language_model_writes_is_unknown():
    graph = partner("FluxProUltraImageNode", prompt=["3", 0], seed=5)
    for kind, inputs in (
        ("OpenAIChatNode", {"prompt": "Describe a cat"}),
        ("Writer", {"text": "Describe a cat", "system_prompt": "You are", "max_tokens": 100}),
    ):
        assert read_graph({"prompt": {**graph, "3": node(kind, **inputs)}}) == {"seed": 5}


def test_partner_nodes_in_a_row_give_only_what_they_share():
    graph = partner("GeminiImageNode", prompt="a cat", model="gemini-3", seed=5, images=["3", 0])
    graph["3"] = node("GeminiImageNode", prompt="a dog", model="gemini-3", seed=6)
    assert read_graph({"prompt": graph}) == {"models": ["gemini-3"]}


@pytest.mark.parametrize(
    ("kind", "values", "read"),
    [
        ("FluxProUltraImageNode", ["a cat", False, 5, "randomize", "1:1"], {}),
        ("ByteDanceTextToVideoNode", ["seed-1", "a cat", "720p", "16:9", "5", 5, "fixed"], {}),
        ("OpenAIDalle3", ["a cat", 5, "randomize", "hd", "vivid", "1024x1792"], {}),
        ("SomeUnknownNode", ["a cat", False, 5, "randomize", "1:1"], None),
    ],
)
def test_partner_node_of_a_workflow_without_names_is_read(kind, values, read):
    nodes = [{"id": 1, "type": kind, "inputs": [], "widgets_values": values}]
    told = {"prompt": "a cat", "seed": 5} if read is not None else {}
    found = read_graph({"workflow": json.dumps({"nodes": nodes, "links": []})})
    assert {key: found[key] for key in told} == told and (told or found == {})
