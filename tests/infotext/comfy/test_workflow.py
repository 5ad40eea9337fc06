"""infotext/comfy/workflow.py: from the editor's own format to nodes with named inputs."""

from __future__ import annotations

import pytest
from civitai_manager_libs.infotext.comfy.workflow import workflow_nodes
from hypothesis import given
from hypothesis import strategies as st


def node(node_id, kind, values=(), links=(), **more):
    inputs = [{"name": name, "link": link} for name, link in dict(links).items()]
    return {"id": node_id, "type": kind, "widgets_values": values, "inputs": inputs, **more}


def inputs_of(*nodes, links=(), **more):
    found = workflow_nodes({"nodes": list(nodes), "links": list(links), **more})
    return {node_id: each["inputs"] for node_id, each in found.items()}


@pytest.mark.parametrize(
    ("kind", "values", "named"),
    [
        (
            "KSampler",
            [7, "randomize", 20, 8, "euler", "normal", 1],
            {
                "seed": 7,
                "steps": 20,
                "cfg": 8,
                "sampler_name": "euler",
                "scheduler": "normal",
                "denoise": 1,
            },
        ),
        (
            "KSampler",
            [7, True, 20, 8, "euler", "normal", 1],
            {"steps": 20, "cfg": 8, "sampler_name": "euler", "scheduler": "normal", "denoise": 1},
        ),
        (
            "easy preSampling",
            [20, 5, "dpmpp_3m_sde", "karras", 1, 296864, "fixed"],
            {
                "seed": 296864,
                "steps": 20,
                "cfg": 5,
                "sampler_name": "dpmpp_3m_sde",
                "scheduler": "karras",
                "denoise": 1,
            },
        ),
        (
            "FaceDetailer",
            [128, True, 768, 659, "fixed", 20, 8, "euler", "normal", 0.6, 5],
            {
                "seed": 659,
                "steps": 20,
                "cfg": 8,
                "sampler_name": "euler",
                "scheduler": "normal",
                "denoise": 0.6,
            },
        ),
        ("CLIPTextEncode", ["a cat"], {"text": "a cat"}),
        ("SamplerCustom", [True, 7, "fixed", 8], {"add_noise": True, "noise_seed": 7, "cfg": 8}),
        ("RandomNoise", [7, "fixed"], {"noise_seed": 7}),
        ("SomeText", ["a cat"], {"value": "a cat"}),
        ("SomeTexts", ["a", "b"], {}),
        ("VHS_VideoCombine", {"frame_rate": 8}, {"frame_rate": 8}),
        (
            "Power Lora Loader (rgthree)",
            [{}, {"on": True, "lora": "a.sft", "strength": 1}, ""],
            {"lora_1": {"on": True, "lora": "a.sft", "strength": 1}},
        ),
        ("KSampler", None, {}),
    ],
    ids=["ksampler", "old-ksampler", "easy-use", "impact", "text", "custom", "noise", "one-value"]
    + ["unknown", "by-name", "rgthree", "none"],
)
def test_values_in_a_row_get_their_names(kind, values, named):
    assert inputs_of(node(1, kind, values)) == {"1": named}


def test_newer_nodes_name_their_widgets_themselves():
    inputs = [
        {"name": "model", "link": 5},
        {"name": "seed", "widget": {"name": "seed"}, "link": None},
        {"name": "flavour", "widget": {"name": "flavour"}, "link": None},
    ]
    new = {"id": 1, "type": "New", "inputs": inputs, "widgets_values": [7, "fixed", "sweet"]}
    links = [[5, 2, 0, 1, 0, "MODEL"]]
    assert inputs_of(new, links=links) == {"1": {"seed": 7, "flavour": "sweet", "model": ["2", 0]}}


def test_a_link_wins_over_the_widgets_own_value():
    text = node(1, "CLIPTextEncode", ["left over"], {"text": 5})
    links = [{"id": 5, "origin_id": 2, "origin_slot": 0, "target_id": 1, "target_slot": 0}]
    assert inputs_of(text, links=links) == {"1": {"text": ["2", 0]}}


