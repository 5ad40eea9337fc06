"""The parameters of a ComfyUI graph, also of damaged and hostile graphs."""

import json

import pytest
from cases import each_case
from civitai_manager_libs.infotext.comfy import read_graph
from comfy_graphs import node
from hypothesis import given, strategies as st


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


BASIC = {"prompt": "a lighthouse", "negativePrompt": "blurry", "seed": 42, "steps": 25}
BASIC |= {"cfgScale": 6.5, "sampler": "dpmpp_2m", "scheduler": "karras", "denoise": 1.0}
BASIC |= {"models": ["SDXL/exampleXL.safetensors"], "width": 832, "height": 1216}


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
def test_ksampler_graph_is_read_in_every_form(wrap):
    assert read_graph(wrap(basic_graph())) == BASIC


@pytest.mark.parametrize("word", ["NaN", "[NaN]", "undefined", "-Infinity", "[undefined, NaN]"])
def test_invalid_json_constants_do_not_hide_other_values(word):
    graph, prompt = basic_graph(denoise="@@"), 'shape: undefined, "NaN", back\\slash'
    graph["6"]["inputs"]["text"] = prompt
    text = json.dumps({"prompt": graph}).replace('"@@"', word)
    told = {**{key: BASIC[key] for key in BASIC if key != "denoise"}, "prompt": prompt}
    assert read_graph(text) == told


def test_first_pass_is_read_not_the_second():
    graph = {"1": node("KSampler", seed=1, steps=9, denoise=0.4, latent_image=["3", 0])}
    graph |= basic_graph(sampler_name="sample_dpmpp_2m")  # its former name
    assert read_graph({"prompt": graph}) == BASIC
    late = node("KSamplerAdvanced", noise_seed=1, steps=9, start_at_step=20)
    assert read_graph({"prompt": {"1": late, **basic_graph()}})["steps"] == 25


def test_links_are_followed_to_the_nodes_that_hold_values():
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


@each_case(__file__, "graph_of_other_nodes_is_read")
def test_graph_of_other_nodes_is_read(comfy, values):
    assert read_graph(comfy) == values


_EMPTY = [None, "", "not json", "[]", "null", {}, [], " " * 5_000_000, "[" * 1_000_000]
_EMPTY += [{"prompt": graph} for graph in (None, "{", basic_graph()["6"])]
_EMPTY += [{"prompt": {"1": None, "2": {"class_type": "KSampler"}}}]
_EMPTY += [{"prompt": {"1": {"class_type": "KSampler", "inputs": []}}}]
_EMPTY += [{"prompt": {"1": {"class_type": ["KSampler"], "inputs": None}}}]
_EMPTY += [{"workflow": {"nodes": [{"type": "KSampler"}]}}]
_EMPTY += ['{"prompt":' * 100_000, '"' + '\\"' * 1_000_000]
_NINES = '{"prompt": {"1": {"class_type": "KSampler", "inputs": {"seed": ' + "9" * 5000 + "}}}}"


@pytest.mark.parametrize("comfy", [*_EMPTY, _NINES], ids=lambda value: repr(value)[:40])
def test_empty_text_has_no_parameters(comfy):
    assert read_graph(comfy) == {}


def test_graph_with_many_links_is_walked_once():
    count = 2_900
    graph = {
        str(i): node("X", **{f"in{j}": [str((i + j) % count), 0] for j in range(50)})
        for i in range(count)
    }
    graph["0"]["class_type"] = "KSampler"
    assert read_graph({"prompt": graph}) == {}


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
def test_any_graph_can_be_read(graph):
    assert None not in read_graph({"prompt": graph}).values()


def test_loras_are_listed_in_the_order_of_application():
    graph = basic_graph(model=["11", 0])
    one = {"lora_name": "one.safetensors", "strength_model": 0.8, "strength_clip": 1}
    two = {"lora_name": "two.safetensors", "strength_model": 0.5, "model": ["10", 0]}
    graph["10"] = node("LoraLoader", **one, model=["4", 0], clip=["4", 1])
    graph["11"] = node("LoraLoaderModelOnly", **two)
    assert read_graph({"prompt": graph})["additionalResources"] == [
        {"type": "lora", "name": "one.safetensors", "strength": 0.8, "strengthClip": 1},
        {"type": "lora", "name": "two.safetensors", "strength": 0.5},
    ]


@each_case(__file__, "node_type_alone_implies_a_value")
def test_node_type_alone_implies_a_value(kind, inputs, read):
    link = "sampler" if kind.startswith("Sampler") else "sigmas"
    graph = {
        "1": node("SamplerCustom", noise_seed=3, cfg=7, model=["4", 0], **{link: ["2", 0]}),
        "2": node(kind, **inputs),
        "4": node("CheckpointLoaderSimple", ckpt_name="a.ckpt"),
    }
    found = read_graph({"prompt": graph})
    assert {key: found.get(key) for key in read} == read and found["seed"] == 3


