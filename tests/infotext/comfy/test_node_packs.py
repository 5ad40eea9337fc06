"""What nodes of many packs hold, by graphs; an unknown node never gives another node's value."""

from __future__ import annotations

import json

import pytest
from civitai_manager_libs.infotext.comfy import read_graph
from civitai_manager_libs.infotext.comfy.widgets import read_widget_values
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
LOADERS = {
    "easy-cascade": (
        {
            "3": node("easy fullCascadeKSampler", pipe=["4", 0], **_SAMPLER),
            "4": node(
                "easy cascadeLoader",
                stage_c="c.safetensors",
                stage_b="b.safetensors",
                stage_a="a.safetensors",
                resolution="832 x 1216",
                empty_latent_width=1024,
                empty_latent_height=1024,
                positive="a lighthouse",
                negative="blurry",
            ),
            "9": node("SaveImage", images=["3", 1]),
        },
        _CORE_VALUES | {"models": ["c.safetensors"], "vaes": ["a.safetensors"]},
    ),
    "ultra-cascade": (
        with_nodes(n4=node("UltraCascade_Loader", stage_c_name="c.sft", stage_up_name="up.sft")),
        _CORE_VALUES | {"models": ["c.sft"]},
    ),
    "res4lyf": (
        with_nodes(n4=node("SD35Loader", model_name="sd35.sft", vae_name="sd35_vae.sft")),
        _CORE_VALUES | {"models": ["sd35.sft"], "vaes": ["sd35_vae.sft"]},
    ),
    "nunchaku": (
        with_nodes(
            n3=node("KSampler", **{**_CORE["3"]["inputs"], "model": ["10", 0]}),
            n10=node(
                "NunchakuFluxLoraLoader", lora_name="a.sft", lora_strength=0.8, model=["11", 0]
            ),
            n11=node("NunchakuFluxDiTLoader", model_path="svdq-int4-flux.1-dev"),
        ),
        _CORE_VALUES
        | {"models": ["svdq-int4-flux.1-dev"], "additionalResources": [lora("a.sft", 0.8)]},
    ),
    "override-of-a-pipe": (
        {
            "3": node("ttN pipeKSampler_v2", pipe=["4", 0], optional_model=["10", 0], **_SAMPLER),
            "4": node(
                "ttN pipeLoader_v2",
                ckpt_name="other.ckpt",
                positive="a lighthouse",
                prepend_positive=["12", 0],
                negative="blurry",
                empty_latent_aspect="832 x 1216 [P] 2:3",
            ),
            "9": node("SaveImage", images=["3", 7]),
            "10": node("LoraLoaderModelOnly", lora_name="a.sft", strength_model=1, model=["11", 0]),
            "11": node("CheckpointLoaderSimple", ckpt_name="xl.ckpt"),
            "12": node("ttN text", text="stormy,"),
        },
        _CORE_VALUES
        | {"prompt": "stormy,\na lighthouse", "additionalResources": [lora("a.sft", 1)]},
    ),
    "edited-pipe": (
        {
            "3": node("easy fullkSampler", pipe=["10", 0], **_SAMPLER),
            "4": node(
                "easy a1111Loader",
                ckpt_name="xl.ckpt",
                clip_skip=-2,
                resolution="832 x 1216",
                positive="an old prompt",
                negative="blurry",
            ),
            "9": node("SaveImage", images=["3", 1]),
            "10": node(
                "easy pipeEdit",
                pipe=["11", 0],
                clip_skip=-1,
                optional_positive="",
                optional_negative="",
                conditioning_mode="replace",
            ),
            "11": node(
                "easy pipeEdit",
                pipe=["4", 0],
                clip_skip=-2,
                optional_positive="a lighthouse",
                optional_negative="",
                conditioning_mode="replace",
            ),
        },
        _CORE_VALUES | {"clipSkip": 2},
    ),
    "block-weights": (
        with_nodes(
            n3=node("KSampler", **{**_CORE["3"]["inputs"], "model": ["10", 0]}),
            n10=node(
                "LoraLoaderBlockWeight //Inspire",
                category_filter="All",
                lora_name="a.sft",
                strength_model=0.8,
                strength_clip=1,
                seed=7,
                A=4,
                B=1,
                bypass=False,
                model=["11", 0],
            ),
            n11=node("ApplyLBW //Inspire", strength_model=0.5, lbw_model=["12", 0], model=["4", 0]),
            n12=node("MakeLBW //Inspire", lora_name="b.sft", seed=8, bypass=False, model=["4", 0]),
        ),
        _CORE_VALUES | {"additionalResources": [lora("b.sft", 0.5), lora("a.sft", 0.8, 1)]},
    ),
    "flux-params": (
        {
            "3": node(
                "FluxSamplerParams+",
                seed="42",
                sampler="euler",
                scheduler="karras",
                steps="25",
                guidance="3.5",
                model=["4", 0],
                conditioning=["6", 0],
                latent_image=["5", 0],
                loras=["10", 0],
            ),
            "4": node("UNETLoader", unet_name="flux.sft"),
            "5": node("EmptySD3LatentImage", width=832, height=1216),
            "6": node("CLIPTextEncode", text="a lighthouse"),
            "9": node("SaveImage", images=["3", 0]),
            "10": node("LorasForFluxParams+", lora_1="a.sft", strength_model_1="0.8"),
        },
        {
            "seed": "42",
            "steps": "25",
            "sampler": "euler",
            "scheduler": "karras",
            "Distilled CFG Scale": "3.5",
            "prompt": "a lighthouse",
            "width": 832,
            "height": 1216,
            "models": ["flux.sft"],
            "additionalResources": [lora("a.sft", "0.8")],
        },
    ),
}
SIZES = {
    kind: (with_nodes(n5=node(kind, **inputs)), _CORE_VALUES)
    for kind, inputs in {
        "CR SD1.5 Aspect Ratio": {
            "aspect_ratio": "5:8 portrait 832x1216",
            "swap_dimensions": "Off",
            "width": 512,
            "height": 512,
        },
        "CR SDXL Aspect Ratio": {
            "aspect_ratio": "custom",
            "swap_dimensions": "On",
            "width": 1216,
            "height": 832,
        },
        "CR Aspect Ratio": {
            "aspect_ratio": "SDXL - 5:8 portrait 416x608",
            "swap_dimensions": "Off",
            "prescale_factor": 2,
        },
        "SDXLEmptyLatentSizePicker+": {"resolution": "832x1216 (0.68)", "width_override": 0},
        "EmptyLatentImagePresets": {"dimensions": "1216 x 832 (3:2)", "invert": True},
    }.items()
}
SIZES["overridden"] = (
    with_nodes(
        n5=node(
            "SDXLEmptyLatentSizePicker+",
            resolution="1024x1024 (1.0)",
            width_override=832,
            height_override=1216,
        )
    ),
    _CORE_VALUES,
)
SIZES["by-links"] = (
    with_nodes(
        n5=node("EmptyLatentImage", width=["10", 1], height=["10", 2]),
        n10=node("SDXLEmptyLatentSizePicker+", resolution="832x1216 (0.68)"),
    ),
    _CORE_VALUES,
)
SIZES["embeds"] = (
    {
        "3": node(
            "WanVideoSampler",
            steps=25,
            cfg=6.5,
            seed=42,
            scheduler="unipc",
            model=["4", 0],
            text_embeds=["6", 0],
            image_embeds=["5", 0],
        ),
        "4": node("WanVideoModelLoader", model="wan.sft"),
        "5": node("WanVideoEmptyEmbeds", width=832, height=480, num_frames=81),
        "6": node("WanVideoTextEncode", positive_prompt="a lighthouse", negative_prompt="blurry"),
        "9": node("VHS_VideoCombine", images=["3", 0]),
    },
    {
        "seed": 42,
        "steps": 25,
        "cfgScale": 6.5,
        "sampler": "unipc",
        "prompt": "a lighthouse",
        "negativePrompt": "blurry",
        "width": 832,
        "height": 480,
        "models": ["wan.sft"],
    },
)
TEXTS = {
    "prompt-builder": (
        with_nodes(
            n6=node("CLIPTextEncode", text=["10", 0]),
            n10=node(
                "PromptBuilder //Inspire", category="a", preset="#PRESET", text="a lighthouse"
            ),
        ),
        _CORE_VALUES,
    ),
    "style-encoder": (
        with_nodes(
            n6=node(
                "StylePromptEncoder //ZImagePowerNodes",
                category="photo",
                style='"Vintage Photo"',
                text="a lighthouse",
            )
        ),
        _CORE_VALUES,
    ),
    "easy-without-styles": (
        with_nodes(
            n6=node("CLIPTextEncode", text=["10", 0]),
            n10=node("easy stylesSelector", styles="a", positive=["11", 0], select_styles=""),
            n11=node("easy positive", positive="a lighthouse"),
        ),
        _CORE_VALUES,
    ),
    "regional-sampler": (
        {
            "3": node(
                "RegionalSampler",
                seed=42,
                steps=25,
                base_only_steps=2,
                base_sampler=["10", 0],
                samples=["5", 0],
            ),
            "4": _CORE["4"],
            "5": _CORE["5"],
            **_TEXTS,
            "8": _CORE["8"],
            "9": _CORE["9"],
            "10": node(
                "KSamplerAdvancedProvider",
                cfg=6.5,
                sampler_name="euler",
                scheduler="karras",
                basic_pipe=["11", 0],
            ),
            "11": node(
                "ToBasicPipe",
                model=["4", 0],
                clip=["4", 1],
                vae=["4", 2],
                positive=["6", 0],
                negative=["7", 0],
            ),
        },
        _CORE_VALUES,
    ),
}
GRAPHS = {**VAE, **PARTNERS, **LOADERS, **SIZES, **TEXTS}
_each_graph = pytest.mark.parametrize(("graph", "values"), GRAPHS.values(), ids=GRAPHS)