def test_a_muted_node_is_none_and_a_bypassed_one_only_hands_on():
    muted = node(1, "KSampler", [1], mode=2)
    bypassed = node(2, "LoraLoader", ["a.sft", 1, 1], {"model": 5}, mode=4)
    found = workflow_nodes({"nodes": [muted, bypassed], "links": [[5, 3, 0, 2, 0, "MODEL"]]})
    assert found == {"2": {"class_type": "Bypassed", "inputs": {"model": ["3", 0]}}}


def test_a_named_value_is_taken_from_where_it_was_set():
    setter, getter = node(1, "SetNode", ["seed"], {"INT": 5}), node(2, "GetNode", ["seed"])
    found = inputs_of(setter, getter, links=[[5, 9, 0, 1, 0, "INT"]])
    assert found["2"] == {"": ["1", 0]} and found["1"]["INT"] == ["9", 0]


GROUP = {
    "id": "a-uuid",
    "inputs": [{"name": "model"}, {"name": "text"}],
    "nodes": [
        node(5, "CLIPTextEncode", ["of the group"], {"text": 51}),
        node(6, "KSampler", [7, "fixed", 20], {"model": 52, "positive": 53}),
    ],
    "links": [
        {"id": 51, "origin_id": -10, "origin_slot": 1, "target_id": 5, "target_slot": 0},
        {"id": 52, "origin_id": -10, "origin_slot": 0, "target_id": 6, "target_slot": 0},
        {"id": 53, "origin_id": 5, "origin_slot": 0, "target_id": 6, "target_slot": 1},
        {"id": 54, "origin_id": 6, "origin_slot": 0, "target_id": -20, "target_slot": 0},
    ],
}


def test_a_group_is_opened():
    found = inputs_of(
        node(1, "CheckpointLoaderSimple", ["a.ckpt"]),
        node(2, "a-uuid", [], {"model": 8}),
        node(3, "VAEDecode", [], {"samples": 9}),
        links=[[8, 1, 0, 2, 0, "MODEL"], [9, 2, 0, 3, 0, "LATENT"]],
        definitions={"subgraphs": [GROUP]},
    )
    assert found["3"] == {"samples": ["2:out0", 0]}
    assert found["2:out0"] == {"": ["2:6", 0]}
    assert found["2:6"]["model"] == ["2:in0", 0] and found["2:6"]["positive"] == ["2:5", 0]
    assert found["2:in0"] == {"": ["1", 0]}
    assert found["2:5"] == {"text": "of the group"}  # nothing comes in there


def test_a_group_within_itself_ends():
    group = {"id": "a-uuid", "nodes": [node(1, "a-uuid"), node(2, "a-uuid")], "links": []}
    workflow = {"nodes": [node(1, "a-uuid")], "definitions": {"subgraphs": [group]}}
    assert len(workflow_nodes(workflow)) <= 3_000


def test_a_huge_workflow_is_none():
    assert workflow_nodes({"nodes": [node(i, "X") for i in range(3_001)]}) == {}


_value = st.recursive(
    st.one_of(st.none(), st.integers(-20, 20), st.floats(), st.text(max_size=5), st.booleans()),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["id", "type", "inputs", "link", "name", "widget", "origin_id"]), inner
    ),
    max_leaves=10,
)
_node = st.fixed_dictionaries(
    {
        "id": st.integers(0, 4) | _value,
        "type": st.sampled_from(["KSampler", "GetNode", "SetNode", "g", "X"]) | _value,
        "widgets_values": _value,
        "inputs": _value,
        "mode": _value,
    }
)
_graph = st.fixed_dictionaries({"nodes": st.lists(_node, max_size=5), "links": _value})


@given(_graph, _graph)
def test_no_workflow_makes_it_fall(workflow, group):
    group |= {"id": "g", "inputs": [{"name": "x"}]}
    nodes = workflow_nodes(workflow | {"definitions": {"subgraphs": [group]}})
    assert all(isinstance(each["inputs"], dict) for each in nodes.values())
