"""infotext/comfy/workflow/everywhere.py: links that Use Everywhere draws without a line."""

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


def test_links_that_the_file_lists_are_followed():
    link = {"downstream": 3, "downstream_slot": 0, "upstream": "4", "upstream_slot": 0}
    assert read(SENDER, extra={"ue_links": [link]})["models"] == ["a.ckpt"]


@pytest.mark.parametrize("kind", ["Anything Everywhere", "Anything Everywhere3"])
def test_older_files_are_read_by_the_type_of_what_is_sent(kind):
    assert read({**SENDER, "type": kind})["models"] == ["a.ckpt"]


def test_a_seed_everywhere_wins_over_the_value_left_in_the_sampler():
    seeds = {"id": 10, "type": "Seed Everywhere", "widgets_values": [99, "fixed"]}
    assert read(seeds)["seed"] == 99


@pytest.mark.parametrize("mode", [2, 4])
def test_a_sender_that_is_off_sends_nothing(mode):
    assert "models" not in read({**SENDER, "mode": mode})


@pytest.mark.parametrize(
    "drawn", [[{}], [None], "x", [{"downstream": 3, "downstream_slot": 99, "upstream": 4}]]
)
def test_odd_lists_do_no_harm(drawn):
    assert read(SENDER, extra={"ue_links": drawn})["steps"] == 20
