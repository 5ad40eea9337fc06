"""Links of a ComfyUI graph followed through switches, contexts and reroutes."""

import pytest
from civitai_manager_libs.infotext.comfy.routing import resolve_links
from comfy_graphs import node

MODELS = {
    "10": node("UNETLoader", unet_name="base.sft"),
    "11": node("LoraLoaderModelOnly", lora_name="fast.sft", model=["10", 0]),
    "20": node("PrimitiveBoolean", value=False),
    "21": node("PrimitiveBoolean", value=True),
    "22": node("CustomCombo", choice="b", index=1),
    "30": node("Context (rgthree)", model=["10", 0], seed=7),
    "31": node("Context (rgthree)", base_ctx=["30", 0], clip=["10", 1]),
    "32": node("Reroute", **{"": ["31", 0]}),
}


def taken(kind, slot=0, **inputs):
    """Return what a sampler gets from a node of this kind."""
    nodes = {**MODELS, "1": node("KSampler", model=["2", slot]), "2": node(kind, **inputs)}
    value = resolve_links(nodes)["1"]["inputs"]["model"]
    return value if not isinstance(value, list) or value[0] in nodes else "nowhere"


@pytest.mark.parametrize(
    ("kind", "inputs", "source"),
    [
        ("ComfySwitchNode", {"switch": False, "on_false": 50, "on_true": 4}, 50),
        ("ComfySwitchNode", {"switch": ["20", 0], "on_false": 50, "on_true": 4}, 50),
        ("ComfySwitchNode", {"switch": ["21", 0], "on_false": 50, "on_true": ["11", 0]}, ["11", 0]),
        ("ComfySwitchNode", {"switch": ["99", 0], "on_false": 50, "on_true": 4}, "nowhere"),
        ("ComfySwitchNode", {"switch": ["99", 0], "on_false": 4, "on_true": 4}, 4),
        ("ComfySwitchNode", {"switch": True, "on_false": 50}, "nowhere"),
        ("easy ifElse", {"boolean": True, "on_true": ["10", 0], "on_false": ["11", 0]}, ["10", 0]),
        ("BooleanSwitchNode", {"state": ["20", 0], "on_true": 1, "on_false": 2}, 2),
        ("ImpactSwitch", {"select": 2, "input1": ["10", 0], "input2": ["11", 0]}, ["11", 0]),
        ("ImpactSwitch", {"select": 12, "input2": 2, "input12": 12}, 12),
        ("ImpactSwitch", {"label1": 5, "select": 1, "input1": ["10", 0]}, ["10", 0]),
        ("easy anythingIndexSwitch", {"index": ["22", 1], "value0": 5, "value1": 6}, 6),
        ("CR Model Input Switch", {"Input": 1, "model1": ["10", 0], "model2": 0}, ["10", 0]),
        ("SeargeConditioningMuxer2", {"input_selector": 0, "input0": 5, "input1": 6}, 5),
        ("SeargeConditioningMuxer2", {"input_selector": ["99", 0], "input0": 5}, "nowhere"),
        ("Any Switch (rgthree)", {"any_01": ["98", 0], "any_02": ["11", 0]}, ["11", 0]),
        ("Reroute", {"": ["10", 0]}, ["10", 0]),
        ("easy setNode", {"PIPE_LINE": ["10", 0]}, ["10", 0]),
        ("Bypassed", {"0": ["10", 0]}, ["10", 0]),
        ("Bypassed", {"1": ["10", 0]}, "nowhere"),
        ("ModelSamplingFlux", {"model": ["10", 0]}, ["2", 0]),
    ],
)
def test_link_is_followed_to_the_chosen_input(kind, inputs, source):
    assert taken(kind, **inputs) == source


@pytest.mark.parametrize(
    ("kind", "slot", "inputs", "source"),
    [
        ("Context (rgthree)", 1, {"base_ctx": ["31", 0]}, ["10", 0]),
        ("Context (rgthree)", 8, {"base_ctx": ["32", 0]}, 7),
        ("Context (rgthree)", 8, {"base_ctx": ["32", 0], "seed": 9}, 9),
        ("Context (rgthree)", 0, {"base_ctx": ["31", 0]}, ["2", 0]),
        ("Context Switch (rgthree)", 8, {"ctx_01": ["97", 0], "ctx_02": ["30", 0]}, 7),
        ("KSampler Config (rgthree)", 2, {"steps_total": 10, "cfg": 1.5}, 1.5),
        ("FromBasicPipe", 0, {"basic_pipe": ["30", 0]}, ["10", 0]),
        ("ttN pipeLoader", 7, {"seed": 3}, 3),
        ("ControlNetApplyAdvanced", 1, {"positive": ["10", 0], "negative": ["11", 0]}, ["11", 0]),
        ("KSampler (Efficient)", 3, {"latent_image": ["10", 0]}, ["2", 3]),
    ],
)
def test_context_passes_on_the_input_of_the_output(kind, slot, inputs, source):
    assert taken(kind, slot, **inputs) == source


@pytest.mark.parametrize("kind", ["Reroute", "Any Switch (rgthree)", "Context (rgthree)"])
def test_circular_links_give_an_unknown_value(kind):
    assert taken(kind, 1, **{"model": ["2", 1]}) == "nowhere"