def test_unknown_value_is_missing_and_not_guessed():
    names = {"steps": ["20", 0], "seed": ["21", 0], "sampler_name": ["24", 0], "negative": ["8", 0]}
    graph = basic_graph(**names, scheduler=["26", 0], positive=["3", 0])
    graph["20"] = node("MathExpression|pysssss", expression="a * 2", a=["22", 0])
    graph["22"] = node("ImageWidth", image=["23", 0])
    graph["21"] = node("Image to Seed", images=["23", 0])
    graph["23"] = node("LoadImage", image="x.png", seed=9)
    graph["24"] = node("String Replace (mtb)", old=".*", new="lcm", string=["25", 0])
    graph["25"] = node("PrimitiveString", value="euler")
    graph["26"] = node("Reroute", value=["26", 0])  # a circle ends
    graph["8"] = node("ConditioningZeroOut", conditioning=["6", 0])
    unknown = {"steps", "seed", "sampler", "scheduler", "prompt", "negativePrompt"}
    assert set(read_graph({"prompt": graph})) == set(BASIC) - unknown


def test_workflow_is_read_if_there_is_no_graph():
    workflow = {
        "nodes": [
            {"id": 1, "type": "KSampler", "inputs": [{"name": "model", "link": 9}]}
            | {"widgets_values": [7, "fixed", 20, 5.5, "euler", "normal", 1]},
            {"id": 2, "type": "CheckpointLoaderSimple", "widgets_values": ["a.ckpt"]},
        ],
        "links": [[9, 2, 0, 1, 0, "MODEL"]],
    }
    read = {"seed": 7, "steps": 20, "cfgScale": 5.5, "sampler": "euler", "scheduler": "normal"}
    read |= {"denoise": 1, "models": ["a.ckpt"]}
    assert read_graph({"workflow": workflow}) == read
    assert read_graph({"workflow": json.dumps(workflow), "prompt": "{}"}) == read


TURBO = {
    "40": node("PrimitiveBoolean", value=False),
    "41": node("ComfySwitchNode", switch=["40", 0], on_false=["4", 0], on_true=["42", 0]),
    "42": node("LoraLoaderModelOnly", lora_name="4steps.sft", strength_model=1, model=["4", 0]),
    "43": node("ComfySwitchNode", switch=["40", 0], on_false=["44", 0], on_true=["45", 0]),
    "44": node("PrimitiveInt", value=50),
    "45": node("PrimitiveInt", value=4),
    "46": node("ComfySwitchNode", switch=["40", 0], on_false=4.0, on_true=1.0),
}


@pytest.mark.parametrize(
    ("on", "numbers", "loras"),
    [(False, (50, 4.0), []), (True, (4, 1.0), ["4steps.sft"])],
    ids=["off", "on"],
)
def test_only_the_chosen_input_of_a_switch_counts(on, numbers, loras):
    graph = basic_graph(model=["41", 0], steps=["43", 0], cfg=["46", 0])
    read = read_graph({"prompt": {**graph, **TURBO, "40": node("PrimitiveBoolean", value=on)}})
    assert (read["steps"], read["cfgScale"]) == numbers
    assert [lora["name"] for lora in read.get("additionalResources", ())] == loras
    assert read["models"] == BASIC["models"]


@each_case(__file__, "clip_skip_is_counted_from_the_end")
def test_clip_skip_is_counted_from_the_end(encoder, skipped):
    graph = basic_graph()
    graph["6"]["inputs"]["clip"] = ["50", 0]
    graph |= {"50": encoder, "51": node("CLIPSetLastLayer", stop_at_clip_layer=-3, clip=["4", 1])}
    assert read_graph({"prompt": graph}).get("clipSkip") == skipped


def test_only_values_common_to_several_images_are_read():
    graph = basic_graph()
    other = {**graph["3"]["inputs"], "seed": 43, "positive": ["7", 0]}
    graph |= {"8": node("VAEDecode", samples=["3", 0]), "13": node("KSampler", **other)}
    graph |= {"14": node("VAEDecode", samples=["13", 0]), "15": node("SaveImage", images=["14", 0])}
    told = {key: value for key, value in BASIC.items() if key not in ("seed", "prompt")}
    assert read_graph({"prompt": graph}) == told


@pytest.mark.parametrize("value", ["randomize", "%seed%", True, [1, 2, 3], -1])
def test_seed_that_is_not_a_number_is_left_out(value):
    assert "seed" not in read_graph({"prompt": basic_graph(seed=value)})


def test_unsampling_pass_is_not_the_first():
    unsampled = basic_graph()["3"]["inputs"] | {"cfg": 1, "sampler_mode": "unsample"}
    chained = {"sampler_name": "res_2s", "cfg": 5.5, "steps_to_run": -1, "latent_image": ["30", 0]}
    graph = basic_graph() | {"30": node("ClownsharKSampler_Beta", **unsampled)}
    graph["3"] = node("ClownsharkChainsampler_Beta", sampler_mode="resample", **chained)
    expected = BASIC | {"cfgScale": 5.5, "sampler": "res_2s"}
    assert read_graph({"prompt": graph}) == expected


@pytest.mark.parametrize("names", ["euler, dpmpp_2m", "*", "!euler", "euler\nlcm"])
def test_list_of_samplers_is_left_out(names):
    graph = basic_graph(sampler_name=names, scheduler=names)
    told = set(BASIC) - {"sampler", "scheduler"}
    assert read_graph({"prompt": graph}) == {key: BASIC[key] for key in BASIC if key in told}


def test_batch_with_several_seeds_has_no_seed():
    graph = basic_graph(batch_seed_mode="incremental")
    assert read_graph({"prompt": graph}) == BASIC
    graph["5"]["inputs"]["batch_size"] = 2
    assert read_graph({"prompt": graph}) == {key: BASIC[key] for key in BASIC if key != "seed"}