def assert_no_other_values(read, values):
    """Assert that all values are those of the graph; values, LoRAs and weights may be missing."""
    loras = [
        {key: each[key] for key in found}
        for found in read.get("additionalResources", ())
        for each in values.get("additionalResources", ())
        if each["name"] == found["name"]
    ]
    assert loras == read.pop("additionalResources", [])
    assert read == {key: values[key] for key in read if key in values}


@_each_graph
def test_values_of_a_graph_are_read(graph, values):
    assert read_graph({"prompt": graph}) == values


@_each_graph
def test_unknown_node_hides_values_but_gives_no_others(graph, values):
    for node_id in graph:
        renamed = {**graph[node_id], "class_type": "Some node that nobody knows"}
        assert_no_other_values(read_graph({"prompt": {**graph, node_id: renamed}}), values)


@_each_graph
def test_linked_widget_has_the_value_of_its_link(graph, values):
    for node_id, each in graph.items():
        for name, value in each["inputs"].items():
            if not isinstance(value, list) and value != "":
                inputs = {**each["inputs"], name: ["99", 0]}
                linked = {**graph, node_id: {**each, "inputs": inputs}}
                holder = {"99": node("PrimitiveNode", value=value)}
                read = read_graph({"prompt": {**linked, **holder}})
                assert_no_other_values(dict(read), values)
                assert read == values or name in ("model", "sampler", "conditioning_mode")
                assert_no_other_values(read_graph({"prompt": linked}), values)


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


