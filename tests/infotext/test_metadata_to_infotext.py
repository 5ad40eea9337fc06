"""The infotext of an API record."""

import json
import math

import pytest
from cases import each_case
from civitai_manager_libs.core import clean_text
from civitai_manager_libs.core.images import Image
from civitai_manager_libs.infotext.metadata_to_infotext import build_infotext, list_added_lora_tags
from civitai_manager_libs.infotext.infotext_format import Infotext, is_safe_negative_prompt
from civitai_manager_libs.infotext.infotext_format import parse_infotext
from comfy_graphs import GRAPH, node
from hypothesis import given, strategies as st

A1111_RECORD = {
    "VAE": "sample_vae.safetensors",
    "Size": "512x768",
    "seed": 1234567890,
    "Model": "exampleMix_v20",
    "steps": 28,
    "hashes": {"vae": "0a1b2c3d4e", "model": "abcdef0123", "lora:paperStyle": "0x9f8e7d6c5b"},
    "prompt": "a lighthouse at dawn, <lora:paperStyle:0.7>, soft light",
    "Version": "v1.10.1",
    "sampler": "DPM++ 2M",
    "cfgScale": 6.5,
    "clipSkip": 2,
    "resources": [
        {"name": "paperStyle", "type": "lora", "weight": 0.7, "hash": "0x9f8e7d6c5b"},
        {"hash": "abcdef0123", "name": "exampleMix_v20", "type": "model"},
    ],
    "Model hash": "abcdef0123",
    "Hires upscale": "2",
    "Schedule type": "Karras",
    "Hires upscaler": "4x-UltraSharp",
    "negativePrompt": "blurry, lowres",
    "Denoising strength": "0.4",
}
COMFY_RECORD = {
    "seed": 88005553535,
    "vaes": [],
    "comfy": '{"prompt": {"3": {"class_type": "KSampler", "inputs": {"seed": 88005553535, '
    '"steps": 20, "denoise": NaN}}}, "workflow": {"nodes": []}}',
    "steps": 20,
    "width": 1344,
    "height": 768,
    "models": ["exampleXL.safetensors"],
    "prompt": "wide valley, morning fog",
    "sampler": "Euler a",
    "cfgScale": 7,
    "scheduler": "normal",
    "negativePrompt": "",
    "additionalResources": [
        {"name": "fog_helper.safetensors", "type": "lora", "strength": 0.8, "strengthClip": 1}
    ],
    "engine": "ComfyUI",
}
IMAGE = Image(90000101, "https://image.civitai.com/x", base_model="SD 1.5", post_id=21000001)


def parameters_of(meta):
    return parse_infotext(
        build_infotext({"steps": 20, "sampler": "Euler", "seed": 1, **meta})
    ).parameters


@each_case(__file__, "record_gives_the_expected_infotext")
def test_record_gives_the_expected_infotext(meta, written):
    assert build_infotext(meta) == written
    assert build_infotext(meta, IMAGE) == written


def test_parameters_are_in_a1111s_order():
    meta = {
        "Zeta": "last",
        "ENSD": 31337,
        "RNG": "CPU",
        "freeu_b1": 1.01,
        "Version": "v1.10.1",
        "TI hashes": {"easynegative": "c74b4e810b03"},
        "Lora hashes": "one: 0xaaaa1111, two: bbbb2222",
        "ADetailer model": "face_yolov8n.pt",
        "Hires steps": 10,
        "Hires upscale": 1.5,
        "clipSkip": 2,
        "Denoising strength": 0.35,
        "Seed resize from": "512x512",
        "Variation seed strength": 0.1,
        "Variation seed": 5,
        "VAE": "vae.pt",
        "Model": "mix",
        "hashes": {"vae": "0xcccc3333", "model": "dddd4444", "embed:bad": "eeee5555"},
        "Size": "512 x 768",
        "seed": 1,
        "Distilled CFG Scale": 3.5,
        "cfgScale": 1,
        "sampler": "Euler a Karras",
        "steps": 20,
    }
    assert build_infotext(meta) == (
        "Steps: 20, Sampler: Euler a, Schedule type: Karras, CFG scale: 1, "
        "Distilled CFG Scale: 3.5, Seed: 1, Size: 512x768, Model hash: dddd4444, Model: mix, "
        "VAE hash: cccc3333, VAE: vae.pt, Variation seed: 5, Variation seed strength: 0.1, "
        "Seed resize from: 512x512, Denoising strength: 0.35, Clip skip: 2, Hires steps: 10, "
        "Hires upscale: 1.5, ADetailer model: face_yolov8n.pt, "
        'Lora hashes: "one: aaaa1111, two: bbbb2222", '
        'TI hashes: "bad: eeee5555, easynegative: c74b4e810b03", Version: v1.10.1, '
        "Zeta: last, ENSD: 31337, RNG: CPU, freeu_b1: 1.01"
    )


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


