"""The group nodes of older ComfyUI workflows."""

from __future__ import annotations

import pytest
from civitai_manager_libs.infotext.comfy import read_graph


def inner(kind, values, inputs=(), outputs=()):
    given = [{"name": name, "type": kind} for name, kind in inputs]
    return {"type": kind, "widgets_values": values, "inputs": given} | {
        "outputs": [{"name": name, "type": name} for name in outputs]
    }


BASE = {
    "nodes": [
        inner("CheckpointLoaderSimple", ["old.ckpt"], outputs=("MODEL", "CLIP", "VAE")),
        inner("CLIPTextEncode", ["old"], [("clip", "CLIP")], ("CONDITIONING",)),
        inner("CLIPTextEncode", ["old"], [("clip", "CLIP")], ("CONDITIONING",)),
    ],
    "links": [[0, 1, 1, 0, 4, "CLIP"], [0, 1, 2, 0, 4, "CLIP"]],
    "external": [],
}
SAMPLING = {
    "nodes": [
        inner("Reroute", [], [("", "*")], ("*",)),
        inner(
            "KSampler",
            [7, "fixed", 20, 8, "euler", "normal", 1],
            [("model", "MODEL"), ("positive", "CONDITIONING"), ("negative", "CONDITIONING")],
            ("LATENT",),
        ),
    ],
    "links": [[None, 0, 0, 0, 4, "MODEL"], [0, 0, 1, 0, 4, "MODEL"]],
    "external": [],
    "config": {"0": {"input": {"MODEL": {"name": "model"}}}},
}


def read(mark=">", values=("new.ckpt", "a cat", "blurry"), base=BASE, sampling=SAMPLING):
    row = [9, "randomize", 30, 6, "dpmpp_2m", "karras", 1]
    names = ("model", "positive", "negative")
    given = [{"name": name, "link": at} for at, name in enumerate(names, 1)]
    nodes = [
        {"id": 5, "type": f"workflow{mark}Base", "widgets_values": list(values)},
        {"id": "s", "type": f"workflow{mark}Run", "widgets_values": row, "inputs": given},
        {"id": 8, "type": "SaveImage", "inputs": [{"name": "images", "link": 4}]},
    ]
    links = [[1, 5, 0, "s", 0], [2, 5, 2, "s", 1], [3, 5, 3, "s", 2], [4, "s", 0, 8, 0]]
    extra = {"groupNodes": {"Base": base, "Run": sampling}}
    return read_graph({"workflow": {"nodes": nodes, "links": links, "extra": extra}})


@pytest.mark.parametrize("mark", [">", "/"])
def test_group_node_is_expanded_with_its_own_values(mark):
    found = read(mark)
    assert found["models"] == ["new.ckpt"]
    assert (found["prompt"], found["negativePrompt"]) == ("a cat", "blurry")
    assert (found["seed"], found["steps"], found["sampler"]) == (9, 30, "dpmpp_2m")


def test_values_that_do_not_fit_are_left_out():
    found = read(values=("new.ckpt", "a cat"))
    assert "models" not in found and "prompt" not in found and found["steps"] == 30


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"nodes": None},
        {"nodes": [None, 3], "links": "x", "external": [[[], 0], [{"index": []}, 1], None]},
        {"nodes": [{"inputs": [None], "outputs": 3}], "links": [[0, 0, 0, 0], [[], 0, 0, 0]]},
    ],
)
def test_malformed_groups_are_ignored(odd):
    assert read(base=odd)["steps"] == 30


@pytest.mark.parametrize("links", [SAMPLING["links"], [*SAMPLING["links"], [None, 0, 1, 3]]])
def test_values_are_left_out_if_a_linked_widget_shifts_them(links):
    sampler = SAMPLING["nodes"][1]
    seed = {"name": "seed", "type": "INT", "widget": {"name": "seed"}}
    nodes = [SAMPLING["nodes"][0], {**sampler, "inputs": [*sampler["inputs"], seed]}]
    found = read(sampling={**SAMPLING, "nodes": nodes, "links": links})
    assert ("steps" in found) is (links == SAMPLING["links"])
