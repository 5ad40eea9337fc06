"""The infotext of an API record."""

import json
import math
from pathlib import Path

import pytest
from cases import any_json, each_case
from civitai_manager_libs.core import clean_text
from civitai_manager_libs.core.images import Image
from civitai_manager_libs.infotext.metadata_to_infotext import build_infotext, list_added_lora_tags
from civitai_manager_libs.infotext.infotext_format import Infotext, is_safe_negative_prompt
from civitai_manager_libs.infotext.infotext_format import parse_infotext
from comfy_graphs import GRAPH, node
from hypothesis import given, strategies as st

_CASES = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
_RECORDS = [
    _CASES["record_gives_the_expected_infotext"][name]["meta"] for name in ("a1111", "comfy")
]
IMAGE = Image(90000101, "https://image.civitai.com/x", base_model="SD 1.5", post_id=21000001)


def parameters_of(meta):
    return parse_infotext(
        build_infotext({"steps": 20, "sampler": "Euler", "seed": 1, **meta})
    ).parameters


@each_case(__file__, "record_gives_the_expected_infotext")
def test_record_gives_the_expected_infotext(meta, written):
    assert build_infotext(meta) == written
    assert build_infotext(meta, IMAGE) == written


_SEEDS = {"42.0": "42", 2**64 - 1: str(2**64 - 1), 0: "0", -1: None, "-1": None}
_SEEDS |= {-7331689: "-7331689", -(2**63) - 1: None, 2**64: None, "42, Steps: 1": None}


@pytest.mark.parametrize(("seed", "written"), _SEEDS.items(), ids=repr)
def test_seed_is_an_integer_or_missing(seed, written):
    assert parameters_of({"seed": seed}).get("Seed") == written


@pytest.mark.parametrize(
    ("meta", "size"),
    [
        ({"Size": "512x768", "width": 1, "height": 1}, "512x768"),
        ({"width": 1024, "height": "768"}, "1024x768"),
        ({"width": 1024}, None),
        ({"width": 0, "height": 0}, None),
        ({"width": 10**9, "height": 1}, None),
        ({"Size": "large", "width": 2, "height": 3}, "2x3"),
        ({"Size": {"a": 1}}, None),
    ],
    ids=repr,
)
def test_size_comes_from_the_metadata_only(meta, size):
    assert parameters_of(meta).get("Size") == size
    assert "1536" not in build_infotext(meta, Image(1, "", width=1024, height=1536))


