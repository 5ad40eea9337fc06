"""Infotexts, records and graphs of real images, stored beside the project."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace

import pytest
from civitai_manager_libs.infotext import build_infotext, list_resources, find_missing_values
from civitai_manager_libs.infotext.comfy import read_graph
from civitai_manager_libs.infotext.infotext_format import compose_infotext, parse_infotext

_PROJECT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
_DATA = os.path.join(_PROJECT, "..", "shared", "data", "infotext")
_IS_THERE = os.path.isdir(_DATA)

pytestmark = pytest.mark.skipif(not _IS_THERE, reason="no ../shared/data/infotext beside it")


def entries(name):
    if not _IS_THERE:
        return []
    with open(os.path.join(_DATA, name), encoding="utf-8") as file:
        listed = json.load(file)
    return [pytest.param(entry, id=f"{at}-{label(entry)}") for at, entry in enumerate(listed)]


def label(entry):
    return re.sub(r"[^A-Za-z0-9]+", "-", str(entry.get("id") or entry["source"]))[-40:]


@pytest.mark.parametrize("entry", entries("texts.json"))
def test_rewritten_infotext_parses_to_the_same_values(entry):
    read = parse_infotext(entry["text"])
    read = replace(read, parameters={k: v.strip() for k, v in read.parameters.items()})
    assert (
        parse_infotext(compose_infotext(read.prompt, read.negative_prompt, read.parameters)) == read
    )


_METAS = [*entries("metas-2026.json"), *entries("metas-from-files.json")]
_FLUX = {691639}


@pytest.mark.parametrize("entry", _METAS)
def test_infotext_has_every_field_of_a_record(entry):
    meta = entry["meta"]
    read = parse_infotext(build_infotext(meta, adds_lora_tags=False))
    if meta.get("prompt") or "comfy" not in meta:  # else its graph may tell
        assert read.prompt == as_read(meta.get("prompt", ""))
        assert read.negative_prompt == as_read(meta.get("negativePrompt", ""))
    used = {each["modelVersionId"] for each in meta.get("civitaiResources", ())}
    for key, name in (("steps", "Steps"), ("seed", "Seed"), ("Model hash", "Model hash")):
        if key in meta:
            assert read.parameters[name] == str(meta[key])
    if not used & _FLUX and "comfy" not in meta:
        for key, name in (("cfgScale", "CFG scale"), ("clipSkip", "Clip skip")):
            stated = meta.get(key, meta.get("extra", {}).get(key, ""))
            assert read.parameters.get(name, "") == str(stated)
    if meta.get("sampler") and meta["sampler"] != "Undefined":
        assert read.parameters["Sampler"]
    for key, value in meta.items():  # what only a WebUI writes
        if re.fullmatch(r"(?:Hires|ADetailer|ControlNet|Module|Variation|Mask) .*", key):
            assert read.parameters[key] == str(value).strip()


def as_read(prompt):
    return "\n".join(line.strip() for line in prompt.strip().splitlines())


@pytest.mark.parametrize("entry", _METAS)
def test_model_name_has_no_urn_and_no_folder(entry):
    name = parse_infotext(build_infotext(entry["meta"])).parameters.get("Model", "")
    assert not re.search(r"urn:|[\\/]|\.safetensors$|\.ckpt$", name)


@pytest.mark.parametrize("entry", _METAS)
def test_prompt_names_every_lora_of_a_record(entry):
    prompt = build_infotext(entry["meta"]).lower()
    for resource in list_resources(entry["meta"]):
        if resource.type == "lora" and resource.name and resource.weight:
            assert f"<lora:{resource.name.lower()}" in prompt


_TOLD = {"steps": "Steps", "sampler": "Sampler", "seed": "Seed", "prompt": "Prompt"}


@pytest.mark.parametrize("entry", entries("graphs.json"))
def test_main_values_of_a_graph_are_read_or_listed_as_missing(entry):
    read = read_graph({"prompt": entry["graph"]})
    missing = find_missing_values(build_infotext({"comfy": {"prompt": entry["graph"]}}))
    assert bool(read) == bool(
        re.search(r'"steps": (?!\[)', entry["graph"]) or "ETN_" in entry["graph"]
    )
    for key, name in _TOLD.items():
        assert (name in missing) == (key not in read)
    assert not read or len(missing) <= 5
