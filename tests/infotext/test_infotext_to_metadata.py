"""An infotext converted to generation data in the form of Civitai's records."""

from __future__ import annotations

import pytest
from civitai_manager_libs.infotext import build_metadata, list_resources
from hypothesis import given
from hypothesis import strategies as st

_INFOTEXT = """a lighthouse <lora:paper:0.7>
Negative prompt: blurry
Steps: 28, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 512x768, Model hash: abcdef0123, \
Model: mix_v2, VAE hash: 0a1b2c3d4e, VAE: clear.safetensors, \
Lora hashes: "paper: 0123456789ab, a name with (v2): 0xfedcba987654", \
TI hashes: "easy: c74b4e810b03"
"""


def test_resources_of_an_infotext_are_listed():
    found = {(one.type, one.name): one.hash for one in list_resources(build_metadata(_INFOTEXT))}
    assert found == {
        ("model", "mix_v2"): "abcdef0123",
        ("vae", "clear"): "0a1b2c3d4e",
        ("lora", "paper"): "0123456789ab",
        ("lora", "a name with (v2)"): "fedcba987654",
        ("embed", "easy"): "c74b4e810b03",
    }


def test_prompts_have_the_keys_of_a_record():
    meta = build_metadata(_INFOTEXT)
    assert meta["prompt"].startswith("a lighthouse") and meta["negativePrompt"] == "blurry"
    assert (meta["Steps"], meta["Size"]) == ("28", "512x768")


@pytest.mark.parametrize(
    "said,hashes",
    [
        ('Hashes: {"model": "abcdef0123", "lora:x": "0123456789"}', {"abcdef0123", "0123456789"}),
        ('Hashes: "{\\"embed:y\\": \\"0123456789\\"}"', {"0123456789"}),
        ("Hashes: {broken", set()),
        ("Lora hashes: nothing", set()),
    ],
    ids="json quoted broken empty".split(),
)
def test_hashes_in_other_forms_are_read_or_left_out(said, hashes):
    text = f"x\nSteps: 5, Sampler: Euler, Seed: 1, {said}"
    found = {one.hash for one in list_resources(build_metadata(text)) if one.hash}
    assert found <= hashes and (found or not hashes or "{" in said)


def test_versions_of_civitais_generator_are_read():
    text = (
        "x\nSteps: 20, CFG scale: 4, Sampler: Euler a, Seed: 1, Civitai resources: "
        '[{"type":"checkpoint","modelVersionId":290640},'
        '{"type":"lora","weight":0.8,"modelVersionId":123}], Civitai metadata: {}'
    )
    found = {(one.type, one.version_id) for one in list_resources(build_metadata(text))}
    assert {("model", 290640), ("lora", 123)} <= found


@given(st.text())
def test_any_text_can_be_parsed(text):
    assert isinstance(build_metadata(f"x\nSteps: 1, Sampler: y, Seed: 2, {text}"), dict)
