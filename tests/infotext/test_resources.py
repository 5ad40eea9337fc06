"""The resources that an image was made with, without duplicates."""

from __future__ import annotations

import pytest
from civitai_manager_libs.core.images import Image
from civitai_manager_libs.infotext.resources import list_missing_lora_tags, list_resources, Resource
from hypothesis import given
from hypothesis import strategies as st


def test_lora_named_in_three_places_is_one_resource():
    meta = {
        "prompt": "a lighthouse, <lora:paperStyle:0.7>",
        "hashes": {"lora:paperStyle": "0x9f8e7d6c5b"},
        "resources": [{"name": "paperStyle", "type": "lora", "weight": 0.7}],
    }
    assert list_resources(meta) == (Resource("lora", "paperStyle", 0.7, "9f8e7d6c5b"),)


def test_hash_of_an_empty_file_does_not_merge_two_loras():
    nothing = "E3B0C44298FC"  # stated of files that a program could not read
    rows = [{"type": "lora", "name": name, "hash": nothing} for name in ("a", "b")]
    found = list_resources({"resources": rows})
    assert [(one.name, one.hash) for one in found] == [("a", ""), ("b", "")]


def test_checkpoint_and_vae_have_their_hashes():
    meta = {
        "Model": "exampleMix_v20",
        "VAE": "sample_vae.safetensors",
        "hashes": {"vae": "0a1b2c3d4e", "model": "abcdef0123"},
        "resources": [{"hash": "ABCDEF0123", "name": "example mix", "type": "Checkpoint"}],
    }
    assert list_resources(meta) == (
        Resource("model", "example mix", hash="ABCDEF0123"),
        Resource("vae", "sample_vae", hash="0a1b2c3d4e"),
    )


def test_versions_named_by_civitai_are_listed_once():
    meta = {
        "civitaiResources": [
            {"type": "checkpoint", "modelVersionId": 700200},
            {"type": "lora", "weight": 1, "modelVersionId": "455777"},
        ]
    }
    image = Image(1, "https://image.civitai.com/x", version_ids=(700200, 455777, 9))
    assert list_resources(meta, image) == (
        Resource("model", version_id=700200),
        Resource("lora", weight=1.0, version_id=455777),
        Resource(version_id=9),
    )


def test_comfyui_lists_are_resources():
    meta = {
        "models": ["SDXL\\exampleXL.safetensors", "exampleXL.safetensors"],
        "vaes": ["sdxl_vae.safetensors"],
        "additionalResources": [
            {"name": "fog_helper.safetensors", "type": "lora", "strength": 0.8, "strengthClip": 1}
        ],
    }
    assert list_resources(meta) == (
        Resource("model", "exampleXL"),
        Resource("vae", "sdxl_vae"),
        Resource("lora", "fog_helper", 0.8),
    )


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


def test_name_is_read_from_a_long_path():
    assert list_resources({"models": [f"{'folder/' * 60}name.ckpt"]}) == (
        Resource("model", "name"),
    )


def test_same_name_of_two_types_is_two_resources():
    meta = {"hashes": {"lora:a": "abcdef01", "embed:a": "abcdef02"}}
    assert list_resources(meta) == (
        Resource("lora", "a", hash="abcdef01"),
        Resource("embed", "a", hash="abcdef02"),
    )


@pytest.mark.parametrize("meta", [None, {}, {"resources": "x"}, {"hashes": []}, {"prompt": 3}])
def test_empty_record_has_no_resources(meta):
    assert list_resources(meta) == ()


def test_number_of_resources_is_limited():
    meta = {"resources": [{"type": "lora", "name": f"n{i}"} for i in range(10_000)]}
    assert len(list_resources(meta)) == 300


_value = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.just("lora")),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from("type name weight strength hash modelVersionId lora:x".split()), inner
        ),
    ),
    max_leaves=8,
)
_KEYS = "other upscalers resources civitaiResources hashes models vaes additionalResources".split()


@given(st.dictionaries(st.sampled_from([*_KEYS, "prompt", "Model", "Model hash", "VAE"]), _value))
def test_any_record_can_be_read(meta):
    for found in list_resources(meta):
        assert found.name or found.hash or found.version_id
        assert "\n" not in found.name + found.type
    for tag in list_missing_lora_tags(meta):
        assert tag.startswith("<lora:") and tag.endswith(">") and tag.isprintable()
