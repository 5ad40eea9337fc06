"""Links of a ComfyUI graph followed through switches, contexts and reroutes."""

import pytest
from cases import each_case
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


@each_case(__file__, "link_is_followed_to_the_chosen_input")
def test_link_is_followed_to_the_chosen_input(kind, inputs, source):
    assert taken(kind, **inputs) == source


@each_case(__file__, "context_passes_on_the_input_of_the_output")
def test_context_passes_on_the_input_of_the_output(kind, slot, inputs, source):
    assert taken(kind, slot, **inputs) == source


@pytest.mark.parametrize("kind", ["Reroute", "Any Switch (rgthree)", "Context (rgthree)"])
def test_circular_links_give_an_unknown_value(kind):
    assert taken(kind, 1, **{"model": ["2", 1]}) == "nowhere"