@pytest.mark.parametrize(
    ("meta", "absent"),
    [
        ({"Model": "NaN"}, "Model"),
        ({"cfgScale": math.inf}, "CFG scale"),
        ({"cfgScale": "high"}, "CFG scale"),
        ({"clipSkip": 0}, "Clip skip"),
        ({"clipSkip": -2}, "Clip skip"),
        ({"denoise": 1}, "Denoising strength"),
        ({"Denoising strength": 7}, "Denoising strength"),
        ({"hashes": {"model": "no hash"}}, "Model hash"),
        ({"hashes": {"lora:a, b": "abcdef01", "lora:": "abcdef01"}}, "Lora hashes"),
        ({"engine": "wan"}, "engine"),
        ({"workflow": "txt2img"}, "workflow"),
        ({"Civitai resources": "[]"}, "Civitai resources"),
        ({"Prompt": "evil"}, "Prompt"),
        ({"Negative prompt": "evil"}, "Negative prompt"),
        ({"Hires resize-1": "evil"}, "Hires resize-1"),
        ({"Hires resize": f"{'9' * 5000}x1"}, "Hires resize"),
        ({"VAE/TE": "evil"}, "VAE/TE"),
        ({"Styles array": "evil"}, "Styles array"),
        ({"Long": "x" * 10_001}, "Long"),
        ({"Key: evil, Steps": 1}, "Key"),
        ({"Model": "urn:air:sdxl:checkpoint:civitai:1277670@1896532"}, "Model"),
        ({"models": ["\\NONE"]}, "Model"),
        ({"models": ["x/undefined.ckpt"]}, "Model"),
        ({"vaes": ["vae/None"]}, "VAE"),
        ({"ADetailer prompt": {"photo of a (dutch woman": "1.1)"}}, "ADetailer prompt"),
        ({"Template": {"x": "y"}}, "Template"),
        ({"Some key": {'"quoted': "x"}}, "Some key"),
        ({"Wildcard prompt": '"closeup photo of \\"x'}, "Wildcard prompt"),
        ({"Cutoff targets": '""'}, "Cutoff targets"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_parameters_that_no_webui_reads_are_left_out(meta, absent):
    assert absent not in parameters_of(meta)


@each_case(__file__, "parameters_that_a_webui_reads_are_kept")
def test_parameters_that_a_webui_reads_are_kept(meta, name, value):
    assert parameters_of(meta)[name] == value


def test_values_of_a_record_win_over_its_graphs():
    meta = {"comfy": {"prompt": GRAPH}, "prompt": "mine", "steps": 9, "sampler": "undefined"}
    read = parse_infotext(build_infotext(meta))
    assert (read.prompt, read.negative_prompt) == ("mine", "")
    assert (read.parameters["Steps"], read.parameters["Sampler"]) == ("9", "DPM++ 2M")


def test_record_with_too_few_parameters_names_its_origin():
    meta = {"prompt": "a cat", "seed": 7}
    assert build_infotext(meta, IMAGE) == "a cat\nSeed: 7, Image id: 90000101, Base model: SD 1.5"
    assert build_infotext(meta) == "a cat\nSeed: 7, Clip skip: 1, Hires sampler: Use same sampler"


def test_infotext_of_a_huge_record_is_limited():
    meta = {f"Key {i}": "x" * 10_000 for i in range(5_000)} | {"prompt": "a " * 5_000_000}
    assert len(build_infotext(meta)) < 6_000_000


_PIECES = ["Negative prompt: x", "Steps: 1, Seed: 2, Size: 1x1", "\n", ", ", ":", '"', "\\", "a"]
_PIECES += [" ", "Civitai", "FLUX", "None", "NaN", "\ud800", "\0", "0xabcdef01", "euler", "1e9"]
_text = st.one_of(st.lists(st.sampled_from(_PIECES), max_size=8).map("".join), st.text(max_size=20))
_scalar = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), _text)
_value = any_json(_text, 5, _scalar)
_KNOWN = "steps seed sampler scheduler cfgScale clipSkip denoise Size width".split()
_KNOWN += ["height", "Model", "Model hash", "VAE", "models", "vaes", "hashes", "comfy", "Version"]
_KNOWN += ["Lora hashes", "TI hashes", "Hires prompt", "ADetailer prompt", "Hypernet", "id", "meta"]
hostile_meta = st.dictionaries(st.one_of(st.sampled_from(_KNOWN), _text), _value, max_size=8)


@given(hostile_meta, _text, _text)
def test_hostile_record_gives_only_its_own_values(meta, prompt, negative_prompt):
    meta.update(prompt=prompt, negativePrompt=negative_prompt)
    text = build_infotext(meta, IMAGE)
    text.encode("utf-8")
    read = parse_infotext(text)
    assert flat(read.prompt) == flat(prompt)
    expected = (
        negative_prompt if is_safe_negative_prompt(clean_text(negative_prompt).strip()) else ""
    )
    assert flat(read.negative_prompt) == flat(expected)
    for key, value in read.parameters.items():
        assert key not in ("Prompt", "Negative prompt") and value.lower() not in ("none", "nan")
        assert key in _CANONICAL or key in meta


_CANONICAL = {"Steps", "Sampler", "Schedule type", "CFG scale", "Seed", "Size", "Model hash"}
_CANONICAL |= {"Model", "VAE hash", "VAE", "Denoising strength", "Clip skip", "Lora hashes"}
_CANONICAL |= {"TI hashes"}
_CANONICAL |= {"Image id", "Base model", "Post id"}
_NOTHINGS = {"none", "null", "nan", "[nan]", "undefined", "inf", "infinity", "-inf", "-infinity"}


def flat(prompt):
    """Return a prompt without blanks and control characters."""
    return [c for c in prompt if c.isprintable() and not c.isspace()]


@given(
    st.text(st.characters(min_codepoint=48, max_codepoint=126), min_size=1),
    st.integers(1, 150),
    st.integers(0, 2**64 - 1),
    st.floats(0, 30).map(lambda number: round(number, 2)),
    _text.filter(lambda text: text.strip() and text.isprintable() and not set("/\\") & set(text)),
)
def test_values_survive_a_round_trip(prompt, steps, seed, scale, model):
    meta = {"prompt": prompt, "steps": steps, "seed": seed, "cfgScale": scale, "Model": model}
    expected = {"Steps": str(steps), "CFG scale": f"{scale:g}", "Seed": str(seed)}
    if model.strip().lower() not in _NOTHINGS:
        expected["Model"] = model.strip()
    assert parse_infotext(build_infotext(meta)) == Infotext(prompt, "", expected)


LORAS = {"additionalResources": [{"name": "a\\fog.safetensors", "type": "lora", "strength": 0.8}]}


def test_added_tags_can_be_omitted_and_are_listed():
    meta = {"prompt": "a cat, ", **LORAS}
    assert build_infotext(meta) == "a cat, <lora:fog:0.8>"
    assert build_infotext(meta, adds_lora_tags=False) == "a cat,"
    assert list_added_lora_tags(meta) == ("<lora:fog:0.8>",)
    assert list_added_lora_tags({"id": 1, "meta": meta}) == ("<lora:fog:0.8>",)
    graph = {**GRAPH, "4": node("LoraLoader", lora_name="fog.sft", strength_model=0.5)}
    assert list_added_lora_tags({"comfy": {"prompt": graph}}) == ("<lora:fog:0.5>",)
    for none in (None, {}, "x", {"prompt": "a <lora:fog:1>", **LORAS}):
        assert list_added_lora_tags(none) == ()
    text = build_infotext({"prompt": "a\x14 <lora:天使\x7fV1:0.3>", "steps": 20})
    assert text.startswith("a  <lora:天使\x7fV1:0.3>\n")  # the characters of a file's name stay


_NAMES = [*_RECORDS[0], "width", "height", "scheduler", "denoise", "VAE hash", "Hires steps", "RNG"]
_NODE = {"class_type": "MarkedNode", "inputs": {"image": ["9", 0]}}


@given(
    st.sampled_from(_RECORDS),
    st.sets(st.sampled_from(_NAMES), min_size=1),
    st.sampled_from([["9", 0], _NODE, {"MarkedNode": "x"}]),
)
def test_node_in_place_of_a_value_is_missing(record, names, value):
    meta = {**record, **{name: value for name in names}}
    text = build_infotext(meta)
    marks = ("class_type", "inputs", "['9'")
    assert not any(mark in text for mark in marks)
    named = {"sampler", "scheduler", "Schedule type", "Version", "Size"}
    assert "MarkedNode" not in text or value == {"MarkedNode": "x"} and names - named


def test_graph_supplies_the_size_that_a_node_hides():
    size = {"width": 832, "height": 1216, "batch_size": 1}
    graph = {**GRAPH, "5": node("EmptyLatentImage", **size)}
    hidden = {"width": graph["5"], "height": graph["5"], "comfy": json.dumps({"prompt": graph})}
    assert build_infotext(hidden) == build_infotext({"comfy": json.dumps({"prompt": graph})})
