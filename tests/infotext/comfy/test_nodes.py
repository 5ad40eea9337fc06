"""What single ComfyUI nodes compute."""

import json
from pathlib import Path

import pytest
from cases import each_case
from civitai_manager_libs.infotext.comfy import read_graph
from civitai_manager_libs.infotext.comfy.nodes import resolve_value
from civitai_manager_libs.infotext.comfy.node_widgets import read_widget_values
from comfy_graphs import node

TABLE = json.dumps({"Quality": {"num_steps": 48}, "Turbo": {"num_steps": 12}})
PRESETS = {
    "1": node("ComfyNumberConvert", value=["2", 0]),
    "2": node("JsonExtractString", json_string=["3", 0], key="num_steps"),
    "3": node("StringReplace", string=["4", 0], find="'", replace='"'),
    "4": node("JsonExtractString", json_string=TABLE, key=["5", 0]),
    "5": node("CustomCombo", choice="Turbo", index=1, option1="Quality", option2="Turbo"),
}


def test_preset_is_looked_up_in_the_graphs_json():
    assert resolve_value(PRESETS, ["1", 1]) == 12


@each_case(__file__, "resolution_selector_gives_width_and_height")
def test_resolution_selector_gives_width_and_height(ratio, megapixels, more, size):
    inputs = {"aspect_ratio": ratio, "megapixels": megapixels, **more}
    nodes = {"1": node("ResolutionSelector", **inputs)}
    assert [resolve_value(nodes, ["1", slot]) for slot in (0, 1)] == size


@each_case(__file__, "sizes_are_computed_as_by_the_nodes")
def test_sizes_are_computed_as_by_the_nodes(kind, inputs, outputs):
    nodes = {"1": node(kind, **inputs)}
    assert [resolve_value(nodes, ["1", slot]) for slot in range(len(outputs))] == outputs


_KNOWN = {"max(((a + 15) // 16) * 16, 256)": 1008, "a * b": 2000, "-a + 2*b": -996}
_KNOWN |= {"round(a / 3)": 333}
_UNKNOWN = ["a / 0", "a ** b", "c + 1", "a if b else 1", "__import__('os')", "(" * 290, "a" * 400]


@pytest.mark.parametrize(
    ("expression", "number"),
    [
        *_KNOWN.items(),
        *[(text, None) for text in (*_UNKNOWN, "int(a) * 10000000000000000 * a", None)],
    ],
)
def test_only_arithmetic_is_evaluated(expression, number):
    inputs = {"expression": expression, "values.a": ["2", 0], "values.b": 2}
    nodes = {"1": node("ComfyMathExpression", **inputs), "2": node("PrimitiveInt", value=1000)}
    assert resolve_value(nodes, ["1", 1]) == number


def test_nested_expressions_are_evaluated_quickly():
    names = "abcdefghij"

    def expression(at):
        links = {f"values.{name}": [str(at + 1 + i), 0] for i, name in enumerate(names)}
        return node("ComfyMathExpression", expression="+".join(names * 14), **links)

    assert resolve_value({str(at): expression(at) for at in range(2_900)}, ["0", 0]) is None


# "graph_on_core" has the nodes that differ from those of "core", "values_on_core" what is read
# beside or instead of the values of "core".
_STORED = json.loads((Path(__file__).parent / "node_packs.json").read_text(encoding="utf-8"))
_CORE, _CORE_VALUES = _STORED["core"]["graph"], _STORED["core"]["values"]


def _load(stored):
    graph = stored.get("graph") or {**_CORE, **stored["graph_on_core"]}
    return graph, stored.get("values") or {**_CORE_VALUES, **stored.get("values_on_core", {})}


GRAPHS = {name: _load(stored) for name, stored in _STORED.items()}
WITHOUT_VAE = {name: GRAPHS.pop(name)[0] for name in _STORED if name.startswith("no vae: ")}


def with_nodes(**changed):
    """Return the core graph with other nodes, by their ids without the leading "n"."""
    return {**_CORE, **{name[1:]: each for name, each in changed.items()}}


def partner(kind, **inputs):
    return {"1": node(kind, **inputs), "2": node("SaveImage", images=["1", 0])}


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


@each_case(__file__, "partner_node_that_makes_no_image_from_a_prompt_is_not_read")
def test_partner_node_that_makes_no_image_from_a_prompt_is_not_read(kind, inputs):
    assert read_graph({"prompt": partner(kind, **inputs)}) == {}
    graph = partner("FluxProUltraImageNode", prompt=["3", 0], seed=5)
    if "Describe a cat" in inputs.values():  # what a language model writes is unknown
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
@each_case(__file__, "widgets_of_a_workflow_get_their_names")
def test_widgets_of_a_workflow_get_their_names(kind, values, named):
    read = read_widget_values({"type": kind, "widgets_values": values})
    assert {name: read[name] for name in named} == named


def test_widgets_of_another_version_or_component_get_no_wrong_names():
    values = ["None", 1, "None", 2, "disabled", "Sample", 20, 8, "euler", "normal", 1]
    read = read_widget_values({"type": "ttN pipeKSampler_v2", "widgets_values": values})
    assert (read["steps"], read["cfg"], read["sampler_name"]) == (20, 8, "euler")
    node_of_component = {"type": "## any", "widgets_values": [8, 87354408269973, "euler", 512]}
    read = read_widget_values(node_of_component, ["steps", "cfg", "sampler_name", "denoise"])
    assert not {"steps", "cfg", "denoise"} & read.keys()
