"""The models that an image was made with, in its data and in its prompt."""

import json

import pytest
from cases import any_json, each_case, SCALARS
from civitai_manager_libs.core.images import Image
from civitai_manager_libs.infotext import build_infotext, summarize
from civitai_manager_libs.infotext.resources import list_missing_lora_tags, list_resources, Resource
from hypothesis import given, strategies as st

_NOTHING = "E3B0C44298FC"  # the hash of files that a program could not read
_PAPER = {"hashes": {"lora:paperStyle": "0x9f8e7d6c5b"}, "prompt": "a, <lora:paperStyle:0.7>"}
_PAPER |= {"resources": [{"name": "paperStyle", "type": "lora", "weight": 0.7}]}
_CHECKPOINT = {"Model": "exampleMix_v20", "VAE": "sample_vae.safetensors"}
_CHECKPOINT |= {"hashes": {"vae": "0a1b2c3d4e", "model": "abcdef0123"}}
_CHECKPOINT |= {"resources": [{"hash": "ABCDEF0123", "name": "example mix", "type": "Checkpoint"}]}
_ON_SITE = [{"type": "checkpoint", "modelVersionId": 700200}]
_ON_SITE += [{"type": "lora", "weight": 1, "modelVersionId": "455777"}]
_COMFY = {"models": ["SDXL\\exampleXL.safetensors", "exampleXL.safetensors"]}
_FOG = {"name": "fog_helper.safetensors", "type": "lora", "strength": 0.8, "strengthClip": 1}
_COMFY |= {"vaes": ["sdxl_vae.safetensors"], "additionalResources": [_FOG]}
_LISTED = {
    "one-in-three-places": (_PAPER, [Resource("lora", "paperStyle", 0.7, "9f8e7d6c5b")]),
    "hash-of-nothing": (
        {"resources": [{"type": "lora", "name": name, "hash": _NOTHING} for name in "ab"]},
        [Resource("lora", "a"), Resource("lora", "b")],
    ),
    "checkpoint-and-vae": (
        _CHECKPOINT,
        [Resource("model", "example mix", hash="ABCDEF0123")]
        + [Resource("vae", "sample_vae", hash="0a1b2c3d4e")],
    ),
    "comfyui": (
        _COMFY,
        [Resource("model", "exampleXL"), Resource("vae", "sdxl_vae")]
        + [Resource("lora", "fog_helper", 0.8)],
    ),
    "long-path": ({"models": [f"{'folder/' * 60}name.ckpt"]}, [Resource("model", "name")]),
    "one-name-of-two-types": (
        {"hashes": {"lora:a": "abcdef01", "embed:a": "abcdef02"}},
        [Resource("lora", "a", hash="abcdef01"), Resource("embed", "a", hash="abcdef02")],
    ),
    **{repr(x): (x, []) for x in (None, {}, {"resources": "x"}, {"hashes": []}, {"prompt": 3})},
}


@pytest.mark.parametrize(("meta", "found"), _LISTED.values(), ids=_LISTED)
def test_each_resource_of_a_record_is_listed_once(meta, found):
    assert list_resources(meta) == tuple(found)


def test_versions_named_by_civitai_are_listed_once_and_their_number_is_limited():
    image = Image(1, "https://image.civitai.com/x", version_ids=(700200, 455777, 9))
    assert list_resources({"civitaiResources": _ON_SITE}, image) == (
        Resource("model", version_id=700200),
        Resource("lora", weight=1.0, version_id=455777),
        Resource(version_id=9),
    )
    many = [{"type": "lora", "name": f"n{i}"} for i in range(10_000)]
    assert len(list_resources({"resources": many})) == 300


@pytest.mark.parametrize(
    ("prompt", "found"),
    [
        ("<lora:a>", [Resource("lora", "a")]),
        ("<lora:a:0.5:1:lbw=x>", [Resource("lora", "a", 0.5)]),
        ("<lyco:a:1>", [Resource("lora", "a", 1.0)]),
        ("<hypernet:a:1>", [Resource("hypernet", "a", 1.0)]),
        ("<lora:a:1><lora:b:-1> <lora:A:2>", [Resource("lora", "a", 1), Resource("lora", "b", -1)]),
        ("<lora:a:high>", [Resource("lora", "a")]),
        ("<lora::1> <lora: a <b>", []),
    ],
)
def test_tags_in_a_prompt_are_resources(prompt, found):
    assert list_resources({"prompt": prompt}) == tuple(found)