@pytest.mark.parametrize(
    ("changed", "hidden"),
    [
        ({"n10": node("easy stylesSelector", positive="a", select_styles="Film")}, {"prompt"}),
        ({"n10": node("easy promptLine", prompt="a\nb")}, {"prompt"}),
        ({"n5": node("WanVideoImageClipEncode", width=["98", 0], height=3)}, {"width", "height"}),
    ],
    ids=["styled", "one-of-several-lines", "unknown-size"],
)
def test_value_that_a_node_changes_is_missing(changed, hidden):
    graph = with_nodes(n6=node("CLIPTextEncode", text=["10", 0]), **changed)
    graph.setdefault("10", node("PrimitiveString", value="a lighthouse"))
    read = read_graph({"prompt": graph})
    assert read == {key: _CORE_VALUES[key] for key in _CORE_VALUES if key not in hidden}


@pytest.mark.parametrize(
    "off",
    [
        node("LoraLoaderBlockWeight //Inspire", lora_name="a.sft", strength_model=1, bypass=True),
        node("easy loraStack", toggle=False, num_loras=1, lora_1_name="a.sft", lora_1_strength=1),
        node("LorasForFluxParams+", lora_1="a.sft", strength_model_1="0.5, 0.8"),
    ],
    ids=["bypassed", "switched-off", "several-weights"],
)
def test_lora_without_effect_or_without_one_weight_is_left_out(off):
    graph = with_nodes(n3=node("KSampler", **_CORE["3"]["inputs"], lora_stack=["10", 0]), n10=off)
    assert read_graph({"prompt": graph}) == _CORE_VALUES


