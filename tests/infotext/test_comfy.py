"""gallery/comfy.py: what a ComfyUI graph says, best effort, whatever a stranger put into it."""

from __future__ import annotations

import json
import time

import pytest
from civitai_manager_libs.infotext.comfy import read_graph
from hypothesis import given
from hypothesis import strategies as st


def node(kind, **inputs):
    return {"class_type": kind, "inputs": inputs}


def basic_graph(**sampler):
    inputs = {"seed": 42, "steps": 25, "cfg": 6.5, "sampler_name": "dpmpp_2m"}
    inputs |= {"scheduler": "karras", "denoise": 1.0, "model": ["4", 0], "latent_image": ["5", 0]}
    inputs |= {"positive": ["6", 0], "negative": ["7", 0], **sampler}
    return {
        "3": node("KSampler", **inputs),
        "4": node("CheckpointLoaderSimple", ckpt_name="SDXL/exampleXL.safetensors"),
        "5": node("EmptyLatentImage", width=832, height=1216, batch_size=1),
        "6": node("CLIPTextEncode", text="a lighthouse", clip=["4", 1]),
        "7": node("CLIPTextEncode", text="blurry", clip=["4", 1]),
        "9": node("SaveImage", images=["8", 0]),
    }


BASIC = {
    "prompt": "a lighthouse",
    "negativePrompt": "blurry",
    "seed": 42,
    "steps": 25,
    "cfgScale": 6.5,
    "sampler": "dpmpp_2m",
    "scheduler": "karras",
    "denoise": 1.0,
    "models": ["SDXL/exampleXL.safetensors"],
    "width": 832,
    "height": 1216,
}


@pytest.mark.parametrize(
    "wrap",
    [
        lambda graph: {"prompt": graph},
        lambda graph: {"prompt": json.dumps(graph)},
        lambda graph: json.dumps({"prompt": graph, "workflow": {"nodes": []}}),
        lambda graph: json.dumps({"prompt": json.dumps(graph)}),
    ],
    ids=["object", "graph-as-text", "text", "text-in-text"],
)
def test_a_ksampler_graph_is_read_in_each_of_its_forms(wrap):
    assert read_graph(wrap(basic_graph())) == BASIC


@pytest.mark.parametrize("word", ["NaN", "[NaN]", "undefined", "-Infinity", "[undefined, NaN]"])
def test_words_that_are_no_json_do_not_hide_the_rest(word):
    text = json.dumps({"prompt": basic_graph(denoise="@@")}).replace('"@@"', word)
    assert read_graph(text) == {key: BASIC[key] for key in BASIC if key != "denoise"}


def test_the_word_undefined_stays_in_a_prompt():
    graph = basic_graph(denoise="@@")
    graph["6"]["inputs"]["text"] = 'shape: undefined, "NaN", back\\slash'
    text = json.dumps({"prompt": graph}).replace('"@@"', "undefined")
    assert read_graph(text)["prompt"] == 'shape: undefined, "NaN", back\\slash'


def test_the_first_pass_is_read_not_the_second():
    graph = {"1": node("KSampler", seed=1, steps=9, denoise=0.4, latent_image=["3", 0])}
    assert read_graph({"prompt": {**graph, **basic_graph()}})["steps"] == 25
    late = node("KSamplerAdvanced", noise_seed=1, steps=9, start_at_step=20)
    assert read_graph({"prompt": {"1": late, **basic_graph()}})["steps"] == 25


def test_values_are_followed_through_the_nodes_that_hold_them():
    graph = basic_graph(seed=["20", 0], steps=["21", 0], positive=["23", 0])
    graph["20"] = node("Seed Everywhere", seed=99)
    graph["21"] = node("Reroute", value=["22", 0])
    graph["22"] = node("PrimitiveInt", value=33)
    graph["23"] = node("ControlNetApply", positive=["6", 0], negative=["7", 0], strength=1)
    graph["6"]["inputs"]["text"] = ["24", 0]
    graph["24"] = node("StringLiteral", string="from elsewhere")
    graph["5"]["inputs"]["width"] = ["25", 0]
    graph["25"] = node("PrimitiveInt", value=1024)
    read = read_graph({"prompt": graph})
    assert (read["seed"], read["steps"], read["prompt"]) == (99, 33, "from elsewhere")
    assert (read["negativePrompt"], read["width"]) == ("blurry", 1024)


def test_both_sides_keep_apart_behind_a_common_node():
    graph = basic_graph(positive=["8", 0], negative=["8", 1])
    graph["8"] = node("ControlNetApplyAdvanced", negative=["7", 0], positive=["6", 0])
    read = read_graph({"prompt": graph})
    assert (read["prompt"], read["negativePrompt"]) == ("a lighthouse", "blurry")


