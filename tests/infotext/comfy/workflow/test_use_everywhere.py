"""The invisible links of Use Everywhere's nodes."""

from __future__ import annotations

import pytest
from civitai_manager_libs.infotext.comfy import read_graph

KSAMPLER = {
    "id": 3,
    "type": "KSampler",
    "widgets_values": [7, "fixed", 20, 8, "euler", "normal", 1],
}
MODEL_INPUT, SEED_INPUT = {"name": "model", "type": "MODEL", "link": None}, {"name": "seed"}
LOADER = {"id": 4, "type": "CheckpointLoaderSimple", "widgets_values": ["a.ckpt"]}
LOADER["outputs"] = [{"type": "MODEL"}, {"type": "CLIP"}]
LATENT = {"id": 5, "type": "EmptyLatentImage", "widgets_values": [512, 768, 1]}


def read(sender, **more):
    inputs = [MODEL_INPUT, {"name": "latent_image", "type": "LATENT", "link": 2}, SEED_INPUT]
    nodes = [{**KSAMPLER, "inputs": inputs}, LOADER, LATENT, sender]
    links = [[1, 4, 0, 10, 0, "*"], [2, 5, 0, 3, 1, "LATENT"]]
    return read_graph({"workflow": {"nodes": nodes, "links": links, **more}})


SENDER = {"id": 10, "type": "Anything Everywhere", "inputs": [{"name": "MODEL", "link": 1}]}


def test_links_listed_in_the_file_are_followed():
    link = {"downstream": 3, "downstream_slot": 0, "upstream": "4", "upstream_slot": 0}
    assert read(SENDER, extra={"ue_links": [link]})["models"] == ["a.ckpt"]


@pytest.mark.parametrize("kind", ["Anything Everywhere", "Anything Everywhere3"])
def test_older_files_are_linked_by_type(kind):
    assert read({**SENDER, "type": kind})["models"] == ["a.ckpt"]


@pytest.mark.parametrize(
    "saved", [[], [{"downstream": 3, "downstream_slot": 0, "upstream": "4", "upstream_slot": 0}]]
)
def test_output_of_a_subgraph_is_sent_too(saved):
    inner = {"nodes": [LOADER], "links": [[1, 4, 0, -20, 0, "MODEL"]]}
    group = {"id": 4, "type": "group", "outputs": LOADER["outputs"]}
    nodes = [{**KSAMPLER, "inputs": [MODEL_INPUT, SEED_INPUT]}, group, SENDER]
    workflow = {"nodes": nodes, "links": [[1, 4, 0, 10, 0, "*"]], "extra": {"ue_links": saved}}
    workflow["definitions"] = {"subgraphs": [{"id": "group", **inner}]}
    assert read_graph({"workflow": workflow})["models"] == ["a.ckpt"]


def test_seed_everywhere_wins_over_the_samplers_own_seed():
    seeds = {"id": 10, "type": "Seed Everywhere", "widgets_values": [99, "fixed"]}
    assert read(seeds)["seed"] == 99


@pytest.mark.parametrize("mode", [2, 4])
def test_muted_node_makes_no_links(mode):
    assert "models" not in read({**SENDER, "mode": mode})


@pytest.mark.parametrize(
    "drawn", [[{}], [None], "x", [{"downstream": 3, "downstream_slot": 99, "upstream": 4}]]
)
def test_malformed_lists_are_ignored(drawn):
    assert read(SENDER, extra={"ue_links": drawn})["steps"] == 20
