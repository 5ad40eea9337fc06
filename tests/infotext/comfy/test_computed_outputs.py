"""The outputs of ComfyUI nodes that compute values."""

from __future__ import annotations

import json

import pytest
from civitai_manager_libs.infotext.comfy.nodes import resolve_value
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


@pytest.mark.parametrize(
    ("inputs", "size"),
    [
        ({"aspect_ratio": "1:1 (Square)", "megapixels": 1, "multiple": 8}, (1024, 1024)),
        ({"aspect_ratio": "16:9 (Widescreen)", "megapixels": 1.0}, (1368, 768)),
        (
            {"aspect_ratio": "3:4 (Portrait Standard)", "megapixels": 2, "multiple": 32},
            (1248, 1664),
        ),
        ({"aspect_ratio": "wide", "megapixels": 1}, (None, None)),
        ({"aspect_ratio": "1:0", "megapixels": 1}, (None, None)),
        ({"aspect_ratio": "1:1", "megapixels": ["9", 0]}, (None, None)),
    ],
)
def test_resolution_selector_gives_width_and_height(inputs, size):
    nodes = {"1": node("ResolutionSelector", **inputs)}
    assert (resolve_value(nodes, ["1", 0]), resolve_value(nodes, ["1", 1])) == size


RESIZED = {"width": 512, "height": 768, "condition": "always", "multiple_of": 0}
FLUX = {"megapixel": "1.0", "aspect_ratio": "5:7 (Balanced Portrait)", "custom_ratio": False}


@pytest.mark.parametrize(
    ("kind", "inputs", "outputs"),
    [
        ("FluxResolutionNode", {**FLUX, "divisible_by": "64"}, [832, 1152]),
        ("FluxResolutionNode", FLUX, [832, 1152]),
        ("FluxResolutionNode", {**FLUX, "megapixel": "2.0"}, [1184, 1664]),
        (
            "FluxResolutionNode",
            {**FLUX, "divisible_by": "8", "custom_ratio": True, "custom_aspect_ratio": "1:1"},
            [1000, 1000],
        ),
        ("ResolutionMaster", {"width": 720, "height": 1280, "auto_detect": False}, [720, 1280]),
        ("ResolutionMaster", {"width": 720, "height": 1280, "auto_detect": True}, [None, None]),
        (
            "SDXL Empty Latent Image (rgthree)",
            {"dimensions": "1216 x 832   (landscape)", "clip_scale": 1.5},
            [None, 1824, 1248],
        ),
        ("CR Integer Multiple", {"integer": 1024, "multiple": 1.5}, [1536]),
        ("CR Integer Multiple", {"integer": ["9", 0], "multiple": 1.5}, [None]),
        ("ImageResize+", {**RESIZED, "keep_proportion": False}, [None, 512, 768]),
        ("ImageResize+", {**RESIZED, "keep_proportion": True}, [None, None, None]),
        ("easy mathInt", {"a": 10, "b": 4, "operation": "add"}, [14]),
        ("easy mathInt", {"a": 10, "b": 4, "operation": "divide"}, [2]),
        ("easy mathInt", {"a": 10, "b": 4, "operation": "power"}, [None]),
        ("SeargeIntegerPair", {"value1": 1344, "value2": 768}, [1344, 768]),
        ("SeargeIntegerMath", {"op": "a * b + c", "a": 300, "b": 3, "c": 60}, [960]),
        ("SeargeIntegerMath", {"op": "a / b", "a": 1025, "b": 2, "c": 0}, [512]),
    ],
)
def test_sizes_are_computed_as_by_the_nodes(kind, inputs, outputs):
    nodes = {"1": node(kind, **inputs)}
    assert [resolve_value(nodes, ["1", slot]) for slot in range(len(outputs))] == outputs


@pytest.mark.parametrize(
    ("expression", "number"),
    [
        ("max(((a + 15) // 16) * 16, 256)", 1008),
        ("a * b", 2000),
        ("-a + 2*b", -996),
        ("round(a / 3)", 333),
        ("a / 0", None),
        ("a ** b", None),
        ("c + 1", None),
        ("a if b else 1", None),
        ("__import__('os')", None),
        ("(" * 290, None),
        ("a" * 400, None),
        ("int(a) * 10000000000000000 * a", None),
        (None, None),
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
