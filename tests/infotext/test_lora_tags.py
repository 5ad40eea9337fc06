"""The LoRA tags that are added to a prompt."""

from __future__ import annotations


import pytest
from civitai_manager_libs.infotext.resources import list_missing_lora_tags


def lora(name, strength=1.0, **more):
    return {"type": "lora", "name": name, "strength": strength, **more}


def tags(*entries, **meta):
    return list_missing_lora_tags({"additionalResources": list(entries), **meta})


@pytest.mark.parametrize(
    "texts",
    [
        {"prompt": "a <lora:Fog:0.3>"},
        {"prompt": "<lyco:fog>"},
        {"negativePrompt": "<lora:fog:1:0.5:lbw=x>"},
        {"ADetailer prompt": "face <lora: fog :1>"},
        {"Hires prompt": "<lora:fog:1>"},
    ],
    ids=["prompt", "lyco", "negative", "adetailer", "hires"],
)
def test_tag_that_a_prompt_has_is_not_added(texts):
    assert tags(lora("a/fog.safetensors"), **texts) == ()
    assert tags(lora("a/fog2.safetensors"), **texts) == ("<lora:fog2:1>",)


def test_each_lora_gets_one_tag():
    listed = {"resources": [{"type": "lora", "name": "FOG", "weight": 0.5}]}
    assert tags(lora("fog"), lora("fog", 0.2), **listed) == ("<lora:fog:1>",)


@pytest.mark.parametrize(
    "entry",
    [
        lora("x", 0),
        lora("x", None),
        lora("x", "high"),
        lora("a:b"),
        lora("a>b"),
        lora("a\nb"),
        lora("urn:air:sdxl:lora:civitai:1@2"),
        lora(""),
        lora("None"),
        {"type": "embed", "name": "x", "strength": 1},
        {"name": "x", "strength": 1},
        "x",
    ],
    ids=repr,
)
def test_unusable_loras_get_no_tag(entry):
    assert tags(entry) == ()


@pytest.mark.parametrize(
    ("entry", "tag"),
    [
        (lora("x", "0.75"), "<lora:x:0.75>"),
        (lora("x", -1), "<lora:x:-1>"),
        (lora("x", 0.7000000000000001), "<lora:x:0.7000000000000001>"),
        (lora("x", 0.5, strengthClip="0.5"), "<lora:x:0.5>"),
        (lora("x", 0, strengthClip=0.5), "<lora:x:0.5:0>"),
        ({"type": "DoRA", "name": "x", "strength": 1}, "<lora:x:1>"),
        ({"type": "LoCon", "name": "b\\two.v2.sft", "strength": 0.5}, "<lora:two.v2:0.5>"),
    ],
    ids=repr,
)
def test_tag_has_the_weights_of_its_lora(entry, tag):
    assert tags(entry) == (tag,)