@pytest.mark.parametrize(
    ("meta", "parameter"),
    [
        ({"Model": {"a": "b"}}, ("Model", "a: b")),
        (
            {"ControlNet 0": {"Module": "canny", "Weight": 1}},
            ("ControlNet 0", "Module: canny, Weight: 1"),
        ),
        ({"Hires prompt": "a\nNegative prompt: b"}, ("Hires prompt", "a\nNegative prompt: b")),
        ({"Tiling": True}, ("Tiling", "True")),
        ({"Hires resize": "1024x1536"}, ("Hires resize", "1024x1536")),
        ({"Model": "a, Seed: 9"}, ("Model", "a, Seed: 9")),
        ({"denoise": 0.55}, ("Denoising strength", "0.55")),
        ({"vaes": ["x\\y.safetensors"]}, ("VAE", "y.safetensors")),
        ({"clipSkip": 2, "Clip skip": "3"}, ("Clip skip", "2")),
        ({"clipSkip": None, "Clip skip": "3"}, ("Clip skip", "3")),
        ({"Model": "Krea 2\\krea2_turbo-Q5_K_M"}, ("Model", "krea2_turbo-Q5_K_M")),
        ({"models": ["a/sd_xl_base_1.0.safetensors"]}, ("Model", "sd_xl_base_1.0")),
        ({"hashes": {"LORA:epi": "81680c064e"}}, ("Lora hashes", "epi: 81680c064e")),
        ({"ADetailer dilate/erode": "32"}, ("ADetailer dilate/erode", "32")),
        ({"Hires prompt": '"a cat, \\"big\\""'}, ("Hires prompt", 'a cat, "big"')),
        (
            {"Denoising strength": "0.4951434637120001"},
            ("Denoising strength", "0.4951434637120001"),
        ),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_parameters_that_a_webui_reads_are_kept(meta, parameter):
    assert parameter in parameters_of(meta).items()


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


_PIECES = [
    "Negative prompt: x",
    "Steps: 1, Seed: 2, Size: 1x1",
    "\n",
    ", ",
    ":",
    '"',
    "\\",
    "a",
    " ",
]
_PIECES += ["Civitai", "FLUX", "None", "NaN", "\ud800", "\0", "0xabcdef01", "euler", "1e9"]
_text = st.one_of(st.lists(st.sampled_from(_PIECES), max_size=8).map("".join), st.text(max_size=20))
_scalar = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), _text)
_value = st.recursive(
    _scalar,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=5,
)
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


_CANONICAL = {
    "Steps",
    "Sampler",
    "Schedule type",
    "CFG scale",
    "Seed",
    "Size",
    "Model hash",
    "Model",
}
_CANONICAL |= {"VAE hash", "VAE", "Denoising strength", "Clip skip", "Lora hashes", "TI hashes"}
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


_RECORDS = [A1111_RECORD, COMFY_RECORD]
_NAMES = [
    *A1111_RECORD,
    "width",
    "height",
    "scheduler",
    "denoise",
    "VAE hash",
    "Hires steps",
    "RNG",
]
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