@pytest.mark.parametrize(
    ("air", "resource"),
    [
        ("urn:air:sdxl:checkpoint:civitai:12@34", Resource("model", version_id=34)),
        ("URN:AIR:sd1:LORA:civitai:12@34.safetensors", Resource("lora", version_id=34)),
        ("urn:air:flux1:lycoris:civitai:12@34+5", Resource("lora", version_id=34)),
        ("urn:air:sdxl:checkpoint:civitai:12", None),
        ("urn:air:sdxl:checkpoint:huggingface:stabilityai/sdxl@main", None),
        ("urn:air:nonsense", None),
    ],
    ids=["plain", "capitals", "file", "no-version", "other-site", "broken"],
)
def test_air_gives_type_and_version(air, resource):
    found = () if resource is None else (resource,)
    assert list_resources({"Model": air}) == found
    assert list_resources({"models": [air], "Model": air}) == found


_names = st.sampled_from("type name weight strength hash modelVersionId lora:x".split())
_value = any_json(_names, 8, SCALARS | st.just("lora"))
_KEYS = "other upscalers resources civitaiResources hashes models vaes additionalResources".split()


@given(st.dictionaries(st.sampled_from([*_KEYS, "prompt", "Model", "Model hash", "VAE"]), _value))
def test_any_record_can_be_read(meta):
    for found in list_resources(meta):
        assert found.name or found.hash or found.version_id
        assert "\n" not in found.name + found.type
    for tag in list_missing_lora_tags(meta):
        assert tag.startswith("<lora:") and tag.endswith(">") and tag.isprintable()


def test_summary_has_the_start_of_the_prompt_and_main_parameters():
    meta = {
        "prompt": "<lora:fog:0.8> a lighthouse,\n  <lyco:ink:1> at dusk, " + "waves, " * 50,
        **{"steps": "28", "sampler": "DPM++ 2M Karras"},
        "resources": [{"type": "lora", "name": "Fog", "weight": 0.8}],
    }
    prompt, *rest = summarize(meta)
    assert prompt.startswith("a lighthouse, at dusk, waves,") and 40 < len(prompt) <= 56
    assert rest == [28, "DPM++ 2M Karras", 2]
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


RUINED = {
    "other": {"loras": [["0x" + "ab" * 5, "0.8 - A/fog.safetensors"], ["", "1.0 - mist.sft"]]}
}
ADDNET = {
    "AddNet Enabled": "True",
    "AddNet Module 1": "LoRA",
    "AddNet Model 1": "fog-of-01(8c052dc68980)",
    "AddNet Weight A 1": "0.8",
    "AddNet Weight B 1": "0.8",
    "resources": [{"type": "lora", "name": "01", "weight": 0.8, "hash": "8c052dc68980"}],
}


@each_case(__file__, "loras_in_parameters_get_a_tag")
def test_loras_in_parameters_get_a_tag(meta, tags):
    assert build_infotext({"prompt": "a cat", **meta}).splitlines()[0] == f"a cat {tags}".strip()


def test_name_cut_by_civitais_parser_is_ignored():
    assert list_resources(ADDNET) == (Resource("lora", "fog-of-01", 0.8, "8c052dc68980"),)
    off = {**ADDNET, "AddNet Enabled": "False"}
    assert list_resources(off) == (Resource("lora", "01", 0.8, "8c052dc68980"),)
    assert list_resources(RUINED)[0] == Resource("lora", "fog", 0.8, "ab" * 5)


def test_tensorart_id_is_not_a_file_name():
    loras = {"additionalResources": [{"type": "lora", "name": "EMS-1-EMS", "strength": 1}]}
    assert build_infotext({"prompt": "a cat", **loras}) == "a cat"
    assert list_resources({"Model": "EMS-1401459-EMS", **loras}) == ()


def lora(name, strength=1.0, **more):
    return {"type": "lora", "name": name, "strength": strength, **more}


def tags(*entries, **meta):
    return list_missing_lora_tags({"additionalResources": list(entries), **meta})


@pytest.mark.parametrize(
    ("key", "text"),
    [("prompt", "a <lora:Fog:0.3>"), ("prompt", "<lyco:fog>"), ("Hires prompt", "<lora:fog:1>")]
    + [("negativePrompt", "<lora:fog:1:0.5:lbw=x>"), ("ADetailer prompt", "face <lora: fog :1>")],
)
def test_tag_that_a_prompt_has_is_not_added(key, text):
    assert tags(lora("a/fog.safetensors"), **{key: text}) == ()
    assert tags(lora("a/fog2.safetensors"), **{key: text}) == ("<lora:fog2:1>",)
    listed = {"resources": [{"type": "lora", "name": "FOG", "weight": 0.5}]}
    assert tags(lora("fog"), lora("fog", 0.2), **listed) == ("<lora:fog:1>",)  # one for each


_UNUSABLE = [lora("x", weight) for weight in (0, None, "high")]
_UNUSABLE += [
    lora(name) for name in ("a:b", "a>b", "a\nb", "urn:air:sdxl:lora:civitai:1@2", "", "None")
]
_UNUSABLE += [{"type": "embed", "name": "x", "strength": 1}, {"name": "x", "strength": 1}, "x"]


@pytest.mark.parametrize("entry", _UNUSABLE, ids=repr)
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