# Widgets of real workflows, and what they stand for.
WORKFLOWS = [
    ("NunchakuFluxDiTLoader", ["svdq", 0, "nunchaku-fp16", "auto", 0], {"model_path": "svdq"}),
    ("NunchakuQwenImageDiTLoader", ["q.sft", "enable", 20], {"model_name": "q.sft"}),
    (
        "RegionalSampler",
        [485, "fixed", 2, "ignore", 20, 1, 0.4, 10, True, "ratio between", "AUTO", 0.3],
        {"seed": 485, "steps": 20, "denoise": 0.4},
    ),
    ("RegionalSampler", [101, "randomize", 30, 1, 5], {"seed": 101, "steps": 30}),
    ("TwoAdvancedSamplersForMask", [110, "fixed", 20, 1, 10], {"seed": 110, "steps": 20}),
    (
        "LoraLoaderBlockWeight //Inspire",
        ["All", "a.sft", 1, 0.5, False, 540, "fixed", 1.1, 0.6, "SD-ALL:1,1", "1,1", False],
        {"lora_name": "a.sft", "strength_model": 1, "strength_clip": 0.5, "bypass": False},
    ),
    (
        "easy cascadeLoader",
        ["c.sft", "b.sft", "Baked VAE", "None", "None", 1, 1, "1024 x 1024", 1080, 832, 42]
        + ["a cat", "blurry", 1],
        {"stage_c": "c.sft", "positive": "a cat", "negative": "blurry"},
    ),
    ("WanVideoEmptyEmbeds", [832, 480, 81], {"width": 832, "height": 480}),
    ("XY Input: Manual XY Entry", ["Steps", "1;2"], {"plot_type": "Steps"}),
    ("CR SD1.5 Aspect Ratio", [512, 512, "custom", "Off", 1, 1], {"aspect_ratio": "custom"}),
]


@pytest.mark.parametrize(("kind", "values", "named"), WORKFLOWS, ids=lambda value: str(value)[:30])
def test_widgets_of_a_workflow_get_their_names(kind, values, named):
    read = read_widget_values({"type": kind, "widgets_values": values})
    assert {name: read[name] for name in named} == named


def test_widgets_of_another_version_get_no_wrong_names():
    values = ["None", 1, "None", 2, "disabled", "Sample", 20, 8, "euler", "normal", 1]
    read = read_widget_values({"type": "ttN pipeKSampler_v2", "widgets_values": values})
    assert (read["steps"], read["cfg"], read["sampler_name"]) == (20, 8, "euler")


def test_component_with_other_widgets_than_its_inputs_gets_no_wrong_names():
    node_of_component = {"type": "## any", "widgets_values": [8, 87354408269973, "euler", 512]}
    read = read_widget_values(node_of_component, ["steps", "cfg", "sampler_name", "denoise"])
    assert not {"steps", "cfg", "denoise"} & read.keys()