def test_prompts_may_stand_in_a_loader():
    graph = {
        "1": node("KSampler (Efficient)", steps=8, positive=["2", 1], negative=["2", 2]),
        "2": node("Efficient Loader", ckpt_name="a.ckpt", positive="a cat", negative="a dog"),
    }
    read = read_graph({"prompt": graph})
    assert (read["prompt"], read["negativePrompt"], read["models"]) == (
        "a cat",
        "a dog",
        ["a.ckpt"],
    )


def test_a_negative_prompt_without_effect_is_none():
    graph = basic_graph(negative=["8", 0])
    graph["8"] = node("ConditioningZeroOut", conditioning=["6", 0])
    assert "negativePrompt" not in read_graph({"prompt": graph})


def test_a_flux_graph_of_separate_nodes_is_read():
    graph = {
        "13": node(
            "SamplerCustomAdvanced",
            noise=["25", 0],
            guider=["22", 0],
            sampler=["16", 0],
            sigmas=["17", 0],
            latent_image=["27", 0],
        ),
        "16": node("KSamplerSelect", sampler_name="euler"),
        "17": node("BasicScheduler", scheduler="simple", steps=20, denoise=1, model=["12", 0]),
        "12": node("UNETLoader", unet_name="flux-example.safetensors"),
        "22": node("BasicGuider", model=["12", 0], conditioning=["26", 0]),
        "26": node("FluxGuidance", guidance=3.5, conditioning=["6", 0]),
        "6": node("CLIPTextEncodeFlux", clip_l="", t5xxl="a harbor at night", guidance=3.5),
        "25": node("RandomNoise", noise_seed=18446744073709551615),
        "27": node("EmptySD3LatentImage", width=1024, height=768),
    }
    assert read_graph({"prompt": graph}) == {
        "prompt": "a harbor at night",
        "seed": 18446744073709551615,
        "steps": 20,
        "Distilled CFG Scale": 3.5,
        "sampler": "euler",
        "scheduler": "simple",
        "denoise": 1,
        "models": ["flux-example.safetensors"],
        "width": 1024,
        "height": 768,
    }


@pytest.mark.parametrize(
    "comfy",
    [
        None,
        "",
        "not json",
        "[]",
        "null",
        {},
        [],
        {"prompt": None},
        {"prompt": "{"},
        {"prompt": {"1": None, "2": {"class_type": "KSampler"}}},
        {"prompt": {"1": {"class_type": "KSampler", "inputs": []}}},
        {"prompt": {"1": {"class_type": ["KSampler"], "inputs": None}}},
        {"workflow": {"nodes": [{"type": "KSampler"}]}},
        {"prompt": basic_graph()["6"]},
        "[" * 1_000_000,
        '{"prompt":' * 100_000,
        '"' + '\\"' * 1_000_000,
        '{"prompt": {"1": {"class_type": "KSampler", "inputs": {"seed": ' + "9" * 5000 + "}}}}",
        " " * 5_000_000,
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_says_nothing_reads_as_nothing(comfy):
    assert read_graph(comfy) == {}


def test_links_in_a_circle_end():
    graph = basic_graph(seed=["20", 0], positive=["3", 0], negative=["20", 0])
    graph["20"] = node("Reroute", value=["20", 0])
    read = read_graph({"prompt": graph})
    assert "seed" not in read and "prompt" not in read


def test_a_graph_full_of_links_costs_little():
    count = 2_900
    graph = {
        str(i): node("X", **{f"in{j}": [str((i + j) % count), 0] for j in range(50)})
        for i in range(count)
    }
    graph["0"]["class_type"] = "KSampler"
    started = time.perf_counter()
    read_graph({"prompt": graph})
    assert time.perf_counter() - started < 5


_inputs = st.dictionaries(
    st.sampled_from(["seed", "steps", "positive", "negative", "text", "value", "model", "width"]),
    st.one_of(
        st.none(),
        st.text(),
        st.integers(),
        st.floats(),
        st.booleans(),
        st.lists(st.one_of(st.sampled_from(["1", "2", "3"]), st.integers(), st.none()), max_size=3),
    ),
)
_nodes = st.fixed_dictionaries(
    {
        "class_type": st.sampled_from(["KSampler", "SamplerCustom", "EmptyLatentImage", None, 3]),
        "inputs": _inputs,
    }
)


@given(st.dictionaries(st.sampled_from(["1", "2", "3", "4"]), _nodes))
def test_no_graph_makes_it_fall(graph):
    assert None not in read_graph({"prompt": graph}).values()
