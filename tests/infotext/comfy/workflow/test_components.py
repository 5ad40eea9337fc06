"""The components of a ComfyUI workflow, and the names of their inputs."""

from __future__ import annotations

import pytest
from civitai_manager_libs.infotext.comfy import read_graph
from civitai_manager_libs.infotext.comfy.workflow import read_workflow_nodes


def asked(title, **output):
    return {"type": "ComponentInput", "title": title, "outputs": [output]}


PIPE = [
    asked("02.Component Input", name="text", label="positive"),
    asked("01.Component Input", name="ckpt_name"),
    asked("03.Component Input", name="text", label="negative"),
    {"type": "ToBasicPipe", "title": "00"},
]
SAMPLE = [
    asked(f"{at:02}.Component Input", name=name)
    for at, name in enumerate(
        ["basic_pipe", "latent", "steps", "cfg", "seed", "sampler_name", "scheduler"]
    )
]
WORKFLOW = {
    "nodes": [
        {
            "id": 1,
            "type": "## pipe [1]",
            "widgets_values": ["xl.sft", "a cat", "blurry"],
            "outputs": [{"type": "BASIC_PIPE"}],
        },
        {
            "id": 2,
            "type": "## ksample [2]",
            "inputs": [{"name": "basic_pipe", "link": 5}, {"name": "latent", "link": None}],
            "widgets_values": [30, 7, 42, "fixed", "euler", "normal"],
        },
    ],
    "links": [[5, 1, 0, 2, 0, "BASIC_PIPE"]],
    "components": {"## pipe [1]": {"nodes": PIPE}, "## ksample [2]": {"nodes": SAMPLE}},
}


def test_values_of_a_component_get_the_names_of_its_inputs():
    assert read_graph({"workflow": WORKFLOW}) == {
        "prompt": "a cat",
        "negativePrompt": "blurry",
        "seed": 42,
        "steps": 30,
        "cfgScale": 7,
        "sampler": "euler",
        "scheduler": "normal",
        "models": ["xl.sft"],
    }


@pytest.mark.parametrize("odd", [3, [], {"## pipe [1]": 3}, {"## pipe [1]": {"nodes": [3, {}]}}])
def test_malformed_components_are_ignored(odd):
    nodes = read_workflow_nodes({**WORKFLOW, "components": odd})
    assert nodes["1"]["inputs"] == {}
