"""The summary of a record that a tile shows."""

from __future__ import annotations

import json

import pytest
from civitai_manager_libs.infotext import summarize


def test_summary_has_the_start_of_the_prompt_and_main_parameters():
    meta = {
        "prompt": "<lora:fog:0.8> a lighthouse,\n  <lyco:ink:1> at dusk, " + "waves, " * 50,
        "steps": "28",
        "sampler": "DPM++ 2M Karras",
        "resources": [{"type": "lora", "name": "Fog", "weight": 0.8}],
    }
    prompt, *rest = summarize(meta)
    assert prompt.startswith("a lighthouse, at dusk, waves,") and 40 < len(prompt) <= 56
    assert rest == [28, "DPM++ 2M Karras", 2]


def test_samplers_have_the_webuis_names():
    assert summarize({"sampler": "euler_ancestral"})[2] == "Euler a"


def test_summary_of_any_data_is_short_and_valid_json():
    assert summarize(None) is None and summarize({}) is None
    assert summarize({"prompt": 5, "steps": -1, "sampler": ["x"]}) == ("", 0, "", 0)
    strange = summarize({"prompt": "\ud800燈塔\x00" * 2000, "sampler": "s" * 5000})
    assert len(strange[0].encode()) <= 56 and strange[0].startswith("燈塔燈塔")
    assert len(json.dumps(strange, ensure_ascii=False)) < 120


@pytest.mark.parametrize("sampler", ["Undefined", {"class_type": "x"}, ["4", 0]], ids=repr)
def test_placeholder_is_not_shown(sampler):
    assert summarize({"steps": 20, "sampler": sampler})[2] == ""
    engine = {"extra": {"ecosystem": "OpenAI"}}
    summary = summarize({"prompt": "a cat", "steps": 30, "sampler": "Euler", **engine})
    assert summary == ("a cat", 0, "", 0)
