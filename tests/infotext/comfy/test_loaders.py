"""The model and the LoRAs of a ComfyUI graph, by the kinds of loaders."""

from __future__ import annotations

import pytest
from civitai_manager_libs.infotext.comfy.loaders import list_loras, find_model
from comfy_graphs import node


def nodes_with(loader):
    return {
        "0": node("KSampler", model=["1", 0]),
        "1": loader,
        "2": node("CheckpointLoaderSimple", ckpt_name="sd/base.ckpt"),
        "3": node("LoRA Stacker", lora_count=1, lora_name_1="stacked.sft", lora_wt_1=0.3),
    }


def lora(name, strength, clip=None):
    entry = {"type": "lora", "name": name, "strength": strength, "strengthClip": clip}
    return {key: value for key, value in entry.items() if value is not None}


POWER = node(
    "Power Lora Loader (rgthree)",
    header={"type": "PowerLoraLoaderHeaderWidget"},
    lora_1={"on": False, "lora": "off.sft", "strength": 1},
    lora_4={"on": True, "lora": "Krea\\on.sft", "strength": 1, "strengthTwo": 0.5},
    model=["2", 0],
)
MANAGER = node(
    "Lora Loader (LoraManager)",
    text="<lora:on:0.8>",
    loras={
        "__value__": [
            {"name": "on", "strength": 0.8, "active": True, "clipStrength": 0.7},
            {"name": "off", "strength": 1, "active": False},
        ]
    },
    model=["2", 0],
)
STACK = node(
    "CR LoRA Stack",
    switch_1="On",
    lora_name_1="on.sft",
    model_weight_1=0.8,
    clip_weight_1=1,
    switch_2="Off",
    lora_name_2="off.sft",
    model_weight_2=1,
    clip_weight_2=1,
)
STACKER = node(
    "LoRA Stacker",
    lora_count=2,
    lora_name_1="a.sft",
    lora_wt_1=0.5,
    model_str_1=1,
    clip_str_1=1,
    lora_name_2="None",
    lora_wt_2=1,
    lora_name_3="beyond.sft",
    lora_wt_3=1,
)


STACKED = {"lora_name_1": "a.sft", "lora_wt_1": 0.3, "model_str_1": 0.5, "clip_str_1": 0.7}


@pytest.mark.parametrize(
    ("loader", "loras"),
    [
        (
            node(
                "LoraLoader", lora_name="a.sft", strength_model=0.8, strength_clip=1, model=["2", 0]
            ),
            [lora("a.sft", 0.8, 1)],
        ),
        (node("LoraLoader", lora_name="a.sft", strength_model=0, strength_clip=0), []),
        (
            node("LoraLoader|pysssss", lora_name={"content": "a.sft"}, strength_model=1),
            [lora("a.sft", 1)],
        ),
        (
            node("NunchakuFluxLoraLoader", lora_name="a.sft", lora_strength=0.9, model=["2", 0]),
            [lora("a.sft", 0.9)],
        ),
        (node("WanVideoSetLoRAs", lora=["4", 0], model=["2", 0]), []),
        (POWER, [lora("Krea\\on.sft", 1, 0.5)]),
        (MANAGER, [lora("on", 0.8, 0.7)]),
        (STACK, [lora("on.sft", 0.8, 1)]),
        (STACKER, [lora("a.sft", 0.5, 1)]),
        (
            node("CR Apply LoRA Stack", model=["2", 0], lora_stack=["3", 0]),
            [lora("stacked.sft", 0.3)],
        ),
        (
            node(
                "Efficient Loader",
                ckpt_name="x.ckpt",
                lora_name="a.sft",
                lora_model_strength=0.7,
                lora_clip_strength=1,
                lora_stack=["3", 0],
            ),
            [lora("stacked.sft", 0.3), lora("a.sft", 0.7, 1)],
        ),
        (node("easy fullLoader", ckpt_name="x.ckpt", lora_name="None", lora_model_strength=1), []),
        (
            node(
                "Lora Loader Stack (rgthree)",
                lora_01="a.sft",
                strength_01=0.5,
                lora_02="None",
                strength_02=1,
                model=["2", 0],
            ),
            [lora("a.sft", 0.5)],
        ),
        (
            node("LoraTagLoader", text="a <lora:b/c:0.5> <lora:d:1:0.2:LBW=1,1> <lora:e>"),
            [lora("b/c", 0.5, 0.5), lora("d", 1, 0.2), lora("e", 1, 1)],
        ),
        (
            node("ImpactWildcardEncode", wildcard_text="<lora:x:1>", populated_text="<lora:a:1>"),
            [lora("a", 1, 1)],
        ),
        (node("CLIPTextEncode", text="<lora:a:1>"), []),
        (node("LoRA Stacker", input_mode="simple", **STACKED), [lora("a.sft", 0.3)]),
        (node("LoRA Stacker", input_mode="advanced", **STACKED), [lora("a.sft", 0.5, 0.7)]),
        (node("ModelSamplingFlux", model=["2", 0]), []),
    ],
    ids=(
        "core weight-0 pysssss nunchaku absent rgthree lora-manager comfyroll stacker stack "
        "efficiency easy-use rgthree-stack tags wildcards only-a-text simple advanced none"
    ).split(),
)
def test_loras_are_read_with_their_weights(loader, loras):
    assert list_loras(nodes_with(loader), "0") == loras


@pytest.mark.parametrize(
    ("loader", "model"),
    [
        (node("LoraLoader", lora_name="a.sft", model=["2", 0]), "sd/base.ckpt"),
        (node("UnetLoaderGGUF", unet_name="flux.gguf"), "flux.gguf"),
        (node("CheckpointLoader|pysssss", ckpt_name={"content": "x.ckpt"}), "x.ckpt"),
        (node("WanVideoModelLoader", model="Wan2_1.sft", quantization="x"), "Wan2_1.sft"),
        (node("NunchakuFluxDiTLoader", model_path="svdq.sft", attention="x"), "svdq.sft"),
        (node("Eff. Loader SDXL", base_ckpt_name="xl.ckpt", refiner_ckpt_name="r.ckpt"), "xl.ckpt"),
        (node("CheckpointLoaderSimple", ckpt_name=["77", 0]), None),
        (node("LoadSomething", model="a word"), None),
        (node("ModelMergeSimple", model1=["2", 0], model2=["2", 0], ratio=0.5), None),
        (node("LoadAndApplyICLightUnet", model_path="patch.sft", model=["2", 0]), "sd/base.ckpt"),
    ],
    ids=lambda value: value["class_type"] if isinstance(value, dict) else "",
)
def test_model_is_read(loader, model):
    assert find_model(nodes_with(loader), "0") == model
